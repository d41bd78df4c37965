"""Operator alerts: one row per open matter, one mail an hour."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from django.conf import LazySettings
from django.core import mail
from django.db import connection, transaction
from django.test import Client

from accounts import alerts, tasks
from accounts.models import OperatorAlert
from tests import factories
from tests.factories import NOON


def raise_alert(text: str = "It said 12.", *, now: datetime = NOON, subject: str = "gen_1") -> None:
    alerts.raise_alert(code="surprising_price", subject=subject, text=text, now=now)


def jobs() -> list[dict[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT args FROM procrastinate_jobs WHERE task_name = %s ORDER BY id", [alerts.MAIL_TASK]
        )
        return [json.loads(row[0]) for row in cursor.fetchall()]


@pytest.fixture
def operators(settings: LazySettings, db: None) -> None:
    settings.OPERATOR_EMAILS = ["ops@example.com", "night@example.com"]


def test_the_same_matter_counts_up_and_another_stands_beside_it(
    db: None, caplog: pytest.LogCaptureFixture
) -> None:
    raise_alert()
    raise_alert("It said 15.", now=NOON + timedelta(minutes=5))
    raise_alert(subject="gen_2")
    first, second = OperatorAlert.objects.order_by("pk")
    assert (first.count, first.text, first.first_at) == (2, "It said 15.", NOON)
    assert first.last_at == NOON + timedelta(minutes=5)
    assert second.count == 1
    assert "surprising_price" in caplog.text


def test_operators_get_one_mail_an_hour_for_each_matter(operators: None) -> None:
    raise_alert()
    raise_alert(now=NOON + timedelta(minutes=59))
    assert len(jobs()) == 1
    raise_alert(now=NOON + timedelta(minutes=61))
    assert len(jobs()) == 2
    raise_alert(subject="gen_2\nBcc: everybody@example.com")
    assert len(jobs()) == 3
    for job in jobs():
        tasks.mail_alert(**job)
    first, _, third = mail.outbox
    assert first.to == ["ops@example.com", "night@example.com"]
    assert first.subject == "[Roomwright] surprising_price: gen_1"
    assert "It said 12." in first.body
    assert "3 times" in first.body
    assert "\n" not in third.subject


def test_without_operators_nobody_is_mailed(db: None) -> None:
    raise_alert()
    assert jobs() == []
    assert OperatorAlert.objects.get().mailed_at is None


def test_an_alert_and_its_mail_go_with_the_transaction_that_raised_it(operators: None) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        raise_alert()
        raise RuntimeError
    assert jobs() == []
    assert not OperatorAlert.objects.exists()


def test_a_resolved_alert_starts_afresh(operators: None) -> None:
    raise_alert()
    assert alerts.resolve(alerts=OperatorAlert.objects.all(), now=NOON) == 1
    assert alerts.resolve(alerts=OperatorAlert.objects.all(), now=NOON) == 0
    raise_alert(now=NOON + timedelta(minutes=1))
    assert list(OperatorAlert.objects.order_by("pk").values_list("count", flat=True)) == [1, 1]
    assert len(jobs()) == 2


def test_operators_resolve_alerts_in_their_admin(db: None) -> None:
    raise_alert()
    person = factories.make_person()
    person.is_staff = person.is_superuser = True
    person.save()
    browser, where = factories.browser_of(person), "/operators/accounts/operatoralert/"
    assert "It said 12." in browser.get(where).content.decode()
    alert = OperatorAlert.objects.get()
    browser.post(where, {"action": "resolve", "_selected_action": [alert.pk]})
    alert.refresh_from_db()
    assert alert.resolved_at is not None
    assert browser.post(f"{where}{alert.pk}/delete/", {"post": "yes"}).status_code == 403


def test_whoever_may_only_look_resolves_nothing(db: None) -> None:
    from django.contrib.auth.models import Permission

    raise_alert()
    person = factories.make_person()
    person.is_staff = True
    person.save()
    person.user_permissions.add(Permission.objects.get(codename="view_operatoralert"))
    browser: Client = factories.browser_of(person)
    where = "/operators/accounts/operatoralert/"
    assert browser.get(where).status_code == 200
    browser.post(where, {"action": "resolve", "_selected_action": [OperatorAlert.objects.get().pk]})
    assert OperatorAlert.objects.get().resolved_at is None
