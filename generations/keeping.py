"""What a call gave: checked, stored, and written down together with the end of its generation."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from django.utils import timezone

from accounts import alerts, tenancy
from billing import pricing
from generations import ending, provenance, upstream_keys
from generations.engines.base import Again, EngineError, EnginePicture, EngineResult
from generations.gates import Verdict
from generations.models import Generation, Picture, Signature, State, UpstreamCall
from generations.outage import alone, through
from projects import image_pool, photos, storage

logger = logging.getLogger(__name__)

MAX_PICTURE_BYTES = 40 * 2**20
MAX_PICTURE_PIXELS = 40_000_000
THUMBNAIL_SECONDS = 30.0
_DISCARDED = "The picture came after the generation had ended."


@dataclass(frozen=True)
class StoredPicture:
    """A picture in storage, waiting for its row."""

    image: str
    thumbnail: str
    width: int
    height: int
    bytes: int
    notes: dict[str, object]
    signature: Signature


def store(attempt: Generation, result: EngineResult, folder: Path) -> list[StoredPicture]:
    """Check the engine's answer, which is untrusted input, and put it into storage.

    Raises EngineError when a picture is none, of unknown outcome since it may well have been charged.
    """
    stored: list[StoredPicture] = []
    try:
        for number, picture in enumerate(result.pictures[: attempt.variations], start=1):
            stored.append(_store_one(attempt, number, picture, folder))
    except BaseException as error:
        discard_files(stored)
        if isinstance(error, photos.PhotoRefused):
            raise EngineError(
                "bad_answer",
                "The design service gave something that is no picture.",
                again=Again.UNKNOWN,
                detail=error.message,
            ) from error
        raise
    return stored


def _store_one(attempt: Generation, number: int, picture: EnginePicture, folder: Path) -> StoredPicture:
    path = picture.path or folder / f"picture-{number}.png"
    if picture.path is None:
        path.write_bytes(picture.png)
    facts = photos.check_png_file(path, max_bytes=MAX_PICTURE_BYTES, max_pixels=MAX_PICTURE_PIXELS)
    thumbnail = _thumbnail(path)
    signature, problem = provenance.mark_file(path=path, generation=attempt)
    if problem:
        through(partial(_tell_unsigned, attempt, problem))
    image_name, thumbnail_name = through(partial(_announce, attempt, number))
    tenancy.release_connection()
    kept = StoredPicture(
        image=image_name,
        thumbnail=thumbnail_name,
        width=facts.width,
        height=facts.height,
        bytes=path.stat().st_size,
        notes=dict(picture.notes),
        signature=signature,
    )
    try:
        through(partial(_put, kept.image, path))
        through(partial(storage.put, kept.thumbnail, thumbnail))
        through(partial(storage.confirm, [kept.image, kept.thumbnail]))
        tenancy.release_connection()
    except BaseException:
        discard_files([kept])
        raise
    path.unlink()  # it may be large, and its thread may wait for others now
    return kept


def _put(name: str, path: Path) -> None:
    with path.open("rb") as file:
        storage.put(name, file)


def _tell_unsigned(attempt: Generation, problem: str) -> None:
    """It is kept, labelled and paid for; its signature comes later."""
    text = f"{attempt.public_id}: {problem}"
    alerts.raise_alert(code="signing_failed", subject="signer", text=text, now=timezone.now())


def _announce(attempt: Generation, number: int) -> tuple[str, str]:
    where = f"{attempt.organization.public_id}/pictures/{attempt.public_id}"
    image = storage.new_name(where, str(number), ".png")
    thumbnail = storage.new_name(where, f"{number}-thumbnail", ".jpg")
    storage.announce([image, thumbnail])
    return image, thumbnail


def _thumbnail(path: Path) -> bytes:
    """Tried twice: a child that dies is our trouble, and the picture has been paid for."""
    try:
        return image_pool.run(photos.thumbnail_of_file, str(path), seconds=THUMBNAIL_SECONDS)[0]
    except image_pool.ImageWorkFailed:
        return image_pool.run(photos.thumbnail_of_file, str(path), seconds=THUMBNAIL_SECONDS)[0]


def discard_files(stored: Sequence[StoredPicture]) -> None:
    """Nobody will have these."""
    if stored:
        storage.discard([name for picture in stored for name in (picture.image, picture.thumbnail)])


def succeed(
    *, attempt: Generation, call: UpstreamCall, result: EngineResult, pictures: Sequence[StoredPicture]
) -> None:
    """End it with these pictures, paid for; if somebody ended it before us, put them away and note their cost.

    May be repeated: after a lost answer to the commit, the second time finds its own rows and changes nothing.
    """
    now = timezone.now()
    organization = attempt.organization
    each = pricing.price(design_level=attempt.design_level)

    def write() -> None:
        storage.claim([name for picture in pictures for name in (picture.image, picture.thumbnail)])
        end_call(call, UpstreamCall.Outcome.SUCCEEDED, now, credits_used=result.credits_used)
        _tell_of_surprise(attempt, call, result, expected=each * len(pictures), now=now)

    with alone():
        ours = ending.end(
            generation=attempt,
            only=Generation.objects.of(organization).held_by(attempt),
            state=State.SUCCEEDED,
            settled=min(each * len(pictures), attempt.credits_held),
            verdict=Verdict.GOOD,
            now=now,
            also=write,
            pictures=_rows(attempt, pictures),
        )
    if not ours:
        _put_away(attempt, call, result, pictures, now)
    elif call.key is not None:  # not in the same transaction: the key's row comes before its gate
        with tenancy.enter(organization):
            upstream_keys.note_proof(key=call.key, now=now)


def _rows(attempt: Generation, pictures: Sequence[StoredPicture]) -> list[Picture]:
    return [
        Picture(
            organization=attempt.organization,
            generation=attempt,
            position=position,
            image=stored.image,
            thumbnail=stored.thumbnail,
            width=stored.width,
            height=stored.height,
            bytes=stored.bytes,
            notes=stored.notes,
            signature=stored.signature,
        )
        for position, stored in enumerate(pictures)
    ]


def _put_away(
    attempt: Generation,
    call: UpstreamCall,
    result: EngineResult,
    pictures: Sequence[StoredPicture],
    now: datetime,
) -> None:
    """Somebody ended it before us: the customer has their credits back, what the engine took stays on record."""
    with tenancy.enter(attempt.organization):
        names = [picture.image for picture in pictures]
        if Picture.objects.of(attempt.organization).filter(image__in=names).exists():
            return  # it was us: the commit went through and only its answer was lost
        end_call(
            call,
            UpstreamCall.Outcome.DISCARDED,
            now,
            credits_used=result.credits_used,
            possible_cost=result.credits_used or (0 if call.engine == "preview" else attempt.price),
            detail=_DISCARDED,
        )
    discard_files(pictures)


def _tell_of_surprise(
    attempt: Generation, call: UpstreamCall, result: EngineResult, *, expected: int, now: datetime
) -> None:
    """The vendor booked something else than its price list says: whoever runs this instance has to know."""
    if call.engine == "preview" or result.credits_used == expected:
        return
    whose = f"key {call.key.public_id} of {attempt.organization.public_id}" if call.key else "our key"
    text = (
        f"{attempt.public_id}: {call.engine} booked {result.credits_used} credits on {whose}, not {expected}."
    )
    subject = call.key.public_id if call.key else call.engine
    alerts.raise_alert(code="credits_used_surprise", subject=subject, text=text, now=now)


def end_call(
    call: UpstreamCall,
    outcome: UpstreamCall.Outcome,
    now: datetime,
    *,
    credits_used: int = 0,
    possible_cost: int = 0,
    status_code: int | None = None,
    detail: str = "",
) -> None:
    """Write down how a call ended; inside the workspace's transaction."""
    UpstreamCall.objects.of(call.organization).filter(pk=call.pk).update(
        outcome=outcome,
        ended_at=now,
        credits_used=credits_used,
        possible_cost=possible_cost,
        status_code=status_code,
        detail=detail[:400],
    )
