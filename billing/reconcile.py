"""Everything that Stripe tells, converged once more: what webhooks missed is posted, and counted."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

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
    "charge.refunded",
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
    """For the periodic job: nothing where there is no Stripe. Differences mean trouble with webhooks: an alert."""
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
    outcome = Reconciled()
    since = int((now - timedelta(days=days)).timestamp())
    # In the order of cause and effect, so that a dry run finds each difference as one.
    _each(outcome, (s.id for s in stripe.sessions_since(since)), converge.converge_session, now, dry=dry)
    _each(outcome, (s.id for s in stripe.all_subscriptions()), converge.converge_subscription, now, dry=dry)
    _each(outcome, (i.id for i in stripe.paid_invoices_since(since)), converge.converge_invoice, now, dry=dry)
    _each(outcome, (p.id for p in stripe.payments_since(since)), converge.converge_payment, now, dry=dry)
    _each(outcome, (r.id for r in stripe.refunds_since(since)), converge.converge_refund, now, dry=dry)
    _each(outcome, (d.id for d in stripe.disputes_since(since)), converge.converge_dispute, now, dry=dry)
    for event_type, object_id in _late(since):
        converge_it = converge.converger_of(event_type)
        if converge_it is not None:
            _each(outcome, [object_id], converge_it, now, dry=dry)
    outcome.differences = list(dict.fromkeys(outcome.differences))
    return outcome


def _late(since: int) -> list[tuple[str, str]]:
    """What has happened to which object; each object once for each way to look at it."""
    found = {(converge.converger_of(e.type), e.object_id): e for e in stripe.events_since(since, LATE)}
    return [(event.type, event.object_id) for event in found.values()]


def _each(
    outcome: Reconciled,
    ids: Iterable[str],
    converge_it: Callable[..., list[str]],
    now: datetime,
    *,
    dry: bool,
) -> None:
    """One that fails does not keep the others from being right; Stripe being away does."""
    for object_id in ids:
        outcome.looked_at += 1
        try:
            outcome.differences += converge_it(object_id, now=now, dry=dry)
        except stripe.StripeAway:
            raise
        except stripe.StripeProblem as problem:
            outcome.problems.append(f"{object_id}: {problem}")
