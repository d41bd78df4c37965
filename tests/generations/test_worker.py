"""What the worker does around each job."""

from __future__ import annotations

import functools
import inspect
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from procrastinate.contrib.django import app

from generations.management.commands.worker import around_jobs


def job() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


@pytest.mark.django_db
def test_a_job_gives_its_connection_back() -> None:
    # Kept, it would stand in its thread until the pool is empty, and the next job waits for one until it fails.
    context = SimpleNamespace(
        job=SimpleNamespace(queue="default", id=1, attempts=0, task_name="generations.make")
    )
    wrapped: Any = job
    for middleware in reversed(around_jobs(app)):
        if not inspect.iscoroutinefunction(
            middleware
        ):  # each has a twin for jobs that are coroutines; ours are not
            wrapped = functools.partial(middleware, wrapped, context, None)

    def in_a_thread() -> tuple[int, bool]:
        return wrapped(), connection.connection is not None

    with ThreadPoolExecutor(max_workers=1) as threads:
        backend, is_kept = threads.submit(in_a_thread).result(timeout=20)

    assert backend > 0
    assert not is_kept
