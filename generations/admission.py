"""Fairness: each workspace has a limit of pictures in flight; what is above it waits in the workspace's own line."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from accounts.models import Organization
from generations import queue


def admit(*, organization: Organization, now: datetime) -> list[int]:
    """Queue as many of the workspace's waiting generations as its limit has room for. Returns their primary keys.

    Called, as the last step, in the transaction that adds one or ends one, so a free place is never forgotten.
    An advisory lock makes counting and taking one step (migration 0023); order of locks: generation, credit account,
    this.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT generation, place FROM generation_admit(%s, %s, %s)",
            [organization.pk, organization.in_flight_limit, now],
        )
        admitted = cursor.fetchall()
    for generation_id, place in admitted:
        # Every workspace's first before anybody's second: a large limit is no place further ahead in the queue.
        queue.enqueue(generation_id, organization.pk, priority=-place)
    return [generation_id for generation_id, _place in admitted]
