"""Waiting for a generation's end: one LISTEN connection per process wakes every thread that waits."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.conf import settings
from django.db import connection

from accounts.errors import Refusal
from generations.queue import direct_connection_params

logger = logging.getLogger(__name__)

_CHANNEL = "generation_ended"
_STOP_CHECK_SECONDS = 1.0
LOOK_AGAIN_SECONDS = 5.0
# Notices: who looked at the row just before one came, and waits just after it, shall not miss it.
_REMEMBERED = 1_000


class TooManyWaiting(Refusal):
    """Too many calls are waiting for pictures at this moment. Try again shortly, or use POST /api/v1/generations."""

    code, title, status = "too_many_waiting", "Service busy", 503


def patience(age: float) -> float:
    """Seconds after which somebody who waits for a generation of this age, in seconds, looks at it unasked.

    A lost notice so costs at most as long as the picture has taken; hundreds that wait look seldom.
    """
    return max(LOOK_AGAIN_SECONDS, age)


def announce(public_id: str) -> None:
    """Tell every process that this generation has ended; delivered when the running transaction commits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [_CHANNEL, public_id])


class _Listener:
    """The process's only listener. Started by the first wait, after any fork."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, set[threading.Event]] = {}
        self._heard: OrderedDict[str, None] = OrderedDict()
        self._pid = 0
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self.slots = threading.BoundedSemaphore(max(1, settings.WEB_THREADS // 2))

    def wait(self, public_id: str, seconds: float) -> None:
        """Return when that generation's end was announced, or after `seconds`, or now and then for no reason."""
        event = threading.Event()
        with self._lock:
            self._start()
            if public_id in self._heard:
                return
            self._waiting.setdefault(public_id, set()).add(event)
        try:
            event.wait(max(0.0, seconds))
        finally:
            with self._lock:
                events = self._waiting[public_id]
                events.discard(event)
                if not events:
                    del self._waiting[public_id]

    def _start(self) -> None:
        if self._pid != os.getpid():
            self._pid = os.getpid()
            self._stopping.clear()
            self._thread = threading.Thread(target=self._listen, name="outcomes", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the listener; the next wait starts another."""
        with self._lock:
            thread, self._thread, self._pid = self._thread, None, 0
            self._stopping.set()
        if thread is not None:
            thread.join(timeout=5)

    def _listen(self) -> None:
        pause = 0.2
        while not self._stopping.is_set():
            try:
                with psycopg.connect(autocommit=True, **direct_connection_params()) as listening:
                    listening.execute(f"LISTEN {_CHANNEL}")
                    self._wake(None)  # what ended while nobody listened
                    pause = 0.2
                    while not self._stopping.is_set():
                        for notice in listening.notifies(timeout=_STOP_CHECK_SECONDS):
                            self._wake(notice.payload)
            except psycopg.Error as error:
                logger.warning("The listener lost the database (%s); again in %.1f s.", error, pause)
                self._wake(None)
                time.sleep(pause)
                pause = min(pause * 2, 5.0)

    def _wake(self, public_id: str | None) -> None:
        with self._lock:
            if public_id is not None:
                self._heard[public_id] = None
                if len(self._heard) > _REMEMBERED:
                    self._heard.popitem(last=False)
            ended = list(self._waiting) if public_id is None else [public_id]
            for waited in ended:
                for event in self._waiting.get(waited, ()):
                    event.set()


_listener = _Listener()


@contextmanager
def waiting_slot() -> Iterator[None]:
    """One of the process's places for requests that wait; raises TooManyWaiting at once when all are taken.

    At most half of the web threads may wait, so pages stay quick whatever the number of waiting callers.
    """
    if not _listener.slots.acquire(blocking=False):
        raise TooManyWaiting(retry_after=5)
    try:
        yield
    finally:
        _listener.slots.release()


def stop_listening() -> None:
    """Give the listener's connection back; for tests, which drop the database under it."""
    _listener.stop()


def wait(public_id: str, seconds: float) -> None:
    """Block this thread, and no database connection, until the generation ends or `seconds` pass.

    May return early: look at the row again, and wait again.
    """
    _listener.wait(public_id, seconds)
