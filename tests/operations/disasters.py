"""What an operator types when a disk is lost, as functions: the commands of docs/running.md on an embedded server."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg

from config.local.postgres import REPOSITORY, EmbeddedPostgres

SUPERUSER = "postgres"  # row-level security holds the application's own role back, and with it its dumps


def environ(folder: Path) -> dict[str, str]:
    """Of a program that belongs to this data folder."""
    dropped = ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")
    return {name: value for name, value in os.environ.items() if name not in dropped} | {
        "DATA_DIR": str(folder)
    }


def manage(folder: Path, *arguments: str, code: Path = REPOSITORY) -> subprocess.CompletedProcess[str]:
    """What became of a management command on this data folder."""
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=code, env=environ(folder), capture_output=True, text=True, check=False)


def program(cluster: EmbeddedPostgres, name: str, *arguments: object) -> None:
    """One of PostgreSQL's own programs, as the superuser; raises with what it said."""
    command = [str(cluster.placement.programs / name), "-h", str(cluster.placement.sockets), "-U", SUPERUSER]
    done = subprocess.run([*command, *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{name}: {done.stderr}"


def dump(cluster: EmbeddedPostgres, file: Path) -> None:
    """`pg_dump -Fc`."""
    program(cluster, "pg_dump", "-Fc", "-d", "roomwright", "-f", file)


def restore(cluster: EmbeddedPostgres, file: Path) -> None:
    """`pg_restore` into the empty database of a new server; stops at the first error."""
    program(cluster, "pg_restore", "--exit-on-error", "--single-transaction", "-d", "roomwright", file)


def ask(cluster: EmbeddedPostgres, sql: str) -> Any:
    """One value, as the superuser."""
    parameters = cluster.connection_params() | {"user": SUPERUSER}
    with psycopg.connect(**parameters, autocommit=True) as connection:  # type: ignore[arg-type]
        cursor = connection.execute(sql.encode())
        row = cursor.fetchone() if cursor.description else None
    return row[0] if row else None


def own(cluster: EmbeddedPostgres, folder: Path) -> Path:
    """A folder that the server may write into."""
    folder.mkdir(parents=True, exist_ok=True)
    if account := cluster.placement.account:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, account.uid, account.gid)
    folder.chmod(0o700)
    return folder


def archive_to(cluster: EmbeddedPostgres, folder: Path) -> None:
    """Have the server copy each finished piece of its log there; restarts it."""
    with (cluster.placement.data / "postgresql.conf").open("a") as conf:
        conf.write(f"archive_mode = on\narchive_command = 'test ! -f {folder}/%f && cp %p {folder}/%f'\n")
    cluster.stop()
    cluster.ensure_running()


def base_backup(cluster: EmbeddedPostgres, folder: Path) -> None:
    """`pg_basebackup`: the data folder as it stands while the server works on."""
    program(cluster, "pg_basebackup", "-D", folder, "-X", "stream", "--checkpoint=fast")


def recover(cluster: EmbeddedPostgres, *, backup: Path, archive: Path, until: str) -> None:
    """A server from the base backup and the archived log, as everything was at `until`."""
    where = cluster.placement
    shutil.rmtree(where.data, ignore_errors=True)
    shutil.copytree(backup, where.data)
    with (where.data / "postgresql.conf").open("a") as conf:
        conf.write(
            f"restore_command = 'cp {archive}/%f %p'\nrecovery_target_time = '{until}'\n"
            "recovery_target_action = 'promote'\narchive_mode = off\n"
        )
    (where.data / "recovery.signal").touch()
    own(cluster, where.data)
    cluster.ensure_running()
