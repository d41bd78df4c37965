"""What a person does with one picture: star it, download it, see what it came from."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST, require_safe

from accounts.errors import Refusal
from accounts.models import Role
from accounts.tenancy import MemberRequest, enter, member
from generations import favourites, files, lineage, renditions
from generations.models import Generation, Rendition
from generations.page_parts import picture_of, place_of
from projects.models import Room


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
