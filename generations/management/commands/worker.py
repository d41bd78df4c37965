"""`manage.py worker`: makes pictures until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.utils import timezone
from procrastinate import App, PsycopgConnector
from procrastinate.contrib.django import app
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from accounts import traces
from accounts.postgresql.base import speaks
from generations import queue, running, scratch, sweeping
from generations.tasks import WORKER
from projects import image_pool, photos

logger = logging.getLogger(__name__)

LEASE_RENEWALS = 4  # within one lease, so that one slow renewal costs nothing
SWEEP_SECONDS = 5.0
HEARTBEAT_SECONDS = 5.0  # the sign of life that /readyz looks for
_OF_DJANGO = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}


class Command(BaseCommand):
    """Run it under a supervisor that restarts it always: it ends by itself when the database goes away."""

    help = "Work on the queue: make pictures, sweep up after dead workers."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--concurrency", type=int, default=settings.WORKER_CONCURRENCY)

    def handle(self, *args: Any, **options: Any) -> None:
        # How its connections are called in pg_stat_activity; read when each of them is opened.
        os.environ["PGAPPNAME"] = f"roomwright-worker-{os.getpid()}"
        image_pool.configure(processes=settings.IMAGE_PROCESSES)
        image_pool.warm(photos.__name__)
        scratch.clear_stale()
        gc.collect()
        gc.freeze()  # what is there now stays, and need not be looked through again
        stopped = threading.Event()
        threads = [
            _every(settings.LEASE_SECONDS / LEASE_RENEWALS, _renew_leases, stopped),
            _every(SWEEP_SECONDS, _Sweeper(), stopped),
        ]
        try:
            asyncio.run(_work(options["concurrency"]))
        finally:
            stopped.set()
            for thread in threads:
                thread.join(timeout=5)
            image_pool.shutdown()
            scratch.remove()


def around_jobs(worker_app: App) -> list[Any]:
    """Middleware of each job, outermost first.

    What a worker is given replaces the app's defaults, and those give each job's connection back to the pool.
    """
    return [*worker_app.worker_defaults.get("task_middleware", ()), traces.job]


async def _work(concurrency: int) -> None:
    # Tasks run in the loop's default executor, which would be six threads wide on two cores.
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(concurrency + 8, thread_name_prefix="job"))
    connector = PsycopgConnector(
        pool_factory=_pool, kwargs=queue.direct_connection_params(), min_size=1, max_size=4
    )
    # A second App: enqueueing in Django's own transaction goes on through the first one, also from inside jobs.
    async with app.with_connector(connector).open_async() as worker_app:
        working = loop.create_task(
            worker_app.run_worker_async(
                concurrency=concurrency,
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                stalled_worker_timeout=settings.LEASE_SECONDS,
                fetch_job_polling_interval=2,
                install_signal_handlers=False,
                task_middleware=around_jobs(worker_app),
            )
        )
        _stop_in_order(loop, working)
        with suppress(asyncio.CancelledError):
            await working


def _pool(**options: Any) -> AsyncConnectionPool[AsyncConnection[Any]]:
    """procrastinate's pool with one round trip for each of its calls, which are a statement each: no transaction
    around it, and a connection is asked whether it stands only where its socket says something."""

    async def configure(connection: AsyncConnection[Any]) -> None:
        await connection.set_autocommit(True)

    async def check(connection: AsyncConnection[Any]) -> None:
        if speaks(connection.fileno()):
            await AsyncConnectionPool.check_connection(connection)

    return AsyncConnectionPool(**{**options, "configure": configure, "check": check})


def _stop_in_order(loop: asyncio.AbstractEventLoop, working: asyncio.Task[None]) -> None:
    """SIGTERM and Ctrl-C: calls under way are brought to their end, what has not begun goes back into the queue."""

    def stop() -> None:
        if not running.is_winding_down():  # a second cancellation would cut the jobs off
            running.wind_down()
            working.cancel()  # it takes nothing new and ends when its jobs have

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)


def _renew_leases() -> None:
    sweeping.renew_leases(worker=WORKER, now=sweeping.lease_clock())


class _Sweeper:
    """Sweeps, and knows since when it has seen the database without a gap.

    After a gap it gives everybody the time of one lease: who could not renew it may well be alive.
    """

    __name__ = "sweep"

    def __init__(self) -> None:
        self._looked_at: float | None = None
        self._blind_until = 0.0

    def __call__(self) -> None:
        began = time.monotonic()
        if self._looked_at is None or began - self._looked_at > settings.LEASE_SECONDS / 2:
            self._blind_until = began + settings.LEASE_SECONDS
        try:
            sweeping.tend_gates(now=timezone.now())
        finally:
            trusted = began >= self._blind_until
            sweeping.sweep(now=timezone.now(), leases_at=sweeping.lease_clock(), trust_leases=trusted)
        self._looked_at = began


def _leave_the_pools() -> None:
    """Give this thread a connection of its own, past our pool and past any pooler's: hundreds of jobs that end
    together shall not make a lease late."""
    own = connections.create_connection(DEFAULT_DB_ALIAS)
    options = {name: value for name, value in own.settings_dict["OPTIONS"].items() if name != "pool"}
    direct = queue.direct_connection_params()
    named = {django: direct.pop(libpq, "") for libpq, django in _OF_DJANGO.items()}
    own.settings_dict = {**own.settings_dict, **named, "OPTIONS": options | direct}
    connections[DEFAULT_DB_ALIAS] = own


def _every(seconds: float, action: Callable[[], None], stopped: threading.Event) -> threading.Thread:
    """Do it again and again in a thread of its own, which no busy event loop and no full queue can delay."""

    def loop() -> None:
        _leave_the_pools()
        while not stopped.wait(seconds):
            try:
                action()
            except Exception:
                logger.exception("%s failed; again in %.0f s.", action.__name__, seconds)
                connection.close()
        connection.close()

    thread = threading.Thread(target=loop, name=action.__name__, daemon=True)
    thread.start()
    return thread
