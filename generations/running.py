"""The worker's side: claim, make ready, call the engine, write down what came of it.

Every write is fenced: it applies only while this attempt is still the current one, so a frozen worker that wakes up
changes nothing. No transaction and no connection is held while files are fetched or an engine works.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts import tenancy
from accounts.errors import Refusal
from accounts.models import Organization
from billing import pricing
from generations import ending, engines, files, queue
from generations.engines.base import (
    Again,
    Engine,
    EngineError,
    EngineRequest,
    EngineResult,
    InputImage,
    Reference,
)
from generations.models import Generation, GenerationReference, Picture, State, UpstreamCall
from projects import image_pool, photos
from projects import services as projects
from projects.models import Photo

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 8  # claims of one generation, whatever the reasons
# Fetching and decoding eleven images, one engine call, storing: no honest attempt takes longer.
MAX_ATTEMPT_SECONDS = 400.0
LEAST_SECONDS = (
    30.0  # a paid call takes at least so long: with less left it would be paid for and thrown away
)
STORE_SECONDS = 5.0  # kept back from a call's time for storing its pictures
MAX_PICTURE_BYTES = 40 * 2**20
MAX_PICTURE_PIXELS = 40_000_000
THUMBNAIL_SECONDS = 30.0
_DISCARDED = "The picture came after the generation had ended."


# What threads of this process are working on: (primary key, attempt) and when they began. The lease keeper reads it.
_in_hand: dict[tuple[int, int], float] = {}
_in_hand_lock = threading.Lock()


def in_hand() -> list[tuple[int, int]]:
    """Attempts whose lease may be renewed: someone works on them, and not for longer than any attempt may take."""
    began_after = time.monotonic() - MAX_ATTEMPT_SECONDS
    with _in_hand_lock:
        return [attempt for attempt, began in _in_hand.items() if began > began_after]


@contextmanager
def _hold_in_hand(attempt: Generation) -> Iterator[None]:
    key = (attempt.pk, attempt.attempt)
    with _in_hand_lock:
        _in_hand[key] = time.monotonic()
    try:
        yield
    finally:
        with _in_hand_lock:
            _in_hand.pop(key, None)


def run(*, generation_id: int, organization_id: int, worker: str) -> None:
    """Work on a queued generation until it has ended or is back in the queue. Does nothing if it isn't queued."""
    attempt = _claim(generation_id, organization_id, worker, now=timezone.now())
    if attempt is None:
        return
    with _hold_in_hand(attempt):
        try:
            _work(attempt)
        except Exception:
            # A bug of ours. It is logged where it is raised; the customer still gets an end, and the credits back.
            # If even that fails (the database is away), the lease runs out and the sweeper ends it.
            _fail(
                attempt, code="internal_error", message="Something broke on our side. Your credits are back."
            )
            raise


def _work(attempt: Generation) -> None:
    try:
        request = _make_ready(attempt)
    except image_pool.ImageWorkFailed as failed:
        _fail(
            attempt, code=failed.code, message="Reading the photo failed on our side. Your credits are back."
        )
        return
    except Refusal as refusal:
        _fail(attempt, code="bad_source", message=refusal.message)
        return
    engine = engines.get(attempt.engine)
    if not _is_worth_calling(engine, request.seconds_left):
        ending.expire(generation=attempt, now=timezone.now())
        return
    call = _begin_call(attempt)
    if call is None:
        return
    try:
        result = engine.generate(request)
        pictures = _store(attempt, result)
    except EngineError as error:
        _call_failed(attempt, call, engine, error)
        return
    _succeed(attempt, call, result, pictures)


def _claim(generation_id: int, organization_id: int, worker: str, *, now: datetime) -> Generation | None:
    organization = Organization.objects.get(pk=organization_id)
    with tenancy.enter(organization):
        mine = Generation.objects.of(organization).filter(pk=generation_id)
        claimed = mine.filter(state=State.QUEUED).update(
            state=State.RUNNING,
            attempt=F("attempt") + 1,
            worker=worker,
            lease_until=now + timedelta(seconds=settings.LEASE_SECONDS),
            started_at=Coalesce(F("started_at"), now),
        )
        if not claimed:
            return None
        attempt: Generation = mine.select_related("organization", "photo__organization", "parent").get()
    return attempt


# --- Before the call -------------------------------------------------------------------------------------


def _make_ready(attempt: Generation) -> EngineRequest:
    """Every image fetched, decoded and in storage; raises the Refusal of the first that can't be used."""
    if attempt.parent is not None:
        source = _input(attempt.parent.image, "image/png")
    else:
        assert attempt.photo is not None  # noqa: S101 — a constraint of the table
        source = _input_photo(attempt.photo)
    with tenancy.enter(attempt.organization):
        rows = GenerationReference.objects.of(attempt.organization).filter(generation=attempt)
        references = list(rows.select_related("photo__organization").order_by("position"))
    return EngineRequest(
        prompt=attempt.prompt,
        source=source,
        references=tuple(Reference(_input_photo(row.photo), row.photo.name) for row in references),
        resolution=attempt.resolution,
        design_level=attempt.design_level,
        mask=attempt.mask,
        variations=attempt.variations,
        seconds_left=_seconds_left(attempt),
    )


def _input_photo(photo: Photo) -> InputImage:
    ready = projects.make_ready(photo=photo)
    return _input(ready.image, ready.media_type)


def _input(name: str, media_type: str) -> InputImage:
    with default_storage.open(name) as file:
        content: bytes = file.read()
    return InputImage.of_bytes(content, media_type, files.public_url(name))


def _seconds_left(attempt: Generation) -> float:
    if attempt.deadline is None:
        return float(settings.ENGINE_SECONDS)
    left = (attempt.deadline - timezone.now()).total_seconds() - STORE_SECONDS
    return max(0.0, min(float(settings.ENGINE_SECONDS), left))


def _is_worth_calling(engine: Engine, seconds: float) -> bool:
    """Whether a call may still end in time; a free one may simply try."""
    return seconds >= (1.0 if engine.repeatable else LEAST_SECONDS)


def _begin_call(attempt: Generation) -> UpstreamCall | None:
    """The row that tells of the call, committed before the socket opens; None when the attempt is not ours now."""
    with tenancy.enter(attempt.organization):
        if not Generation.objects.of(attempt.organization).held_by(attempt).exists():
            return None
        call: UpstreamCall = UpstreamCall.objects.create(
            organization=attempt.organization,
            generation=attempt,
            attempt=attempt.attempt,
            number=1,
            engine=attempt.engine,
            began_at=timezone.now(),
        )
    tenancy.release_connection()
    return call


# --- After the call --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Stored:
    image: str
    thumbnail: str
    width: int
    height: int
    bytes: int
    notes: dict[str, object]


def _store(attempt: Generation, result: EngineResult) -> list[_Stored]:
    """Check the engine's answer, which is untrusted input, and put it into storage."""
    stored = []
    folder = f"{attempt.organization.public_id}/pictures/{attempt.public_id}"
    for number, picture in enumerate(result.pictures[: attempt.variations], start=1):
        try:
            facts = photos.check_png(picture.png, max_bytes=MAX_PICTURE_BYTES, max_pixels=MAX_PICTURE_PIXELS)
            thumbnail = _thumbnail(picture.png)
        except photos.PhotoRefused as refusal:
            raise EngineError(
                "bad_answer",
                "The design service gave something that is no picture.",
                again=Again.UNKNOWN,  # it may well have been charged
                detail=refusal.message,
            ) from refusal
        stored.append(
            _Stored(
                image=default_storage.save(f"{folder}/{number}.png", ContentFile(picture.png)),
                thumbnail=default_storage.save(f"{folder}/{number}-thumbnail.jpg", ContentFile(thumbnail)),
                width=facts.width,
                height=facts.height,
                bytes=len(picture.png),
                notes=dict(picture.notes),
            )
        )
    return stored


def _thumbnail(png: bytes) -> bytes:
    """Tried twice: a child that dies is our trouble, and the picture has been paid for."""
    try:
        return image_pool.run(photos.thumbnail, png, seconds=THUMBNAIL_SECONDS)[0]
    except image_pool.ImageWorkFailed:
        return image_pool.run(photos.thumbnail, png, seconds=THUMBNAIL_SECONDS)[0]


def _succeed(
    attempt: Generation, call: UpstreamCall, result: EngineResult, pictures: Sequence[_Stored]
) -> None:
    now = timezone.now()
    organization = attempt.organization
    each = pricing.price(design_level=attempt.design_level)
    settled = min(each * len(pictures), attempt.credits_held)

    def write() -> None:
        Picture.objects.bulk_create(
            Picture(
                organization=organization,
                generation=attempt,
                position=position,
                image=stored.image,
                thumbnail=stored.thumbnail,
                width=stored.width,
                height=stored.height,
                bytes=stored.bytes,
                notes=stored.notes,
            )
            for position, stored in enumerate(pictures)
        )
        _end_call(call, UpstreamCall.Outcome.SUCCEEDED, now, credits_used=result.credits_used)

    ours = ending.end(
        generation=attempt,
        only=Generation.objects.of(organization).held_by(attempt),
        state=State.SUCCEEDED,
        settled=settled,
        now=now,
        also=write,
    )
    if not ours:
        _discard(attempt, call, result, pictures, now)


def _discard(
    attempt: Generation, call: UpstreamCall, result: EngineResult, pictures: Sequence[_Stored], now: datetime
) -> None:
    """Somebody ended it before us: the customer has their credits back, what the engine took stays on record."""
    for stored in pictures:
        default_storage.delete(stored.image)
        default_storage.delete(stored.thumbnail)
    with tenancy.enter(attempt.organization):
        _end_call(
            call,
            UpstreamCall.Outcome.DISCARDED,
            now,
            credits_used=result.credits_used,
            possible_cost=result.credits_used,
            detail=_DISCARDED,
        )


def _call_failed(attempt: Generation, call: UpstreamCall, engine: Engine, error: EngineError) -> None:
    """Send it again where that is safe and can help; otherwise the generation has failed."""
    now = timezone.now()
    unknown = error.again is Again.UNKNOWN and not engine.repeatable
    logger.warning("%s attempt %d: %s", attempt.public_id, attempt.attempt, error)
    with tenancy.enter(attempt.organization):
        _end_call(
            call,
            UpstreamCall.Outcome.UNKNOWN if unknown else UpstreamCall.Outcome.FAILED,
            now,
            status_code=error.status_code,
            detail=error.detail,
            possible_cost=attempt.price if unknown else 0,
        )
        again = _may_try_again(attempt, engine, error)
    if again:
        _hand_back(attempt, delay=error.retry_after or min(2.0 ** (attempt.attempt - 1), 30.0))
    else:
        _fail(attempt, code=error.code, message=f"{error.message} Your credits are back.")


def _may_try_again(attempt: Generation, engine: Engine, error: EngineError) -> bool:
    if attempt.attempt >= MAX_ATTEMPTS or not _is_worth_calling(engine, _seconds_left(attempt)):
        return False
    if error.again is Again.ONCE:
        failed = UpstreamCall.objects.of(attempt.organization).filter(
            generation=attempt, outcome=UpstreamCall.Outcome.FAILED, status_code=error.status_code
        )
        return failed.count() < 2
    return error.again is Again.SAFE


def _hand_back(attempt: Generation, *, delay: float) -> None:
    """Back into the queue, to be claimed after `delay` seconds."""
    with tenancy.enter(attempt.organization):
        mine = Generation.objects.of(attempt.organization).held_by(attempt)
        if mine.update(state=State.QUEUED, lease_until=None):
            queue.enqueue(attempt.pk, attempt.organization_id, delay=delay)


def _fail(attempt: Generation, *, code: str, message: str) -> None:
    ending.end(
        generation=attempt,
        only=Generation.objects.of(attempt.organization).held_by(attempt),
        state=State.FAILED,
        code=code,
        message=message,
        now=timezone.now(),
        also=lambda: ending.mark_open_calls_unknown(generation=attempt, now=timezone.now()),
    )


def _end_call(
    call: UpstreamCall,
    outcome: UpstreamCall.Outcome,
    now: datetime,
    *,
    credits_used: int = 0,
    possible_cost: int = 0,
    status_code: int | None = None,
    detail: str = "",
) -> None:
    UpstreamCall.objects.of(call.organization).filter(pk=call.pk).update(
        outcome=outcome,
        ended_at=now,
        credits_used=credits_used,
        possible_cost=possible_cost,
        status_code=status_code,
        detail=detail[:400],
    )
