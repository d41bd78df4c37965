"""Operators see how the instance does, and look into a workspace only with a reason that its owners can read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import alerts
from accounts.models import AuditEntry, User
from generations.models import Generation
from tests import factories
from tests.factories import Studio


@pytest.fixture
def operator(db: None) -> User:
    person = factories.make_person("operator@example.com")
    person.is_staff = person.is_superuser = True
    person.save()
    return person


@pytest.fixture
def browser(operator: User) -> Client:
    return factories.browser_of(operator)


def test_the_page_shows_what_is_late_and_what_is_uncertain(
    studio: Studio, browser: Client, worker: Callable[[], int]
) -> None:
    late = studio.ask("a private wish")
    with studio.enter():
        Generation.objects.filter(pk=late.pk).update(created_at=timezone.now() - timedelta(minutes=6))
    fresh = studio.ask()
    alerts.raise_alert(code="stripe_mismatch", subject="one", text="Something is off", now=timezone.now())
    shown = browser.get("/operators/operations").content.decode()
    assert late.public_id in shown
    assert fresh.public_id not in shown
    assert "Something is off" in shown
    assert "Credits set aside for pictures that have not ended." in shown
    assert "private wish" not in shown
    assert "/operators/operations" in browser.get("/operators/").content.decode()


def test_a_longer_list_costs_no_further_questions(
    studio: Studio, browser: Client, worker: Callable[[], int]
) -> None:
    def questions() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert browser.get("/operators/operations").status_code == 200
        return len(asked)

    for count in (1, 4):
        for _ in range(count):
            studio.ask()
        with studio.enter():
            Generation.objects.of(studio.organization).update(
                created_at=timezone.now() - timedelta(minutes=6)
            )
        if count == 1:
            few = questions()
    assert questions() == few


def test_a_workspace_is_shown_after_a_reason_that_it_can_read(
    studio: Studio, browser: Client, operator: User, owner_client: Client
) -> None:
    generation = studio.ask("a private wish")
    where = f"/operators/workspaces/{studio.organization.public_id}"
    for answer in (browser.get(where), browser.post(where, {"reason": "x"}), browser.post(where)):
        assert generation.public_id not in answer.content.decode()
    with studio.enter():
        assert not AuditEntry.objects.filter(action="operator.looked").exists()
    shown = browser.post(where, {"reason": "Ticket 4711: a picture is missing"}).content.decode()
    assert generation.public_id in shown
    assert studio.owner.email in shown
    assert "private wish" not in shown
    with studio.enter():
        line = AuditEntry.objects.get(action="operator.looked")
    assert (line.actor, line.details) == (operator, {"reason": "Ticket 4711: a picture is missing"})
    log = owner_client.get(f"/w/{studio.organization.public_id}/settings/audit-log").content.decode()
    assert "as an operator" in log


def test_members_of_staff_need_the_permission(studio: Studio, db: None) -> None:
    person = factories.make_person()
    person.is_staff = True
    person.save()
    browser = factories.browser_of(person)
    where = f"/operators/workspaces/{studio.organization.public_id}"
    assert browser.get("/operators/operations").status_code == 403
    assert browser.post(where, {"reason": "Ticket 4711"}).status_code == 403
    person.user_permissions.add(Permission.objects.get(codename="view_organization"))
    person.user_permissions.add(Permission.objects.get(codename="view_generation"))
    assert browser.get("/operators/operations").status_code == 200
    assert browser.get(where).status_code == 200


def test_nobody_else_sees_these_pages(studio: Studio, owner_client: Client, client: Client) -> None:
    for browser in (owner_client, client):
        for path in ("/operators/operations", f"/operators/workspaces/{studio.organization.public_id}"):
            assert browser.get(path).status_code == 302
