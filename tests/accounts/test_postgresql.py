"""Our backend: fewer round trips, and the same promises."""

from __future__ import annotations

import time
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from psycopg_pool import ConnectionPool

from accounts import tenancy
from accounts.models import Organization
from accounts.postgresql import base
from projects import services
from projects.models import Client
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def organization() -> Organization:
    return factories.make_studio().organization


def scope() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('app.organization', true), '')")
        named: str = cursor.fetchone()[0]
    return named


def test_a_workspace_is_entered_and_left_in_one_round_trip_each(organization: Organization) -> None:
    with CaptureQueriesContext(connection) as asked, tenancy.enter(organization):
        Client.objects.count()
    assert len(asked) == 3
    assert asked[0]["sql"].startswith("BEGIN; SELECT set_config('app.organization'")
    assert asked[2]["sql"] == "COMMIT"


def test_the_scope_ends_with_its_transaction(organization: Organization) -> None:
    with tenancy.enter(organization):
        assert scope() == str(organization.pk)
    assert scope() == ""
    with transaction.atomic():
        assert scope() == ""


def test_a_transaction_that_could_not_open_leaves_its_scope_to_nobody(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise OperationalError("away")

    with monkeypatch.context() as broken:
        broken.setattr(connection, "close_if_health_check_failed", away)
        with pytest.raises(OperationalError), tenancy.enter(organization):
            pass
    with transaction.atomic():
        assert scope() == ""


def test_what_fails_inside_is_undone_and_the_connection_goes_on(organization: Organization) -> None:
    with pytest.raises(IntegrityError), tenancy.enter(organization):
        client = services.create_client(organization=organization, name="Ada")
        Client.objects.create(pk=client.pk, organization=organization, name="Bea")
    assert scope() == ""
    with tenancy.enter(organization):
        assert Client.objects.count() == 0


def test_inside_a_workspace_an_error_without_a_savepoint_is_the_end_of_all(
    organization: Organization,
) -> None:
    def inner(*, savepoint: bool) -> None:
        with pytest.raises(ValueError), tenancy.enter(organization, savepoint=savepoint):
            raise ValueError

    with tenancy.enter(organization):
        services.create_client(organization=organization, name="Ada")
        inner(savepoint=True)
    with tenancy.enter(organization):
        assert Client.objects.count() == 1
        services.create_client(organization=organization, name="Bea")
        inner(savepoint=False)
    with tenancy.enter(organization):
        assert Client.objects.count() == 1


def test_a_session_that_the_server_has_ended_is_not_handed_out() -> None:
    connection.ensure_connection()
    number = connection.connection.info.backend_pid
    with psycopg.connect(connection.connection.info.dsn, autocommit=True) as other:
        connection.close()
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [number])
    assert Organization.objects.count() == 0
    assert connection.connection.info.backend_pid != number


def test_a_connection_is_asked_whether_it_stands_after_a_rest_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    really = ConnectionPool.check_connection

    def ask(one: psycopg.Connection[Any]) -> None:
        asked.append(one)
        really(one)

    monkeypatch.setattr(ConnectionPool, "check_connection", ask)
    for _ in range(20):  # the pool has some that have rested, and makes others beside us
        asked.clear()
        for _ in range(10):
            Organization.objects.count()
            connection.close()
        if not asked:
            break
    assert not asked
    monkeypatch.setattr(base, "RESTED_SECONDS", 0.02)
    time.sleep(0.05)
    Organization.objects.count()
    assert len(asked) == 1
