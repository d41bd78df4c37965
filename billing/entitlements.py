"""What a workspace is entitled to, from the rows that mirror Stripe.

A subscription that runs entitles to its plan. After a downgrade Stripe already names the lower plan, which the next
invoice bills; until the paid period ends the workspace keeps what it paid for. When a renewal fails the plan lasts
some days longer; a subscription that has ended entitles to nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from accounts import tenancy
from accounts.models import Organization
from billing import plans
from billing.models import PaidCredits, PaidKind, StripeCustomer, Subscription

RUNNING = ("active", "trialing")
ENDED = ("canceled", "unpaid", "incomplete", "incomplete_expired", "paused")
KNOWN = (*RUNNING, "past_due", *ENDED)


@dataclass(frozen=True)
class PlanState:
    """How a workspace's plan stands. `plan`: entitled to now; `next_plan`: from `period_end` on, where it differs.

    `status` is Stripe's ("" with no subscription); `grace_until`: when a past due plan ends; `ends_at`: when a
    cancelled one does; `trial_end`: while a trial runs.
    """

    plan: plans.Plan
    status: str = ""
    next_plan: plans.Plan | None = None
    period_end: datetime | None = None
    ends_at: datetime | None = None
    trial_end: datetime | None = None
    past_due_since: datetime | None = None
    grace_until: datetime | None = None
    trial_available: bool = False
    subscription_id: str = ""
    item_id: str = ""


def state_of(*, organization: Organization, now: datetime) -> PlanState:
    """The plan of a workspace, for pages and services; of our rows alone."""
    with tenancy.enter(organization):
        rows = list(Subscription.objects.of(organization).order_by("-created_at", "-pk"))
        had_trial = PaidCredits.objects.of(organization).filter(kind=PaidKind.TRIAL).exists()
        entitled = [(_entitled(organization, row, now), row) for row in rows]
    plan, row = _best(entitled)
    trial_available = not had_trial and not any(each.trial_end for each in rows)
    if row is None or row.status in ENDED:
        known = plans.PLANS.get(organization.plan, plans.PLANS[plans.FREE]) if not rows else plan
        return PlanState(known, trial_available=trial_available, status=row.status if row else "")
    billed = plans.PLANS.get(row.plan)
    return PlanState(
        plan=plan,
        status=row.status,
        next_plan=billed if billed and billed.rank < plan.rank else None,
        period_end=row.period_end,
        ends_at=row.cancel_at,
        trial_end=row.trial_end if row.status == "trialing" else None,
        past_due_since=row.past_due_since,
        grace_until=_grace(row),
        trial_available=trial_available,
        subscription_id=row.subscription_id,
        item_id=row.item_id,
    )


def apply(*, organization: Organization, now: datetime) -> None:
    """Write the entitlements of what the rows say now. A workspace that never subscribed keeps what it has."""
    with tenancy.enter(organization):
        # One at a time for a workspace; what others have committed before this lock is seen below.
        StripeCustomer.objects.of(organization).select_for_update().first()
        rows = list(Subscription.objects.of(organization))
        if not rows or any(row.status not in KNOWN for row in rows):
            return
        overdue = [row.past_due_since for row in rows if row.status == "past_due" and row.past_due_since]
        Organization.objects.filter(pk=organization.pk).update(
            payment_overdue_since=min(overdue, default=None)
        )
        plan, _ = _best([(_entitled(organization, row, now), row) for row in rows])
        current = Organization.objects.get(pk=organization.pk)
        if current.plan != plan.key:
            plans.apply_plan(organization=current, plan=plan.key)


def apply_due(*, now: datetime) -> int:
    """What changes by time alone: graces and paid periods that end. Returns how many workspaces were looked at."""
    with tenancy.system("plans that end by time"):
        live = Subscription.objects.exclude(status__in=ENDED)
        found = list(Organization.objects.filter(pk__in=live.values("organization")))
    for organization in found:
        apply(organization=organization, now=now)
    return len(found)


def _best(entitled: list[tuple[plans.Plan, Subscription]]) -> tuple[plans.Plan, Subscription | None]:
    """The highest; of equals one that runs, then the newest. Two at once should not be, but cost nobody his plan."""
    if not entitled:
        return plans.PLANS[plans.FREE], None
    return max(entitled, key=lambda pair: (pair[0].rank, pair[1].status not in ENDED, pair[1].created_at))


def _entitled(organization: Organization, row: Subscription, now: datetime) -> plans.Plan:
    free = plans.PLANS[plans.FREE]
    if row.status == "past_due":
        grace = _grace(row)
        return plans.PLANS.get(row.plan, free) if grace and now < grace else free
    if row.status not in RUNNING:
        return free
    billed = plans.PLANS.get(row.plan, free)
    paid = (
        PaidCredits.objects.of(organization)
        .exclude(kind=PaidKind.PACK)
        .filter(subscription=row.subscription_id, starts__lte=now, until__gt=now)
        .order_by("-starts", "-credits")
        .first()
    )
    bought = plans.PLANS.get(paid.plan, free) if paid else free
    return max(billed, bought, key=lambda plan: plan.rank)


def _grace(row: Subscription) -> datetime | None:
    if row.status != "past_due" or row.past_due_since is None:
        return None
    return row.past_due_since + timedelta(days=settings.PAST_DUE_GRACE_DAYS)
