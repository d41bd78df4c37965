"""Verbs that change, order and move what an agency works on: projects, rooms, photos.

Order is a dense number in each parent. Who moves one thing locks the parent's row and numbers all of its children
anew, so two people at once come one after the other, and nothing is lost. What arrives meanwhile stands at the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from accounts import activity, tenancy
from accounts import services as accounts
from accounts.errors import Refusal
from accounts.models import Organization, User
from projects.models import AT_THE_END, Client, Photo, Project, Room, Status


class ProjectNotEmpty(Refusal):
    """This project has rooms. Move or delete them first, or archive the project."""

    code, title, status = "project_not_empty", "Project has rooms", 409


class NotInProject(Refusal):
    """Only a photo of the project's own rooms can be its cover."""

    code, title, status = "not_in_project", "Not in this project", 409


def _tell(project: Project, kind: str, by_user: User, now: datetime, subject: str = "", **data: str) -> None:
    activity.record(
        organization=project.organization,
        kind=kind,
        subject=subject or project.public_id,
        project=project.public_id,
        by_user=by_user,
        now=now,
        data={"name": project.name, **data},
    )


# --- Projects --------------------------------------------------------------------------------------------


def change_project(
    *,
    project: Project,
    name: str,
    client: Client | None,
    address: str,
    deadline: date | None,
    by_user: User,
    now: datetime,
) -> None:
    """New facts; another client from now on: what was made and paid before stays with the one before."""
    with tenancy.enter(project.organization):
        Project.objects.of(project.organization).filter(pk=project.pk).update(
            name=name, client=client, address=address, deadline=deadline
        )
        _tell(project, "project.changed", by_user, now, name=name)


def set_status(*, project: Project, status: str, by_user: User, now: datetime) -> bool:
    """Move it on, or back; False when it was there already."""
    wanted = Status(status)
    with tenancy.enter(project.organization):
        elsewhere = Project.objects.of(project.organization).filter(pk=project.pk).exclude(status=wanted)
        moved = bool(elsewhere.update(status=wanted))
        if moved:
            _tell(project, "project.status_changed", by_user, now, status=str(wanted.label))
    return moved


def archive_project(*, project: Project, archived: bool, by_user: User, now: datetime) -> None:
    """Out of the board and the list, or back; its rooms, photos and pictures stay as they are."""
    organization = project.organization
    kind = "project.archived" if archived else "project.restored"
    with tenancy.enter(organization):
        others = Project.objects.of(organization).filter(pk=project.pk, archived_at__isnull=archived)
        if others.update(archived_at=now if archived else None):
            _tell(project, kind, by_user, now)
            accounts.record(
                organization=organization, by_user=by_user, action=kind, target=project.public_id, now=now
            )


def delete_project(*, project: Project, by_user: User, now: datetime) -> None:
    """For good. Raises ProjectNotEmpty while it has a room."""
    organization = project.organization
    with tenancy.enter(organization):
        # FOR UPDATE: nobody adds a room to it from here on.
        for found in Project.objects.of(organization).select_for_update().filter(pk=project.pk):
            if Room.objects.of(organization).filter(project=found).exists():
                raise ProjectNotEmpty
            try:
                found.delete()
            except ProtectedError as error:  # what the client was sent stays
                raise ProjectNotEmpty(
                    _("This project has proposals, so it can’t be deleted. Archive it instead.")
                ) from error
            accounts.record(
                organization=organization,
                by_user=by_user,
                action="project.deleted",
                target=project.public_id,
                now=now,
                name=found.name,
            )


def choose_cover(*, project: Project, photo: Photo | None) -> None:
    """The photo that stands for the project in lists; None for its first one. Raises NotInProject.

    A made picture: `choose_cover_picture`.
    """
    organization = project.organization
    with tenancy.enter(organization):
        if photo is not None:
            own = Photo.objects.of(organization).of_rooms().filter(pk=photo.pk, room__project=project)
            if not own.exists():
                raise NotInProject
        Project.objects.of(organization).filter(pk=project.pk).update(cover=photo, cover_picture="")


def choose_cover_picture(*, project: Project, thumbnail: str) -> None:
    """A picture made for the project stands for it, by the name of its file; "" for the first photo.

    In the transaction of who calls, which has that picture locked.
    """
    rows = Project.objects.of(project.organization).filter(pk=project.pk)
    rows.update(cover=None, cover_picture=thumbnail)


def uncover(*, organization: Organization, thumbnails: Iterable[str]) -> None:
    """These files go: the projects that they stood for are shown by a photo again. In the caller's transaction."""
    covered = Project.objects.of(organization).filter(cover_picture__in=[name for name in thumbnails if name])
    covered.update(cover_picture="")


# --- Rooms -----------------------------------------------------------------------------------------------


def change_room(*, room: Room, name: str, project: Project, by_user: User, now: datetime) -> None:
    """Another name, or another project, at whose end it comes to stand. What was paid before stays where it is."""
    organization = room.organization
    with tenancy.enter(organization):
        rows = Room.objects.of(organization).filter(pk=room.pk)
        rows.update(name=name)
        if rows.exclude(project=project).update(project=project, position=AT_THE_END):
            _tell(project, "room.moved", by_user, now, room.public_id, name=name)


def place_room(*, room: Room, before: Room | None) -> None:
    """Put it before another room of its project, or at the end."""
    with tenancy.enter(room.organization):
        _lock(Project, room.project_id)
        _place(Room.objects.of(room.organization).filter(project=room.project_id), room, before)


def shift_room(*, room: Room, by: int) -> None:
    """So many places towards the end, or the beginning."""
    with tenancy.enter(room.organization):
        _lock(Project, room.project_id)
        _shift(Room.objects.of(room.organization).filter(project=room.project_id), room, by)


# --- Photos ----------------------------------------------------------------------------------------------


def change_photo(*, photo: Photo, name: str, room: Room | None) -> None:
    """Another name, or another room, at whose end it comes to stand. Pictures made of it stay where they are."""
    with tenancy.enter(photo.organization):
        rows = Photo.objects.of(photo.organization).of_rooms().filter(pk=photo.pk)
        rows.update(name=name)
        rows.exclude(room=room).update(room=room, position=AT_THE_END)


def place_photo(*, photo: Photo, before: Photo | None) -> None:
    """Put it before another photo of its room, or at the end."""
    with tenancy.enter(photo.organization):
        _lock(Room, photo.room_id)
        _place(_photos_beside(photo), photo, before)


def shift_photo(*, photo: Photo, by: int) -> None:
    """So many places towards the end, or the beginning."""
    with tenancy.enter(photo.organization):
        _lock(Room, photo.room_id)
        _shift(_photos_beside(photo), photo, by)


def _photos_beside(photo: Photo) -> Any:
    return Photo.objects.of(photo.organization).of_rooms().filter(room=photo.room_id)


# --- Order -----------------------------------------------------------------------------------------------


def _lock(parent: Any, pk: int | None) -> None:
    parent.objects.select_for_update(no_key=True).filter(pk=pk).first()


def _place(siblings: Any, moved: Room | Photo, before: Room | Photo | None) -> None:
    rows = list(siblings.order_by("position", "pk").only("position"))
    others = [row for row in rows if row.pk != moved.pk]
    mine = [row for row in rows if row.pk == moved.pk]
    places = [row.pk for row in others]
    place = places.index(before.pk) if before is not None and before.pk in places else len(places)
    _number(siblings, [*others[:place], *mine, *others[place:]])


def _shift(siblings: Any, moved: Room | Photo, by: int) -> None:
    rows = list(siblings.order_by("position", "pk").only("position"))
    at = next((place for place, row in enumerate(rows) if row.pk == moved.pk), None)
    if at is None:
        return
    row = rows.pop(at)
    rows.insert(max(0, min(len(rows), at + by)), row)
    _number(siblings, rows)


def _number(siblings: Any, rows: list[Any]) -> None:
    changed = []
    for position, row in enumerate(rows):
        if row.position != position:
            row.position = position
            changed.append(row)
    siblings.bulk_update(changed, ["position"], batch_size=500)
