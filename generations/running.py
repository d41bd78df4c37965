"""The worker's side: claim, make ready, call the engine, write down what came of it.

Every write is fenced: it applies only while this attempt is still the current one, so a frozen worker that wakes up
changes nothing. No transaction and no connection is held while files are fetched or an engine works.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db.models.functions import Now
from django.utils import timezone

from accounts import logs, tenancy, traces
from accounts.errors import Refusal
from accounts.models import Organization
from generations import ending, gates, keeping, preparing, queue, routes, scratch
from generations.engines.base import Again, EngineError, EngineRequest, EngineResult
from generations.gates import Verdict
from generations.models import Generation, State, UpstreamCall
from generations.outage import alone, is_away, through
from generations.routes import Route
from projects import image_pool, turnstile

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 40  # claims of one generation, whatever the reasons
MAX_CALLS = 20  # of them that came to a call
# Fetching and decoding eleven images, one engine call, storing: no honest attempt takes longer.
MAX_ATTEMPT_SECONDS = 400.0
# A paid call hardly ever takes less: with less left it would be paid for and thrown away.
LEAST_SECONDS = 45.0
# The vendor says 30 to 90: a call that was given less time and did not end says nothing about the upstream.
USUAL_SECONDS = 90.0
STORE_SECONDS = 5.0  # kept back from a call's time for storing its pictures
LONGEST_PAUSE = 30.0  # seconds before a call turned away for lack of room is sent again: 1, 2, 4 … 30
_LEASE_TIME = timedelta(seconds=settings.LEASE_SECONDS)
_LEASE = Now() + _LEASE_TIME  # by the database's clock: machines may disagree
DATABASEAWAY_SECONDS = 60.0  # how long a result waits for a database that restarts


# Claiming and reading at once; `has_references` saves a question about furniture to those who have none.
_CLAIM = """
    UPDATE generations_generation g SET state = 'running', attempt = attempt + 1, worker = %(worker)s,
        lease_until = statement_timestamp() + %(lease)s, started_at = coalesce(started_at, %(now)s)
    WHERE id = %(id)s AND organization_id = %(organization)s AND state = 'queued'
    RETURNING *, EXISTS (SELECT FROM generations_generationreference r WHERE r.generation_id = g.id) AS has_references
"""

# What threads of this process are working on: (primary key, attempt) and when they began. The lease keeper reads it.
_in_hand: dict[tuple[int, int], float] = {}
_in_hand_lock = threading.Lock()
_winding_down = threading.Event()


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


def wind_down() -> None:
    """This process is about to stop: calls under way are brought to their end, nothing new is called."""
    _winding_down.set()


def is_winding_down() -> bool:
    """Whether it is."""
    return _winding_down.is_set()


def run(*, generation_id: int, organization_id: int, worker: str) -> None:
    """Work on a queued generation until it has ended or is back in the queue. Does nothing if it isn't queued."""
    attempt = _claim(generation_id, organization_id, worker, now=timezone.now())
    if attempt is None:
        return
    ids = {"workspace": attempt.organization.public_id, "generation": attempt.public_id}
    with logs.about(**ids), _hold_in_hand(attempt):
        traces.tell(traces.ids())
        try:
            with turnstile.turn():  # begun at once, hundreds would all be ready late
                _work(attempt)
        except Exception:
            # A bug of ours. It is logged where it is raised; the customer still gets an end, and the credits back.
            # If even that fails (the database stays away), the lease runs out and the sweeper ends it.
            through(
                partial(
                    _fail,
                    attempt,
                    code="internal_error",
                    message="Something broke on our side. Your credits are back.",
                )
            )
            raise


def _work(attempt: Generation) -> None:
    try:
        begun = _begin(attempt)
    except Exception as error:
        if not is_away(error):
            raise
        # The database went away, and nothing was sent yet: somebody takes it up again.
        through(partial(_hand_back, attempt, delay=1.0))
        return
    if begun is not None:
        with scratch.folder() as folder:
            _call(attempt, begun, folder)


def _claim(generation_id: int, organization_id: int, worker: str, *, now: datetime) -> Generation | None:
    organization = Organization.objects.get(pk=organization_id)
    values = {"id": generation_id, "organization": organization_id, "worker": worker, "now": now}
    with tenancy.enter(organization):
        claimed = list(Generation.objects.raw(_CLAIM, {**values, "lease": _LEASE_TIME}))
        for attempt in claimed:
            attempt.organization = organization
            _fetch_inputs(attempt)
    return claimed[0] if claimed else None


def _fetch_inputs(attempt: Generation) -> None:
    """The images it starts from, each where there is one: one join over all that may be takes several times as long."""
    for name in ("photo", "paint", "parent"):
        if getattr(attempt, f"{name}_id") is not None:
            getattr(attempt, name).organization = attempt.organization


# --- Before the call -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Begun:
    """A call that may be sent now."""

    request: EngineRequest
    route: Route
    call: UpstreamCall


def _begin(attempt: Generation) -> _Begun | None:
    """All that comes before the socket opens; None when the attempt ended, waits, or is not ours any more."""
    try:
        request = preparing.make_ready(attempt)
        route = routes.route_of(attempt)
        if not _is_worth_calling(route, _seconds_left(attempt)):
            ending.expire(generation=attempt, now=timezone.now())
            return None
        call = _begin_call(attempt, route)
    except image_pool.ImageWorkFailed as failed:
        _fail(
            attempt, code=failed.code, message="Reading the photo failed on our side. Your credits are back."
        )
    except routes.NoUsableKey as refusal:
        _fail(attempt, code=refusal.code, message=f"{refusal.message} Your credits are back.")
    except gates.GatePaused:
        _fail(attempt, code="service_unavailable", message=f"{routes.UNAVAILABLE} Your credits are back.")
    except Refusal as refusal:
        _fail(attempt, code="bad_source", message=refusal.message)
    else:
        return _Begun(request, route, call) if call is not None else None
    return None


def _begin_call(attempt: Generation, route: Route) -> UpstreamCall | None:
    """The row that tells of the call, committed before the socket opens; None when it is not to be sent now."""
    now = timezone.now()
    with alone(), tenancy.enter(attempt.organization):
        mine = Generation.objects.of(attempt.organization).held_by(attempt)
        # Locked: from here on it can't be canceled. The lease too: this process may have been frozen since the last
        # renewal, and the call shall not be taken for a dead worker's as it opens.
        if not mine.update(calling_since=now, lease_until=_LEASE):
            return None
        if _winding_down.is_set():
            _hand_back(attempt, delay=0.0)
            return None
        if route.gate and not gates.take_turn(gate=route.gate, generation=attempt, now=now):
            # It waits as a row; whoever gives a place back puts it into the queue again.
            called_before = UpstreamCall.objects.of(attempt.organization).filter(generation=attempt).exists()
            started_at = attempt.started_at if called_before else None
            back = {"lease_until": None, "worker": "", "calling_since": None}
            mine.update(state=State.QUEUED, started_at=started_at, **back)
            return None
        attempt.calling_since = now
        call: UpstreamCall = UpstreamCall.objects.create(
            organization=attempt.organization,
            generation=attempt,
            attempt=attempt.attempt,
            number=1,
            engine=attempt.engine,
            key=route.key,
            began_at=now,
        )
    tenancy.release_connection()
    with _in_hand_lock:  # however long preparing took: an honest call has its whole time
        if (attempt.pk, attempt.attempt) in _in_hand:
            _in_hand[attempt.pk, attempt.attempt] = time.monotonic()
    return call


def _seconds_left(attempt: Generation) -> float:
    if attempt.deadline is None:
        return float(settings.ENGINE_SECONDS)
    left = (attempt.deadline - timezone.now()).total_seconds() - STORE_SECONDS
    return max(0.0, min(float(settings.ENGINE_SECONDS), left))


def _is_worth_calling(route: Route, seconds: float) -> bool:
    """Whether a call may still end in time; a free one may simply try."""
    return seconds >= (1.0 if route.engine.repeatable else LEAST_SECONDS)


# --- The call, and after it ------------------------------------------------------------------------------


def _sent(attempt: Generation, begun: _Begun, request: EngineRequest) -> EngineResult:
    facts: traces.Facts = {"roomwright.engine": attempt.engine, "roomwright.attempt": attempt.attempt}
    with turnstile.aside(to_the_end=True), traces.span(f"call {attempt.engine}", "client", facts) as span:
        try:
            return begun.route.engine.generate(request)
        except EngineError as error:
            span.tell({"roomwright.outcome": error.code, "http.response.status_code": error.status_code or 0})
            raise


def _call(attempt: Generation, begun: _Begun, folder: Path) -> None:
    request = replace(begun.request, seconds_left=_seconds_left(attempt), folder=folder)
    try:
        result = _sent(attempt, begun, request)
        pictures = keeping.store(attempt, result, folder)
    except EngineError as error:
        logger.warning("%s attempt %d: %s", attempt.public_id, attempt.attempt, error)
        verdict = _verdict(error, seconds=request.seconds_left)
        through(partial(_call_failed, attempt, begun, error, verdict))
        return
    through(partial(keeping.succeed, attempt=attempt, call=begun.call, result=result, pictures=pictures))


def _call_failed(attempt: Generation, begun: _Begun, error: EngineError, verdict: Verdict) -> None:
    """Send it again where that is safe and can help; otherwise the generation has failed. One transaction."""
    now = timezone.now()
    route = begun.route
    unknown = error.again is Again.UNKNOWN and not route.engine.repeatable
    with alone(), tenancy.enter(attempt.organization):
        keeping.end_call(
            begun.call,
            UpstreamCall.Outcome.UNKNOWN if unknown else UpstreamCall.Outcome.FAILED,
            now,
            status_code=error.status_code,
            detail=error.detail,
            possible_cost=attempt.price if unknown else 0,
        )
        delay = _delay_before_another(attempt, route, error)
        if delay is not None:
            _hand_back(attempt, delay=delay, verdict=verdict, retry_after=error.retry_after)
        else:
            message = f"{error.message} Your credits are back."
            _fail(attempt, code=error.code, message=message, verdict=verdict)
        if route.gate and error.status_code in routes.TRY_AGAIN:
            routes.pause(route, status_code=error.status_code, now=now)


def _verdict(error: EngineError, *, seconds: float) -> Verdict:
    """What a failed call that was given so many seconds has shown about its key."""
    if error.status_code == 429:
        return Verdict.BUSY
    if error.again is Again.NO or error.code == "internal_error":
        return Verdict.NOTHING
    if error.again is Again.UNKNOWN and error.status_code is None and seconds < USUAL_SECONDS:
        return Verdict.NOTHING  # cut short by its own deadline, or so it may be
    return Verdict.BROKEN


def _delay_before_another(attempt: Generation, route: Route, error: EngineError) -> float | None:
    """Seconds after which the same call is sent again; None if it must not be, or there is no time for it."""
    failed = UpstreamCall.objects.of(attempt.organization).filter(
        generation=attempt, outcome=UpstreamCall.Outcome.FAILED
    )
    calls = failed.count()
    if error.again is Again.ONCE:
        again = failed.filter(status_code=error.status_code).count() < 2
    else:
        again = error.again is Again.SAFE
    # With jitter, or all that were turned away together would come back together.
    pause = min(2.0 ** max(calls - 1, 0), LONGEST_PAUSE) * random.uniform(0.5, 1.0)  # noqa: S311 — no secret
    delay = error.retry_after if error.retry_after is not None else pause
    if not again or calls >= MAX_CALLS or attempt.attempt >= MAX_ATTEMPTS:
        return None
    return delay if _is_worth_calling(route, _seconds_left(attempt) - delay) else None


def _hand_back(
    attempt: Generation,
    *,
    delay: float,
    verdict: Verdict = Verdict.NOTHING,
    retry_after: float | None = None,
) -> None:
    """Back into the queue, to be claimed after `delay` seconds; its place at the gate is free meanwhile."""
    now = timezone.now()
    with alone(), tenancy.enter(attempt.organization):
        mine = Generation.objects.of(attempt.organization).held_by(attempt)
        if mine.update(state=State.QUEUED, lease_until=None, worker="", calling_since=None):
            UpstreamCall.objects.of(attempt.organization).filter(
                generation=attempt, outcome=UpstreamCall.Outcome.OPEN
            ).update(outcome=UpstreamCall.Outcome.FAILED, detail="never sent", ended_at=now)
            gates.leave(
                generation=attempt,
                verdict=verdict,
                now=now,
                call_began=attempt.calling_since,
                retry_after=retry_after,
            )
            queue.enqueue(attempt.pk, attempt.organization_id, delay=delay)


def _fail(attempt: Generation, *, code: str, message: str, verdict: Verdict = Verdict.NOTHING) -> None:
    with alone():
        ending.end(
            generation=attempt,
            only=Generation.objects.of(attempt.organization).held_by(attempt),
            state=State.FAILED,
            code=code,
            message=message,
            verdict=verdict,
            now=timezone.now(),
            also=lambda: ending.mark_open_calls_unknown(generation=attempt, now=timezone.now()),
        )
