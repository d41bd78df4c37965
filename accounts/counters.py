"""Where tries are counted: rows of the database, so that limits hold over all processes without another server.

Django's database cache with one difference: when the table grows it lets go of what is over, never of what still
counts, or a flood of addresses could wash a wall away. allauth counts under a lock of its own kept here too, which the
primary key makes exact.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.cache.backends.db import DatabaseCache
from django.db import connections


class Counters(DatabaseCache):
    """The cache named `default`; its table is `accounts_counter`."""

    _table: str  # Django's stubs lack it

    def _cull(self, db: str, cursor: Any, now: datetime, num: int) -> None:
        table = connections[db].ops.quote_name(self._table)
        cursor.execute(f"DELETE FROM {table} WHERE expires < %s", [now])  # noqa: S608 — our own table's name
