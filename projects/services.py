"""Verbs about clients, projects, rooms, and the images that come in."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from django.conf import settings
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts import activity, fetching, tenancy
from accounts.errors import Refusal
from accounts.models import Organization, User
from projects import image_pool, photos, storage, turnstile
from projects.models import Client, Photo, Project, Room, photo_id

logger = logging.getLogger(__name__)

KEPT_LONGEST_SIDE = (
    2048  # px; what is kept of a photo: no picture made from it is larger (docs/decisions/0047)
)
PREPARE_SECONDS = 60.0
FETCH_SECONDS = 20.0


class PhotoTooLarge(Refusal):
    """This file is too large. Send a smaller photo, for example as JPEG."""

    code, title, status = "photo_too_large", "Photo too large", 413


class PhotoRemoved(Refusal):
    """This photo was removed. Upload it again."""

    code, title, status = "photo_removed", "Photo removed", 410


def create_client(
    *,
    organization: Organization,
    name: str,
    email: str = "",
    notes: str = "",
    phone: str = "",
    address: str = "",
) -> Client:
    """A new client of the workspace."""
    with tenancy.enter(organization):
        return Client.objects.create(
            organization=organization, name=name, email=email, notes=notes, phone=phone, address=address
        )


def create_project(
    *,
    organization: Organization,
    name: str,
    client: Client | None = None,
    address: str = "",
    deadline: date | None = None,
    by_user: User | None = None,
    now: datetime | None = None,
) -> Project:
    """A new project; `client` must be of the same workspace. `now` is None for this moment."""
    with tenancy.enter(organization):
        project = Project.objects.create(
            organization=organization, client=client, name=name, address=address, deadline=deadline
        )
        _tell(project, "project.created", project.public_id, name, by_user, now)
    return project


def create_room(
    *, project: Project, name: str, by_user: User | None = None, now: datetime | None = None
) -> Room:
    """A new room, the last of its project. `now` is None for this moment."""
    with tenancy.enter(project.organization):
        room = Room.objects.create(organization=project.organization, project=project, name=name)
        _tell(project, "room.created", room.public_id, name, by_user, now)
    return room


def _tell(
    project: Project, kind: str, subject: str, name: str, by_user: User | None, now: datetime | None
) -> None:
    activity.record(
        organization=project.organization,
        kind=kind,
        subject=subject,
        project=project.public_id,
        by_user=by_user,
        now=now or timezone.now(),
        data={"name": name},
    )


def labels_of(room: Room) -> dict[str, str]:
    """The ids of the room, its project and, where there is one, its client: what the room's work is filed under."""
    projects = Project.objects.of(room.organization).filter(pk=room.project_id)
    project, client = projects.values_list("public_id", "client__public_id").get()
    return {"room": room.public_id, "project": project} | ({"client": client} if client else {})


# --- Images ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class IncomingImage:
    """An image as it was sent: its bytes, or the address where a worker will fetch it."""

    content: bytes = b""
    url: str = ""
    name: str = ""  # what it shows, for references

    def check(self) -> None:
        """Everything that can be known without decoding or fetching; raises the fitting Refusal."""
        if self.url:
            fetching.check_url(self.url, allow_loopback=settings.FETCH_ALLOW_LOOPBACK)
            return
        if len(self.content) > settings.PHOTO_BYTES:
            raise PhotoTooLarge(f"This file is over {settings.PHOTO_BYTES // 2**20} MB. Send a smaller one.")
        photos.inspect(self.content)


@dataclass(frozen=True)
class StoredImage:
    """An image whose file is in storage already, waiting for its row."""

    public_id: str
    original: str
    url: str
    name: str

    def discard(self) -> None:
        """Remove the file, unless its row came to be after all."""
        storage.discard([self.original])


def store(*, organization: Organization, image: IncomingImage) -> StoredImage:
    """Put the bytes into storage, before and outside the transaction that makes the row. Checks nothing."""
    return store_all(organization=organization, images=[image])[0]


def store_all(*, organization: Organization, images: Sequence[IncomingImage]) -> list[StoredImage]:
    """All images of one request into storage, as `store` does; either all of them or none."""
    stored = [_place(organization, image) for image in images]
    names = [place.original for place in stored if place.original]
    storage.announce(names)
    try:
        for place, image in zip(stored, images, strict=True):
            if place.original:
                storage.write(place.original, image.content)
    except BaseException:
        storage.discard(names)
        raise
    return stored


def _place(organization: Organization, image: IncomingImage) -> StoredImage:
    public_id = photo_id()
    folder = f"{organization.public_id}/photos/{public_id}"
    original = "" if image.url else storage.new_name(folder, "original", "")
    return StoredImage(public_id, original, image.url, image.name)


def create_photo(
    *,
    organization: Organization,
    stored: StoredImage,
    by_user: User | None,
    kind: Photo.Kind = Photo.Kind.ROOM,
    room: Room | None = None,
    is_claimed: bool = False,
) -> Photo:
    """The row of a stored image, in the caller's transaction. `is_claimed`: another row has stood for its file."""
    if stored.original and not is_claimed:
        storage.claim([stored.original])
    return Photo.objects.create(
        public_id=stored.public_id,
        organization=organization,
        room=room,
        kind=kind,
        name=stored.name[:120],
        source_url=stored.url,
        original=stored.original,
        created_by=by_user,
    )


def add_photo(
    *, organization: Organization, image: IncomingImage, by_user: User, room: Room | None = None
) -> Photo:
    """Check, store and make ready a photo, of a room or of none yet. Raises a Refusal that says what is wrong."""
    image.check()
    stored = store(organization=organization, image=image)
    try:
        with tenancy.enter(organization):
            photo = create_photo(organization=organization, stored=stored, by_user=by_user, room=room)
    except BaseException:
        stored.discard()
        raise
    return make_ready(photo=photo)


def make_ready(*, photo: Photo) -> Photo:
    """Fetch if need be, straighten, strip and thumbnail a photo; returns it READY. Holds no transaction.

    Raises a Refusal when it can't be used, and remembers that; ImageWorkFailed when the failure is ours.
    """
    if photo.state != Photo.State.NEW:
        return _usable(photo)
    tenancy.release_connection()
    try:
        content = _content_of(photo)
        prepared = image_pool.run(
            photos.prepare, content, longest_side=KEPT_LONGEST_SIDE, keep_png=True, seconds=PREPARE_SECONDS
        )
    except FileNotFoundError:
        # Another worker made it ready in this moment and took the file as it arrived away.
        settled = _reload(photo)
        if settled.state == Photo.State.NEW:
            raise
        return _usable(settled)
    except image_pool.ImageWorkFailed:
        raise  # our failure, not the photo's
    except Refusal as refusal:
        _remember_bad(photo, refusal)
        raise
    return _usable(_keep(photo, prepared))


def _usable(photo: Photo) -> Photo:
    """A photo that is NEW no more, if an engine can be given it."""
    if photo.state == Photo.State.BAD:
        raise photos.UnreadableImage(photo.problem)
    if photo.state == Photo.State.GONE:
        raise PhotoRemoved
    return photo


def _remember_bad(photo: Photo, refusal: Refusal) -> None:
    """The file as it arrived goes: it may say where it was taken, and nobody will use it."""
    with tenancy.enter(photo.organization):
        mine = Photo.objects.of(photo.organization).filter(pk=photo.pk, state=Photo.State.NEW)
        if mine.update(state=Photo.State.BAD, problem=refusal.message[:400], original=""):
            storage.doom([photo.original])


def _keep(photo: Photo, prepared: photos.PreparedImage) -> Photo:
    """Store what came of it; of two workers at once one wins, and both go on with the winner's files."""
    folder = f"{photo.organization.public_id}/photos/{photo.public_id}"
    extension = ".png" if prepared.media_type == "image/png" else ".jpg"
    image = storage.new_name(folder, "photo", extension)
    thumbnail = storage.new_name(folder, "thumbnail", ".jpg")
    became = {
        "state": Photo.State.READY,
        "original": "",
        "image": image,
        "thumbnail": thumbnail,
        "media_type": prepared.media_type,
        "width": prepared.width,
        "height": prepared.height,
        "had_gps": prepared.had_gps,
        "advice": list(prepared.advice),
    }
    try:
        storage.announce([image, thumbnail])
        storage.put(image, prepared.content)
        storage.put(thumbnail, prepared.thumbnail)
        storage.confirm([image, thumbnail])
        with tenancy.enter(photo.organization):
            mine = Photo.objects.of(photo.organization).filter(pk=photo.pk, state=Photo.State.NEW)
            won = mine.update(**became)
            if won:
                storage.claim([image, thumbnail])
                storage.doom([photo.original])
    except BaseException:
        storage.discard([image, thumbnail])
        raise
    if not won:
        storage.discard([image, thumbnail])
        return _reload(photo)
    for name, value in became.items():
        setattr(photo, name, value)
    return photo


def remove_photos(*, organization: Organization, removed: Iterable[Photo]) -> None:
    """Nothing of these photos is left but their number; in the caller's transaction, which has them locked."""
    gone = list(removed)
    storage.doom(name for photo in gone for name in (photo.original, photo.image, photo.thumbnail))
    Photo.objects.of(organization).filter(pk__in=[photo.pk for photo in gone]).update(
        state=Photo.State.GONE,
        original="",
        image="",
        thumbnail="",
        source_url="",
        name="",
        problem="",
        advice=[],
    )


def _reload(photo: Photo) -> Photo:
    with tenancy.enter(photo.organization):
        rows = Photo.objects.of(photo.organization).select_related("organization", "room")
        fresh: Photo = rows.get(pk=photo.pk)
    return fresh


class _WhenSent:
    """Bytes that are read as they are sent to the image process: hundreds may wait for one, with large photos."""

    def __init__(self, opener: Callable[[], BinaryIO]) -> None:
        self._opener = opener

    def __reduce__(self) -> tuple[type[bytes], tuple[bytes]]:
        with self._opener() as file:
            return bytes, (file.read(),)


class _ReadThere:
    """Bytes of a file that the image process reads for itself."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def __reduce__(self) -> tuple[Callable[[Path], bytes], tuple[Path]]:
        return Path.read_bytes, (self._path,)


def _stored(name: str) -> _WhenSent | _ReadThere:
    try:
        return _ReadThere(default_storage.path(name))
    except NotImplementedError:  # no disk: a bucket
        return _WhenSent(cast("Callable[[], BinaryIO]", partial(default_storage.open, name)))


def _content_of(photo: Photo) -> _WhenSent | _ReadThere:
    if photo.original:
        return _stored(photo.original)
    with turnstile.aside():
        content = fetching.fetch(
            photo.source_url,
            allow_loopback=settings.FETCH_ALLOW_LOOPBACK,
            max_bytes=settings.PHOTO_BYTES,
            seconds=FETCH_SECONDS,
        )
    photos.inspect(content)
    spooled = tempfile.TemporaryFile()  # noqa: SIM115 — closed by whom it is sent to; it has no name to leave behind
    spooled.write(content)
    spooled.seek(0)
    return _WhenSent(lambda: spooled)
