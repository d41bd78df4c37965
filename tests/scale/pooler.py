"""A real PgBouncer in transaction mode before any PostgreSQL, as a process of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from config.local.placement import Account
from tests.real_stack import free_port


@dataclass
class Pooler:
    """`url` leads through it; `direct` past it."""

    direct: str
    folder: Path
    account: Account | None
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        where = conninfo_to_dict(self.direct)
        return f"postgresql://{where['user']}@127.0.0.1:{self.port}/{where['dbname']}"

    @property
    def environ(self) -> dict[str, str]:
        return {"DATABASE_URL": self.url, "DATABASE_DIRECT_URL": self.direct}

    def ask(self, what: str) -> list[dict[str, Any]]:
        """What its own console says (`SHOW POOLS`, `SHOW STATS` …): rows by column name."""
        user = conninfo_to_dict(self.direct)["user"]
        admin = f"host=127.0.0.1 port={self.port} user={user} dbname=pgbouncer"
        with psycopg.connect(admin, autocommit=True) as connection:
            cursor = psycopg.ClientCursor(connection)  # its console knows the simple protocol alone
            cursor.execute(what.encode())
            names = [column.name for column in cursor.description or []]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def start(self) -> None:
        """Returns when it answers."""
        lent: dict[str, Any] = {}
        if self.account is not None:
            lent = {"user": self.account.uid, "group": self.account.gid, "extra_groups": []}
        command = [program(), "-q", str(self.folder / "pgbouncer.ini")]
        with (self.folder / "output.log").open("ab") as output:
            self.process = subprocess.Popen(command, cwd="/", stdout=output, stderr=output, **lent)
        ends = time.monotonic() + 20
        while time.monotonic() < ends and self.process.poll() is None:
            try:
                with psycopg.connect(self.url):
                    return
            except psycopg.OperationalError:
                time.sleep(0.05)
        raise AssertionError(f"PgBouncer did not start: {(self.folder / 'output.log').read_text()[-2000:]}")

    def stop(self) -> None:
        """At once; every session of its clients ends."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            (self.folder / "pgbouncer.pid").unlink(missing_ok=True)


def program() -> str:
    """Where PgBouncer is; skips the test where it is not."""
    path = os.environ.get("PATH", "") + os.pathsep + "/usr/sbin"  # Debian's place, which a user's PATH lacks
    found = shutil.which("pgbouncer", path=path)
    if found is None:
        pytest.skip("No PgBouncer here: apt-get install pgbouncer")
    return found


@contextmanager
def before(url: str, *, account: Account | None, sessions: int = 2) -> Iterator[Pooler]:
    """In front of the database that `url` names, with so many sessions for all; run by `account` (root may not)."""
    folder = Path(tempfile.mkdtemp(prefix="roomwright-pooler-"))
    if account is not None:
        os.chown(folder, account.uid, account.gid)
    pooler = Pooler(url, folder, account, free_port())
    (folder / "pgbouncer.ini").write_text(_settings(pooler, sessions))
    try:
        pooler.start()
        yield pooler
    finally:
        pooler.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _settings(pooler: Pooler, sessions: int) -> str:
    where = conninfo_to_dict(pooler.direct)
    database = " ".join(f"{name}={where[name]}" for name in ("host", "port", "dbname", "user"))
    settings = {
        "listen_addr": "127.0.0.1",
        "listen_port": pooler.port,
        "unix_socket_dir": "",
        "auth_type": "any",
        "pool_mode": "transaction",
        "default_pool_size": sessions,
        "max_client_conn": 500,
        "admin_users": where["user"],
        "logfile": pooler.folder / "pgbouncer.log",
        "pidfile": pooler.folder / "pgbouncer.pid",
    }
    lines = [f"{where['dbname']} = {database}", "[pgbouncer]", *(f"{k} = {v}" for k, v in settings.items())]
    return "\n".join(["[databases]", *lines]) + "\n"
