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


@contextmanager
def turn() -> Iterator[None]:
    """Wait for a place, hold it inside. Nothing that waits for others belongs there: no sender, no upstream."""
    if not _places.acquire(blocking=False):
        tenancy.release_connection()
        _places.acquire()
    try:
        yield
    finally:
        _places.release()
