"""An offline Stripe with a small catalogue, as the real package sees it."""

from __future__ import annotations

from typing import Any

import stripe

from billing.stripe_sandbox import cards
from billing.stripe_sandbox.errors import ApiError
from billing.stripe_sandbox.world import World

START = 1_767_225_600  # 1 January 2026
NOW = {"billing_cycle_anchor": {"type": "now"}, "proration_behavior": "none"}


class Shop:
    """`stripe` is the package's own client; `prices` are ids by lookup key."""

    def __init__(self, world: World, address: str) -> None:
        self.world = world
        self.address = address
        self.stripe: Any = stripe.StripeClient(
            "sk_test_x", base_addresses={"api": address}, max_network_retries=0
        ).v1
        product = self.stripe.products.create({"name": "Growth"}).id
        self.prices: dict[str, str] = {}
        for key, amount in (("starter", 1900), ("growth", 4900), ("pack", 2000)):
            recurring: Any = {} if key == "pack" else {"recurring": {"interval": "month"}}
            params: Any = {"product": product, "currency": "usd", "unit_amount": amount, "lookup_key": key}
            self.prices[key] = self.stripe.prices.create(params | recurring).id
        self.customer = self.stripe.customers.create({"email": "a@example.com", "name": "A"}).id

    def session(self, key: str, **more: Any) -> str:
        """An open Checkout page for one of it."""
        params: Any = {
            "mode": "payment" if key == "pack" else "subscription",
            "customer": self.customer,
            "line_items": [{"price": self.prices[key], "quantity": 1}],
            "success_url": "http://localhost/done?session={CHECKOUT_SESSION_ID}",
            "cancel_url": "http://localhost/no",
            **more,
        }
        return str(self.stripe.checkout.sessions.create(params).id)

    def buy(self, card: str = cards.OK) -> str:
        """A pack; the id of its payment intent."""
        session = self.session("pack")
        self.world.pay(session, card)
        return str(self.stripe.checkout.sessions.retrieve(session).payment_intent)

    def subscribe(self, key: str = "starter", card: str = cards.OK, *, trial: int = 0) -> str:
        """A plan; the id of its subscription."""
        session = self.session(key, **({"subscription_data": {"trial_period_days": trial}} if trial else {}))
        self.world.pay(session, card)
        return str(self.stripe.checkout.sessions.retrieve(session).subscription)

    def change(self, sub: str, key: str, **more: Any) -> Any:
        """Another price for the only item."""
        item = self.stripe.subscriptions.retrieve(sub)["items"].data[0].id
        params: Any = {"items": [{"id": item, "price": self.prices[key]}], **more}
        return self.stripe.subscriptions.update(sub, params)

    def status(self, sub: str) -> str:
        return str(self.stripe.subscriptions.retrieve(sub).status)

    def invoices(self, sub: str) -> list[Any]:
        """Oldest first."""
        return list(self.stripe.invoices.list({"subscription": sub, "limit": 100}).data[::-1])

    def types(self) -> list[str]:
        """The types of all events so far."""
        return [event["type"] for event in self.world.captured]


def live_a_year(shop: Shop) -> None:
    """One of everything that the sandbox can do, so that every kind of event has been captured."""
    world = shop.world
    sub = shop.subscribe("growth", trial=7)
    world.advance(days=8)
    world.cancel_at_period_end(sub)
    world.cancel_at_period_end(sub, wished=False)
    world.change_card(shop.customer, cards.FAILS_LATER)
    world.advance(days=32)
    world.change_card(shop.customer)
    shop.change(sub, "starter", proration_behavior="none")
    shop.change(sub, "growth", **NOW, payment_behavior="error_if_incomplete")
    shop.change(sub, "starter", proration_behavior="always_invoice")
    shop.change(sub, "growth", proration_behavior="always_invoice")
    for card, answer in ((cards.DECLINED, True), (cards.THREE_D_SECURE, False)):
        try:
            world.pay(shop.session("pack"), card, authenticate=answer)
        except ApiError:
            continue
        raise AssertionError(card)
    first, second = shop.buy(), shop.buy(cards.THREE_D_SECURE)
    world.refund(first, 500)
    world.settle_refund(world.refund(first, 300, outcome="pending")["id"])
    world.refund(first, 200, outcome="failed")
    world.close_dispute(world.dispute(second)["id"], "won")
    world.close_dispute(world.dispute(second, inquiry=True)["id"], "warning_closed")
    inquiry = world.dispute(first, inquiry=True)["id"]
    world.escalate(inquiry)
    shop.stripe.disputes.update(inquiry, {"evidence": {"uncategorized_text": "They did."}})
    world.close_dispute(inquiry, "lost")
    shop.buy(cards.DISPUTED)
    world.settle(shop.buy(cards.BANK))
    world.settle(shop.buy(cards.BANK), paid=False)
    debited = shop.subscribe("starter", cards.BANK)
    invoice = shop.invoices(debited)[0].id
    paid_by: Any = shop.stripe.invoice_payments.list({"invoice": invoice}).data[0].payment.payment_intent
    world.settle(str(paid_by), paid=False)
    shop.session("pack")
    shop.stripe.billing_portal.sessions.create({"customer": shop.customer, "return_url": "http://localhost/"})
    intent: Any = {"amount": 700, "currency": "usd", "customer": shop.customer}
    shop.stripe.payment_intents.cancel(shop.stripe.payment_intents.create(intent).id)
    world.advance(days=2)
    world.change_card(shop.customer, cards.FAILS_LATER)
    world.advance(days=60)
