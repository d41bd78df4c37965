"""Any order of any verbs leaves the ledger right: a state machine on PostgreSQL."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from accounts import tenancy
from billing import credits, ledger
from billing.models import CreditAccount, CreditEntry
from tests import factories
from tests.factories import NOON, Studio

amounts = st.integers(min_value=1, max_value=60)
_facts = count(1)


class LedgerMachine(RuleBasedStateMachine):
    """Keeps a simple model beside the real thing: what was granted, taken, set aside, owed."""

    holds = Bundle("holds")

    def __init__(self) -> None:
        super().__init__()
        self.open: dict[str, int] = {}
        self.total = 0  # allowance + purchased + held - debt, by the model
        self.now: datetime = NOON
        self.block = transaction.atomic()
        self.block.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    @initialize()
    def open_a_workspace(self) -> None:
        self.studio: Studio = factories.make_studio(credits=0)
        self.organization = self.studio.organization

    @property
    def at(self) -> dict[str, Any]:
        return {"organization": self.organization, "now": self.now}

    @rule(amount=amounts)
    def buy(self, amount: int) -> None:
        assert credits.grant(purchased=amount, fact=f"buy:{next(_facts)}", **self.at)
        self.total += amount

    @rule(amount=amounts, days=st.integers(min_value=1, max_value=20))
    def start_a_period(self, amount: int, days: int) -> None:
        account = self.account()
        left = account.allowance if account else 0
        until = self.now + timedelta(days=days)
        credits.grant(allowance=amount, allowance_until=until, fact=f"period:{next(_facts)}", **self.at)
        self.total += amount - left

    @rule(target=holds, amount=amounts)
    def hold(self, amount: int) -> str:
        reference = f"gen_{next(_facts)}"
        have = credits.balance(**self.at)
        try:
            with transaction.atomic():
                credits.hold(credits=amount, reference=reference, **self.at)
        except (credits.NotEnoughCredits, credits.InDebt):
            assert have.spendable < amount or have.debt
            return ""
        assert have.spendable >= amount
        assert not have.debt
        self.open[reference] = amount
        return reference

    @rule(reference=consumes(holds), share=st.integers(min_value=1, max_value=100))
    def settle(self, reference: str, share: int) -> None:
        if reference:
            taken = max(1, self.open.pop(reference) * share // 100)
            before = self.allowance_gone()
            credits.settle(reference=reference, credits=taken, **self.at)
            self.total -= taken + self.allowance_gone() - before

    @rule(reference=consumes(holds))
    def release(self, reference: str) -> None:
        if reference:
            self.open.pop(reference)
            before = self.allowance_gone()
            credits.release(reference=reference, **self.at)
            self.total -= self.allowance_gone() - before

    @rule(reference=holds)
    def close_twice(self, reference: str) -> None:
        if reference and reference not in self.open:
            with pytest.raises(credits.HoldAlreadyClosed):
                credits.release(reference=reference, **self.at)

    @rule(amount=amounts)
    def take_back(self, amount: int) -> None:
        credits.clawback(credits=amount, fact=f"re:{next(_facts)}", **self.at)
        self.total -= amount

    @rule(days=st.integers(min_value=1, max_value=15))
    def wait(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule()
    def expire(self) -> None:
        before = self.allowance_gone()
        credits.expire_allowances(now=self.now)
        self.total -= self.allowance_gone() - before

    def account(self) -> CreditAccount | None:
        with self.studio.enter():
            found: CreditAccount | None = CreditAccount.objects.of(self.organization).first()
        return found

    def allowance_gone(self) -> int:
        with self.studio.enter():
            lines = CreditEntry.objects.of(self.organization).filter(kind="expire")
            gone: int = -sum(lines.values_list("allowance", flat=True))
        return gone

    @invariant()
    def adds_up(self) -> None:
        account = self.account()
        if account is None:
            return
        assert min(account.allowance, account.purchased, account.held, account.debt) >= 0
        assert account.held == sum(self.open.values())
        assert account.allowance + account.purchased + account.held - account.debt == self.total
        assert ledger.drift() == []

    @invariant()
    def would_commit(self) -> None:
        with tenancy.enter(self.organization), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def test_any_order_of_verbs_leaves_the_ledger_right(db: None) -> None:
    run_state_machine_as_test(
        LedgerMachine,
        settings=settings(
            max_examples=10,
            stateful_step_count=25,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.slow
@pytest.mark.long
def test_any_order_of_verbs_leaves_the_ledger_right_at_length(db: None) -> None:
    run_state_machine_as_test(
        LedgerMachine,
        settings=settings(
            max_examples=150,
            stateful_step_count=50,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
