"""A project made once more: its rooms and their photos, without what was made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.files.storage import default_storage

from accounts import activity, tenancy
from accounts.errors import Refusal
from accounts.models import User
from projects import storage
from projects.models import Photo, Project, Room, photo_id

MOST_PHOTOS = 500


class TooManyPhotos(Refusal):
    """A project with more than 500 photos can't be duplicated at once. Duplicate it without them."""

    code, title, status = "too_many_photos", "Too many photos", 409


@dataclass(frozen=True)
class _Copy:
    """A photo, and where the files of its copy are."""

    photo: Photo
    public_id: str
    image: str
    thumbnail: str

    @property
    def names(self) -> list[str]:
        return [self.image, self.thumbnail]


def duplicate_project(
    *, project: Project, name: str, with_photos: bool, by_user: User, now: datetime
) -> Project:
    """The same client, address, rooms and order; photos that are ready are copied, files and all.

    Files are copied first and outside any transaction; then all rows come to be at once, or none. Raises
    TooManyPhotos.
    """
    organization = project.organization
    with tenancy.enter(organization):
        ready = (
            Photo.objects.of(organization).of_rooms().filter(room__project=project, state=Photo.State.READY)
        )
        photos = list(ready.in_order()[: MOST_PHOTOS + 1]) if with_photos else []
    if len(photos) > MOST_PHOTOS:
        raise TooManyPhotos
    copies = _copied(project, photos)
    try:
        with tenancy.enter(organization):
            return _write(project, name, copies, by_user, now)
    except BaseException:
        storage.discard([name for copy in copies for name in copy.names])
        raise


def _copied(project: Project, photos: Sequence[Photo]) -> list[_Copy]:
    tenancy.release_connection()
    copies = []
    for photo in photos:
        public_id = photo_id()
        folder = f"{project.organization.public_id}/photos/{public_id}"
        ending = ".png" if photo.media_type == "image/png" else ".jpg"
        image, thumbnail = (
            storage.new_name(folder, "photo", ending),
            storage.new_name(folder, "thumbnail", ".jpg"),
        )
        copies.append(_Copy(photo, public_id, image, thumbnail))
    storage.announce([name for copy in copies for name in copy.names])
    try:
        return [copy for copy in copies if _copy_files(copy)]
    except BaseException:
        storage.discard([name for copy in copies for name in copy.names])
        raise


def _copy_files(copy: _Copy) -> bool:
    """False when the photo was removed meanwhile: it is left out."""
    try:
        for source, target in ((copy.photo.image, copy.image), (copy.photo.thumbnail, copy.thumbnail)):
            with default_storage.open(source) as file:
                storage.write(target, file)
    except FileNotFoundError:
        storage.discard(copy.names)
        return False
    return True


def _write(project: Project, name: str, copies: list[_Copy], by_user: User, now: datetime) -> Project:
    organization = project.organization
    made = Project.objects.create(
        organization=organization,
        client_id=project.client_id,
        name=name,
        address=project.address,
    )
    rooms = {}
    for place, room in enumerate(
        Room.objects.of(organization).filter(project=project).order_by("position", "pk")
    ):
        rooms[room.pk] = Room.objects.create(
            organization=organization, project=made, name=room.name, position=place
        )
    kept = [copy for copy in copies if copy.photo.room_id in rooms]
    storage.claim([name for copy in kept for name in copy.names])
    Photo.objects.bulk_create(_row(copy, rooms, by_user) for copy in kept)
    activity.record(
        organization=organization,
        kind="project.duplicated",
        subject=made.public_id,
        project=made.public_id,
        by_user=by_user,
        now=now,
        data={"name": name, "original": project.name},
    )
    return made


def _row(copy: _Copy, rooms: dict[int, Room], by_user: User) -> Photo:
    photo = copy.photo
    assert photo.room_id is not None  # noqa: S101 — only photos of rooms are copied
    return Photo(
        public_id=copy.public_id,
        organization_id=photo.organization_id,
        room=rooms[photo.room_id],
        position=photo.position,
        kind=photo.kind,
        name=photo.name,
        image=copy.image,
        thumbnail=copy.thumbnail,
        media_type=photo.media_type,
        width=photo.width,
        height=photo.height,
        state=photo.state,
        had_gps=photo.had_gps,
        advice=photo.advice,
        created_by=by_user,
    )
