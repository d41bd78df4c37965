"""What nobody else will do any more: generations of dead workers, passed deadlines, lost jobs, places left free."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef

from accounts import tenancy
from accounts.models import Organization
from generations import admission, ending, engines, gates, queue, routes, running
from generations.gates import Verdict
from generations.models import Generation, State, UpstreamTurn
from generations.running import MAX_ATTEMPTS

logger = logging.getLogger(__name__)

# A job that was enqueued so long ago and not claimed may have been lost with its worker.
LOST_AFTER = timedelta(seconds=30)
PATIENCE = timedelta(seconds=settings.UPSTREAM_PATIENCE)
_INTERRUPTED = "The picture was being made when our worker stopped, and we don't know what came of it."


def lease_clock() -> datetime:
    """What leases are measured by: the database's clock, which all workers share.

    A machine whose own clock is wrong would end the work of all others, or have its own ended.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        found: datetime = cursor.fetchone()[0]
    return found


def sweep(*, now: datetime, leases_at: datetime | None = None, trust_leases: bool = True) -> None:
    """One round. Each step finds its rows across workspaces, then ends each of them inside its own.

    `leases_at` is `lease_clock()`, else `now`: deadlines were set by the clock of this machine, or of one like it.
    `trust_leases` is false for a sweeper that was itself cut off from the database a moment ago: others may have
    been too, and a lease that could not be renewed says nothing about its worker.
    """
    leases_at = leases_at or now
    with tenancy.system("the sweeper"):
        generations = Generation.objects.select_related("organization")
        blind = not trust_leases or _database_just_came_up(leases_at)
        abandoned = [] if blind else list(generations.abandoned(leases_at))
        overdue = list(generations.overdue(now))
        lost = _lost(now)
        at_closed_gate = UpstreamTurn.objects.waiting().filter(
            generation=OuterRef("pk"), gate__name__in=gates.long_closed(now)
        )
        too_long = generations.filter(state=State.QUEUED, queued_at__lt=now - PATIENCE)
        hopeless = list(too_long.filter(Exists(at_closed_gate)))
        waiting = list(
            Organization.objects.filter(
                Exists(Generation.objects.filter(organization=OuterRef("pk"), state=State.WAITING))
            )
        )
    steps: list[tuple[Organization, Callable[[], object]]] = [
        *((g.organization, partial(ending.expire, generation=g, now=now)) for g in overdue),
        *((g.organization, partial(_recover, g, leases_at)) for g in abandoned),
        *((g.organization, partial(queue.enqueue, g.pk, g.organization_id)) for g in lost),
        *((g.organization, partial(_give_up, g, now)) for g in hopeless),
        *(
            (organization, partial(admission.admit, organization=organization, now=now))
            for organization in waiting
        ),
    ]
    for organization, step in steps:
        _try(organization, step)


def tend_gates(*, now: datetime) -> None:
    """Call those who wait for an upstream, where time alone has made room."""
    with tenancy.system("the sweeper"):
        _wait_briefly()
        gates.tend(now=now)


def _database_just_came_up(now: datetime) -> bool:
    """While it was away no lease could be renewed: a run-out one says nothing yet about its worker."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_postmaster_start_time()")
        up_since: datetime = cursor.fetchone()[0]
    return now - up_since < timedelta(seconds=settings.LEASE_SECONDS)


def _lost(now: datetime) -> list[Generation]:
    """Queued, but no job in the queue and no place at a gate will bring them to a worker."""
    queued = Generation.objects.select_related("organization").filter(
        state=State.QUEUED, queued_at__lt=now - LOST_AFTER
    )
    candidates = {
        g.pk: g
        for g in queued.exclude(Exists(UpstreamTurn.objects.waiting().filter(generation=OuterRef("pk"))))
    }
    return [candidates[pk] for pk in sorted(queue.without_job(candidates))]


def _try(organization: Organization, step: Callable[[], object]) -> None:
    """One step in its workspace; what stands in its way holds up neither the others nor the next round."""
    try:
        with tenancy.enter(organization):
            _wait_briefly()
            step()
    except Exception:
        logger.exception("The sweeper could not finish a step in %s.", organization.public_id)


def _wait_briefly() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '2s'")  # somebody frozen may hold the row


def renew_leases(*, worker: str, now: datetime) -> int:
    """What this process has in hand stays its own; `now` is `lease_clock()`. Returns how many that are.

    Only attempts that a thread is really working on: a row that merely carries our name (the job died with the
    database away, say) must run out, or nobody would ever end it.
    """
    in_hand = running.in_hand()
    if not in_hand:
        return 0
    with tenancy.system("lease renewal"), connection.cursor() as cursor:
        # One statement for hundreds; a row that somebody is just ending needs no lease and is not waited for.
        cursor.execute(
            """UPDATE generations_generation SET lease_until = %s WHERE id IN (
                   SELECT g.id FROM generations_generation g JOIN unnest(%s::bigint[], %s::int[]) AS mine (id, attempt)
                     ON g.id = mine.id AND g.attempt = mine.attempt
                   WHERE g.state = 'running' AND g.worker = %s FOR UPDATE OF g SKIP LOCKED)""",
            [
                now + timedelta(seconds=settings.LEASE_SECONDS),
                [pk for pk, _ in in_hand],
                [attempt for _, attempt in in_hand],
                worker,
            ],
        )
        return int(cursor.rowcount)


def _recover(generation: Generation, now: datetime) -> None:
    """Its worker is gone. Run it again where that costs nothing; otherwise the outcome is unknown."""
    organization = generation.organization
    mine = Generation.objects.of(organization).held_by(generation).filter(lease_until__lt=now)
    # One UPDATE decides: its worker may thaw in this moment, and from `calling_since` on a call may be charged.
    harmless = mine if engines.get(generation.engine).repeatable else mine.filter(calling_since=None)
    with tenancy.enter(organization):
        if generation.attempt < MAX_ATTEMPTS and harmless.update(
            state=State.QUEUED, lease_until=None, worker="", calling_since=None, queued_at=now
        ):
            gates.leave(generation=generation, verdict=Verdict.NOTHING, now=now)
            ending.mark_open_calls_unknown(generation=generation, now=now)
            queue.enqueue(generation.pk, organization.pk)
            logger.warning("%s: its worker is gone; queued again.", generation.public_id)
            return
    ended = ending.end(
        generation=generation,
        only=mine,
        state=State.FAILED,
        code="interrupted",
        message=f"{_INTERRUPTED} Your credits are back.",
        now=now,
        also=lambda: ending.mark_open_calls_unknown(generation=generation, now=now),
    )
    if ended:
        logger.warning(
            "%s: its worker is gone and the outcome unknown; credits released.", generation.public_id
        )


def _give_up(generation: Generation, now: datetime) -> None:
    """It has waited long, and the engine still can't be reached."""
    organization = generation.organization
    ending.end(
        generation=generation,
        only=Generation.objects.of(organization).filter(pk=generation.pk, state=State.QUEUED),
        state=State.FAILED,
        code="service_unavailable",
        message=f"{routes.UNAVAILABLE} Your credits are back.",
        now=now,
    )
