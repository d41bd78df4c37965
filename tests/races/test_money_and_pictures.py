"""Packs are paid, plans renew and pictures are made, all at once: no credit and no cent too many or too few."""

from __future__ import annotations

import io
import itertools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.db import connection
from django.db.models import Sum

from billing import catalogue, converge, credits, ledger, plans, purchases
from billing.models import CreditAccount, CreditEntry, PaidCredits
from billing.stripe_sandbox.server import serve
from billing.stripe_sandbox.world import World
from generations import outcomes
from generations.engines.base import Again, EngineError
from generations.models import State
from tests import factories
from tests.billing.money import Shop
from tests.fakes import FakeEngine

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PACKS, PICTURES, RENEWALS, WORKERS = 20, 500, 3, 4
DAYS = 31 * RENEWALS
CHOSEN = ("starter", "growth", "scale", "starter")
BOUGHT = ("100", "500", "2000", "100", "500")


@pytest.fixture
def shops(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Shop]]:
    """Four subscribed workspaces of one Stripe whose clock is some months behind, and comes up to ours."""
    monkeypatch.setattr("projects.image_pool.run", factories.run_image_work_here)
    world = World(start=int(time.time()) - DAYS * 24 * 3600 - 3600)
    with serve(world) as address:
        settings.STRIPE_API_BASE, settings.STRIPE_SECRET_KEY = address, "sk_test_offline"
        catalogue.sync()
        shops = [Shop(world, factories.make_studio(credits=2000, plan="free")) for _ in CHOSEN]
        for shop, plan in zip(shops, CHOSEN, strict=True):
            converge.converge_session(shop.subscribe(plan), now=shop.now)
        yield shops
    outcomes.stop_listening()


class Day:
    """Everything that goes on, each in threads of its own."""

    def __init__(self, shops: list[Shop], engine: FakeEngine) -> None:
        self.shops, self.world = shops, shops[0].world
        self.clock = threading.Lock()  # no page stays open while a month goes by
        self.asked = threading.Event()
        self.renewed: list[str] = []
        numbers = itertools.count(1)

        def every_tenth_fails() -> None:
            if next(numbers) % 10 == 0:
                raise EngineError("no_room", "No room.", again=Again.NO)

        engine.during = every_tenth_fails

    def buy(self, shop: Shop, pack: str) -> None:
        """Paid once; heard of from the webhooks and the success page, each twice."""
        with self.clock:
            session = shop.buy(pack)
        payment, now = shop.payment_of(session), shop.now
        organization = shop.studio.organization
        looks: list[Callable[[], object]] = [
            lambda: converge.converge_session(session, now=now),
            lambda: converge.converge_payment(payment, now=now),
            lambda: purchases.complete_session(organization=organization, session_id=session, now=now),
        ]
        together(looks * 2)

    def renew(self) -> None:
        """Month after month, with each invoice and subscription converged in several threads."""
        for _ in range(RENEWALS):
            with self.clock:
                self.world.advance(days=31)
            now = self.shops[0].now
            subs = list(self.world.rows["subscription"].values())
            self.renewed += [sub["latest_invoice"] for sub in subs]
            invoices = [partial(converge.converge_invoice, sub["latest_invoice"], now=now) for sub in subs]
            plans_too = [partial(converge.converge_subscription, sub["id"], now=now) for sub in subs]
            together(invoices * 2 + plans_too)
            credits.expire_allowances(now=now)

    def ask(self, shop: Shop) -> None:
        """This workspace's share of the pictures."""
        for number in range(PICTURES // len(self.shops)):
            shop.studio.ask(f"number {number}")

    def work(self) -> None:
        """As a worker, until everything that was asked for has ended."""
        while factories.work() or not self.asked.is_set():
            time.sleep(0.02)

    def live(self) -> None:
        """All of it. What any of them raises is raised here."""
        buying = [(shop, pack) for shop in self.shops for pack in BOUGHT]
        assert len(buying) == PACKS
        with ThreadPoolExecutor(WORKERS) as workers, ThreadPoolExecutor(16) as people:
            working = [workers.submit(closing(self.work)) for _ in range(WORKERS)]
            asking = [people.submit(closing(self.ask), shop) for shop in self.shops]
            doing = [people.submit(closing(self.renew))]
            doing += [people.submit(closing(self.buy), shop, pack) for shop, pack in buying]
            try:
                for one in [*asking, *doing]:
                    one.result()
            finally:
                self.asked.set()
            for worker in working:
                worker.result()


def closing(act: Callable[..., object]) -> Callable[..., object]:
    """A thread leaves no connection behind."""

    def acting(*args: Any) -> object:
        try:
            return act(*args)
        finally:
            connection.close()

    return acting


def together(actions: Sequence[Callable[[], object]]) -> None:
    gate = threading.Barrier(len(actions))

    def one(act: Callable[[], object]) -> object:
        gate.wait(30)
        return act()

    with ThreadPoolExecutor(len(actions)) as pool:
        list(pool.map(closing(one), actions))


def sums_of(shop: Shop) -> tuple[dict[str, int], dict[str, int]]:
    """What the account says, and what its lines say."""
    names, organization = ("allowance", "purchased", "held", "debt"), shop.studio.organization
    with shop.studio.enter():
        account = CreditAccount.objects.of(organization).values(*names).get()
        lines = CreditEntry.objects.of(organization).aggregate(**{name: Sum(name) for name in names})
    return account, lines


def paid_of(shop: Shop) -> list[PaidCredits]:
    with shop.studio.enter():
        return list(PaidCredits.objects.of(shop.studio.organization))


def test_packs_renewals_and_500_pictures_at_once(shops: list[Shop], engine: FakeEngine) -> None:
    day = Day(shops, engine)
    began = time.monotonic()
    day.live()
    seconds = time.monotonic() - began
    assert ledger.drift() == []
    for shop in shops:
        account, lines = sums_of(shop)
        assert account == lines
        assert (account["held"], account["debt"]) == (0, 0)
    made = [generation for shop in shops for generation in shop.studio.generations()]
    states = [generation.state for generation in made]
    assert (len(made), set(states)) == (PICTURES, {State.SUCCEEDED, State.FAILED})
    assert len(engine.calls) == PICTURES
    kinds = [kind for shop in shops for kind in shop.studio.lines()]
    assert kinds.count("hold") == PICTURES
    assert (kinds.count("settle"), kinds.count("release")) == (
        states.count(State.SUCCEEDED),
        states.count(State.FAILED),
    )
    paid = [row for shop in shops for row in paid_of(shop)]
    packs = [row for row in paid if row.purchase_id]
    assert sorted(row.credits for row in packs) == sorted(plans.PACKS[p].credits for p in BOUGHT * 4)
    charges = [row["amount"] for row in day.world.rows["charge"].values() if row["paid"]]
    assert sum(row.received for row in paid) == sum(charges)
    assert len(set(day.renewed)) == len(day.renewed) == RENEWALS * len(shops)
    said = io.StringIO()
    call_command("reconcile_stripe", "--dry-run", days=DAYS + 10, stdout=said)
    assert said.getvalue().startswith("0 differences, ")
    facts = f"{len(packs)} packs, {len(paid) - len(packs)} periods, {len(made)} pictures, {len(kinds)} lines"
    print(f"\n{facts}, {sum(charges) / 100:.2f} USD in {seconds:.0f} s; {said.getvalue().strip()}")  # noqa: T201
