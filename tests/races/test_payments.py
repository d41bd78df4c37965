"""One payment, looked at from several sides at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection

from billing import catalogue, converge, ledger, purchases, subscriptions
from billing import stripe_gateway as stripe
from billing.models import PaidCredits
from billing.stripe_sandbox.server import serve
from billing.stripe_sandbox.world import World
from tests import factories
from tests.billing.money import Shop

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def shop(transactional_db: None, settings: LazySettings) -> Iterator[Shop]:
    """As in tests/billing, with real commits."""
    world = World(start=1_767_225_600)
    with serve(world) as address:
        settings.STRIPE_API_BASE = address
        settings.STRIPE_SECRET_KEY = "sk_test_offline"
        catalogue.sync()
        yield Shop(world, factories.make_studio(credits=0, plan="free"))


def at_once(*actions: Callable[[], object]) -> list[Any]:
    barrier = threading.Barrier(len(actions))

    def act(action: Callable[[], object]) -> object:
        try:
            barrier.wait(10)
            return action()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(act, actions))


def grants(shop: Shop) -> int:
    with shop.studio.enter():
        return int(PaidCredits.objects.of(shop.studio.organization).count())


def test_two_webhooks_for_one_payment_before_our_own_transaction_commits(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have read that nothing was granted, before either has written."""
    session = shop.buy("100")
    payment = shop.payment_of(session)
    together, read = threading.Barrier(2), stripe.refunds_of_payment

    def slow(intent: str) -> list[Any]:
        found = read(intent)
        if not together.broken and together.n_waiting < 2:
            with suppress(threading.BrokenBarrierError):
                together.wait(3)
        return found

    monkeypatch.setattr(stripe, "refunds_of_payment", slow)
    outcomes = at_once(
        lambda: converge.converge_session(session, now=shop.now),
        lambda: converge.converge_payment(payment, now=shop.now),
    )
    assert sorted(bool(outcome) for outcome in outcomes) == [False, True]
    assert (shop.credits(), grants(shop), ledger.drift()) == ((0, 100, 0), 1, [])


def test_the_success_page_and_many_webhooks_at_once(shop: Shop) -> None:
    session = shop.buy("100")
    payment = shop.payment_of(session)
    organization = shop.studio.organization
    outcomes = at_once(
        *[lambda: converge.converge_session(session, now=shop.now)] * 3,
        *[lambda: converge.converge_payment(payment, now=shop.now)] * 3,
        lambda: purchases.complete_session(organization=organization, session_id=session, now=shop.now),
    )
    assert [outcome for outcome in outcomes if isinstance(outcome, Exception)] == []
    assert outcomes[-1].state == "paid"
    assert (shop.credits(), grants(shop), ledger.drift()) == ((0, 100, 0), 1, [])


def test_who_read_stripe_before_another_committed_reads_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refund fails while an older look at it is still on its way to the ledger."""
    payment = shop.payment_of(shop.buy("100"))
    refund = shop.world.refund(payment, outcome="pending")
    shop.deliver()
    read, stale = stripe.refunds_of_payment, threading.Event()

    def first_is_late(intent: str) -> list[Any]:
        found = read(intent)
        if not stale.is_set():
            stale.set()
            shop.world.fail_refund(refund["id"])
            converge.converge_payment(payment, now=shop.now)  # another one, quicker
        return found

    monkeypatch.setattr(stripe, "refunds_of_payment", first_is_late)
    converge.converge_payment(payment, now=shop.now)
    assert shop.credits() == (0, 100, 0)


def test_two_clicks_on_upgrade_pay_once(shop: Shop) -> None:
    shop.subscribe("starter")
    shop.deliver()
    at_once(*[lambda: subscriptions.upgrade(plan="growth", **shop.who)] * 4)
    shop.deliver()
    paid = sum(invoice["amount_paid"] for invoice in shop.world.rows["invoice"].values())
    assert (paid, shop.credits(), ledger.drift()) == (1900 + 7900, (1500, 0, 0), [])


def test_two_clicks_on_refund_send_the_money_back_once(shop: Shop) -> None:
    payment = shop.payment_of(shop.buy("100"))
    shop.deliver()
    (pack,) = shop.bought()
    at_once(*[lambda: purchases.request_refund(purchase_id=pack.purchase.public_id, **shop.who)] * 4)
    assert sum(refund.amount for refund in stripe.refunds_of_payment(payment)) == 900
    assert (shop.credits(), ledger.drift()) == ((0, 0, 0), [])
