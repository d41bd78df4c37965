"""Files that an app sends past the API: announced, sent to an address of their own, then taken as a photo.

This is the one place that knows where such bytes go. With files in this instance's own storage the address is ours and
`receive` reads what is sent to it; with a storage that signs addresses itself, `_address` would ask it for one and
`_received` would ask it what has come.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO, cast

from django.core.files.storage import default_storage
from django.db.models.functions import Now
from django.urls import reverse

from accounts import tenancy
from accounts.errors import Refusal
from accounts.ids import random_base62
from accounts.models import Organization, User
from projects import services, storage
from projects.models import Photo, Room, photo_id
from projects.services import IncomingImage, PhotoTooLarge, StoredImage
from projects.upload_rows import MOST_BYTES, Upload

ADDRESS_LASTS = timedelta(minutes=10)  # shorter than a file may stay unclaimed while it is written
KEPT = timedelta(days=1)  # from the announcement; what is no photo by then goes
MOST_WAITING = 200  # of one workspace
_TOKEN_LENGTH = 32  # characters; 190 bits
_AT_ONCE = 500


class TooManyUploads(Refusal):
    """Very many uploads wait to become photos. Use them, or wait until they are a day old."""

    code, title, status = "too_many_uploads", "Too many uploads", 409


class NoSuchAddress(Refusal):
    """There is no such address. Announce the upload again."""

    code, title, status = "not_found", "Not found", 404


class AddressUsed(Refusal):
    """This address was used. The bytes are there."""

    code, title, status = "upload_received", "Upload received already", 409


class AddressOver(Refusal):
    """This address is too old. Announce the upload again."""

    code, title, status = "upload_expired", "Upload expired", 410


class SizeNeeded(Refusal):
    """Send the file whole, with a Content-Length header."""

    code, title, status = "length_required", "Length required", 411


class NotAsAnnounced(Refusal):
    """This is not the file that was announced."""

    code, title, status = "upload_not_as_announced", "Not as announced", 400


class NoSuchUpload(Refusal):
    """There is no such upload here."""

    code, title, status = "not_found", "Not found", 404


class NothingReceived(Refusal):
    """Nothing has been sent to this upload's address. Send the file first."""

    code, title, status = "upload_not_received", "Upload not received", 409


class UploadTaken(Refusal):
    """This upload is a photo already."""

    code, title, status = "upload_taken", "Upload taken", 409


@dataclass(frozen=True)
class Announced:
    """What is known of a file before it comes."""

    size: int  # bytes
    media_type: str
    file_name: str = ""
    sha256: bytes | None = None


def open_upload(
    *, organization: Organization, file: Announced, room: Room | None, by_user: User, now: datetime
) -> tuple[Upload, str]:
    """A new upload, and the path of its address, which nobody is told again. Raises PhotoTooLarge, TooManyUploads."""
    if file.size > MOST_BYTES:
        raise PhotoTooLarge(f"This file is over {MOST_BYTES // 2**20} MB. Send a smaller one.", field="size")
    token = random_base62(_TOKEN_LENGTH)
    with tenancy.enter(organization):
        if Upload.objects.of(organization).filter(photo=None).count() >= MOST_WAITING:
            raise TooManyUploads
        upload = Upload.objects.create(
            organization=organization,
            room=room,
            created_by=by_user,
            file_name=file.file_name,
            media_type=file.media_type,
            size=file.size,
            sha256=file.sha256,
            address_sha256=_fingerprint(token),
            created_at=now,
            expires_at=now + ADDRESS_LASTS,
        )
    return upload, _address(token)


def receive(*, token: str, content: BinaryIO, length: int | None, media_type: str, now: datetime) -> None:
    """What is sent to an address, into storage; nothing is kept of what is not as announced.

    Raises NoSuchAddress, AddressUsed, AddressOver, SizeNeeded, NotAsAnnounced. After the last two, and when the
    connection breaks, the address is as good as before.
    """
    upload = _addressed(token)
    if upload.received_at is not None:
        raise AddressUsed
    if now >= upload.expires_at:
        raise AddressOver
    if length is None:
        raise SizeNeeded
    if length != upload.size:
        raise NotAsAnnounced(f"{upload.size} bytes were announced; these are {length}.")
    if media_type != upload.media_type:
        raise NotAsAnnounced(f"Send it with the header Content-Type: {upload.media_type}.")
    tenancy.release_connection()  # a slow sender shall hold a thread, not a connection
    folder = f"{upload.organization.public_id}/uploads/{upload.public_id}"
    name = storage.new_name(folder, "original", "")
    storage.announce([name])
    try:
        measured = _Measured(content, upload.size)
        storage.write(name, cast("BinaryIO", measured))
        if upload.sha256 is not None and measured.sha256.digest() != bytes(upload.sha256):
            raise NotAsAnnounced("The file's SHA-256 is another than the one announced.")
        _keep(upload, name, measured.size)
    except BaseException:
        storage.discard([name])
        raise


def take(*, organization: Organization, upload_id: str, room: Room | None, by_user: User) -> Photo:
    """Make the upload a photo, as `services.add_photo` does of what comes along. `room` is None for the upload's own.

    Raises NoSuchUpload, NothingReceived, UploadTaken, and a Refusal that says what is wrong with the image.
    """
    with tenancy.enter(organization):
        upload = _find(organization, upload_id)
    if upload.photo is not None:
        raise UploadTaken(photo=upload.photo.public_id)
    if not upload.file:
        raise NothingReceived
    IncomingImage(content=_received(upload)).check()
    with tenancy.enter(organization):
        stored = StoredImage(photo_id(), upload.file, "", "")
        photo = services.create_photo(
            organization=organization,
            stored=stored,
            by_user=by_user,
            room=room or upload.room,
            is_claimed=True,
        )
        mine = Upload.objects.of(organization).filter(pk=upload.pk, photo=None)
        if not mine.update(photo=photo, file=""):
            other = _find(organization, upload_id).photo  # somebody took it, or the sweep did, in this moment
            raise UploadTaken(photo=other.public_id if other else None)
    return services.make_ready(photo=photo)


def sweep(*, now: datetime) -> int:
    """Forget uploads of yesterday; of those that are no photo the files go too. Returns how many."""
    with tenancy.system("uploads that nobody took"):
        old = Upload.objects.filter(created_at__lt=now - KEPT).order_by("created_at")
        rows = list(old.select_for_update(skip_locked=True).values_list("pk", "file")[:_AT_ONCE])
        storage.doom(file for _pk, file in rows)
        Upload.objects.filter(pk__in=[pk for pk, _file in rows]).delete()
    return len(rows)


def erase(*, organization: Organization) -> None:
    """Every upload of the workspace; inside it."""
    rows = Upload.objects.of(organization)
    storage.doom(rows.values_list("file", flat=True))
    rows.delete()


class _Measured:
    """The bytes as they come: counted, hashed, and never more or fewer than were announced."""

    def __init__(self, content: BinaryIO, announced: int) -> None:
        self._content, self._announced = content, announced
        self.size, self.sha256 = 0, hashlib.sha256()

    def read(self, size: int) -> bytes:
        """The next ones. Raises NotAsAnnounced where they go on too long or end too soon."""
        piece = self._content.read(size)
        self.size += len(piece)
        if self.size > self._announced or (not piece and self.size < self._announced):
            raise NotAsAnnounced(f"{self._announced} bytes were announced; {self.size} came.")
        self.sha256.update(piece)
        return piece


def _keep(upload: Upload, name: str, size: int) -> None:
    with tenancy.enter(upload.organization):
        mine = Upload.objects.of(upload.organization).filter(pk=upload.pk, received_at=None)
        if not mine.filter(expires_at__gte=Now()).update(file=name, received_at=Now(), received_bytes=size):
            raise AddressUsed if not mine.exists() else AddressOver
        storage.claim([name])


def _address(token: str) -> str:
    return reverse("api-upload-content", args=[token])


def _received(upload: Upload) -> bytes:
    try:
        with default_storage.open(upload.file) as file:
            content: bytes = file.read()
    except FileNotFoundError:  # swept in this moment
        raise NoSuchUpload from None
    return content


def _addressed(token: str) -> Upload:
    with tenancy.system("an exact upload address hash"):
        rows = Upload.objects.select_related("organization")
        found: Upload | None = rows.filter(
            address_sha256=_fingerprint(token), organization__deleted_at=None
        ).first()
    if found is None:
        raise NoSuchAddress
    return found


def _find(organization: Organization, upload_id: str) -> Upload:
    rows = Upload.objects.of(organization).select_related("organization", "room", "photo")
    found: Upload | None = rows.filter(public_id=upload_id).first()
    if found is None:
        raise NoSuchUpload
    return found


def _fingerprint(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
