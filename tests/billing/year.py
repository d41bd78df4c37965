"""A scripted year of one customer, and a post office that shuffles, triples, delays and loses what Stripe sends."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

from billing import credits, purchases, reconcile, subscriptions
from tests.billing.money import BACK, DEBIT, FAILS_LATER, OK, Shop

LOST = 0.2
DAYS = 400  # all of it


def CHECKPOINT() -> None:  # noqa: N802 — a mark among the steps
    """Here everything late has arrived, so that what is spent next is spent from the same credits in every order."""


class Year:
    """The steps, in order; each leaves Stripe with something to tell."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.world = shop, shop.world
        self.known: dict[str, str] = {}

    def steps(self) -> Iterator[Callable[[], object]]:
        """Trial, create, renew, upgrade, downgrade, past due, recover, packs, refunds, disputes, cancel."""
        yield lambda: self.shop.subscribe("growth", OK)  # a trial
        yield lambda: self.buy("first", "500")
        yield lambda: self.world.advance(days=8)  # paid
        yield lambda: self.buy("slow", "100", DEBIT)
        yield lambda: self.world.advance(days=31)  # renewed
        yield lambda: self.world.settle(self.known["slow"])
        yield lambda: self.buy("bounced", "100", DEBIT)
        yield lambda: self.upgrade("scale")
        yield lambda: self.world.advance(days=2)
        yield CHECKPOINT
        yield lambda: self.shop.spend(6000 + 200)
        yield lambda: self.world.settle(self.known["bounced"], paid=False)
        yield lambda: self.world.refund(self.known["first"], 1000)
        yield lambda: self.world.advance(days=5)
        yield lambda: self.world.refund(self.known["first"], 700)
        yield lambda: self.world.advance(days=28)
        yield lambda: self.buy("disputed", "500")
        yield lambda: self.dispute("won one", "disputed", 2000)
        yield lambda: subscriptions.downgrade(plan="starter", **self.shop.who)
        yield lambda: self.failing_refund("slow")
        yield lambda: self.world.close_dispute(self.known["won one"], "won")
        yield lambda: self.world.fail_refund(self.known["failing"])
        yield lambda: self.world.advance(days=31)  # starter from here
        yield lambda: self.buy("doomed", "2000")
        yield lambda: self.dispute("lost one", "doomed", 6450)
        yield lambda: self.world.advance(days=10)
        yield lambda: self.world.close_dispute(self.known["lost one"], "lost")
        yield lambda: self.world.change_card(self.customer(), FAILS_LATER)
        yield lambda: self.world.advance(days=18)  # past due
        yield lambda: self.world.change_card(self.customer(), OK)  # recovered
        yield CHECKPOINT
        yield lambda: self.buy("regretted", "500")
        yield lambda: self.dispute("inquiry", "slow", None, inquiry=True)
        yield lambda: self.world.advance(days=20)
        yield lambda: self.world.close_dispute(self.known["inquiry"], "warning_closed")
        yield self.leave_a_page
        yield lambda: self.world.advance(days=31)
        yield lambda: self.world.cancel_at_period_end(self.subscription())
        yield CHECKPOINT
        yield lambda: self.shop.spend(sum(self.shop.credits()))  # all there is
        yield lambda: self.world.refund(self.known["regretted"])  # of spent credits: debt
        yield lambda: self.buy("last", "2000")  # which this pays, whichever is heard of first
        yield lambda: self.world.advance(days=40)  # over

    def buy(self, name: str, pack: str, card: str = OK) -> None:
        """A pack; its payment is remembered by name."""
        self.known[name] = self.shop.payment_of(self.shop.buy(pack, card))

    def leave_a_page(self) -> None:
        """A page that nobody pays on."""
        purchases.buy_pack(pack="500", **self.shop.who, **BACK)

    def upgrade(self, plan: str) -> None:
        subscriptions.upgrade(plan=plan, **self.shop.who)

    def dispute(self, name: str, payment: str, amount: int | None, *, inquiry: bool = False) -> None:
        """A dispute of a payment, both by name."""
        made = self.world.dispute(self.known[payment], amount, inquiry=inquiry)
        self.known[name] = made["id"]

    def failing_refund(self, payment: str) -> None:
        """A refund that stays under way."""
        self.known["failing"] = self.world.refund(self.known[payment], outcome="pending")["id"]

    def customer(self) -> str:
        return next(iter(self.world.rows["customer"]))

    def subscription(self) -> str:
        return next(iter(self.world.rows["subscription"]))


class PostOffice:
    """Between Stripe and us."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self.shop, self.random = shop, random.Random(seed)
        self.seen = 0
        self.bags: list[dict[str, Any]] = []
        self.events = 0
        self.is_out = seed % 3 == 2  # nothing comes through before a checkpoint

    def collect(self) -> None:
        """New events: each thrice, a fifth of them not at all."""
        events = self.shop.world.captured_after(self.seen)
        self.seen += len(events)
        self.events += len(events)
        for event in events:
            if self.random.random() >= LOST:
                self.bags += [event] * 3
        self.random.shuffle(self.bags)

    def deliver_some(self) -> None:
        """Every other time some of what lies here, in any order; the rest is late."""
        if self.is_out or self.random.random() < 0.5:
            return
        for _ in range(self.random.randint(0, len(self.bags))):
            self.shop.handle(self.bags.pop())

    def deliver_all(self) -> None:
        """What was late."""
        while self.bags:
            self.shop.handle(self.bags.pop())


def live(shop: Shop, seed: int) -> tuple[list[dict[str, Any]], int]:
    """The year with a post office of this seed and a reconcile job now and then.

    Returns the state at each checkpoint and at the end, and how many events Stripe had to tell.
    """
    year, post, states = Year(shop), PostOffice(shop, seed), []
    for step in year.steps():
        if step is CHECKPOINT:
            post.deliver_all()
            states.append(finish(shop))
            continue
        step()
        post.collect()
        post.deliver_some()
        if not post.is_out and post.random.random() < 0.15:
            reconcile.run(days=reconcile.DAYS, now=shop.now, dry=False)
        if post.random.random() < 0.3:
            credits.expire_allowances(now=shop.now)
    post.deliver_all()
    return [*states, finish(shop)], post.events


def live_in_order(shop: Shop) -> tuple[list[dict[str, Any]], set[str]]:
    """The year with every event delivered once, at once; and every word that Stripe's objects came by."""
    states, words = [], set[str]()
    for step in Year(shop).steps():
        step()
        shop.deliver()
        credits.expire_allowances(now=shop.now)
        if step is CHECKPOINT:
            states.append(finish(shop))
        seen = shop.final_state()
        words |= {row[1] for row in seen["subscriptions"]} | {row[3] for row in seen["purchases"]}
        words |= {row[2] for row in seen["reversals"]}
    return [*states, finish(shop)], words


def finish(shop: Shop) -> dict[str, Any]:
    """What is left to find is found; a second look finds nothing."""
    reconcile.run(days=DAYS, now=shop.now, dry=False)
    again = reconcile.run(days=DAYS, now=shop.now, dry=True)
    assert (again.differences, again.problems) == ([], [])
    credits.expire_allowances(now=shop.now)
    return shop.final_state()
