"""The queue's entry points; each one is a service call."""

from __future__ import annotations

from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from accounts import emails
from accounts.tasks import MAIL_AGAIN
from billing import budgets, customers, entitlements, inbox, notices, purchases, reconcile, topups
from billing import stripe_gateway as stripe

# Stripe away for a day costs nothing; what is left after that the reconcile job finds.
STRIPE_AGAIN = RetryStrategy(max_attempts=10, exponential_wait=3, retry_exceptions={stripe.StripeAway})

REFUND_AGAIN = RetryStrategy(max_attempts=8, exponential_wait=3, retry_exceptions={customers.PaymentsAway})


@app.task(name=inbox.WORK_TASK, queue=inbox.QUEUE, retry=STRIPE_AGAIN)
def work_event(event_id: str) -> None:
    """Look again at what one event was about."""
    inbox.work(event_id=event_id, now=timezone.now())


@app.task(name=notices.TELL_TASK, queue=emails.QUEUE, retry=MAIL_AGAIN)
def tell(organization_id: int, notice: str, row_id: int) -> None:
    """One mail about money."""
    notices.send(organization_id=organization_id, notice=notice, row_id=row_id, now=timezone.now())


@app.task(name=purchases.REFUND_TASK, queue=inbox.QUEUE, retry=REFUND_AGAIN)
def refund(organization_id: int, paid_id: int, amount: int, after: int, user_id: int) -> None:
    """What an operator ordered."""
    purchases.carry_out_refund(
        organization_id=organization_id,
        paid_id=paid_id,
        amount=amount,
        after=after,
        user_id=user_id,
        now=timezone.now(),
    )


@app.periodic(cron="17 * * * *")
@app.task(name="billing.reconcile", queue=inbox.QUEUE, queueing_lock="reconcile_stripe", retry=STRIPE_AGAIN)
def reconcile_stripe(timestamp: int) -> None:
    """Every hour the last three days, and at three in the morning the last five weeks."""
    now = timezone.now()
    reconcile.run_if_set_up(
        days=reconcile.WIDE_DAYS if now.hour == reconcile.WIDE_HOUR else reconcile.DAYS, now=now
    )


@app.periodic(cron="*/10 * * * *")
@app.task(name="billing.plans_by_time", queue="upkeep", queueing_lock="plans_by_time")
def plans_by_time(timestamp: int) -> None:
    """Every ten minutes: graces and paid periods that have ended."""
    entitlements.apply_due(now=timezone.now())


@app.periodic(cron="*/5 * * * *")
@app.task(name="billing.watch_balances", queue=inbox.QUEUE, queueing_lock="watch_balances")
def watch_balances(timestamp: int) -> None:
    """Every five minutes: who is low is told, or topped up where that is wished."""
    topups.watch(now=timezone.now())


@app.task(name=budgets.MAIL_TASK, queue=emails.QUEUE, retry=MAIL_AGAIN)
def mail_budget_notice(organization_id: int, budget_id: int, percent: int) -> None:
    """Tell owners and admins that a budget is nearly or wholly used."""
    budgets.mail_notice(
        organization_id=organization_id, budget_id=budget_id, percent=percent, now=timezone.now()
    )
