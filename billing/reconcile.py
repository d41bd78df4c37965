"""Everything that Stripe tells, converged once more: what webhooks missed is posted, and counted."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings

from accounts import alerts
from billing import converge
from billing import stripe_gateway as stripe

logger = logging.getLogger(__name__)

DAYS, WIDE_DAYS, WIDE_HOUR = 3, 35, 3
# A late payment, refund or dispute belongs to an object that is older than the days looked at: events find it.
LATE = [
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.completed",
    "checkout.session.expired",
    "invoice.paid",
    "refund.updated",
    "refund.failed",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
]


@dataclass
class Reconciled:
    """`differences`: what was missing, in words; `problems`: what could not be looked at; `looked_at`: objects."""

    differences: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    looked_at: int = 0


def run_if_set_up(*, days: int, now: datetime) -> Reconciled:
    """For the periodic job: nothing where there is no Stripe.

    Differences, which mean that webhooks came late or not at all, are logged; problems raise an alert.
    """
    if not settings.STRIPE_SECRET_KEY:
        return Reconciled()
    outcome = run(days=days, now=now, dry=False)
    if outcome.problems:
        text = "\n".join(outcome.problems[:20])
        alerts.raise_alert(code="stripe_reconcile", subject="problems", text=text, now=now)
    for difference in outcome.differences:
        logger.warning("Reconciled: %s", difference)
    return outcome


def run(*, days: int, now: datetime, dry: bool) -> Reconciled:
    """Converge what Stripe has of the last `days`, and every subscription; `dry` only finds what would be done."""
    outcome, seen = Reconciled(), set[str]()

    def look(converge_it: Callable[..., list[str]], object_id: str, *also: str) -> None:
        """Once each: `also` are the objects that this look looks at too."""
        if object_id and object_id not in seen:
            seen.update({object_id, *also} - {""})
            _look(outcome, converge_it, object_id, now, dry=dry)

    since = int((now - timedelta(days=days)).timestamp())
    # In the order of cause and effect, so that a dry run finds each difference as one.
    for found in stripe.sessions_since(since):
        look(converge.converge_session, found.id, stripe.oid(found.payment_intent))
    for found in stripe.all_subscriptions():
        look(converge.converge_subscription, found.id, stripe.oid(found.latest_invoice))
    for found in stripe.paid_invoices_since(since):
        look(converge.converge_invoice, found.id)
    for found in stripe.payments_since(since):
        look(converge.converge_payment, found.id)
    for found in [*stripe.refunds_since(since), *stripe.disputes_since(since)]:
        seen.add(found.id)
        look(converge.converge_payment, stripe.oid(found.payment_intent))
    for event in stripe.events_since(since, LATE):
        look(partial(converge.converge_event, event.type), event.object_id)
    return outcome


def _look(
    outcome: Reconciled, converge_it: Callable[..., list[str]], object_id: str, now: datetime, *, dry: bool
) -> None:
    """One that fails does not keep the others from being right; Stripe being away does."""
    outcome.looked_at += 1
    try:
        found = converge_it(object_id, now=now, dry=dry)
    except stripe.StripeAway:
        raise
    except stripe.StripeProblem as problem:
        outcome.problems.append(f"{object_id}: {problem}")
    else:
        outcome.differences += [each for each in found if each not in outcome.differences]
