"""What needs a session of its own goes past a pooler; what the settings say is looked at."""

from __future__ import annotations

import os
import threading
from typing import Any

import environ
import pytest
from django.db import connection

from accounts.bucket import Bucket
from config import databases, storages
from generations import queue
from generations.management.commands.worker import _leave_the_pools
from projects import storage
from projects.models import UnclaimedFile


def variables(monkeypatch: pytest.MonkeyPatch, **given: str) -> environ.Env:
    """The environment as the settings read it, with these of ours alone."""
    ours = [name for name in os.environ if name.startswith(("DATABASE_", "S3_"))]
    for name in ours:
        monkeypatch.delenv(name)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return environ.Env()


def direct_url() -> str:
    where = queue.direct_connection_params()
    return " ".join(f"{name}={value}" for name, value in where.items())


@pytest.mark.django_db
def test_without_a_pooler_there_is_nothing_to_say() -> None:
    assert queue.direct_problem() == ""


@pytest.mark.django_db
def test_another_database_is_no_way_past_the_pooler(settings: Any) -> None:
    settings.DATABASE_DIRECT_URL = direct_url().replace(
        f"dbname={connection.settings_dict['NAME']}", "dbname=postgres"
    )
    assert queue.direct_problem() == "DATABASE_URL and DATABASE_DIRECT_URL lead to two databases."


@pytest.mark.django_db(transaction=True)
def test_leases_go_past_the_pooler(settings: Any) -> None:
    settings.DATABASE_DIRECT_URL = direct_url() + " application_name=direct"
    said: list[Any] = []

    def look() -> None:
        _leave_the_pools()
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_database(), current_setting('application_name')")
            said.extend(cursor.fetchone())
        connection.close()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert said == [connection.settings_dict["NAME"], "direct"]


def test_no_statement_and_no_cursor_outlives_its_transaction_behind_a_pooler(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = "postgresql://one:two@pooler.example/rooms"
    direct = "postgresql://one:two@db.example/rooms"
    found = databases.database(variables(monkeypatch, DATABASE_URL=url, DATABASE_DIRECT_URL=direct))
    assert found["DISABLE_SERVER_SIDE_CURSORS"] is True
    assert found["OPTIONS"]["prepare_threshold"] is None
    alone = variables(monkeypatch, DATABASE_URL=url)
    assert databases.database(alone)["DISABLE_SERVER_SIDE_CURSORS"] is False


def test_the_direct_password_is_known_to_the_log() -> None:
    assert databases.password_in("postgresql://one:its-own-secret@db.example/rooms") == "its-own-secret"
    assert databases.password_in("") == ""


def test_a_bucket_is_chosen_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = variables(monkeypatch, S3_ENDPOINT="https://s3.example")
    assert storages.media(disk)["BACKEND"].endswith("FileSystemStorage")
    endpoint = "https://s3.example/"
    found = storages.media(variables(monkeypatch, S3_BUCKET="rooms", S3_ENDPOINT=endpoint))
    assert found["BACKEND"] == "accounts.bucket.Bucket"
    assert found["OPTIONS"]["endpoint"] == "https://s3.example"
    Bucket(**found["OPTIONS"])


@pytest.mark.django_db(transaction=True)
def test_files_and_rows_agree_in_a_bucket_too(monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = Bucket(url="memory:///")
    monkeypatch.setattr("projects.storage.default_storage", bucket)
    storage.announce(["ws_1/a.png"])
    storage.write("ws_1/a.png", b"x")
    assert list(storage.names()) == ["ws_1/a.png"]
    others = [f"ws_1/{number}.png" for number in range(5)]
    storage.announce(others)
    for name in others[:3]:
        storage.write(name, b"x")
    storage.discard(["ws_1/a.png", *others])  # two of them were never written
    assert list(storage.names()) == []
    assert not UnclaimedFile.objects.exists()
