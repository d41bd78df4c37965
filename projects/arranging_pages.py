"""Pages and buttons that change, move and order projects, rooms and photos."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.errors import Refusal
from accounts.models import Role
from accounts.tenancy import MemberRequest, enter, member
from projects import arranging, duplicating
from projects.forms import (
    CopyForm,
    PhotoChangeForm,
    PlaceForm,
    ProjectForm,
    RoomChangeForm,
    StatusForm,
)
from projects.models import Client, Photo, Project, Room

ROOMS_OFFERED = 300  # to move a photo to: of its project, then the newest of others


def _project(request: MemberRequest, project_id: str) -> Project:
    rows = Project.objects.of(request.organization).select_related("client", "organization")
    found: Project = get_object_or_404(rows, public_id=project_id)
    return found


def _room(request: MemberRequest, room_id: str) -> Room:
    rows = Room.objects.of(request.organization).select_related("project", "organization")
    found: Room = get_object_or_404(rows, public_id=room_id)
    return found


def _photo(request: MemberRequest, photo_id: str) -> Photo:
    rows = Photo.objects.of(request.organization).of_rooms().exclude(room=None)
    found: Photo = get_object_or_404(
        rows.select_related("room__project__organization", "organization"), public_id=photo_id
    )
    return found


def _to_project(project: Project) -> HttpResponse:
    return redirect("project", workspace=project.organization.public_id, project_id=project.public_id)


def _to_room(room: Room) -> HttpResponse:
    return redirect("room", workspace=room.organization.public_id, room_id=room.public_id)


# --- Projects --------------------------------------------------------------------------------------------


@member(Role.DESIGNER)
@require_http_methods(["GET", "POST"])
def change_project(request: MemberRequest, project_id: str) -> HttpResponse:
    """Name, client, address, deadline."""
    found = _project(request, project_id)
    clients = Client.objects.of(request.organization).order_by("name", "pk")
    choices = clients.active() | clients.filter(pk=found.client_id)
    form = ProjectForm(
        request.POST or None,
        clients=choices,
        initial={
            "name": found.name,
            "client": found.client.public_id if found.client else "",
            "address": found.address,
            "deadline": found.deadline,
        },
    )
    if request.method == "POST" and form.is_valid():
        arranging.change_project(project=found, by_user=request.user, now=timezone.now(), **form.cleaned_data)
        messages.success(request, _("%(name)s was saved.") % {"name": form.cleaned_data["name"]})
        return _to_project(found)
    context = {"project": found, "form": form, "has_rooms": found.rooms.exists()}
    return render(request, "projects/change_project.html", context, status=422 if form.errors else 200)


@member(Role.DESIGNER)
@require_POST
def set_status(request: MemberRequest, project_id: str) -> HttpResponse:
    """Move it to another column. Programs of the page, which ask for JSON, get an empty answer."""
    found = _project(request, project_id)
    form = StatusForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=422)
    status = form.cleaned_data["status"]
    arranging.set_status(project=found, status=status, by_user=request.user, now=timezone.now())
    if _by_script(request):
        return HttpResponse(status=204)
    if request.POST.get("back") == "board":
        return redirect(f"{reverse('projects', args=[request.organization.public_id])}?view=board")
    return _to_project(found)


@member(Role.DESIGNER)
@require_POST
def archive_project(request: MemberRequest, project_id: str) -> HttpResponse:
    """Into the archive, or with `archived=no` out of it."""
    found = _project(request, project_id)
    archived = request.POST.get("archived") != "no"
    arranging.archive_project(project=found, archived=archived, by_user=request.user, now=timezone.now())
    words = _("%(name)s is archived.") if archived else _("%(name)s is back from the archive.")
    messages.success(request, words % {"name": found.name})
    return _to_project(found)


@member(Role.DESIGNER)
@require_POST
def delete_project(request: MemberRequest, project_id: str) -> HttpResponse:
    """For good, if it has no rooms."""
    found = _project(request, project_id)
    try:
        arranging.delete_project(project=found, by_user=request.user, now=timezone.now())
    except Refusal as refusal:
        messages.error(request, refusal.message)
        return _to_project(found)
    messages.success(request, _("%(name)s was deleted.") % {"name": found.name})
    return redirect("projects", workspace=request.organization.public_id)


@member(Role.DESIGNER, in_transaction=False)
@require_http_methods(["GET", "POST"])
def duplicate_project(request: MemberRequest, project_id: str) -> HttpResponse:
    """The same rooms and photos as a new project."""
    with enter(request.organization):
        found = _project(request, project_id)
    name = _("%(name)s, copy") % {"name": found.name[:100]}
    form = CopyForm(request.POST or None, initial={"name": name})
    if request.method == "POST" and form.is_valid():
        try:
            made = duplicating.duplicate_project(
                project=found, by_user=request.user, now=timezone.now(), **form.cleaned_data
            )
            return _to_project(made)
        except Refusal as refusal:
            form.add_error(None, refusal.message)
    with enter(request.organization):
        context = {"project": found, "form": form}
        return render(request, "projects/duplicate_project.html", context, status=422 if form.errors else 200)


# --- Rooms and photos ------------------------------------------------------------------------------------


@member(Role.DESIGNER)
@require_http_methods(["GET", "POST"])
def change_room(request: MemberRequest, room_id: str) -> HttpResponse:
    """Its name, and the project that it belongs to."""
    found = _room(request, room_id)
    projects = Project.objects.of(request.organization).order_by("name", "pk")
    form = RoomChangeForm(
        request.POST or None,
        projects=projects.active() | projects.filter(pk=found.project_id),
        initial={"name": found.name, "project": found.project.public_id},
    )
    if request.method == "POST" and form.is_valid():
        arranging.change_room(room=found, by_user=request.user, now=timezone.now(), **form.cleaned_data)
        return _to_room(found)
    context = {"room": found, "form": form}
    return render(request, "projects/change_room.html", context, status=422 if form.errors else 200)


@member(Role.DESIGNER)
@require_http_methods(["GET", "POST"])
def change_photo(request: MemberRequest, photo_id: str) -> HttpResponse:
    """What it shows, the room that it belongs to, and whether it stands for the project."""
    found = _photo(request, photo_id)
    assert found.room is not None  # noqa: S101 — `_photo` finds no other
    rooms = Room.objects.of(request.organization).select_related("project")
    own = rooms.filter(project=found.room.project_id).order_by("position", "pk")
    others = rooms.filter(project__archived_at=None).exclude(project=found.room.project_id)
    offered = [room.pk for room in (*own, *others.order_by("-pk")[:ROOMS_OFFERED])]
    form = PhotoChangeForm(
        request.POST or None,
        rooms=rooms.filter(pk__in=offered).order_by("project__name", "position", "pk"),
        initial={"name": found.name, "room": found.room.public_id},
    )
    if request.method == "POST" and form.is_valid():
        arranging.change_photo(photo=found, **form.cleaned_data)
        return _to_room(found.room)
    context = {
        "photo": found,
        "room": found.room,
        "is_cover": found.room.project.cover_id == found.pk,
        "form": form,
    }
    return render(request, "projects/change_photo.html", context, status=422 if form.errors else 200)


@member(Role.DESIGNER)
@require_POST
def choose_cover(request: MemberRequest, photo_id: str) -> HttpResponse:
    """This photo stands for its project in lists; `cover=no` lets the first one do so again."""
    found = _photo(request, photo_id)
    assert found.room is not None  # noqa: S101 — `_photo` finds no other
    chosen = None if request.POST.get("cover") == "no" else found
    arranging.choose_cover(project=found.room.project, photo=chosen)
    messages.success(request, _("The cover of %(name)s was changed.") % {"name": found.room.project.name})
    return _to_room(found.room)


@member(Role.DESIGNER)
@require_POST
def place_room(request: MemberRequest, room_id: str) -> HttpResponse:
    """Before another room of its project, or so many places further."""
    found = _room(request, room_id)
    beside = Room.objects.of(request.organization).filter(project=found.project_id)
    if not _placed(request, beside, arranging.place_room, arranging.shift_room, room=found):
        return HttpResponse(status=422)
    return HttpResponse(status=204) if _by_script(request) else _to_project_of(found)


@member(Role.DESIGNER)
@require_POST
def place_photo(request: MemberRequest, photo_id: str) -> HttpResponse:
    """Before another photo of its room, or so many places further."""
    found = _photo(request, photo_id)
    assert found.room is not None  # noqa: S101 — `_photo` finds no other
    beside = Photo.objects.of(request.organization).of_rooms().filter(room=found.room_id)
    if not _placed(request, beside, arranging.place_photo, arranging.shift_photo, photo=found):
        return HttpResponse(status=422)
    return HttpResponse(status=204) if _by_script(request) else _to_room(found.room)


def _placed(request: MemberRequest, beside: Any, place: Any, shift: Any, **moved: Any) -> bool:
    form = PlaceForm(request.POST)
    if not form.is_valid():
        return False
    if form.cleaned_data["by"] is not None:
        shift(by=form.cleaned_data["by"], **moved)
        return True
    before = form.cleaned_data["before"]
    place(before=get_object_or_404(beside, public_id=before) if before else None, **moved)
    return True


def _to_project_of(room: Room) -> HttpResponse:
    return redirect("project", workspace=room.organization.public_id, project_id=room.project.public_id)


def _by_script(request: MemberRequest) -> bool:
    return request.headers.get("Accept") == "application/json"
