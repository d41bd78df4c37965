"""Mail about pictures: only to who wants it, and only when the page was left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.models import Membership, User
from billing import budgets, notices
from billing.models import BillingSettings, Budget
from generations import mailing, tasks
from generations.engines.base import Again, EngineError
from generations.models import Generation
from tests.factories import Studio, body
from tests.fakes import FakeEngine

Work = Callable[[], int]


def wish(studio: Studio, person: User, **wishes: bool) -> None:
    with studio.enter():
        Membership.objects.of(studio.organization).filter(user=person).update(**wishes)


def jobs(task: str) -> list[dict[str, int]]:
    """Waiting ones that are not due for most of a minute."""
    soon = timezone.now() + timedelta(seconds=50)
    rows = ProcrastinateJob.objects.filter(task_name=task, scheduled_at__gt=soon)
    return list(rows.values_list("args", flat=True))


def send_all() -> list[str]:
    """What the queue would send; the subjects."""
    for job in jobs(mailing.ENDED_TASK):
        tasks.tell_ended(**job)
    return [str(each.subject) for each in mail.outbox]


def made(studio: Studio, worker: Work) -> Generation:
    generation = studio.ask("Warm oak")
    worker()
    return generation


def test_nobody_who_did_not_ask_for_it_is_mailed(studio: Studio, worker: Work) -> None:
    made(studio, worker)
    assert jobs(mailing.ENDED_TASK) == []


def test_who_left_the_page_is_told_that_the_picture_is_ready(studio: Studio, worker: Work) -> None:
    wish(studio, studio.owner, mail_ready=True)
    made(studio, worker)
    assert send_all() == ["Your picture is ready"]
    assert mail.outbox[0].to == [studio.owner.email]
    assert "Warm oak" in str(mail.outbox[0].body)


def test_who_has_seen_it_is_not(studio: Studio, worker: Work, owner_client: Client) -> None:
    wish(studio, studio.owner, mail_ready=True)
    generation = made(studio, worker)
    assert len(jobs(mailing.ENDED_TASK)) == 1
    owner_client.get(f"/w/{studio.organization.public_id}/generations/{generation.public_id}/progress")
    assert send_all() == []


def test_that_a_colleague_looks_does_not_count(
    studio: Studio, worker: Work, colleague_client: Client
) -> None:
    wish(studio, studio.owner, mail_ready=True)
    generation = made(studio, worker)
    colleague_client.get(f"/w/{studio.organization.public_id}/generations/{generation.public_id}")
    assert send_all() == ["Your picture is ready"]


def test_a_failure_is_told_with_the_credits_that_came_back(
    studio: Studio, worker: Work, engine: FakeEngine
) -> None:
    wish(studio, studio.owner, mail_failed=True)
    engine.failing = [EngineError("bad_source", "Too dark.", again=Again.NO)]
    made(studio, worker)
    assert send_all() == ["A picture could not be made"]
    assert "10 credits are back" in str(mail.outbox[0].body)


def test_who_was_removed_meanwhile_or_wants_it_no_more_is_not_mailed(studio: Studio, worker: Work) -> None:
    wish(studio, studio.owner, mail_ready=True)
    made(studio, worker)
    wish(studio, studio.owner, mail_ready=False)
    assert send_all() == []


def test_a_program_with_a_key_gets_no_mail(studio: Studio, worker: Work) -> None:
    wish(studio, studio.owner, mail_ready=True)
    studio.api().post("generations", body())
    worker()
    assert jobs(mailing.ENDED_TASK) == []


def test_the_week_is_told_to_who_wants_it_when_there_was_one(studio: Studio, worker: Work) -> None:
    wish(studio, studio.colleague, mail_weekly=True)
    assert mailing.arrange_weeks() == 1
    tasks.tell_week(organization_id=studio.organization.pk)
    assert mail.outbox == [], "nothing was made"
    made(studio, worker)
    tasks.tell_week(organization_id=studio.organization.pk)
    (told,) = mail.outbox
    assert told.to == [studio.colleague.email]
    assert "1 picture was made" in str(told.body)
    assert "10 credits were used" in str(told.body)
    mail.outbox.clear()
    mailing.tell_week(organization_id=studio.organization.pk, now=timezone.now() + timedelta(days=8))
    assert mail.outbox == []


@pytest.mark.parametrize("wanted", [True, False])
def test_budget_and_balance_mails_ask_the_wish_and_bills_do_not(studio: Studio, wanted: bool) -> None:
    now = timezone.now()
    wish(studio, studio.owner, mail_budgets=wanted)
    key = budgets.member_key(studio.owner)
    budgets.set_budget(organization=studio.organization, key=key, cap=10, by_user=studio.owner, now=now)
    with studio.enter():
        budget = Budget.objects.of(studio.organization).get()
        wishes = BillingSettings.objects.create(organization=studio.organization)
    budgets.mail_notice(organization_id=studio.organization.pk, budget_id=budget.pk, percent=80, now=now)
    notices.send(
        organization_id=studio.organization.pk, notice=notices.LOW_BALANCE, row_id=wishes.pk, now=now
    )
    assert len(mail.outbox) == (2 if wanted else 0)
    notices.send(
        organization_id=studio.organization.pk, notice=notices.TOPUP_FAILED, row_id=wishes.pk, now=now
    )
    assert len(mail.outbox) == (3 if wanted else 1)
