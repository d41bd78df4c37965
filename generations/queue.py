"""The queue under the generations: enqueueing inside Django's transaction, and the queue's own health.

Jobs carry ids only. `queueing_lock` lets the database refuse a second waiting job for the same generation, so
enqueueing again is always safe.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection, transaction
from procrastinate import exceptions
from procrastinate.contrib.django import app
from procrastinate.jobs import Status
from procrastinate.manager import JobManager
from psycopg.conninfo import conninfo_to_dict

from accounts import emails

RUN_TASK = "generations.run"
_WHO = "SELECT pg_backend_pid(), current_database(), pg_postmaster_start_time()"
LAG_LIMIT = 60.0  # seconds after which a waiting job means that the workers do not keep up
WORKER_SILENCE = timedelta(seconds=30)


def enqueue(generation_id: int, organization_id: int, *, delay: float = 0.0, priority: int = 0) -> None:
    """Put a job for this generation into the queue, unless one waits already; part of the running transaction.

    `delay` is in seconds; jobs of higher `priority` are taken first, then the older ones.

    Uses Django's connector also inside a worker, where procrastinate's own would not join the transaction.
    """
    try:
        with transaction.atomic():
            app.configure_task(
                RUN_TASK,
                queue="generations",
                queueing_lock=_lock_of(generation_id),
                priority=priority,
                schedule_in={"seconds": delay} if delay else None,
                allow_unknown=True,
            ).defer(generation_id=generation_id, organization_id=organization_id)
    except exceptions.AlreadyEnqueued:
        pass


def without_job(generation_ids: Collection[int]) -> set[int]:
    """Those for which no job waits in the queue."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT queueing_lock FROM procrastinate_jobs WHERE status = 'todo' AND queueing_lock = ANY(%s)",
            [[_lock_of(pk) for pk in generation_ids]],
        )
        waiting = {lock for (lock,) in cursor.fetchall()}
    return {pk for pk in generation_ids if _lock_of(pk) not in waiting}


def _lock_of(generation_id: int) -> str:
    return f"generation:{generation_id}"


@dataclass(frozen=True)
class QueueHealth:
    """`lag_seconds`: how long the oldest runnable job has been waiting."""

    worker_alive: bool
    lag_seconds: float


def health(*, now: datetime) -> QueueHealth:
    """Whether a worker has shown itself lately, and how far behind the workers are."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(last_heartbeat) FROM procrastinate_workers")
        beat = cursor.fetchone()[0]
        # A job is new from the moment it was deferred; the event says when that was.
        cursor.execute(
            """SELECT min(e.at) FROM procrastinate_jobs j JOIN procrastinate_events e ON e.job_id = j.id
               WHERE j.status = 'todo' AND e.type IN ('deferred', 'deferred_for_retry')
                 AND (j.scheduled_at IS NULL OR j.scheduled_at <= now())"""
        )
        oldest = cursor.fetchone()[0]
    return QueueHealth(
        worker_alive=beat is not None and now - beat < WORKER_SILENCE,
        lag_seconds=max(0.0, (now - oldest).total_seconds()) if oldest else 0.0,
    )


def direct_connection_params() -> dict[str, Any]:
    """How to reach the server itself, not a pooler: for LISTEN and for the worker's own connections."""
    if settings.DATABASE_DIRECT_URL:
        return conninfo_to_dict(settings.DATABASE_DIRECT_URL)
    wanted = ("dbname", "user", "password", "host", "port", "sslmode", "sslrootcert")
    parameters = connection.get_connection_params()
    return {name: parameters[name] for name in wanted if parameters.get(name)}


def direct_problem() -> str:
    """Why LISTEN would hear nothing, or the queue be another database's; "" when all is well. Asks both.

    A pooler makes up the process id that it tells its clients; the server itself tells the true one.
    """
    with psycopg.connect(autocommit=True, **direct_connection_params()) as direct:
        theirs = direct.execute(_WHO).fetchone() or (0,)
        if theirs[0] != direct.info.backend_pid:
            return "A pooler stands where LISTEN and the workers need the server itself."
    with connection.cursor() as cursor:
        cursor.execute(_WHO)
        ours = cursor.fetchone()
    return "" if ours[1:] == theirs[1:] else "DATABASE_URL and DATABASE_DIRECT_URL lead to two databases."


async def tidy(manager: JobManager) -> None:
    """End the jobs of dead workers, mails apart; remove jobs that ended an hour ago, so that fetching stays quick."""
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=settings.LEASE_SECONDS):
        if job.queue == emails.QUEUE:
            await manager.retry_job(job)  # nobody else would send it
        else:
            await manager.finish_job(job, status=Status.FAILED, delete_job=True)
    await manager.delete_old_jobs(
        nb_hours=1, include_failed=True, include_cancelled=True, include_aborted=True
    )
