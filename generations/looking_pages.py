"""What a person does with one picture: star it, download it, see what it came from."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST, require_safe

from accounts.errors import Refusal
from accounts.models import Role
from accounts.tenancy import MemberRequest, enter, member
from generations import favourites, files, lineage, renditions
from generations.models import Generation, Picture, Rendition
from projects.models import Room


def picture_of(request: MemberRequest, picture_id: str) -> Picture:
    """The picture of this workspace whose generation is not deleted, else 404; inside the workspace."""
    pictures = Picture.objects.of(request.organization).filter(generation__deleted_at=None)
    related = ("organization", "generation__organization", "generation__room", "generation__photo")
    found: Picture = get_object_or_404(pictures.select_related(*related), public_id=picture_id)
    return found


def place_of(picture: Picture) -> str:
    """Where the picture stands: on the page of its generation."""
    where = reverse("generation", args=[picture.organization.public_id, picture.generation.public_id])
    return f"{where}#picture-{picture.position + 1}"


@member(Role.DESIGNER)
@require_POST
def star(request: MemberRequest, picture_id: str) -> HttpResponse:
    """Set the star with `starred=yes`, take it away without; htmx gets the button anew."""
    picture = favourites.star(
        picture=picture_of(request, picture_id),
        starred=bool(request.POST.get("starred")),
        now=timezone.now(),
    )
    if request.headers.get("HX-Request") == "true":
        return render(request, "generations/_star.html", {"picture": picture, "live": True})
    return redirect(place_of(picture))


@member(in_transaction=False)
@require_safe
def download(request: MemberRequest, picture_id: str, kind: str) -> HttpResponse:
    """On to the file, which is made now if nobody has asked for it before."""
    if kind not in Rendition.Kind.values:
        raise Http404
    with enter(request.organization):
        picture = picture_of(request, picture_id)
    if picture.removed_at is not None:
        raise Http404
    try:
        copy = renditions.copy_of(picture=picture, kind=Rendition.Kind(kind))
    except Refusal as refusal:
        messages.error(request, refusal.message)
        return redirect(place_of(picture))
    return redirect(files.path(copy.file, filename=copy.filename) + "?download")


def _versions_page(request: MemberRequest, tree: lineage.Tree, **context: Any) -> HttpResponse:
    return render(request, "generations/versions.html", {"tree": tree, **context})


@member()
@require_GET
def room_versions(request: MemberRequest, room_id: str) -> HttpResponse:
    """The room's photos, what was made of each, and what was made of that."""
    rooms = Room.objects.of(request.organization).select_related("organization", "project")
    room: Room = get_object_or_404(rooms, public_id=room_id)
    return _versions_page(request, lineage.tree_of_room(room=room), room=room)


@member()
@require_GET
def versions(request: MemberRequest, generation_id: str) -> HttpResponse:
    """Everything made from the photo that this generation began with."""
    rows = Generation.objects.of(request.organization).kept().select_related("organization", "room__project")
    found: Generation = get_object_or_404(rows, public_id=generation_id)
    return _versions_page(request, lineage.tree_of(generation=found), current=found, room=found.room)
