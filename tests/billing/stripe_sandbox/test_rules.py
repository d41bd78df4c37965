"""What Stripe does by its rules: trials, renewals, changes, retries, refunds and disputes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import stripe

from billing.stripe_sandbox import cards
from billing.stripe_sandbox.errors import ApiError
from billing.stripe_sandbox.periods import months_after
from tests.billing.stripe_sandbox.shop import NOW, START, Shop


def test_a_trial_costs_nothing_warns_three_days_before_and_then_bills(offline: Shop) -> None:
    sub = offline.subscribe("growth", trial=7)
    assert offline.status(sub) == "trialing"
    (first,) = offline.invoices(sub)
    assert (first.billing_reason, first.amount_paid, first.status) == ("subscription_create", 0, "paid")
    offline.world.advance(days=3.9)
    assert "customer.subscription.trial_will_end" not in offline.types()
    offline.world.advance(days=3.2)
    assert offline.types().count("customer.subscription.trial_will_end") == 1
    assert offline.status(sub) == "active"
    second = offline.invoices(sub)[1]
    assert (second.billing_reason, second.amount_paid) == ("subscription_cycle", 4900)


def test_a_year_is_billed_twelve_times_for_periods_without_gaps(offline: Shop) -> None:
    sub = offline.subscribe()
    offline.world.advance(days=364)
    periods = [invoice.lines.data[0].period for invoice in offline.invoices(sub)]
    assert len(periods) == 12
    assert [p.start for p in periods[1:]] == [p.end for p in periods[:-1]]
    assert periods[0].start == START
    looks_back = [(invoice.period_start, invoice.period_end) for invoice in offline.invoices(sub)]
    assert looks_back[0] == (START, START)
    assert looks_back[1:] == [(p.start, p.end) for p in periods[:-1]]


def test_a_month_after_the_last_of_january_is_the_last_of_february() -> None:
    january = int(datetime(2026, 1, 31, tzinfo=UTC).timestamp())
    days = [datetime.fromtimestamp(months_after(january, n), UTC).day for n in range(4)]
    assert days == [31, 28, 31, 30]


def test_a_failed_renewal_is_tried_again_and_then_ends_the_plan(offline: Shop) -> None:
    sub = offline.subscribe(card=cards.FAILS_LATER)
    offline.world.advance(days=32)
    assert offline.status(sub) == "past_due"
    renewal = offline.invoices(sub)[1]
    assert renewal.next_payment_attempt == START + 34 * 24 * 3600
    offline.world.advance(days=20)
    assert offline.status(sub) == "canceled"
    assert offline.invoices(sub)[1].attempt_count == 4
    ended = offline.stripe.subscriptions.retrieve(sub).cancellation_details
    assert ended is not None
    assert ended.reason == "payment_failed"


def test_a_new_card_pays_what_is_owed_at_once(offline: Shop) -> None:
    sub = offline.subscribe(card=cards.FAILS_LATER)
    offline.world.advance(days=32)
    offline.world.change_card(offline.customer)
    assert offline.status(sub) == "active"
    assert offline.invoices(sub)[1].status == "paid"


def test_an_upgrade_from_now_costs_the_full_price_and_starts_a_period(offline: Shop) -> None:
    sub = offline.subscribe()
    offline.world.advance(days=10)
    offline.change(sub, "growth", **NOW)
    invoice = offline.invoices(sub)[1]
    (line,) = invoice.lines.data
    assert (invoice.billing_reason, invoice.amount_paid) == ("subscription_update", 4900)
    assert line.period.start == START + 10 * 24 * 3600
    assert not line.parent.subscription_item_details.proration
    assert line.pricing.price_details.price == offline.prices["growth"]


def test_a_declined_upgrade_changes_nothing_where_it_says_so(offline: Shop) -> None:
    sub = offline.subscribe(card=cards.FAILS_LATER)
    before = offline.world.show(sub)
    with pytest.raises(stripe.CardError):
        offline.change(sub, "growth", **NOW, payment_behavior="error_if_incomplete")
    assert offline.world.show(sub) == before
    assert [invoice.status for invoice in offline.invoices(sub)] == ["paid", "void"]


def test_an_upgrade_out_of_a_trial_ends_it(offline: Shop) -> None:
    sub = offline.subscribe(trial=7)
    offline.change(sub, "growth", trial_end="now", proration_behavior="none")
    assert offline.status(sub) == "active"
    assert offline.invoices(sub)[-1].amount_paid == 4900


def test_another_price_without_proration_counts_from_the_next_period(offline: Shop) -> None:
    sub = offline.subscribe("growth")
    offline.change(sub, "starter", proration_behavior="none")
    assert len(offline.invoices(sub)) == 1
    offline.world.advance(days=32)
    assert offline.invoices(sub)[1].amount_paid == 1900


def test_prorated_lines_say_that_they_are(offline: Shop) -> None:
    sub = offline.subscribe()
    offline.world.advance(days=15.5)
    offline.change(sub, "growth", proration_behavior="always_invoice")
    lines = offline.invoices(sub)[1].lines.data
    assert [line.parent.subscription_item_details.proration for line in lines] == [True, True]
    assert [line.amount for line in lines] == [-950, 2450]


def test_a_plan_ends_with_its_period_unless_resumed(offline: Shop) -> None:
    sub = offline.subscribe()
    offline.stripe.subscriptions.update(sub, {"cancel_at_period_end": True})
    offline.stripe.subscriptions.update(sub, {"cancel_at_period_end": False})
    offline.world.advance(days=32)
    assert offline.status(sub) == "active"
    offline.stripe.subscriptions.update(sub, {"cancel_at_period_end": True})
    offline.world.advance(days=31)
    assert offline.status(sub) == "canceled"
    assert len(offline.invoices(sub)) == 2


def test_a_slow_payment_is_unpaid_until_it_arrives(offline: Shop) -> None:
    session = offline.session("pack")
    offline.world.pay(session, cards.BANK)
    seen = offline.stripe.checkout.sessions.retrieve(session)
    assert (seen.status, seen.payment_status) == ("complete", "unpaid")
    offline.world.settle(str(seen.payment_intent))
    assert offline.stripe.checkout.sessions.retrieve(session).payment_status == "paid"
    assert offline.types()[-1] == "checkout.session.async_payment_succeeded"


def test_a_declined_card_leaves_the_page_open_for_another(offline: Shop) -> None:
    session = offline.session("pack")
    with pytest.raises(ApiError, match="declined"):
        offline.world.pay(session, cards.DECLINED)
    offline.world.pay(session)
    assert offline.types().count("payment_intent.created") == 1
    with pytest.raises(ApiError, match="complete"):
        offline.world.pay(session)


def test_refunds_add_up_and_never_exceed_the_payment(offline: Shop) -> None:
    payment = offline.buy()
    offline.stripe.refunds.create({"payment_intent": payment, "amount": 500})
    failed = offline.world.refund(payment, 1000, outcome="failed")
    assert failed["status"] == "failed"
    charge = str(offline.stripe.payment_intents.retrieve(payment).latest_charge)
    assert offline.stripe.charges.retrieve(charge).amount_refunded == 500
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        offline.stripe.refunds.create({"payment_intent": payment, "amount": 1501})
    offline.stripe.refunds.create({"payment_intent": payment})
    assert offline.stripe.charges.retrieve(charge).refunded
    with pytest.raises(stripe.InvalidRequestError) as refused:
        offline.stripe.refunds.create({"payment_intent": payment})
    assert refused.value.code == "charge_already_refunded"


def test_the_next_refund_can_be_told_to_fail_once(offline: Shop) -> None:
    payment = offline.buy()
    offline.world.next_refund("failed")
    first = offline.stripe.refunds.create({"payment_intent": payment, "amount": 100})
    second = offline.stripe.refunds.create({"payment_intent": payment, "amount": 100})
    assert [offline.stripe.refunds.retrieve(r.id).status for r in (first, second)] == ["failed", "succeeded"]


def test_a_dispute_takes_the_money_and_gives_it_back_when_won(offline: Shop) -> None:
    payment = offline.buy()
    before = offline.stripe.balance.retrieve().available[0].amount
    dispute = offline.world.dispute(payment)["id"]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        offline.stripe.refunds.create({"payment_intent": payment})
    assert refused.value.code == "charge_disputed"
    assert offline.stripe.balance.retrieve().available[0].amount == before - 2000 - 1500
    offline.world.close_dispute(dispute, "won")
    assert offline.types()[-2:] == ["charge.dispute.funds_reinstated", "charge.dispute.closed"]
    with pytest.raises(ApiError, match="already closed"):
        offline.world.close_dispute(dispute, "lost")


def test_an_inquiry_takes_nothing(offline: Shop) -> None:
    payment = offline.buy()
    inquiry = offline.world.dispute(payment, inquiry=True)
    assert (inquiry["status"], inquiry["balance_transactions"]) == ("warning_needs_response", [])
    with pytest.raises(ApiError, match="can't become won"):
        offline.world.close_dispute(inquiry["id"], "won")
    offline.world.close_dispute(inquiry["id"], "warning_closed")
    assert "charge.dispute.funds_withdrawn" not in offline.types()


def test_an_unpaid_page_expires_after_a_day(offline: Shop) -> None:
    session = offline.session("pack")
    offline.world.advance(days=1.1)
    assert offline.stripe.checkout.sessions.retrieve(session).status == "expired"


def test_a_card_is_kept_only_where_the_page_said_so(offline: Shop) -> None:
    def kept() -> int:
        return len(offline.stripe.customers.payment_methods.list(offline.customer).data)

    offline.buy()
    assert kept() == 0
    wish = {"setup_future_usage": "off_session"}
    offline.world.pay(offline.session("pack", payment_intent_data=wish))
    assert kept() == 1


def charge(offline: Shop, method: str, **more: Any) -> Any:
    """While its owner is away."""
    params: Any = {
        "amount": 2000,
        "currency": "usd",
        "customer": offline.customer,
        "payment_method": method,
        "off_session": True,
        "confirm": True,
        **more,
    }
    return offline.stripe.payment_intents.create(params)


NO_REDIRECTS: Any = {"automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}}


def test_a_saved_card_pays_while_its_owner_is_away(offline: Shop) -> None:
    method = offline.world.change_card(offline.customer)["id"]
    intent = charge(offline, method, **NO_REDIRECTS)
    assert (intent.status, intent.amount_received) == ("succeeded", 2000)


def test_a_payment_that_might_redirect_wants_an_address_to_return_to(offline: Shop) -> None:
    method = offline.world.change_card(offline.customer)["id"]
    with pytest.raises(stripe.InvalidRequestError, match="allow_redirects"):
        charge(offline, method)
    assert charge(offline, method, return_url="http://localhost/back").status == "succeeded"


def test_a_ready_test_card_is_attached_as_a_card_of_the_customers_own(offline: Shop) -> None:
    whose: Any = {"customer": offline.customer}
    method = offline.stripe.payment_methods.attach("pm_card_visa", whose)
    assert (method.customer, method.card.last4) == (offline.customer, "4242")
    assert offline.stripe.payment_methods.attach(method.id, whose).id == method.id
    assert charge(offline, method.id, **NO_REDIRECTS).status == "succeeded"
    other: Any = {"customer": offline.stripe.customers.create({"name": "B"}).id}
    with pytest.raises(stripe.InvalidRequestError, match="already been attached"):
        offline.stripe.payment_methods.attach(method.id, other)
    failing = offline.stripe.payment_methods.attach("pm_card_chargeCustomerFail", whose)
    with pytest.raises(stripe.CardError) as declined:
        charge(offline, failing.id, **NO_REDIRECTS)
    assert declined.value.code == "card_declined"
