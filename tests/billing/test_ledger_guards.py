"""What must never happen, tried with raw SQL: each attempt runs into exactly the guard that is named for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db import IntegrityError, InternalError, connection, transaction

from accounts import tenancy
from accounts.models import Organization
from billing import credits
from tests.factories import NOON, Studio

Try = Callable[[str, str], None]

COLUMNS = (
    "organization_id, account_id, number, kind, allowance, purchased, held, debt,"
    " allowance_after, purchased_after, held_after, debt_after, reference, hold_id, budgets, labels, at"
)


@pytest.fixture
def ledger(studio: Studio) -> Iterator[Try]:
    """100 purchased credits in line 1, a hold of 10 (`gen_1`) in line 2, one of 20 (`gen_2`) in line 3."""
    credits.hold(organization=studio.organization, credits=10, reference="gen_1", now=NOON)
    credits.hold(organization=studio.organization, credits=20, reference="gen_2", now=NOON)

    def attempt(sql: str, guard: str) -> None:
        with (
            pytest.raises((IntegrityError, InternalError)) as stopped,
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cause = stopped.value.__cause__
        assert cause is not None
        assert cause.diag.constraint_name == guard  # type: ignore[attr-defined]

    with tenancy.enter(studio.organization):
        with connection.cursor() as cursor:  # what a commit would have checked by now
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        yield attempt


def line(
    kind: str, *, effect: str, after: str, number: int = 4, reference: str = "x", hold: str = "NULL"
) -> str:
    """An INSERT; `effect` and `after` are allowance, purchased, held, debt."""
    return (
        f"INSERT INTO billing_creditentry ({COLUMNS}) SELECT organization_id, id, {number}, '{kind}', {effect},"
        f" {after}, '{reference}', {hold}, '{{}}', '{{}}', now() FROM billing_creditaccount"
    )


def first_hold() -> str:
    return "(SELECT id FROM billing_creditentry WHERE kind = 'hold' AND reference = 'gen_1')"


@pytest.mark.parametrize(
    ("column", "guard"),
    [
        ("allowance", "credit_account_allowance_not_negative"),
        ("purchased", "credit_account_purchased_not_negative"),
        ("held", "credit_account_held_not_negative"),
        ("debt", "credit_account_debt_not_negative"),
    ],
)
def test_no_column_of_an_account_goes_below_zero(ledger: Try, column: str, guard: str) -> None:
    ledger(f"UPDATE billing_creditaccount SET {column} = -1", guard)


def test_an_account_can_not_be_moved_without_a_line(ledger: Try) -> None:
    ledger("UPDATE billing_creditaccount SET purchased = purchased + 1", "credit_account_matches_ledger")


def test_an_account_can_not_hide_a_line(ledger: Try) -> None:
    ledger("UPDATE billing_creditaccount SET lines = lines - 1", "credit_account_matches_ledger")


def test_a_line_can_not_be_written_without_moving_the_account(ledger: Try) -> None:
    ledger(line("grant", effect="0, 5, 0, 0", after="0, 75, 30, 0"), "credit_account_matches_ledger")


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE billing_creditentry SET purchased = 7",
        "DELETE FROM billing_creditentry",
        "TRUNCATE billing_creditentry",
    ],
)
def test_a_line_is_written_once(ledger: Try, sql: str) -> None:
    ledger(sql, "billing_creditentry_append_only")


def test_a_line_continues_the_one_before_it(ledger: Try) -> None:
    ledger(line("grant", effect="0, 5, 0, 0", after="0, 99, 30, 0"), "credit_entry_chain")


def test_a_line_follows_a_line(ledger: Try) -> None:
    ledger(line("grant", effect="0, 5, 0, 0", after="0, 75, 30, 0", number=9), "credit_entry_chain")


def test_a_line_number_is_used_once(ledger: Try) -> None:
    ledger(line("grant", effect="0, 5, 0, 0", after="0, 95, 10, 0", number=3), "credit_entry_number_once")


def test_no_balance_after_is_below_zero(ledger: Try) -> None:
    ledger(line("expire", effect="-1, 0, 0, 0", after="-1, 70, 30, 0"), "credit_entry_after_not_negative")


def test_a_thing_is_held_once(ledger: Try) -> None:
    ledger(
        line("hold", effect="0, -10, 10, 0", after="0, 60, 40, 0", reference="gen_1"),
        "credit_entry_one_hold_per_reference",
    )


@pytest.mark.parametrize("first", ["settle", "release"])
@pytest.mark.parametrize("second", ["settle", "release"])
def test_a_hold_is_closed_once(ledger: Try, studio: Studio, first: str, second: str) -> None:
    getattr(credits, first)(organization=studio.organization, reference="gen_1", now=NOON)
    left = 80 if first == "release" else 70
    effect, after = (
        ("0, 10, -10, 0", f"0, {left + 10}, 10, 0")
        if second == "release"
        else ("0, 0, -10, 0", f"0, {left}, 10, 0")
    )
    ledger(
        line(second, effect=effect, after=after, number=5, hold=first_hold()),
        "credit_entry_one_close_per_hold",
    )


@pytest.mark.parametrize(
    ("kind", "guard"),
    [("grant", "credit_entry_one_grant_per_fact"), ("clawback", "credit_entry_one_clawback_per_fact")],
)
def test_a_fact_counts_once(ledger: Try, studio: Studio, kind: str, guard: str) -> None:
    give = kind == "grant"
    if give:
        credits.grant(organization=studio.organization, purchased=5, fact="pi_1", now=NOON)
    else:
        credits.clawback(organization=studio.organization, credits=5, fact="pi_1", now=NOON)
    effect, after = ("0, 5, 0, 0", "0, 80, 30, 0") if give else ("0, -5, 0, 0", "0, 60, 30, 0")
    ledger(line(kind, effect=effect, after=after, number=5, reference="pi_1"), guard)


def test_what_was_taken_is_returned_once_for_a_fact(ledger: Try, studio: Studio) -> None:
    returned = line("return", effect="0, 5, 0, 0", after="0, 75, 30, 0", reference="pi_1/2")
    moved = "UPDATE billing_creditaccount SET purchased = 75, lines = 4"
    with connection.cursor() as cursor:
        cursor.execute(returned)
        cursor.execute(moved)
    again = line("return", effect="0, 5, 0, 0", after="0, 80, 30, 0", number=5, reference="pi_1/2")
    ledger(again, "credit_entry_one_return_per_fact")


@pytest.mark.parametrize(
    ("sql", "guard"),
    [
        (line("settle", effect="0, 0, -10, 0", after="0, 70, 20, 0"), "credit_entry_closing_names_its_hold"),
        (
            line("grant", effect="0, 5, 0, 0", after="0, 75, 30, 0", hold=first_hold()),
            "credit_entry_closing_names_its_hold",
        ),
        (line("hold", effect="0, -10, 12, 0", after="0, 60, 42, 0"), "credit_entry_hold_sets_aside"),
        (line("hold", effect="0, 0, 0, 0", after="0, 70, 30, 0"), "credit_entry_hold_sets_aside"),
        (
            line("release", effect="0, 9, -10, 0", after="0, 79, 20, 0", hold=first_hold()),
            "credit_entry_release_returns_all",
        ),
        (
            line("settle", effect="0, 10, -10, 0", after="0, 80, 20, 0", hold=first_hold()),
            "credit_entry_settle_takes_some",
        ),
        (line("grant", effect="0, -5, 0, 0", after="0, 65, 30, 0"), "credit_entry_grant_only_gives"),
        (line("expire", effect="0, -5, 0, 0", after="0, 65, 30, 0"), "credit_entry_expire_takes_allowance"),
        (line("return", effect="0, -5, 0, 0", after="0, 65, 30, 0"), "credit_entry_return_only_gives"),
        (line("clawback", effect="0, 5, 0, 0", after="0, 75, 30, 0"), "credit_entry_clawback_takes_or_owes"),
    ],
)
def test_each_kind_of_line_moves_only_what_it_may(ledger: Try, sql: str, guard: str) -> None:
    ledger(sql, guard)


def test_a_budget_is_not_used_below_zero(ledger: Try) -> None:
    ledger(
        "INSERT INTO billing_budget (organization_id, key, cap, used)"
        " SELECT organization_id, 'k', 10, -1 FROM billing_creditaccount",
        "budget_used_not_negative",
    )


def test_a_budget_caps_at_0_to_10_million(ledger: Try) -> None:
    for cap in (-1, 10_000_001):
        ledger(
            "INSERT INTO billing_budget (organization_id, key, cap, used)"
            f" SELECT organization_id, 'k', {cap}, 0 FROM billing_creditaccount",
            "budget_cap_in_range",
        )


def test_a_day_is_summed_once(ledger: Try) -> None:
    ledger(
        "INSERT INTO billing_creditday (organization_id, key, value, day, lines, granted, taken)"
        " SELECT organization_id, '', '', '2026-01-01', 1, 1, 0 FROM billing_creditaccount, generate_series(1, 2)",
        "credit_day_once_per_label",
    )


def test_a_budget_has_its_key_once(ledger: Try) -> None:
    ledger(
        "INSERT INTO billing_budget (organization_id, key, cap, used)"
        " SELECT organization_id, 'k', 10, 0 FROM billing_creditaccount, generate_series(1, 2)",
        "budget_key_once",
    )


def test_an_account_must_match_from_its_first_moment(ledger: Try, studio: Studio) -> None:
    with connection.cursor() as cursor:
        other = Organization.objects.create(name="Another").pk
        cursor.execute("SELECT set_config('app.organization', %s, true)", [str(other)])
    ledger(
        "INSERT INTO billing_creditaccount (organization_id, allowance, purchased, held, debt, lines)"
        f" VALUES ({other}, 0, 50, 0, 0, 0)",
        "credit_account_matches_ledger",
    )


def test_every_guard_of_billing_is_tried() -> None:
    here = Path(__file__)
    tried = here.read_text() + here.with_name("test_stripe_guards.py").read_text()
    named = {c.name for model in apps.get_app_config("billing").get_models() for c in model._meta.constraints}
    triggers = {"billing_creditentry_append_only", "credit_entry_chain", "credit_account_matches_ledger"}
    assert {name for name in named | triggers if f'"{name}"' not in tried} == set()


def test_the_audit_log_is_written_once(ledger: Try) -> None:
    ledger("UPDATE accounts_auditentry SET action = 'nothing'", "accounts_auditentry_append_only")
