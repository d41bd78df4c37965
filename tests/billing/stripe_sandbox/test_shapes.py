"""Objects can't drift from the installed package in silence."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import stripe

from billing.stripe_sandbox.core import CLASSES
from billing.stripe_sandbox.typed import DriftError, fill, left_out, problems
from tests.billing.stripe_sandbox.shop import Shop, live_a_year

REFUND: dict[str, Any] = {
    "id": "re_1",
    "object": "refund",
    "amount": 1,
    "created": 1,
    "currency": "usd",
    "charge": "ch_1",
    "status": "succeeded",
}
EXPECTED = {
    "charge.dispute.closed",
    "charge.dispute.funds_reinstated",
    "charge.dispute.funds_withdrawn",
    "charge.failed",
    "charge.pending",
    "charge.refunded",
    "checkout.session.async_payment_failed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.completed",
    "checkout.session.expired",
    "customer.subscription.deleted",
    "customer.subscription.trial_will_end",
    "customer.subscription.updated",
    "invoice.paid",
    "invoice.payment_failed",
    "payment_intent.canceled",
    "refund.failed",
}


def test_every_event_of_a_year_has_the_packages_own_shape(offline: Shop) -> None:
    live_a_year(offline)
    events = offline.world.captured
    assert len(events) > 100
    assert {event["type"] for event in events} >= EXPECTED
    found = set()
    for event in events:
        row = event["data"]["object"]
        found |= set(problems(stripe.Event, event, "event"))
        found |= set(problems(CLASSES[row["object"]], row, event["type"]))
    assert found == set()


def test_every_row_left_after_a_year_has_it_too(offline: Shop) -> None:
    live_a_year(offline)
    rows = [(kind, row) for kind, kept in offline.world.rows.items() for row in kept.values()]
    assert {kind for kind, _row in rows} >= {
        "billing_portal.session",
        "balance_transaction",
        "invoice_payment",
    }
    assert {found for kind, row in rows for found in problems(CLASSES[kind], row, kind)} == set()


def test_nothing_is_null_that_stripe_leaves_out(offline: Shop) -> None:
    live_a_year(offline)
    for event in offline.world.captured:
        row = event["data"]["object"]
        nulls = {name for name, value in row.items() if value is None}
        assert nulls & left_out(CLASSES[row["object"]]) == set()
    assert not hasattr(offline.stripe.refunds.list().data[-1], "failure_reason")


@pytest.mark.parametrize(
    "change", [{"amount": "1"}, {"reason": "because"}, {"invented": 1}, {"destination_details": {"x": 1}}]
)
def test_the_check_of_shapes_sees_what_is_wrong(change: dict[str, Any]) -> None:
    right = fill(stripe.Refund, REFUND)
    assert list(problems(stripe.Refund, right)) == []
    assert list(problems(stripe.Refund, {**right, **change})) != []


def test_the_check_of_shapes_looks_inside(offline: Shop) -> None:
    sub = offline.world.show(offline.subscribe())
    assert list(problems(stripe.Subscription, sub)) == []
    wrong = copy.deepcopy(sub)
    wrong["items"]["data"][0]["price"]["recurring"]["interval"] = "fortnight"
    assert ["fortnight" in found for found in problems(stripe.Subscription, wrong)] == [True]
    del wrong["items"]["data"][0]["current_period_end"]
    assert any(
        found.endswith("current_period_end: missing") for found in problems(stripe.Subscription, wrong)
    )


def test_an_object_that_is_none_of_stripes_cannot_be_made() -> None:
    with pytest.raises(DriftError, match="has no"):
        fill(stripe.Refund, {**REFUND, "invented": 1})
    with pytest.raises(DriftError, match=r"Refund\.currency is never null"):
        fill(stripe.Refund, {name: value for name, value in REFUND.items() if name != "currency"})
