"""What nobody else will do any more: generations of dead workers, passed deadlines, lost jobs, places left free."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef

from accounts import tenancy
from accounts.models import Organization
from generations import admission, ending, engines, queue
from generations.models import Generation, State, UpstreamCall
from generations.running import MAX_ATTEMPTS

logger = logging.getLogger(__name__)

# A job that was enqueued so long ago and not claimed may have been lost with its worker.
LOST_AFTER = timedelta(seconds=30)
_INTERRUPTED = "The picture was being made when our worker stopped, and we don't know what came of it."


def sweep(*, now: datetime) -> None:
    """One round. Each step finds its rows across workspaces, then ends each of them inside its own."""
    with tenancy.system("the sweeper"):
        generations = Generation.objects.select_related("organization")
        abandoned = list(generations.abandoned(now))
        overdue = list(generations.overdue(now))
        lost = list(generations.filter(state=State.QUEUED, queued_at__lt=now - LOST_AFTER))
        waiting = list(
            Organization.objects.filter(
                Exists(Generation.objects.filter(organization=OuterRef("pk"), state=State.WAITING))
            )
        )
    for generation in overdue:
        ending.expire(generation=generation, now=now)
    for generation in abandoned:
        _recover(generation, now)
    for generation in lost:
        with tenancy.enter(generation.organization):
            queue.enqueue(generation.pk, generation.organization_id)
    for organization in waiting:
        with tenancy.enter(organization):
            admission.admit(organization=organization, now=now)


def renew_leases(*, worker: str, now: datetime) -> int:
    """The worker of this name is alive: what it runs stays its own. Returns how many it runs."""
    with tenancy.system("lease renewal"):
        mine = Generation.objects.filter(worker=worker, state=State.RUNNING)
        return mine.update(lease_until=now + timedelta(seconds=settings.LEASE_SECONDS))


def _recover(generation: Generation, now: datetime) -> None:
    """Its worker is gone. Run it again where that costs nothing; otherwise the outcome is unknown."""
    organization = generation.organization
    mine = Generation.objects.of(organization).held_by(generation).filter(lease_until__lt=now)
    with tenancy.enter(organization):
        calls = UpstreamCall.objects.of(organization).filter(
            generation=generation, attempt=generation.attempt
        )
        call_began = calls.exists()
        repeatable = engines.get(generation.engine).repeatable
        if (repeatable or not call_began) and generation.attempt < MAX_ATTEMPTS:
            if mine.update(state=State.QUEUED, lease_until=None, queued_at=now):
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
