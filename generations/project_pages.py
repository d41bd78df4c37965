"""A project's page: its rooms with their photos, what was made of them, and the sets."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, OuterRef, Subquery, Window
from django.db.models.functions import Coalesce, RowNumber
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Role
from accounts.tenancy import MemberRequest, member
from generations import removal, set_standing
from generations.models import Generation, Picture
from generations.page_parts import budget_of, for_cards
from projects import arranging
from projects import services as projects
from projects.forms import RoomForm
from projects.models import Photo, Project, Room, Status

STRIP = 6  # photos of a room that its row shows
LATEST = 12  # generations


@member()
@require_http_methods(["GET", "POST"])
def project(request: MemberRequest, project_id: str) -> HttpResponse:
    """A project, and a form for a new room. As many queries for 300 photos as for 3."""
    rows = Project.objects.of(request.organization).select_related("client", "organization", "cover")
    found: Project = get_object_or_404(rows, public_id=project_id)
    may_edit = request.membership.may(Role.DESIGNER)
    form = RoomForm(request.POST or None)
    if request.method == "POST" and may_edit and form.is_valid():
        room = projects.create_room(
            project=found, name=form.cleaned_data["name"], by_user=request.user, now=timezone.now()
        )
        return redirect("room", workspace=request.organization.public_id, room_id=room.public_id)
    rooms = _rooms(found)
    keys = [room.pk for room in rooms]  # written out, so that PostgreSQL knows how many pictures are theirs
    of_project = Generation.objects.of(request.organization).kept().filter(room__in=keys)
    context = {
        "project": found,
        "rooms": rooms,
        "photos": sum(room.photo_count for room in rooms),
        "statuses": Status.choices,
        "generations": list(for_cards(of_project)[:LATEST]),
        "sets": set_standing.sets_of(project=found),
        "budget": budget_of(found),
        "form": form,
        "may_edit": may_edit,
        "today": timezone.now().date(),
    }
    return render(request, "generations/project.html", context, status=422 if form.errors else 200)


def _rooms(found: Project) -> list[Any]:
    """In order, each with how many photos and pictures it has, and its first photos as `strip`."""
    organization = found.organization
    photos = Photo.objects.of(organization).of_rooms().filter(room__project=found)
    pictures = Picture.objects.of(organization).kept().filter(generation__deleted_at=None)
    rooms = Room.objects.of(organization).filter(project=found).order_by("position", "pk")
    counted: list[Any] = list(
        rooms.annotate(
            photo_count=_count(photos.filter(room=OuterRef("pk")), "room"),
            picture_count=_count(pictures.filter(generation__room=OuterRef("pk")), "generation__room"),
        )
    )
    place = Window(RowNumber(), partition_by="room", order_by=["position", "pk"])
    strips: dict[int | None, list[Photo]] = {}
    for photo in photos.annotate(place=place).filter(place__lte=STRIP).order_by("place"):
        strips.setdefault(photo.room_id, []).append(photo)
    for room in counted:
        room.strip = strips.get(room.pk, [])
    return counted


def _count(rows: Any, by: str) -> Any:
    number = rows.order_by().values(by).annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(number), 0)


@member(Role.DESIGNER)
@require_POST
def choose_cover(request: MemberRequest, picture_id: str) -> HttpResponse:
    """This picture stands for the project that it was made in; `cover=no` lets a photo do so again."""
    rows = Picture.objects.of(request.organization).kept().filter(generation__room__isnull=False)
    rows = rows.select_related("generation__room__project__organization")
    found: Picture = get_object_or_404(
        rows.select_for_update(no_key=True, of=("self",)), public_id=picture_id
    )
    assert found.generation.room is not None  # noqa: S101 — the filter says so
    covered = found.generation.room.project
    thumbnail = "" if request.POST.get("cover") == "no" else found.thumbnail
    arranging.choose_cover_picture(project=covered, thumbnail=thumbnail)
    messages.success(request, _("The cover of %(name)s was changed.") % {"name": covered.name})
    return redirect(
        "generation", workspace=request.organization.public_id, generation_id=found.generation.public_id
    )


# --- What goes -------------------------------------------------------------------------------------------


@member(Role.DESIGNER)
@require_POST
def delete_room(request: MemberRequest, room_id: str) -> HttpResponse:
    """With its photos; pictures made there stay in the history."""
    rows = Room.objects.of(request.organization).select_related("project", "organization")
    found: Room = get_object_or_404(rows, public_id=room_id)
    removal.delete_room(room=found, by_user=request.user, now=timezone.now())
    messages.success(request, _("%(name)s was deleted.") % {"name": found.name})
    return redirect(reverse("project", args=[request.organization.public_id, found.project.public_id]))


@member(Role.DESIGNER)
@require_POST
def delete_photo(request: MemberRequest, photo_id: str) -> HttpResponse:
    """Out of its room, and for good unless a picture was made of it."""
    rows = Photo.objects.of(request.organization).of_rooms().exclude(room=None)
    found: Photo = get_object_or_404(rows.select_related("room", "organization"), public_id=photo_id)
    assert found.room is not None  # noqa: S101 — `exclude` says so
    room_id = found.room.public_id
    if removal.delete_photo(photo=found, by_user=request.user, now=timezone.now()):
        messages.success(request, _("The photo was deleted."))
    else:
        messages.success(
            request, _("The photo was taken out of the room. It is kept with the pictures made of it.")
        )
    return redirect("room", workspace=request.organization.public_id, room_id=room_id)
