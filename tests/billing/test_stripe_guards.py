"""What must never happen with money, tried with raw SQL: each attempt runs into exactly the guard named for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.db import IntegrityError, connection, transaction

from accounts import tenancy
from tests.factories import Studio

Try = Callable[..., None]

PAID = (
    "INSERT INTO billing_paidcredits (organization_id, kind, fact, payment_intent, invoice, subscription, plan,"
    " credits, received, currency, starts, until, refunded, disputed, taken_by_refunds, taken_by_disputes,"
    " adjustments, created_at) SELECT id, {kind}, {fact}, {payment}, '', '', '', 100, 900, 'usd', {period}, 0, 0,"
    " {refunds}, {disputes}, 0, now() FROM accounts_organization LIMIT 1"
)
NO_PERIOD, PERIOD, BACKWARDS = (
    "NULL, NULL",
    "now(), now() + interval '1 day'",
    "now(), now() - interval '1 day'",
)


def paid(
    *,
    kind: str = "pack",
    fact: str = "pi_1",
    payment: str = "pi_1",
    period: str = NO_PERIOD,
    refunds: int = 0,
    disputes: int = 0,
) -> str:
    return PAID.format(
        kind=f"'{kind}'",
        fact=f"'{fact}'",
        payment=f"'{payment}'",
        period=period,
        refunds=refunds,
        disputes=disputes,
    )


def purchase(number: int, *, automatic: bool = False, state: str = "open") -> str:
    return (
        "INSERT INTO billing_purchase (public_id, organization_id, pack, credits, amount, currency, state,"
        f" is_automatic, created_at) SELECT 'buy_{number}', id, '100', 100, 900, 'usd', '{state}',"
        f" {automatic}, now() FROM accounts_organization LIMIT 1"
    )


def price(number: int, key: str = "pack:100") -> str:
    return (
        "INSERT INTO billing_stripeprice (price_id, product_id, key, credits, amount, currency, is_current)"
        f" VALUES ('price_{number}', 'prod', '{key}', 100, 900, 'usd', true)"
    )


def reversal(kind: str) -> str:
    return (
        "INSERT INTO billing_reversal (organization_id, kind, reversal_id, payment_intent, amount, currency, status,"
        f" counts, created_at) SELECT id, '{kind}', 're_1', 'pi_1', 1, 'usd', 'pending', true, now()"
        " FROM accounts_organization LIMIT 1"
    )


EVENT = (
    "INSERT INTO billing_stripeevent (event_id, type, object_id, livemode, created_at, received_at, error)"
    " VALUES ('evt_1', 'invoice.paid', 'in_1', false, now(), now(), '')"
)


@pytest.fixture
def attempt(studio: Studio) -> Iterator[Try]:
    """Run the first statements, then the last one into its guard."""

    def run(*statements: str, guard: str) -> None:
        with connection.cursor() as cursor:
            for statement in statements[:-1]:
                cursor.execute(statement)
            with pytest.raises(IntegrityError) as stopped, transaction.atomic():
                cursor.execute(statements[-1])
        cause = stopped.value.__cause__
        assert cause is not None
        assert cause.diag.constraint_name == guard  # type: ignore[attr-defined]

    with tenancy.enter(studio.organization):
        yield run


def test_an_invoice_line_gives_once(attempt: Try) -> None:
    line = paid(kind="allowance", fact="il_1", period=PERIOD)
    attempt(line, line, guard="paid_credits_one_grant_per_fact")


def test_a_payment_gives_one_pack(attempt: Try) -> None:
    attempt(paid(), paid(fact="cs_1"), guard="paid_credits_one_pack_per_payment")


def test_a_workspace_has_one_trial(attempt: Try) -> None:
    first, second = (paid(kind="trial", fact=fact, payment="", period=PERIOD) for fact in ("il_1", "il_2"))
    attempt(first, second, guard="paid_credits_one_trial_per_workspace")


@pytest.mark.parametrize(("refunds", "disputes"), [(101, 0), (0, 101), (60, 41)])
def test_no_more_is_taken_back_than_was_granted(attempt: Try, refunds: int, disputes: int) -> None:
    statement = paid(refunds=refunds, disputes=disputes)
    attempt(statement, guard="paid_credits_taken_at_most_what_was_granted")


@pytest.mark.parametrize(
    ("kind", "period"), [("pack", PERIOD), ("allowance", NO_PERIOD), ("trial", BACKWARDS), ("gift", PERIOD)]
)
def test_an_allowance_has_a_period_and_a_pack_has_none(attempt: Try, kind: str, period: str) -> None:
    attempt(paid(kind=kind, period=period), guard="paid_credits_allowance_has_a_period")


def test_one_automatic_purchase_is_open_at_a_time(attempt: Try) -> None:
    first, second = purchase(1, automatic=True), purchase(2, automatic=True, state="pending")
    attempt(first, second, guard="purchase_one_automatic_at_a_time")


def test_a_purchase_is_in_a_known_state(attempt: Try) -> None:
    attempt(purchase(1, state="lost"), guard="purchase_state_known")


def test_a_refund_or_dispute_is_counted_once(attempt: Try) -> None:
    attempt(reversal("refund"), reversal("dispute"), guard="reversal_once")


def test_an_event_is_noted_once(attempt: Try) -> None:
    attempt(EVENT, EVENT, guard="stripe_event_once")


def test_a_thing_has_one_price_on_sale(attempt: Try) -> None:
    attempt(price(1), price(2), guard="stripe_price_one_current_per_key")
