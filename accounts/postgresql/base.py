"""Django's backend for PostgreSQL with fewer round trips: about twenty for each picture (docs/decisions/0046)."""

from __future__ import annotations

import select
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, cast

import psycopg
from django.db import transaction
from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base
from django.db.backends.utils import debug_transaction
from psycopg_pool import ConnectionPool

RESTED_SECONDS = 5.0  # after which a connection of the pool is asked whether it still stands


class PooledConnection(psycopg.Connection[Any]):
    """`rested_since`: when it was last given back, by the monotonic clock."""

    rested_since = 0.0


def check(connection: PooledConnection) -> None:
    """Raises when the server has ended this session.

    A server that ends one says so on the socket, where an idle session has nothing to say: looking there costs no
    round trip. One that is gone without a word is found out by asking, after a rest.
    """
    is_fresh = time.monotonic() - connection.rested_since < RESTED_SECONDS
    if not is_fresh or speaks(connection.fileno()):
        ConnectionPool.check_connection(connection)


def speaks(socket: int) -> bool:
    """Whether something has come on this socket: of an idle session, that it was ended."""
    poll = select.poll()
    poll.register(socket, select.POLLIN)
    return bool(poll.poll(0))


class DatabaseWrapper(base.DatabaseWrapper):
    """Its transactions open with one statement, and its pool does not ask each connection before each use."""

    _opening = ""

    @contextmanager
    def transaction(self, opening: str) -> Iterator[None]:
        """An outermost `atomic` whose BEGIN takes the statement `opening` along."""
        with ExitStack() as inside:
            self._opening = opening
            try:
                inside.enter_context(transaction.atomic(using=self.alias))
            finally:
                self._opening = ""  # or, after a failure, another transaction would open with it
            yield

    def _start_transaction_under_autocommit(self) -> None:
        """Django's hook for databases that want an explicit BEGIN; psycopg stays in autocommit and adds none."""
        statement = f"BEGIN; {self._opening}" if self._opening else "BEGIN"
        try:
            with debug_transaction(self, statement), self.wrap_database_errors:
                self.connection.execute(statement)
        except BaseException:
            self.close()  # BEGIN may have been done
            raise

    @property
    def pool(self) -> Any:
        """Django's, made here first: it can be told of no check but its own."""
        options, django = self.settings_dict["OPTIONS"].get("pool"), cast(Any, super())
        if options and self.alias not in (*self._pools, NO_DB_ALIAS):
            made = ConnectionPool(
                kwargs={**self.get_connection_params(), "autocommit": True},
                connection_class=PooledConnection,
                open=False,
                configure=cast(Any, self)._configure_connection,
                check=check,
                **options,
            )
            self._pools.setdefault(self.alias, made)
        return django.pool

    @property
    def _pools(self) -> dict[str, Any]:
        return cast("dict[str, Any]", cast(Any, self)._connection_pools)

    def _close(self) -> None:
        if isinstance(self.connection, PooledConnection):
            self.connection.rested_since = time.monotonic()
        cast(Any, super())._close()
