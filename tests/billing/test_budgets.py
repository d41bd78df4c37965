"""Budgets: a month's cap for a member or a client, exact, told about once, set by admins only."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection, transaction
from django.test import Client as Browser
from django.utils import timezone

from accounts.models import Membership, Role
from billing import budgets, credits, tasks
from billing.models import Budget
from projects import services as projects
from tests import factories
from tests.factories import NOON, Studio
from tests.fakes import FakeEngine

Work = Callable[[], int]
DECEMBER = NOON + timedelta(days=10)


def cap(studio: Studio, key: str, credits_: int, *, now: datetime = NOON) -> None:
    budgets.set_budget(organization=studio.organization, key=key, cap=credits_, by_user=studio.owner, now=now)


def hold(studio: Studio, credits_: int, reference: str, *keys: str, now: datetime = NOON) -> None:
    credits.hold(
        organization=studio.organization, credits=credits_, reference=reference, now=now, budgets=list(keys)
    )


def used(studio: Studio, key: str = "client:a", *, now: datetime = NOON) -> int:
    found = budgets.budgets_of(organization=studio.organization, now=now)
    return next(each.used for each in found if each.key == key)


def jobs() -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT args FROM procrastinate_jobs WHERE task_name = %s ORDER BY id", [budgets.MAIL_TASK]
        )
        return [json.loads(args) for (args,) in cursor.fetchall()]


def test_a_full_budget_refuses_and_moves_nothing(studio: Studio) -> None:
    cap(studio, "client:a", 25)
    cap(studio, "member:b", 100)
    hold(studio, 20, "gen_1", "client:a", "member:b")
    with pytest.raises(budgets.BudgetExceeded), transaction.atomic():
        hold(studio, 6, "gen_2", "client:a", "member:b")
    assert (used(studio), used(studio, "member:b"), studio.balance()) == (20, 20, 80)
    hold(studio, 5, "gen_3", "client:a", "member:b")
    assert used(studio) == 25


def test_the_refusal_names_what_is_full_and_what_to_do(studio: Studio, owner_client: Browser) -> None:
    key = budgets.member_key(studio.owner)
    cap(studio, key, 15)
    hold(studio, 10, "gen_1", key)
    with pytest.raises(budgets.BudgetExceeded) as refusal, transaction.atomic():
        hold(studio, 10, "gen_2", key)
    said = refusal.value.message
    assert f"The budget of {studio.owner.email} for November is 15 credits, 10 are used" in said
    assert "raise it under Settings" in said
    assert "1 December" in said


def test_released_and_unsettled_credits_come_back_to_the_budget(studio: Studio) -> None:
    cap(studio, "client:a", 50)
    hold(studio, 30, "gen_1", "client:a")
    credits.settle(organization=studio.organization, reference="gen_1", credits=10, now=NOON)
    assert used(studio) == 10
    hold(studio, 20, "gen_2", "client:a")
    credits.release(organization=studio.organization, reference="gen_2", now=NOON)
    assert used(studio) == 10


def test_a_new_month_starts_afresh_and_what_comes_back_of_the_old_one_is_not_counted(studio: Studio) -> None:
    cap(studio, "client:a", 30)
    hold(studio, 20, "gen_old", "client:a")
    hold(studio, 10, "gen_older", "client:a")
    assert used(studio, now=DECEMBER) == 0
    hold(studio, 25, "gen_new", "client:a", now=DECEMBER)
    credits.release(organization=studio.organization, reference="gen_old", now=DECEMBER)
    assert used(studio, now=DECEMBER) == 25
    with pytest.raises(budgets.BudgetExceeded), transaction.atomic():
        hold(studio, 6, "gen_6", "client:a", now=DECEMBER)


def test_a_clock_that_is_behind_counts_in_the_month_that_another_has_begun(studio: Studio) -> None:
    cap(studio, "client:a", 30)
    hold(studio, 20, "gen_1", "client:a", now=DECEMBER)
    hold(studio, 10, "gen_2", "client:a", now=NOON)
    assert used(studio, now=DECEMBER) == 30


def test_a_budget_that_was_removed_and_set_again_counts_from_then(studio: Studio) -> None:
    cap(studio, "client:a", 30)
    hold(studio, 20, "gen_1", "client:a")
    later = NOON + timedelta(hours=1)
    change: dict[str, Any] = {"organization": studio.organization, "key": "client:a", "by_user": studio.owner}
    assert budgets.remove_budget(now=later, **change)
    assert not budgets.remove_budget(now=later, **change)
    cap(studio, "client:a", 30, now=later)
    hold(studio, 10, "gen_2", "client:a", now=later)
    credits.release(organization=studio.organization, reference="gen_1", now=later)
    assert used(studio) == 10


def test_a_changed_cap_keeps_what_is_used(studio: Studio) -> None:
    cap(studio, "client:a", 30)
    hold(studio, 20, "gen_1", "client:a")
    cap(studio, "client:a", 10)
    found = budgets.budgets_of(organization=studio.organization, now=NOON)[0]
    assert (found.used, found.left, found.percent) == (20, 0, 200)


@pytest.mark.parametrize("wrong", [-1, 10_000_001])
def test_a_cap_out_of_range_is_refused(studio: Studio, wrong: int) -> None:
    with pytest.raises(budgets.CapOutOfRange):
        cap(studio, "client:a", wrong)


def test_eighty_and_a_hundred_percent_are_told_once_a_month(studio: Studio) -> None:
    cap(studio, "client:a", 20)
    hold(studio, 15, "gen_1", "client:a")
    assert jobs() == []
    hold(studio, 1, "gen_2", "client:a")
    hold(studio, 1, "gen_3", "client:a")
    credits.release(organization=studio.organization, reference="gen_3", now=NOON)
    hold(studio, 2, "gen_4", "client:a")
    assert [job["percent"] for job in jobs()] == [80]
    hold(studio, 2, "gen_5", "client:a")
    assert [job["percent"] for job in jobs()] == [80, 100]
    hold(studio, 20, "gen_6", "client:a", now=DECEMBER)
    assert [job["percent"] for job in jobs()] == [80, 100, 100]
    assert set(jobs()[0]) == {"organization_id", "budget_id", "percent"}


def test_the_notice_goes_to_owners_and_admins(studio: Studio) -> None:
    key = budgets.member_key(studio.colleague)
    cap(studio, key, 20, now=timezone.now())
    hold(studio, 16, "gen_1", key, now=timezone.now())
    tasks.mail_budget_notice(**jobs()[0])
    sent = mail.outbox[-1]
    assert sent.to == [studio.owner.email]
    assert f"80 % of the budget of {studio.colleague.email}" in sent.subject
    assert "16 of 20 credits" in sent.body


def test_no_notice_of_a_budget_that_was_removed_meanwhile(studio: Studio) -> None:
    cap(studio, "client:a", 20)
    hold(studio, 20, "gen_1", "client:a")
    budgets.remove_budget(organization=studio.organization, key="client:a", by_user=studio.owner, now=NOON)
    tasks.mail_budget_notice(**jobs()[0])
    assert mail.outbox == []


def test_a_refused_hold_tells_nobody(studio: Studio) -> None:
    cap(studio, "client:a", 20)
    cap(studio, "client:b", 10)
    with pytest.raises(budgets.BudgetExceeded), transaction.atomic():
        hold(studio, 20, "gen_1", "client:a", "client:b")
    assert jobs() == []


# --- Where pictures are asked for --------------------------------------------------------------------------


def test_the_asking_member_and_the_rooms_client_are_capped(
    studio: Studio, engine: FakeEngine, strange_studio: Studio
) -> None:
    organization, now = studio.organization, timezone.now()
    client = projects.create_client(organization=organization, name="Mrs Winter")
    room = projects.create_room(
        project=projects.create_project(organization=organization, name="Flat", client=client), name="Bedroom"
    )
    cap(studio, f"client:{client.public_id}", 20, now=now)
    cap(studio, budgets.member_key(studio.owner), 35, now=now)
    studio.ask(room=room)
    studio.ask(room=room)
    with pytest.raises(budgets.BudgetExceeded, match="The budget of Mrs Winter"):
        studio.ask(room=room)
    studio.ask()
    with pytest.raises(budgets.BudgetExceeded, match=studio.owner.email):
        studio.ask()
    assert len(studio.generations()) == 3
    assert (used(studio, f"client:{client.public_id}", now=now), studio.balance()) == (20, 70)


def test_a_program_is_told_by_402(studio: Studio, engine: FakeEngine) -> None:
    cap(studio, budgets.member_key(studio.owner), 5, now=timezone.now())
    answer = studio.api().post("generations", factories.body())
    assert (answer.status_code, answer.json()["code"]) == (402, "budget_exceeded")


# --- The page ----------------------------------------------------------------------------------------------


def test_admins_set_and_remove_budgets(studio: Studio, owner_client: Browser, home: str) -> None:
    projects.create_client(organization=studio.organization, name="Mrs Winter")
    key = budgets.member_key(studio.colleague)
    page = owner_client.get(f"{home}/settings/budgets").content.decode()
    assert "Mrs Winter" in page
    assert studio.colleague.email in page
    owner_client.post(f"{home}/settings/budgets", {"key": key, "cap": "20"})
    hold(studio, 17, "gen_1", key, now=timezone.now())
    page = owner_client.get(f"{home}/settings/budgets").content.decode()
    assert "17 of 20 credits used this month" in page
    assert f"85 % of the budget of {studio.colleague.email} are used, 3 credits are left." in page
    owner_client.post(f"{home}/settings/budgets", {"key": key, "cap": ""})
    assert budgets.existing(organization=studio.organization, keys=[key]) == []


@pytest.mark.parametrize("wrong", ["-1", "x", "99999999999"])
def test_a_wrong_cap_is_said_on_the_page(
    studio: Studio, owner_client: Browser, home: str, wrong: str
) -> None:
    key = budgets.member_key(studio.owner)
    response = owner_client.post(f"{home}/settings/budgets", {"key": key, "cap": wrong})
    assert response.status_code == 422
    assert budgets.existing(organization=studio.organization, keys=[key]) == []


def test_a_budget_is_for_somebody_of_the_workspace(
    studio: Studio, owner_client: Browser, home: str, strange_studio: Studio
) -> None:
    key = budgets.member_key(strange_studio.owner)
    assert owner_client.post(f"{home}/settings/budgets", {"key": key, "cap": "5"}).status_code == 404


def test_only_admins_see_budgets_and_strangers_nothing(
    studio: Studio, colleague_client: Browser, stranger_client: Browser, home: str
) -> None:
    for browser, status in ((colleague_client, 403), (stranger_client, 404)):
        assert browser.get(f"{home}/settings/budgets").status_code == status
        key = budgets.member_key(studio.owner)
        assert browser.post(f"{home}/settings/budgets", {"key": key, "cap": "5"}).status_code == status


def test_an_admin_who_is_not_the_owner_may_set_them(studio: Studio, home: str) -> None:
    admin = factories.make_person()
    with studio.enter():
        Membership.objects.create(organization=studio.organization, user=admin, role=Role.ADMIN)
    assert factories.browser_of(admin).get(f"{home}/settings/budgets").status_code == 200


# --- At once ------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_many_at_once_never_go_over_a_budget() -> None:
    studio = factories.make_studio(credits=1000)
    cap(studio, "client:a", 50)

    def try_one(number: int) -> bool:
        try:
            hold(studio, 10, f"gen_{number}", "client:a")
        except budgets.BudgetExceeded:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(try_one, range(24)))
    assert (sum(done), used(studio), studio.balance()) == (5, 50, 950)
    with studio.enter():
        assert Budget.objects.of(studio.organization).get().told_percent == 100


def cap_altogether(studio: Studio, key: str, credits_: int, *, now: datetime = NOON) -> None:
    budgets.set_budget(
        organization=studio.organization,
        key=key,
        cap=credits_,
        by_user=studio.owner,
        now=now,
        is_total=True,
    )


def test_a_budget_altogether_never_starts_afresh(studio: Studio) -> None:
    cap_altogether(studio, "client:a", 30)
    hold(studio, 20, "gen_1", "client:a")
    assert used(studio, now=DECEMBER) == 20
    with pytest.raises(budgets.BudgetExceeded) as refusal, transaction.atomic():
        hold(studio, 11, "gen_2", "client:a", now=DECEMBER)
    assert "is 30 credits, 20 are used and this needs 11" in refusal.value.message
    assert "afresh" not in refusal.value.message
    hold(studio, 10, "gen_3", "client:a", now=DECEMBER)
    credits.release(organization=studio.organization, reference="gen_1", now=DECEMBER)
    assert used(studio, now=DECEMBER) == 10


def test_a_budget_that_becomes_of_the_other_kind_is_counted_afresh(studio: Studio) -> None:
    later = NOON + timedelta(hours=1)
    cap(studio, "client:a", 30)
    hold(studio, 20, "gen_1", "client:a")
    cap_altogether(studio, "client:a", 30, now=later)
    assert used(studio) == 0
    hold(studio, 30, "gen_2", "client:a", now=later)
    credits.release(organization=studio.organization, reference="gen_1", now=later)
    assert used(studio) == 30, "what was held under the month's budget is not given back to this one"
    cap_altogether(studio, "client:a", 40, now=later + timedelta(hours=1))
    assert used(studio) == 30, "the same kind with another cap keeps what is used"


def hold_many(studio: Studio, each: int, *references: str) -> None:
    wanted = [credits.Wanted(reference, each, {"room": reference}) for reference in references]
    credits.hold_all(organization=studio.organization, wanted=wanted, now=NOON, budgets=["client:a"])


def test_many_holds_are_all_or_nothing_and_a_line_each(studio: Studio) -> None:
    cap_altogether(studio, "client:a", 60)
    before = studio.lines()
    with pytest.raises(budgets.BudgetExceeded) as refusal, transaction.atomic():
        hold_many(studio, 10, *(f"gen_{number}" for number in range(7)))
    assert "this needs 70" in refusal.value.message
    with pytest.raises(credits.NotEnoughCredits) as short, transaction.atomic():
        hold_many(studio, 10, *(f"gen_{number}" for number in range(11)))
    assert "You need 110 credits and have 100" in short.value.message
    assert (studio.lines(), studio.balance(), used(studio)) == (before, 100, 0)
    hold_many(studio, 10, *(f"gen_{number}" for number in range(6)))
    assert studio.lines() == [*before, *["hold"] * 6]
    assert (studio.balance(), used(studio)) == (40, 60)
    credits.release(organization=studio.organization, reference="gen_3", now=NOON)
    assert (studio.balance(), used(studio)) == (50, 50)


def test_many_holds_take_the_allowance_first_and_then_what_was_bought(studio: Studio) -> None:
    credits.grant(
        organization=studio.organization,
        fact="allowance",
        allowance=25,
        allowance_until=DECEMBER,
        now=NOON,
    )
    cap_altogether(studio, "client:a", 60)
    hold_many(studio, 10, "gen_1", "gen_2", "gen_3", "gen_4")
    with studio.enter():
        lines = credits.lines_of(organization=studio.organization).filter(kind="hold").order_by("number")
        taken = list(lines.values_list("allowance", "purchased", "labels__room"))
    assert taken == [(-10, 0, "gen_1"), (-10, 0, "gen_2"), (-5, -5, "gen_3"), (0, -10, "gen_4")]
