"""The files of a delivery: each picture drawn as its profile says, and all of it as a ZIP with a list of its files."""

from __future__ import annotations

import csv
import io
import logging
import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils.text import slugify

from accounts import alerts, tenancy
from accounts.errors import Refusal
from accounts.models import Organization
from generations import deliveries, drawing, originals, profiles, provenance, signing
from generations.models import Delivery, DeliveryItem, OriginalPage
from generations.profiles import Profile
from projects import image_pool, storage

logger = logging.getLogger(__name__)

SECONDS = 60.0  # for one picture
MOST_BYTES = 2**30  # of a ZIP
LIST = "manifest.csv"
COLUMNS = (
    "file",
    "kind",
    "sha256",
    "width",
    "height",
    "picture",
    "original_page",
    "caption",
    "altered",
    "date",
)
_LEFT_AFTER = timedelta(minutes=10)  # its job is dead, or never was
_GIVEN_UP_AFTER = timedelta(hours=3)


class NotSigned(image_pool.ImageWorkFailed):
    """A file could not be signed, and none leaves without its marks."""


class TooLarge(Refusal):
    """The files are larger than 1 GB together. Choose fewer pictures or a smaller size."""

    code, title, status = "delivery_too_large", "Too large", 413


@dataclass
class _Made:
    """What is in storage or in the ZIP so far."""

    names: list[str] = field(default_factory=list)
    items: list[DeliveryItem] = field(default_factory=list)
    rows: list[dict[str, object]] = field(default_factory=list)
    bytes: int = 0


def make(*, delivery_id: int, organization_id: int, now: datetime) -> None:
    """Make what is still to be made; may be repeated. What the workspace can act on ends it as failed, with words."""
    with tenancy.system("a delivery to be made"):
        rows = Delivery.objects.filter(pk=delivery_id, organization=organization_id)
        open_ones = rows.filter(state=Delivery.State.MAKING, withdrawn_at=None, organization__deleted_at=None)
        delivery = open_ones.select_related("organization", "project", "created_by").first()
    if delivery is None:
        return
    tenancy.release_connection()
    made = _Made()
    try:
        with tempfile.TemporaryDirectory(prefix="roomwright-delivery-") as folder:
            path = Path(folder) / "delivery.zip"
            with ZipFile(path, "w") as zipped:
                _fill(delivery, zipped, made, now)
            _finish(delivery, path, made, now)
    except NotSigned as error:
        # Until somebody puts the signer right no delivery is made, of any workspace.
        alerts.raise_alert(code="signing_failed", subject="deliveries", text=str(error), now=now)
        raise  # the next round tries again
    except image_pool.ImageWorkFailed as error:
        logger.warning("%s: %s", delivery.public_id, error)
        raise  # ours: the next round tries again
    except Refusal as refusal:
        _fail(delivery, refusal.english, now)
    finally:
        storage.discard(made.names)  # keeps what was claimed


def make_left(*, now: datetime) -> None:
    """Those whose job died with its worker; after three hours they are given up."""
    with tenancy.system("a delivery to be made"):
        left = Delivery.objects.filter(
            state=Delivery.State.MAKING, withdrawn_at=None, created_at__lt=now - _LEFT_AFTER
        )
        some = list(left.select_related("organization", "project")[:20])
    for delivery in some:
        if delivery.created_at < now - _GIVEN_UP_AFTER:
            _fail(delivery, "It could not be made. Make it once more, or with another profile.", now)
            continue
        try:
            make(delivery_id=delivery.pk, organization_id=delivery.organization_id, now=now)
        except Refusal:
            logger.exception("%s could not be made yet.", delivery.public_id)


def _fill(delivery: Delivery, zipped: ZipFile, made: _Made, now: datetime) -> None:
    profile = profiles.of_data(delivery.profile)
    with tenancy.enter(delivery.organization):
        items = DeliveryItem.objects.of(delivery.organization).filter(delivery=delivery)
        related = ("picture__generation__room", "picture__generation__organization", "picture__organization")
        todo = list(items.select_related(*related).order_by("position"))
    for item in todo:
        page = originals.publish(picture=item.picture, by_user=delivery.created_by, now=now)
        _one(delivery, item, page, profile, zipped, made)
        if made.bytes > MOST_BYTES:
            raise TooLarge
    zipped.writestr(LIST, _listed(made.rows), ZIP_DEFLATED)


def _one(
    delivery: Delivery,
    item: DeliveryItem,
    page: OriginalPage,
    profile: Profile,
    zipped: ZipFile,
    made: _Made,
) -> None:
    address = delivery.base + reverse("original", args=[page.public_id])
    altered = originals.altered_words(page)
    caption = caption_of(altered=altered, address=address)
    says = provenance.statement(
        generation=item.picture.generation, title=item.picture.public_id, caption=caption, original=address
    )
    signer = signing.current_if_any()
    with default_storage.open(item.picture.image) as png, default_storage.open(page.before) as photo:
        sources = png.read(), photo.read()
    drawn = image_pool.run(
        drawing.draw, *sources, profile.spec, says, signer and signer.signing, seconds=SECONDS
    )
    if not drawn.file.is_signed:
        raise NotSigned(f"{delivery.public_id} can't be made: {drawn.file.problem or 'there is no signer'}")
    stem, ending = _stem(item), drawing.EXTENSIONS[profile.spec.format]
    folder = f"{delivery.organization.public_id}/deliveries/{delivery.public_id}"
    item.file = storage.new_name(folder, str(item.position), ending)
    item.preview = storage.new_name(folder, f"{item.position}-preview", ".jpg")
    storage.announce([item.file, item.preview])
    made.names += [item.file, item.preview]
    storage.write(item.file, drawn.file.content)
    storage.write(item.preview, drawn.preview)
    tenancy.release_connection()
    item.filename, item.caption = f"{stem}{ending}", caption[:1000]
    item.sha256 = sha256(drawn.file.content).hexdigest()
    item.width, item.height, item.bytes = drawn.width, drawn.height, len(drawn.file.content)
    made.items.append(item)
    told: dict[str, object] = {
        "picture": item.picture.public_id,
        "original_page": address,
        "caption": caption,
        "altered": altered,
        "date": item.picture.created_at.date().isoformat(),
    }
    size: dict[str, object] = {"width": drawn.width, "height": drawn.height}
    _put(zipped, made, f"pictures/{item.filename}", "picture", drawn.file.content, told | size)
    if profile.caption:
        _put(zipped, made, f"captions/{stem}.txt", "caption", f"{caption}\n".encode(), told)
    if profile.with_original:
        photo_file = image_pool.run(drawing.original, sources[1], profile.spec, seconds=SECONDS)
        _put(zipped, made, f"originals/{stem}-original.jpg", "original", photo_file, told)


def caption_of(*, altered: str, address: str) -> str:
    """The text to stand beside a picture: that it was altered, how, and where the original is."""
    return f"Digitally altered picture. {altered} The unaltered original: {address}"


def _put(zipped: ZipFile, made: _Made, name: str, kind: str, content: bytes, told: dict[str, object]) -> None:
    zipped.writestr(name, content, ZIP_DEFLATED if kind == "caption" else ZIP_STORED)
    made.bytes += len(content)
    made.rows.append({"file": name, "kind": kind, "sha256": sha256(content).hexdigest(), **told})


def _stem(item: DeliveryItem) -> str:
    room = item.picture.generation.room
    name = slugify(room.name)[:40] if room else ""
    return f"{item.position:02d}-{name or 'picture'}"


def _listed(rows: list[dict[str, object]]) -> str:
    out = io.StringIO()
    out.write("\ufeff")  # or spreadsheets take it for another encoding
    writer = csv.DictWriter(out, COLUMNS, restval="")
    writer.writeheader()
    writer.writerows({name: _harmless(value) for name, value in row.items()} for row in rows)
    return out.getvalue()


def _harmless(value: object) -> object:
    """A spreadsheet shall not take a workspace's words for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t")) else value


def _finish(delivery: Delivery, path: Path, made: _Made, now: datetime) -> None:
    organization: Organization = delivery.organization
    folder = f"{organization.public_id}/deliveries/{delivery.public_id}"
    archive = storage.new_name(folder, "delivery", ".zip")
    storage.announce([archive])
    made.names.append(archive)
    with path.open("rb") as packed:
        storage.write(archive, packed)
    with tenancy.enter(organization):
        rows = Delivery.objects.of(organization)
        mine = rows.filter(pk=delivery.pk, state=Delivery.State.MAKING, withdrawn_at=None)
        if mine.select_for_update(no_key=True).first() is None:
            return  # withdrawn, or another was faster
        storage.claim(made.names)
        DeliveryItem.objects.bulk_update(
            made.items, ["file", "preview", "filename", "caption", "sha256", "width", "height", "bytes"]
        )
        mine.update(state=Delivery.State.READY, archive=archive, bytes=path.stat().st_size)
        deliveries.note(delivery, "ready", now, files=len(made.rows))


def _fail(delivery: Delivery, problem: str, now: datetime) -> None:
    organization = delivery.organization
    with tenancy.enter(organization):
        mine = Delivery.objects.of(organization).filter(pk=delivery.pk, state=Delivery.State.MAKING)
        if mine.filter(withdrawn_at=None).update(state=Delivery.State.FAILED, problem=problem[:400]):
            deliveries.note(delivery, "failed", now, problem=problem[:400])
