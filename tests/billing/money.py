"""A customer of the offline Stripe, with the words that tests about money use."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from billing import catalogue, credits, entitlements, inbox, ledger, purchases, subscriptions
from billing import stripe_gateway as stripe
from billing.models import PaidCredits, Purchase, Reversal, StripePrice, Subscription
from billing.stripe_sandbox.world import World
from tests.factories import Studio

BACK: dict[str, Any] = {"success_url": "https://here.example/done", "cancel_url": "https://here.example/no"}
OK = "4242424242424242"
DECLINED = "4000000000000002"
FAILS_LATER = "4000000000000341"
DEBIT = "000123456789"


@dataclass
class Shop:
    """A workspace that buys, and Stripe."""

    world: World
    studio: Studio
    delivered: int = field(default=0)

    @property
    def now(self) -> datetime:
        """Stripe's clock."""
        return datetime.fromtimestamp(self.world.now, tz=UTC)

    @property
    def who(self) -> dict[str, Any]:
        """The arguments that every service takes."""
        return {
            "organization": self.studio.organization,
            "by_user": self.studio.owner,
            "now": self.now,
        }

    def session(self, url: str) -> str:
        """The id of the Checkout Session behind its address."""
        return (
            next(part for part in reversed(url.split("/")) if part.startswith("cs_"))
            .split("?")[0]
            .split("#")[0]
        )

    def subscribe(self, plan: str = "starter", card: str = OK) -> str:
        """Choose a plan and pay; Stripe's events are not delivered yet. Returns the session's id."""
        session = self.session(subscriptions.choose_plan(plan=plan, **self.who, **BACK))
        self.world.pay(session, card)
        return session

    def buy(self, pack: str = "100", card: str = OK) -> str:
        """Buy a pack and pay; Stripe's events are not delivered yet. Returns the session's id."""
        session = self.session(purchases.buy_pack(pack=pack, **self.who, **BACK))
        self.world.pay(session, card)
        return session

    def payment_of(self, session: str) -> str:
        """The payment intent of a session."""
        return stripe.oid(stripe.read_session(session).payment_intent)

    def deliver(self) -> None:
        """Everything that has happened since the last time, in order, as webhooks would."""
        events = self.world.captured_after(self.delivered)
        self.delivered += len(events)
        for event in events:
            self.handle(event)

    def handle(self, event: dict[str, Any]) -> None:
        """One event: stored once, then worked on."""
        kept = stripe.Event(
            event["id"], event["type"], event["data"]["object"]["id"], event["livemode"], event["created"]
        )
        inbox.store(event=kept, now=self.now)
        inbox.work(event_id=event["id"], now=self.now)

    def credits(self) -> tuple[int, int, int]:
        """Allowance, purchased, debt."""
        have = credits.balance(organization=self.studio.organization, now=self.now)
        return have.allowance, have.purchased, have.debt

    def subscription(self) -> str:
        """The id of the first subscription."""
        return next(iter(self.world.rows["subscription"]))

    def bought(self) -> list[purchases.Bought]:
        """The packs, newest first."""
        return purchases.bought(organization=self.studio.organization, now=self.now)

    def spend(self, amount: int) -> None:
        """Make pictures worth so much."""
        reference = f"gen_{self.world.now}_{len(self.studio.lines())}"
        organization = self.studio.organization
        credits.hold(organization=organization, credits=amount, reference=reference, now=self.now)
        credits.settle(organization=organization, reference=reference, now=self.now)

    def state(self) -> entitlements.PlanState:
        """How the plan stands."""
        return entitlements.state_of(organization=self.studio.organization, now=self.now)

    def plan(self) -> str:
        """The plan whose entitlements the workspace has."""
        self.studio.organization.refresh_from_db()
        return str(self.studio.organization.plan)

    def final_state(self) -> dict[str, Any]:
        """Everything that must not depend on how events travelled."""
        organization = self.studio.organization
        with self.studio.enter():
            state = {
                "credits": self.credits(),
                "plan": self.plan(),
                "paid": sorted(
                    PaidCredits.objects.of(organization).values_list(
                        "fact", "kind", "plan", "credits", "received", "starts", "until",
                        "refunded", "disputed", "taken_by_refunds", "taken_by_disputes",
                    )
                ),
                "purchases": sorted(
                    Purchase.objects.of(organization).values_list("session_id", "payment_intent", "pack", "state")
                ),
                "reversals": sorted(
                    Reversal.objects.of(organization).values_list("reversal_id", "amount", "status", "counts")
                ),
                "subscriptions": sorted(
                    Subscription.objects.of(organization).values_list(
                        "subscription_id", "status", "plan", "period_start", "period_end", "cancel_at", "ended_at",
                        "trial_end", "past_due_since",
                    )
                ),
            }  # fmt: skip
        assert ledger.drift() == []
        return state


_SHELVES: dict[int | None, tuple[dict[str, Any], list[Any]]] = {}


def stock(world: World) -> None:
    """What `catalogue.sync` does to a new world, by its twenty requests once and then by copying what came of them."""
    if world.start not in _SHELVES:
        catalogue.sync()
        state = {name: deepcopy(getattr(world, name)) for name in ("serial", "rows", "hidden", "answers")}
        _SHELVES[world.start] = state, list(StripePrice.objects.order_by("pk").values())
        return
    state, prices = _SHELVES[world.start]
    for name, value in state.items():
        setattr(world, name, deepcopy(value))
    StripePrice.objects.bulk_create([StripePrice(**{**price, "id": None}) for price in prices])
