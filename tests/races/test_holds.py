"""Many at once, on real connections."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.utils import timezone

from billing import credits, ledger
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def test_200_threads_with_credits_for_50_get_exactly_50_holds() -> None:
    studio = factories.make_studio(credits=500)
    gate = threading.Barrier(200)

    def ask(number: int) -> bool:
        gate.wait()
        try:
            credits.hold(
                organization=studio.organization, credits=10, reference=f"gen_{number}", now=timezone.now()
            )
        except credits.NotEnoughCredits:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(200) as threads:
        held = list(threads.map(ask, range(200)))
    assert sum(held) == 50
    balance = credits.balance(organization=studio.organization, now=timezone.now())
    assert (balance.spendable, balance.held) == (0, 500)
    assert ledger.drift() == []


def test_one_hold_closed_by_eight_threads_closes_once() -> None:
    studio = factories.make_studio(credits=100)
    now = timezone.now()
    credits.hold(organization=studio.organization, credits=10, reference="gen_1", now=now)
    gate = threading.Barrier(8)

    def close(number: int) -> bool:
        gate.wait()
        verb = credits.settle if number % 2 else credits.release
        try:
            verb(organization=studio.organization, reference="gen_1", now=now)
        except credits.HoldAlreadyClosed:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(close, range(8))) == 1
    assert ledger.drift() == []
    assert len(studio.lines()) == 3


def test_the_same_fact_granted_by_eight_threads_counts_once() -> None:
    studio = factories.make_studio(credits=0)
    gate = threading.Barrier(8)

    def grant(number: int) -> bool:
        gate.wait()
        try:
            return credits.grant(
                organization=studio.organization, purchased=30, fact="free:user:1", now=timezone.now()
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(grant, range(8))) == 1
    assert studio.balance() == 30
