"""Fairness: each workspace has a limit of pictures in flight; what is above it waits in the workspace's own line."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from accounts.models import Organization
from generations import queue
from generations.models import Generation, State

_LOCK_CLASS = 7301  # any number that no other advisory lock of ours uses
# A statement after the lock's: it has to see what was committed while that was waited for.
_COUNTS = """
    SELECT count(*) FILTER (WHERE state <> 'waiting'), count(*) FILTER (WHERE state = 'waiting')
    FROM generations_generation WHERE organization_id = %s AND state IN ('waiting', 'queued', 'running')
"""


def admit(*, organization: Organization, now: datetime) -> int:
    """Queue as many of the workspace's waiting generations as its limit has room for. Returns how many.

    Called, as the last step, in the transaction that adds one or ends one, so a free place is never forgotten.
    The advisory lock makes counting and taking one step; order of locks: generation, credit account, this.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK_CLASS, organization.pk])
        cursor.execute(_COUNTS, [organization.pk])
        in_flight, in_line = cursor.fetchone()
    room = organization.in_flight_limit - in_flight
    if room <= 0 or not in_line:
        return 0
    generations = Generation.objects.of(organization)
    # One that somebody is canceling at this moment is locked: skip it, or we would wait for each other.
    waiting = generations.filter(state=State.WAITING).order_by("pk")
    first = list(
        waiting.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)[:room]
    )
    generations.filter(pk__in=first).update(state=State.QUEUED, queued_at=now)
    for position, generation_id in enumerate(first, start=in_flight):
        # Every workspace's first before anybody's second: a large limit is no place further ahead in the queue.
        queue.enqueue(generation_id, organization.pk, priority=-position)
    return len(first)
