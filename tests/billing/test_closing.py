"""A deleted workspace pays no more: its plan ends at Stripe, its payment pages close, its packs are named before."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts import deletion, lifecycle
from billing import closing, subscriptions
from billing import stripe_gateway as stripe
from billing.models import Subscription
from tests.billing.money import BACK, Shop


def test_the_plan_ends_at_once_and_is_never_charged_again(shop: Shop) -> None:
    shop.subscribe("starter")
    shop.deliver()
    assert shop.plan() == "starter"
    closing.close(organization=shop.studio.organization, now=shop.now)
    assert stripe.read_subscription(shop.subscription()).status == "canceled"
    assert shop.plan() == "free"
    closing.close(organization=shop.studio.organization, now=shop.now)  # again is harmless
    paid = len(shop.world.rows["payment_intent"])
    shop.world.advance(days=70)
    shop.deliver()
    assert len(shop.world.rows["payment_intent"]) == paid


def test_a_payment_page_left_open_can_not_be_paid_afterwards(shop: Shop) -> None:
    session = shop.session(subscriptions.choose_plan(plan="starter", **shop.who, **BACK))
    closing.close(organization=shop.studio.organization, now=shop.now)
    assert stripe.read_session(session).status == "expired"


def test_one_that_was_cancelled_meanwhile_is_no_trouble(shop: Shop) -> None:
    shop.subscribe("starter")
    shop.deliver()
    stripe.cancel_subscription(shop.subscription())
    closing.close(organization=shop.studio.organization, now=shop.now)
    with shop.studio.enter():
        assert Subscription.objects.of(shop.studio.organization).get().status == "canceled"


def test_while_stripe_is_away_the_workspace_stays_closed_and_not_yet_empty(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.subscribe("starter")
    shop.deliver()

    def away(*_: object) -> None:
        raise stripe.StripeAway("no answer")

    monkeypatch.setattr("billing.closing.stripe.cancel_subscription", away)
    with pytest.raises(lifecycle.NotYet):
        closing.close(organization=shop.studio.organization, now=shop.now)


def test_the_owner_reads_what_becomes_of_plan_allowance_and_packs(shop: Shop) -> None:
    shop.subscribe("starter")
    shop.buy("100")
    shop.deliver()
    with shop.studio.enter():
        said = deletion.explain(organization=shop.studio.organization, now=shop.now)
    assert "300 credits of the monthly allowance are lost." in said
    assert "100 credits that would never expire are lost." in said
    assert any("pack of 100 credits can be given back until" in sentence for sentence in said)
    assert any("plan Starter ends at once" in sentence for sentence in said)
    assert timezone.now() is not None
