"""Through here a few things at once are done in one process, and the others wait with nothing done for them yet.

All at once they would all be slow: hundreds of threads that take turns at every step end together, at the end, and what
each of them has in its hands is held by all. Requests that spend are decoded and accepted in turn, jobs make a picture
ready and keep it in turn. Who waits holds no connection.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from accounts import tenancy

AT_ONCE = 4  # of one process: while one of them waits for the database, another works


class _Line:
    """Places, and those who wait for one: first who has been inside before, then who has come first."""

    def __init__(self, places: int) -> None:
        self._lock = threading.Lock()
        self._free = places
        self._returning: deque[threading.Event] = deque()
        self._new: deque[threading.Event] = deque()

    def come_in(self, *, again: bool) -> None:
        """Wait; whatever is raised, the place is taken."""
        with self._lock:
            if self._free:  # then nobody waits
                self._free -= 1
                return
            called = threading.Event()
            (self._returning if again else self._new).append(called)
        try:
            tenancy.release_connection()
        finally:
            called.wait()

    def go_out(self) -> None:
        with self._lock:
            waiting = self._returning or self._new
            if waiting:
                waiting.popleft().set()
            else:
                self._free += 1


_line = _Line(AT_ONCE)
_mine = threading.local()  # `inside`: whether this thread holds a place


@contextmanager
def turn() -> Iterator[None]:
    """Wait for a place, hold it inside; step `aside` for what may take long there."""
    try:
        _line.come_in(again=False)
        _mine.inside = True
        yield
    finally:
        _mine.inside = False
        _line.go_out()


@contextmanager
def aside(*, to_the_end: bool = False) -> Iterator[None]:
    """Let others go first while this thread waits for somebody else: a disk or a bucket, which may be slow or away,
    another machine. Not inside a transaction. Outside of a turn: nothing.

    Afterwards it goes on before those who have not begun; `to_the_end`: after those who have waited longer.
    """
    if not getattr(_mine, "inside", False):
        yield
        return
    _mine.inside = False
    _line.go_out()
    try:
        yield
    finally:
        _mine.inside = True
        _line.come_in(again=not to_the_end)
