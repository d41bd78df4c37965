"""Copies of a picture for downloading: the shape of the photo, as PNG, JPEG, or WebP for the web.

Made when first asked for, in an image process, and kept beside the picture. Engines keep a photo's shape up to some
pixels; a copy has it to the pixel, by cropping those off evenly: nothing is stretched, and no border is invented. A
picture of another shape altogether is left as the engine made it: a crop would cut the room. Copies are marked as
the picture is; where they can't be signed just then, they are labelled, and made anew once signing works.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from django.core.files.storage import default_storage
from django.utils.text import slugify

from accounts import tenancy
from accounts.models import Organization
from generations import conversion, lineage, provenance, signing
from generations.models import Generation, Picture, Rendition, Signature
from generations.modes import KEEP_STRUCTURE
from generations.services import PictureRemoved
from projects import image_pool, storage

SECONDS = 30.0
MOST_CROPPED = 0.04  # of a side
_MEDIA = {Rendition.Kind.PNG: ".png", Rendition.Kind.JPEG: ".jpg", Rendition.Kind.WEB: ".webp"}


@dataclass(frozen=True)
class Copy:
    """A stored file, the name under which a person saves it, and its size in pixels."""

    file: str
    filename: str
    width: int
    height: int


def copy_of(*, picture: Picture, kind: Rendition.Kind) -> Copy:
    """The picture as `kind`, made now if nobody asked for it before. Holds no transaction while it is made.

    Raises PictureRemoved, and ImageWorkFailed when the failure is ours.
    """
    organization = picture.organization
    with tenancy.enter(organization):
        made = Rendition.objects.of(organization).filter(picture=picture, kind=kind).first()
        photo = None if made else lineage.first_photo(generation=picture.generation)
    if made is None:
        size = (picture.width, picture.height)
        shape = shape_of(size, (photo.width, photo.height) if photo else size)
        if kind == Rendition.Kind.PNG and shape == size:
            return Copy(picture.image, _filename(picture, ".png", size), *size)
        made = _make(picture, kind, shape)
    filename = _filename(picture, _MEDIA[kind], (made.width, made.height))
    return Copy(made.file, filename, made.width, made.height)


def shape_of(size: tuple[int, int], source: tuple[int, int]) -> tuple[int, int]:
    """The largest size within `size` that has the shape of `source`, to the nearest pixel.

    `size` itself where the shapes differ by more than MOST_CROPPED of a side.
    """
    return size if is_other_shape(size, source) else _fitting(size, source)


def is_other_shape(size: tuple[int, int], source: tuple[int, int]) -> bool:
    """Whether a crop to the shape of `source` would cut away more than a few pixels; sizes in pixels, 0 is unknown."""
    fitting = _fitting(size, source)
    return max(1 - fitting[0] / size[0], 1 - fitting[1] / size[1]) > MOST_CROPPED


def _fitting(size: tuple[int, int], source: tuple[int, int]) -> tuple[int, int]:
    (width, height), (source_width, source_height) = size, source
    if not (source_width and source_height):
        return size
    across = round(height * source_width / source_height)
    return (
        (across, height)
        if across < width
        else (width, min(height, round(width * source_height / source_width)))
    )


def _make(picture: Picture, kind: Rendition.Kind, shape: tuple[int, int]) -> Rendition:
    tenancy.release_connection()
    try:
        with default_storage.open(picture.image) as opened:
            original = opened.read()
    except FileNotFoundError:
        raise PictureRemoved from None  # in this moment
    signer = signing.current_if_any()
    marked, width, height = image_pool.run(
        conversion.marked_copy,
        original,
        kind.value,
        shape,
        provenance.statement(generation=picture.generation, title=picture.generation.public_id),
        signer and signer.signing,
        seconds=SECONDS,
    )
    signature = provenance.signature_of(signer) if signer and marked.is_signed else Signature.WAITING
    folder = picture.image.rpartition("/")[0]
    name = storage.new_name(folder, f"{picture.position + 1}-{kind.value}", _MEDIA[kind])
    try:
        storage.announce([name])
        storage.write(name, marked.content)
        copy = Rendition(kind=kind, file=name, width=width, height=height, signature=signature)
        return _keep(picture, copy)
    finally:
        storage.discard([name])  # keeps what was claimed


def _keep(picture: Picture, copy: Rendition) -> Rendition:
    """Write it down while the picture is locked and there; of two at once the first one stays."""
    organization = picture.organization
    with tenancy.enter(organization):
        mine = Picture.objects.of(organization).kept().filter(pk=picture.pk)
        if mine.select_for_update(no_key=True).first() is None:
            raise PictureRemoved
        there = Rendition.objects.of(organization).filter(picture=picture, kind=copy.kind).first()
        if there is not None:
            return cast(Rendition, there)
        copy.organization, copy.picture = organization, picture
        copy.save(force_insert=True)
        storage.claim([copy.file])
    return copy


def remove_copies(*, organization: Organization, pictures: Iterable[Picture]) -> None:
    """Their copies go too; in the caller's transaction, which has the pictures locked."""
    copies = Rendition.objects.of(organization).filter(picture__in=[picture.pk for picture in pictures])
    storage.doom(copies.values_list("file", flat=True))
    copies.delete()


def _filename(picture: Picture, extension: str, size: tuple[int, int]) -> str:
    """For example `living-room-japandi-light-oak-floor-2-1536x1024.jpg`."""
    generation: Generation = picture.generation
    room = slugify(generation.room.name, allow_unicode=True)[:24] if generation.room else ""
    asked = generation.prompt.replace(KEEP_STRUCTURE, "")
    prompt = slugify(asked, allow_unicode=True)[:48]
    parts = [room, prompt.strip("-"), str(picture.position + 1), f"{size[0]}x{size[1]}"]
    return "-".join(part for part in parts if part) + extension
