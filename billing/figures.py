"""Numbers about money, for operators."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Count, Max, Min, Q, Sum

from accounts.figures import Figure, figure
from billing.models import CreditAccount, Reversal, StripeEvent

# Of Stripe's dispute statuses: nothing is decided yet.
OPEN_DISPUTES = ("needs_response", "under_review", "warning_needs_response", "warning_under_review")


def figures(*, now: datetime) -> Iterator[Figure]:
    """Asked across workspaces."""
    sums = CreditAccount.objects.aggregate(held=Sum("held"), debt=Sum("debt"), purchased=Sum("purchased"))
    yield figure(
        "ledger_suspense_credits", "Credits set aside for pictures that have not ended.", sums["held"] or 0
    )
    yield figure(
        "ledger_debt_credits",
        "Credits that a refund or dispute took after they were spent.",
        sums["debt"] or 0,
    )
    yield figure("ledger_purchased_credits", "Bought credits that are not spent.", sums["purchased"] or 0)
    waiting = StripeEvent.objects.filter(processed_at=None).aggregate(
        count=Count("pk"), failed=Count("pk", filter=~Q(error="")), oldest=Min("received_at")
    )
    oldest = waiting["oldest"]
    yield figure(
        "stripe_events_waiting", "Events of Stripe that are noted and not worked on.", waiting["count"]
    )
    yield figure(
        "stripe_events_failed", "Events of Stripe that could not be worked on so far.", waiting["failed"]
    )
    age = (now - oldest).total_seconds() if oldest else 0.0
    yield figure("stripe_oldest_waiting_seconds", "Since when the oldest of them waits.", age)
    newest = StripeEvent.objects.aggregate(at=Max("received_at"))["at"]
    since = (now - newest).total_seconds() if newest else None
    yield figure("stripe_last_event_seconds", "Since the last event of Stripe came in.", since)
    disputes = Reversal.objects.filter(kind="dispute", status__in=OPEN_DISPUTES).count()
    yield figure("disputes_open", "Disputed payments that are not decided.", disputes)
