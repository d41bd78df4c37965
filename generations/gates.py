"""How many calls each upstream key carries at once: learned from its answers, shared by all workers.

The vendor publishes no limits, so each key has a gate: its limit grows by one per full round of successes and halves
on a 429; failures in a row open a breaker; a refused key is paused. Whoever finds the gate full waits as a row, not in
a worker's slot, and is called when a place is free: one workspace after the other, whoever has fewest calls first.

Lock order: generation, then gate. Everything here runs inside the caller's transaction.
"""

from __future__ import annotations

import enum
import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.forms import model_to_dict

from generations import queue
from generations.models import Generation, UpstreamGate, UpstreamTurn

logger = logging.getLogger(__name__)

MOST = 500  # calls at once, whatever the answers
FAILURES_TO_OPEN = 5  # in a row
OPEN_SECONDS = 15.0  # the breaker's first pause; doubles with each one that follows
LONGEST_OPEN_SECONDS = 300.0
LONG_TRIPS = 6  # in a row, which take 13 minutes
GRANTED_PRIORITY = 100  # in the queue: a place at the gate is idle until its job runs


class Verdict(enum.Enum):
    """What a call has shown about its key."""

    GOOD = "good"  # answered with a picture
    BUSY = "busy"  # 429
    BROKEN = "broken"  # not reached, broken off, or failed on the upstream's side
    NOTHING = "nothing"  # ended by us, or refused for what was asked


class GatePaused(Exception):
    """The key behind this gate was refused and is not used."""


def take_turn(*, gate: str, generation: Generation, now: datetime) -> bool:
    """A place for one call, or False: then the generation waits for one, and is queued when it has it.

    Raises GatePaused. The caller holds the generation's row.
    """
    row = _lock(gate)
    _refuse_if_paused(row, now)
    in_use, waiting, has_turn = _places(row, generation)
    mine = UpstreamTurn.objects.filter(generation=generation).first() if has_turn else None
    if mine is not None and mine.gate_id != row.pk:  # its workspace has changed keys meanwhile
        mine.delete()
        mine = None
    if mine is not None and mine.active:
        if _capacity(row, now):
            return True
        mine.active = False  # the gate was shut after it had been called
        mine.save()
        return False
    free = not waiting and in_use < _capacity(row, now)  # whoever waits was there before
    if mine is None:
        UpstreamTurn.objects.create(
            gate=row,
            generation=generation,
            workspace=generation.organization_id,
            active=free,
            since=now,
        )
    return mine is None and free


def leave(
    *,
    generation: Generation,
    verdict: Verdict,
    now: datetime,
    call_began: datetime | None = None,
    retry_after: float | None = None,
) -> None:
    """Give the place back, let the gate learn from the call, and call whoever is next. Without a place: nothing.

    `retry_after` is what a 429 said, in seconds: before that nothing is sent with this key, whosever it is.
    """
    row = UpstreamGate.objects.select_for_update(of=("self",)).filter(turns__generation=generation).first()
    if row is None:
        return
    in_use, waiting, has_turn = _places(row, generation, giving_back=True)
    if not has_turn:
        return
    _learn(row, verdict, now, in_use=in_use, call_began=call_began)
    if verdict is Verdict.BUSY and retry_after:
        row.open_until = max(row.open_until or now, now + timedelta(seconds=retry_after))
        row.save()
    if waiting:
        _call_next(row, now)


def pause(*, gate: str, reason: str, until: datetime, now: datetime) -> None:
    """Send nothing through it: the key was refused. Whoever waits is called, to find that out.

    After `until` one call tries it.
    """
    row = _lock(gate)
    row.paused_at, row.paused_until, row.paused_reason = now, until, reason[:200]
    row.save()
    disperse(gate=gate)


def disperse(*, gate: str) -> None:
    """Whoever waits at this gate shall look again for a way."""
    _lock(gate)
    waiting = UpstreamTurn.objects.filter(gate__name=gate, active=False)
    called = list(waiting.select_for_update().values_list("generation_id", "workspace"))
    waiting.delete()
    _enqueue(called)


def tend(*, now: datetime) -> None:
    """What time alone makes possible: a breaker's pause is over, a limit has room. Also clears up after us."""
    with connection.cursor() as cursor:
        # Whatever ends a generation gives its place back; should that ever fail, a place would be lost for ever.
        cursor.execute(
            """DELETE FROM generations_upstreamturn t USING generations_generation g
               WHERE g.id = t.generation_id AND g.state NOT IN ('queued', 'running')"""
        )
        if cursor.rowcount:
            logger.error("%d places at gates were left behind by ended generations.", cursor.rowcount)
    waited_for = UpstreamGate.objects.filter(turns__active=False).order_by("pk").distinct()
    for name in list(waited_for.values_list("name", flat=True)):
        _call_next(_lock(name), now)


def long_closed(now: datetime) -> list[str]:
    """Gates through which nothing has gone for many minutes: their breaker opened again and again."""
    shut = UpstreamGate.objects.filter(open_until__gt=now, trips__gte=LONG_TRIPS)
    return list(shut.values_list("name", flat=True))


def _lock(name: str) -> UpstreamGate:
    gates = UpstreamGate.objects.select_for_update()
    row = gates.filter(name=name).first()
    if row is None:
        new = UpstreamGate(name=name, limit=float(settings.UPSTREAM_CONCURRENCY))
        UpstreamGate.objects.bulk_create([new], ignore_conflicts=True)
        row = gates.get(name=name)
    return row


_TURN = "SELECT FROM generations_upstreamturn WHERE generation_id = %(generation)s"
_GIVE_BACK = """WITH gone AS (
    DELETE FROM generations_upstreamturn WHERE generation_id = %(generation)s AND gate_id = %(gate)s RETURNING id)
"""
_PLACES = """
    SELECT count(*) FILTER (WHERE active), count(*) FILTER (WHERE NOT active), EXISTS ({turn})
    FROM generations_upstreamturn WHERE gate_id = %(gate)s"""


def _places(row: UpstreamGate, generation: Generation, *, giving_back: bool = False) -> tuple[int, int, bool]:
    """Calls that have a place, calls that wait for one, and whether this generation is among them or at another gate.

    Exact, since the caller holds the gate. `giving_back` takes its turn at this gate away, and says whether it had
    one; it is counted still.
    """
    statement = (
        _GIVE_BACK + _PLACES.format(turn="SELECT FROM gone") if giving_back else _PLACES.format(turn=_TURN)
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, {"gate": row.pk, "generation": generation.pk})
        in_use, waiting, has_turn = cursor.fetchone()
    return in_use, waiting, has_turn


def _refuse_if_paused(row: UpstreamGate, now: datetime) -> None:
    if row.paused_at is not None and (row.paused_until is None or row.paused_until > now):
        raise GatePaused(row.paused_reason)


def _capacity(row: UpstreamGate, now: datetime) -> int:
    """Calls that may be under way at this moment; one, to try it, after a breaker's or a key's pause."""
    if row.open_until is not None and row.open_until > now:
        return 0
    if row.open_until is not None or row.paused_at is not None:
        return 1
    return max(1, int(row.limit))


def _learn(
    row: UpstreamGate, verdict: Verdict, now: datetime, *, in_use: int, call_began: datetime | None
) -> None:
    before = model_to_dict(row)
    _note(row, verdict, now, in_use=in_use, call_began=call_began)
    if model_to_dict(row) != before:  # as a rule a good answer teaches nothing new, and every call ends here
        row.save()


def _note(
    row: UpstreamGate, verdict: Verdict, now: datetime, *, in_use: int, call_began: datetime | None
) -> None:
    if verdict is Verdict.GOOD:
        row.failures = 0
        if row.open_until is not None and row.open_until <= now:  # else it began before the gate was shut
            row.trips, row.open_until = 0, None
        if row.paused_at is None or (call_began is not None and call_began > row.paused_at):
            row.paused_at, row.paused_until, row.paused_reason = None, None, ""
        if in_use >= int(row.limit):  # only a limit that was reached has been shown to hold
            row.limit = min(row.limit + 1.0 / row.limit, float(MOST))
    elif verdict is Verdict.BUSY:
        row.failures = 0  # it answers
        if row.open_until is not None and row.open_until <= now:
            row.trips, row.open_until = 0, None
        # Calls that were under way together are turned away together: that is one sign, not many.
        if row.lowered_at is None or call_began is None or call_began > row.lowered_at:
            row.limit = max(1.0, min(row.limit, float(in_use)) / 2)
            row.lowered_at = now
    elif verdict is Verdict.BROKEN:
        row.failures += 1
        if row.failures >= FAILURES_TO_OPEN or (row.trips and row.open_until is not None):
            _open(row, now)


def _open(row: UpstreamGate, now: datetime) -> None:
    if row.open_until is not None and row.open_until > now:
        return  # calls that began before it opened
    seconds = min(OPEN_SECONDS * 2**row.trips, LONGEST_OPEN_SECONDS)
    row.trips = min(row.trips + 1, 10)
    row.failures = 0
    row.open_until = now + timedelta(seconds=seconds)
    logger.warning("%s fails again and again; nothing is sent for %.0f s.", row.name, seconds)


def _call_next(row: UpstreamGate, now: datetime) -> None:
    """Turn waiting places into active ones as far as there is room; the caller holds the gate."""
    room = _capacity(row, now) - UpstreamTurn.objects.filter(gate=row, active=True).count()
    if room <= 0:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE generations_upstreamturn SET active = true, since = %(now)s WHERE id IN (
                   SELECT id FROM (
                       SELECT w.id, w.since, coalesce(a.calls, 0)
                              + row_number() OVER (PARTITION BY w.workspace ORDER BY w.since, w.id) AS place
                       FROM generations_upstreamturn w
                       LEFT JOIN (SELECT workspace, count(*) AS calls FROM generations_upstreamturn
                                  WHERE gate_id = %(gate)s AND active GROUP BY workspace) a
                         ON a.workspace = w.workspace
                       WHERE w.gate_id = %(gate)s AND NOT w.active) waiting
                   ORDER BY place, since, id LIMIT %(room)s)
               RETURNING generation_id, workspace""",
            {"now": now, "gate": row.pk, "room": room},
        )
        called = cursor.fetchall()
    _enqueue(called)


def _enqueue(called: Iterable[tuple[int, int]]) -> None:
    for generation_id, workspace in called:
        queue.enqueue(generation_id, workspace, priority=GRANTED_PRIORITY)
