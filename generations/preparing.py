"""What an engine needs for a call: every image fetched, decoded and in storage."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import BinaryIO, cast

from django.core.files.storage import default_storage

from accounts import tenancy
from generations import files
from generations.engines.base import EngineRequest, InputImage, Reference
from generations.models import Generation, GenerationReference
from projects import image_pool, photos
from projects import services as projects
from projects.models import Photo


def make_ready(attempt: Generation) -> EngineRequest:
    """The request without its time and folder; raises the Refusal of the first image that can't be used.

    Holds no connection while it fetches or decodes; raises ImageWorkFailed when that failed on our side.
    """
    source = _source(attempt) if attempt.paint is None else _painted(_source(attempt), attempt.paint)
    references = _references(attempt) if attempt.has_references else []
    return EngineRequest(
        prompt=attempt.prompt,
        source=source,
        references=tuple(
            Reference(_input_photo(row.photo), row.photo.name, at=row.at, scale=row.scale)
            for row in references
        ),
        resolution=attempt.resolution,
        design_level=attempt.design_level,
        mask=attempt.mask,
        variations=attempt.variations,
    )


def _references(attempt: Generation) -> list[GenerationReference]:
    with tenancy.enter(attempt.organization):
        rows = GenerationReference.objects.of(attempt.organization).filter(generation=attempt)
        return list(rows.select_related("photo__organization").order_by("position"))


def _source(attempt: Generation) -> InputImage:
    if attempt.parent is not None:
        if attempt.parent.removed_at is not None:
            raise photos.UnreadableImage("The picture that this starts from was deleted.")
        return _input(attempt.parent.image, "image/png")
    assert attempt.photo is not None  # noqa: S101 — a constraint of the table
    return _input_photo(attempt.photo)


def _painted(source: InputImage, paint: Photo) -> InputImage:
    """The source with the region to change in solid red, as the contract wants it."""
    content = image_pool.run(
        photos.painted, source.read(), _input_photo(paint).read(), seconds=projects.PREPARE_SECONDS
    )
    return InputImage.of_bytes(content, "image/jpeg")


def _input_photo(photo: Photo) -> InputImage:
    ready = projects.make_ready(photo=photo)
    return _input(ready.image, ready.media_type)


def _input(name: str, media_type: str) -> InputImage:
    """Read when it is sent, and not before: hundreds of calls may be under way in one process."""
    opener = partial(default_storage.open, name)
    return InputImage(
        cast("Callable[[], BinaryIO]", opener), default_storage.size(name), media_type, files.public_url(name)
    )
