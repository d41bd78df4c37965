"""Hold, settle, release, grant, expire, clawback: every outcome."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts import tenancy
from billing import budgets, credits, ledger
from billing.models import Budget
from tests import factories
from tests.factories import NOON, Studio

LATER = NOON + timedelta(days=40)


@pytest.fixture
def poor(db: None) -> Studio:
    return factories.make_studio(credits=0)


def hold(studio: Studio, amount: int = 10, reference: str = "gen_1", **options: object) -> None:
    credits.hold(organization=studio.organization, credits=amount, reference=reference, now=NOON, **options)  # type: ignore[arg-type]


def have(studio: Studio) -> credits.Balance:
    return credits.balance(organization=studio.organization, now=NOON)


def test_a_hold_takes_credits_out_of_the_balance(studio: Studio) -> None:
    hold(studio)
    assert (have(studio).spendable, have(studio).held) == (90, 10)


def test_a_hold_above_the_balance_is_refused_and_changes_nothing(studio: Studio) -> None:
    with pytest.raises(credits.NotEnoughCredits) as refused:
        hold(studio, 101)
    assert refused.value.facts == {"required": 101, "balance": 100}
    assert studio.lines() == ["grant"]


def test_a_workspace_without_an_account_has_nothing_to_hold(poor: Studio) -> None:
    with pytest.raises(credits.NotEnoughCredits):
        hold(poor)


def test_settling_takes_the_held_credits_for_good(studio: Studio) -> None:
    hold(studio)
    assert credits.settle(organization=studio.organization, reference="gen_1", now=NOON) == 10
    assert (have(studio).spendable, have(studio).held) == (90, 0)


def test_settling_for_less_returns_the_rest_in_one_line(studio: Studio) -> None:
    hold(studio, 30)
    credits.settle(organization=studio.organization, reference="gen_1", credits=20, now=NOON)
    assert (have(studio).spendable, have(studio).held) == (80, 0)
    assert studio.lines() == ["grant", "hold", "settle"]


def test_releasing_returns_everything(studio: Studio) -> None:
    hold(studio)
    assert credits.release(organization=studio.organization, reference="gen_1", now=NOON) == 10
    assert (have(studio).spendable, have(studio).held) == (100, 0)


@pytest.mark.parametrize("first", [credits.settle, credits.release])
@pytest.mark.parametrize("second", [credits.settle, credits.release])
def test_a_hold_closes_once(studio: Studio, first: object, second: object) -> None:
    hold(studio)
    first(organization=studio.organization, reference="gen_1", now=NOON)  # type: ignore[operator]
    before = have(studio)
    with pytest.raises(credits.HoldAlreadyClosed):
        second(organization=studio.organization, reference="gen_1", now=NOON)  # type: ignore[operator]
    assert have(studio) == before


def test_the_same_thing_is_held_once(studio: Studio) -> None:
    hold(studio)
    with pytest.raises(IntegrityError, match="credit_entry_one_hold_per_reference"):
        hold(studio)
    assert have(studio).spendable == 90


@pytest.mark.parametrize("amount", [0, -1, 11])
def test_more_than_the_hold_can_not_be_settled(studio: Studio, amount: int) -> None:
    hold(studio)
    with pytest.raises(ValueError, match="settle"):
        credits.settle(organization=studio.organization, reference="gen_1", credits=amount, now=NOON)
    assert have(studio).held == 10


def test_a_fact_is_granted_once_over_all_workspaces(studio: Studio, strange_studio: Studio) -> None:
    assert credits.grant(organization=studio.organization, purchased=5, fact="pi_1", now=NOON)
    assert not credits.grant(organization=studio.organization, purchased=5, fact="pi_1", now=NOON)
    assert not credits.grant(organization=strange_studio.organization, purchased=5, fact="pi_1", now=NOON)
    assert (have(studio).spendable, have(strange_studio).spendable) == (105, 100)


def test_allowance_is_spent_before_purchased_credits(studio: Studio) -> None:
    credits.grant(
        organization=studio.organization, allowance=15, allowance_until=LATER, fact="in_1", now=NOON
    )
    hold(studio, 20)
    assert (have(studio).allowance, have(studio).purchased) == (0, 95)


def test_a_new_period_ends_what_was_left_of_the_old_one(studio: Studio) -> None:
    credits.grant(
        organization=studio.organization, allowance=15, allowance_until=LATER, fact="in_1", now=NOON
    )
    credits.grant(
        organization=studio.organization, allowance=40, allowance_until=LATER, fact="in_2", now=NOON
    )
    assert have(studio).allowance == 40
    assert studio.lines() == ["grant", "grant", "expire", "grant"]


def test_expired_allowance_can_not_be_held_even_before_its_line_is_written(poor: Studio) -> None:
    credits.grant(
        organization=poor.organization,
        allowance=10,
        allowance_until=NOON - timedelta(seconds=1),
        fact="in_1",
        now=NOON,
    )
    assert have(poor).spendable == 0
    with pytest.raises(credits.NotEnoughCredits):
        hold(poor, 1)
    assert credits.expire_allowances(now=NOON) == 1
    assert poor.lines() == ["grant", "expire"]


def test_released_allowance_returns_to_the_running_period(poor: Studio) -> None:
    credits.grant(organization=poor.organization, allowance=10, allowance_until=LATER, fact="in_1", now=NOON)
    hold(poor)
    credits.release(organization=poor.organization, reference="gen_1", now=NOON)
    assert (have(poor).allowance, have(poor).allowance_until) == (10, LATER)


def test_released_allowance_of_a_past_period_stays_seven_days(poor: Studio) -> None:
    ends = NOON + timedelta(hours=1)
    credits.grant(organization=poor.organization, allowance=25, allowance_until=ends, fact="in_1", now=NOON)
    hold(poor)
    after = ends + timedelta(minutes=1)
    credits.release(organization=poor.organization, reference="gen_1", now=after)
    left = credits.balance(organization=poor.organization, now=after)
    assert (left.allowance, left.allowance_until) == (10, after + timedelta(days=7))


def test_a_clawback_of_spent_credits_becomes_debt_that_blocks_holds(studio: Studio) -> None:
    hold(studio, 90)
    assert credits.clawback(organization=studio.organization, credits=50, fact="re_1", now=NOON)
    assert not credits.clawback(organization=studio.organization, credits=50, fact="re_1", now=NOON)
    assert (have(studio).spendable, have(studio).debt, have(studio).held) == (0, 40, 90)
    credits.settle(organization=studio.organization, reference="gen_1", now=NOON)
    with pytest.raises(credits.InDebt):
        hold(studio, 1, "gen_2")


def test_a_grant_pays_debt_first(studio: Studio) -> None:
    hold(studio, 90)
    credits.clawback(organization=studio.organization, credits=50, fact="re_1", now=NOON)
    credits.grant(organization=studio.organization, purchased=100, fact="pi_9", now=NOON)
    assert (have(studio).spendable, have(studio).debt) == (60, 0)
    assert credits.totals(organization=studio.organization).earned == 200


def test_a_budget_caps_holds_under_its_key(studio: Studio) -> None:
    with studio.enter():
        Budget.objects.create(organization=studio.organization, key="client:7", cap=25, counted_from=NOON)
    hold(studio, 20, budgets=["client:7"])
    with pytest.raises(budgets.BudgetExceeded), transaction.atomic():
        hold(studio, 10, "gen_2", budgets=["client:7"])
    credits.settle(organization=studio.organization, reference="gen_1", credits=5, now=NOON)
    hold(studio, 20, "gen_3", budgets=["client:7"])
    with studio.enter():
        assert Budget.objects.of(studio.organization).get().used == 25


def test_nothing_held_by_one_workspace_shows_in_another(studio: Studio, strange_studio: Studio) -> None:
    hold(studio)
    assert have(strange_studio).held == 0
    with tenancy.enter(strange_studio.organization):
        assert credits.lines_of(organization=studio.organization).count() == 0


def test_totals_count_what_was_granted_and_what_was_settled(studio: Studio) -> None:
    hold(studio, 30)
    credits.settle(organization=studio.organization, reference="gen_1", credits=20, now=NOON)
    assert credits.totals(organization=studio.organization) == credits.Totals(earned=100, spent=20)
    assert ledger.drift() == []
