"""What a worker does about a database or a storage that is away for a moment, and about being frozen itself."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import psycopg
from django.db import DatabaseError, InterfaceError, OperationalError, connection

from accounts.errors import StorageAway

logger = logging.getLogger(__name__)

GIVE_UP_SECONDS = 60.0

# Taken before the transactions that begin and end calls, never inside one. A process that is frozen holds its locks
# until PostgreSQL ends its sessions, one after the other if many wait for the same row: so only one at a time does.
one_at_a_time = threading.RLock()

T = TypeVar("T")


@contextmanager
def alone() -> Iterator[None]:
    """`one_at_a_time`, holding no connection while waiting for it: its holder may need that very one."""
    if not one_at_a_time.acquire(blocking=False):
        if not connection.in_atomic_block:
            connection.close()
        one_at_a_time.acquire()
    try:
        yield
    finally:
        one_at_a_time.release()


def is_away(error: BaseException) -> bool:
    """Whether this says that the connection, the whole database or the storage is gone, and not that something was
    wrong."""
    frozen = isinstance(error.__cause__, psycopg.errors.IdleInTransactionSessionTimeout)  # an InternalError
    return frozen or isinstance(error, OperationalError | InterfaceError | StorageAway)


def through(action: Callable[[], T]) -> T:
    """Do it, and again while the database or the storage is away: what was paid for shall not be lost to a restart.

    `action` must bear repeating: the answer to a commit may have been lost. Inside a transaction it is done once.
    """
    give_up = time.monotonic() + GIVE_UP_SECONDS
    pause = 0.2
    while True:
        try:
            return action()
        except (DatabaseError, InterfaceError, StorageAway) as error:
            if not is_away(error) or connection.in_atomic_block or time.monotonic() > give_up:
                raise
            logger.warning("Database or storage is away (%s); again in %.1f s.", str(error).strip(), pause)
            connection.close()
            time.sleep(pause)
            pause = min(pause * 2, 2.0)
