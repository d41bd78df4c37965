"""The tests' database: migrated once for each state of the migrations, and copied for each process of each run.

Migrating takes ten seconds of one core, copying a tenth of a second. The copy is what PostgreSQL calls a template: it
lies in the tests' own cluster under a name made of everything that migrations consist of.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import ProgrammingError, connection
from django.db.backends.utils import CursorWrapper
from pytest_django import DjangoDbBlocker

PREFIX = "roomwright_migrated_"
LOCK = 4_021_860  # any number of our own: who migrates first, the others wait for
ROOT = Path(settings.BASE_DIR)
CREATION: Any = connection.creation  # its stubs lack what every backend has


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker: DjangoDbBlocker, django_db_modify_db_settings: None
) -> Iterator[None]:
    """In place of pytest-django's: a database of this process's own, gone afterwards."""
    name, usual = CREATION._get_test_db_name(), connection.settings_dict["NAME"]
    with django_db_blocker.unblock(), CREATION._nodb_cursor() as cursor:
        template = _migrated(cursor)
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        _use(name)
    yield
    with django_db_blocker.unblock():
        _use(usual)
        with CREATION._nodb_cursor() as cursor:
            _drop(cursor, name)


@contextmanager
def copied(name: str) -> Iterator[str]:
    """The address of a migrated database of this name, for programs that a test starts; gone afterwards."""
    with CREATION._nodb_cursor() as cursor:
        template = _migrated(cursor)
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    told = connection.settings_dict
    # Where the server is stands in the options when it is reached by a socket.
    where = {
        "host": told["HOST"] or told["OPTIONS"].get("host", ""),
        "port": told["PORT"] or told["OPTIONS"].get("port", 5432),
    }
    who = f"{quote(told['USER'], safe='')}:{quote(told['PASSWORD'], safe='')}"
    yield f"postgresql://{who}@/{name}?{urlencode(where)}"
    with CREATION._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _drop(cursor: CursorWrapper, name: str) -> None:
    """By force; while PostgreSQL's own vacuum is in it, which only a superuser may end, by asking that to leave."""
    try:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    except ProgrammingError:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')


def _migrated(cursor: CursorWrapper) -> str:
    """The name of a database with today's tables and nobody in it, made if it is not there."""
    name = PREFIX + _state_of_migrations()
    cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    try:
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{PREFIX}%"])
        there = {row[0] for row in cursor.fetchall()}
        if name not in there:
            for old in there:
                cursor.execute(f'DROP DATABASE IF EXISTS "{old}"')
            draft = f"{PREFIX}draft"  # a run that was killed leaves a draft, never half a template
            cursor.execute(f'CREATE DATABASE "{draft}"')
            usual = connection.settings_dict["NAME"]
            _use(draft)
            call_command("migrate", verbosity=0, interactive=False, run_syncdb=True)
            _use(usual)
            cursor.execute(f'ALTER DATABASE "{draft}" RENAME TO "{name}"')
    finally:
        cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
    return name


def _state_of_migrations() -> str:
    """A word for every file that a migration reads: each app's own, ours that build SQL, and what is installed."""
    files = [ROOT / "requirements/main.txt", ROOT / "accounts/database.py"]
    for app in sorted(apps.get_app_configs(), key=lambda app: app.label):
        files += sorted((Path(app.path) / "migrations").glob("*.py"))
    told = hashlib.sha256()
    for file in files:
        told.update(f"{file.name}\0".encode() + file.read_bytes())
    return told.hexdigest()[:16]


def _use(name: str) -> None:
    connection.close()
    CREATION.connection.close_pool()
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name
