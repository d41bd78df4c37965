"""What Stripe's facts mean for our rows. No foreign calls here: whoever calls has read Stripe and holds the lock.

Every function brings our rows to what it is told and returns what it changed, in words; nothing, when nothing was
missing. All run inside `tenancy.enter` of the workspace.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from accounts import alerts
from accounts.models import Organization
from billing import lots, notices
from billing import stripe_gateway as stripe
from billing.models import BillingSettings, PaidCredits, PaidKind, Purchase, Reversal, ReversalKind

# Money of a refund that is under way counts as gone; it comes back if the refund fails.
REFUND_COUNTS = {
    "pending": True,
    "requires_action": True,
    "succeeded": True,
    "failed": False,
    "canceled": False,
}
# A dispute takes money at once, an inquiry (`warning_…`) none. Lost or prevented it stays gone, also while an appeal
# runs; won it is back.
DISPUTE_COUNTS = {
    "warning_needs_response": False,
    "warning_under_review": False,
    "warning_closed": False,
    "needs_response": True,
    "under_review": True,
    "won": False,
    "lost": True,
    "prevented": True,
    "appeal_needs_response": True,
    "appeal_under_review": True,
}


@dataclass(frozen=True)
class Money:
    """A payment as Stripe tells it: what it brought, and everything that went back of it."""

    received: int
    currency: str
    refunds: Sequence[Any] = ()
    disputes: Sequence[Any] = ()


def when(seconds: int | None) -> datetime | None:
    """A moment of Stripe's."""
    return datetime.fromtimestamp(seconds, tz=UTC) if seconds is not None else None


def moment(seconds: int) -> datetime:
    """The same, of a field that is always there."""
    return datetime.fromtimestamp(seconds, tz=UTC)


def grant_pack(
    purchase: Purchase, *, fact: str, payment_intent: str, money: Money, now: datetime
) -> list[str]:
    """The credits that the purchase was agreed to give, once for its payment; then what refunds take of them."""
    organization = purchase.organization
    paid = PaidCredits.objects.of(organization).filter(fact=fact).first()
    if paid is not None:
        return adjust(paid, money, now=now)
    paid = PaidCredits.objects.create(
        organization=organization,
        kind=PaidKind.PACK,
        fact=fact,
        payment_intent=payment_intent,
        purchase=purchase,
        credits=purchase.credits,
        received=money.received,
        currency=money.currency,
        created_at=now,
    )
    return [*_grant(paid, now), *adjust(paid, money, now=now)]


@dataclass(frozen=True)
class PaidLine:
    """A line of a paid invoice that starts a period of a plan."""

    kind: PaidKind
    line: str
    invoice: str
    subscription: str
    payment_intent: str
    plan: str
    credits: int
    starts: datetime
    until: datetime


def grant_period(organization: Organization, line: PaidLine, money: Money, *, now: datetime) -> list[str]:
    """The allowance of a period, once for its invoice line; a trial's once for the workspace."""
    rows = PaidCredits.objects.of(organization)
    paid = rows.filter(fact=line.line).first()
    if paid is not None:
        return adjust(paid, money, now=now)
    if line.kind == PaidKind.TRIAL and rows.filter(kind=PaidKind.TRIAL).exists():
        return []
    paid = PaidCredits.objects.create(
        organization=organization,
        kind=line.kind,
        fact=line.line,
        payment_intent=line.payment_intent,
        invoice=line.invoice,
        subscription=line.subscription,
        plan=line.plan,
        credits=line.credits,
        received=money.received,
        currency=money.currency,
        starts=line.starts,
        until=line.until,
        created_at=now,
    )
    return [*_grant(paid, now), *adjust(paid, money, now=now)]


def _grant(paid: PaidCredits, now: datetime) -> list[str]:
    lots.grant(organization=paid.organization, paid=paid, now=now)
    # From now on somebody is told when few are left.
    BillingSettings.objects.of(paid.organization).get_or_create(organization=paid.organization)
    if paid.until is None or paid.until > now:
        notices.tell(organization=paid.organization, notice=notices.RECEIPT, row_id=paid.pk)
    return [f"{paid.organization.public_id}: {paid.kind} {paid.fact}: {paid.credits} credits granted"]


def adjust(paid: PaidCredits, money: Money, *, now: datetime) -> list[str]:
    """Take or give back what the refunds and disputes of a payment leave of its credits."""
    done = _mirror(paid, money, now)
    back = Reversal.objects.of(paid.organization).filter(payment_intent=paid.payment_intent, counts=True)
    sums = {kind: sum(row.amount for row in back if row.kind == kind) for kind in ReversalKind}
    refunded, disputed = sums[ReversalKind.REFUND], sums[ReversalKind.DISPUTE]
    by_refunds = share(paid.credits, refunded, paid.received)
    by_disputes = min(paid.credits - by_refunds, share(paid.credits, disputed, paid.received))
    if (refunded, disputed) == (paid.refunded, paid.disputed):
        return done
    before, target = paid.taken_by_refunds + paid.taken_by_disputes, by_refunds + by_disputes
    paid.refunded, paid.disputed = refunded, disputed
    paid.taken_by_refunds, paid.taken_by_disputes = by_refunds, by_disputes
    paid.adjustments += 1
    paid.save()
    if target != before:
        reference = f"stripe:{paid.fact}/{paid.adjustments}"
        lots.take(organization=paid.organization, paid=paid, target=target, reference=reference, now=now)
    return [
        *done,
        f"{paid.organization.public_id}: {paid.kind} {paid.fact}: {target - before} more credits taken back",
    ]


def share(credits: int, money_back: int, received: int) -> int:
    """Of `credits` bought for `received`: those that go with `money_back`, rounded up, never more than all."""
    if not received:
        return 0
    return min(credits, -(-credits * money_back // received))


def _mirror(paid: PaidCredits, money: Money, now: datetime) -> list[str]:
    done = []
    for kind, known, found in (
        (ReversalKind.REFUND, REFUND_COUNTS, money.refunds),
        (ReversalKind.DISPUTE, DISPUTE_COUNTS, money.disputes),
    ):
        for each in found:
            done += _mirror_one(paid, kind, known, each, now)
    return done


def _mirror_one(
    paid: PaidCredits, kind: ReversalKind, known: dict[str, bool], found: Any, now: datetime
) -> list[str]:
    status = str(stripe.optional(found, "status") or "pending")
    row = Reversal.objects.of(paid.organization).filter(reversal_id=found.id).first()
    if status not in known:
        unknown_value(f"{kind} status", status, found.id, now)
    counts = known.get(status, row.counts if row else False)
    if row is not None and (row.status, row.counts, row.amount) == (status, counts, found.amount):
        return []
    Reversal.objects.update_or_create(
        reversal_id=found.id,
        defaults={"status": status, "counts": counts, "amount": found.amount},
        create_defaults={
            "organization": paid.organization,
            "kind": kind,
            "payment_intent": paid.payment_intent,
            "amount": found.amount,
            "currency": found.currency,
            "status": status,
            "counts": counts,
            "created_at": moment(found.created),
        },
    )
    return [f"{paid.organization.public_id}: {kind} {found.id}: {row.status if row else 'new'} → {status}"]


def unknown_value(what: str, value: str, where: str, now: datetime) -> None:
    """Stripe says a word that this program does not know: nothing is moved, and somebody has to look."""
    alerts.raise_alert(
        code="stripe_unknown_value",
        subject=f"{what} {value}",
        text=f"Unknown {what} {value!r} at {where}.",
        now=now,
    )


def mismatch(where: str, text: str, now: datetime) -> None:
    """Stripe's object does not fit what we know of it: nothing is granted, and somebody has to look."""
    alerts.raise_alert(code="stripe_mismatch", subject=where, text=text, now=now)
