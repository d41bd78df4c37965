"""Two walls between workspaces: the code's filter, and a database that refuses."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from accounts import tenancy
from accounts.models import ApiKey, Membership
from projects import services
from projects.models import Client, Project
from tests.factories import Studio


def test_nothing_is_seen_before_a_workspace_is_entered(studio: Studio) -> None:
    services.create_client(organization=studio.organization, name="Ada")
    assert Client.objects.count() == 0
    assert Membership.objects.count() == 0


def test_with_the_filter_forgotten_the_database_still_shows_one_workspace(
    studio: Studio, strange_studio: Studio
) -> None:
    services.create_client(organization=studio.organization, name="Ada")
    services.create_client(organization=strange_studio.organization, name="Bea")
    with studio.enter():
        assert [client.name for client in Client.objects.all()] == ["Ada"]
        assert Client.objects.of(strange_studio.organization).count() == 0


def test_a_row_of_another_workspace_can_not_be_written(studio: Studio, strange_studio: Studio) -> None:
    with pytest.raises(ProgrammingError, match="row-level security"), studio.enter():
        Client.objects.create(organization=strange_studio.organization, name="Planted")


def test_a_row_of_another_workspace_can_not_be_changed_or_deleted(
    studio: Studio, strange_studio: Studio
) -> None:
    services.create_client(organization=strange_studio.organization, name="Bea")
    with studio.enter():
        assert Client.objects.all().update(name="Mine") == 0
        assert Client.objects.all().delete()[0] == 0


def test_a_row_can_not_be_moved_into_another_workspace(studio: Studio, strange_studio: Studio) -> None:
    services.create_client(organization=studio.organization, name="Ada")
    with pytest.raises(ProgrammingError, match="row-level security"), studio.enter():
        Client.objects.all().update(organization=strange_studio.organization)


def test_the_entered_workspace_ends_with_the_block(studio: Studio) -> None:
    services.create_client(organization=studio.organization, name="Ada")
    with studio.enter():
        pass
    assert Client.objects.count() == 0


def test_entering_twice_is_one_workspace_still(studio: Studio) -> None:
    services.create_client(organization=studio.organization, name="Ada")
    with studio.enter():
        with studio.enter():
            assert Client.objects.count() == 1
        assert Client.objects.count() == 1


def test_after_an_error_inside_the_outer_workspace_is_still_entered(studio: Studio) -> None:
    services.create_client(organization=studio.organization, name="Ada")
    with studio.enter():
        with pytest.raises(RuntimeError), tenancy.system("the sweeper"):
            raise RuntimeError
        assert Client.objects.count() == 1
        with tenancy.system("the sweeper"):
            pass
        assert Client.objects.count() == 1


def test_one_workspace_can_not_be_entered_inside_another(studio: Studio, strange_studio: Studio) -> None:
    with studio.enter(), pytest.raises(tenancy.WrongTenant), strange_studio.enter():
        pass


def test_the_filter_carries_the_index_and_the_policy_only_checks(studio: Studio) -> None:
    with studio.enter(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        query = str(ApiKey.objects.of(studio.organization).active().query)
        cursor.execute(f"EXPLAIN {query}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Index Cond: (organization_id = " in plan or "Index Cond: ((organization_id = " in plan
    assert "current_setting" in plan


def test_deleting_a_used_client_is_refused_by_the_database(studio: Studio) -> None:
    client = services.create_client(organization=studio.organization, name="Ada")
    services.create_project(organization=studio.organization, name="Flat", client=client)
    with studio.enter(), pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM projects_client")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with studio.enter():
        assert Project.objects.count() == 1
