"""A moment after which everything that is still open is cut off."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from typing import Self


class Deadline:
    """Use as a context manager; `seconds` from now, the guarded socket is shut down.

    Socket timeouts bound single reads, so a server that sends a byte a second never meets one. Here a timer shuts
    the socket down, which wakes whatever read, write or handshake is waiting on it.
    """

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(max(0.0, seconds), self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self.release()

    def left(self) -> float:
        """Seconds left; zero or less when there are none."""
        return self._ends - time.monotonic()

    def guard(self, connection: socket.socket) -> None:
        """Shut this socket down at the deadline, instead of the one guarded before."""
        self.release()
        with self._lock:
            # A duplicate, because wrapping a socket in TLS takes the original's descriptor away.
            self._socket = connection.dup()
        if self.left() <= 0:
            self._cut()

    def release(self) -> None:
        """Guard nothing any more."""
        with self._lock:
            if self._socket is not None:
                self._socket.close()
                self._socket = None

    def _cut(self) -> None:
        with self._lock:
            if self._socket is not None:
                with suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)
