"""Through here a few requests at once are accepted, and the others wait with nothing done for them yet.

All at once they would all be slow: a body of 8 MB is held four times over while it is decoded, and hundreds of threads
that take turns at every step end together, at the end. Who waits holds the body as it came, and no connection.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from accounts import tenancy

AT_ONCE = 4  # of one process: while one of them waits for the database, another works
_places = threading.BoundedSemaphore(AT_ONCE)
_mine = threading.local()  # `inside`: whether this thread holds a place


@contextmanager
def turn() -> Iterator[None]:
    """Wait for a place, hold it inside; step `aside` for what may take long there."""
    _come_in()
    try:
        yield
    finally:
        _go_out()


@contextmanager
def aside() -> Iterator[None]:
    """Let others go first while this thread waits for a disk or a bucket, which may be slow or away. Outside of a turn:
    nothing."""
    if not getattr(_mine, "inside", False):
        yield
        return
    _go_out()
    try:
        yield
    finally:
        _come_in()


def _come_in() -> None:
    if not _places.acquire(blocking=False):
        tenancy.release_connection()
        _places.acquire()
    _mine.inside = True


def _go_out() -> None:
    _mine.inside = False
    _places.release()
