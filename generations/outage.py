"""A database that is away for a moment: it restarts, or another takes its place."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection

logger = logging.getLogger(__name__)

AWAY = (OperationalError, InterfaceError)
GIVE_UP_SECONDS = 60.0

T = TypeVar("T")


def through(action: Callable[[], T]) -> T:
    """Do it, and again while the database is away: what was paid for shall not be lost to a restart.

    `action` must bear repeating: the answer to a commit may have been lost. Inside a transaction it is done once.
    """
    give_up = time.monotonic() + GIVE_UP_SECONDS
    pause = 0.2
    while True:
        try:
            return action()
        except AWAY as error:
            if connection.in_atomic_block or time.monotonic() > give_up:
                raise
            logger.warning("The database is away (%s); again in %.1f s.", str(error).strip(), pause)
            connection.close()
            time.sleep(pause)
            pause = min(pause * 2, 2.0)
