"""Packs: bought on Stripe's page, seen on the way back, given back while unused.

None of these may be called inside a transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q
from procrastinate.contrib.django import app

from accounts import services as accounts
from accounts import tenancy
from accounts.errors import Refusal
from accounts.models import Organization, TenantQuerySet, User
from billing import catalogue, converge, credits, customers, inbox, plans
from billing import stripe_gateway as stripe
from billing.customers import PaymentsAway
from billing.models import PaidCredits, Purchase, Reversal


class UnknownPack(Refusal):
    """There is no such pack to buy."""

    code, title, status = "unknown_pack", "Unknown pack", 404


class BuyingPaused(Refusal):
    """A payment of this workspace is disputed. Nothing can be bought until that is settled."""

    code, title, status = "buying_paused", "Buying paused", 403


class NoSuchPurchase(Refusal):
    """There is no such purchase in this workspace."""

    code, title, status = "not_found", "Not found", 404


class NotRefundable(Refusal):
    """This purchase can't be refunded: some of its credits are used, its time is over, or it was refunded already."""

    code, title, status = "not_refundable", "Not refundable", 409


def buy_pack(
    *, organization: Organization, pack: str, by_user: User, now: datetime, success_url: str, cancel_url: str
) -> str:
    """The address of Stripe's page on which a pack is paid.

    What the pack gives is written down before the page exists, so that no later price list changes it.
    `success_url` gets `?session=<id>` appended, for `complete_session`.
    """
    purchase = agree(organization=organization, pack=pack, by_user=by_user, now=now)
    marks = {"workspace": organization.public_id, "purchase": purchase.public_id}
    try:
        session = stripe.create_session(
            {
                "mode": "payment",
                "customer": customers.ensure_customer(organization=organization, by_user=by_user),
                "client_reference_id": organization.public_id,
                "line_items": [
                    {"price": catalogue.current_price(f"pack:{pack}").price_id, "quantity": 1},
                ],
                "success_url": success_url + "?session={CHECKOUT_SESSION_ID}",
                "cancel_url": cancel_url,
                "metadata": marks,
                "payment_intent_data": {"metadata": marks, "setup_future_usage": "off_session"},
                **catalogue.tax(),
            },
            f"checkout:{purchase.public_id}",
        )
    except stripe.StripeProblem as problem:
        raise PaymentsAway from problem
    with tenancy.enter(organization):
        # Its webhook may have been here before us; the row's own state is converge's.
        Purchase.objects.of(organization).filter(pk=purchase.pk, session_id=None).update(
            session_id=session.id
        )
        accounts.record(
            organization=organization,
            by_user=by_user,
            action="pack.chosen",
            target=purchase.public_id,
            now=now,
            credits=purchase.credits,
        )
    return str(session.url)


def agree(
    *, organization: Organization, pack: str, by_user: User | None, now: datetime, automatic: bool = False
) -> Purchase:
    """The row of a purchase: what will be given for how much. IntegrityError for a second automatic one."""
    if pack not in plans.PACKS:
        raise UnknownPack
    price = catalogue.current_price(f"pack:{pack}")
    _refuse_while_disputed(organization, now)
    with tenancy.enter(organization):
        made: Purchase = Purchase.objects.create(
            organization=organization,
            by_user=by_user,
            pack=pack,
            credits=price.credits,
            amount=price.amount,
            currency=price.currency,
            is_automatic=automatic,
            created_at=now,
        )
    return made


def _refuse_while_disputed(organization: Organization, now: datetime) -> None:
    """By what Stripe says now: a webhook that is late keeps nobody from buying."""
    for dispute in _open_disputes(organization):
        try:
            converge.converge_dispute(dispute, now=now)
        except stripe.StripeProblem as problem:
            raise PaymentsAway from problem
    if _open_disputes(organization):
        raise BuyingPaused


def _open_disputes(organization: Organization) -> list[str]:
    with tenancy.enter(organization):
        rows = Reversal.objects.of(organization).filter(_OPEN_DISPUTE)
        return list(rows.values_list("reversal_id", flat=True))


_OPEN_DISPUTE = Q(kind="dispute", counts=True) & ~Q(status__in=("lost", "prevented"))


@dataclass(frozen=True)
class Completed:
    """What the success page tells. `kind`: pack or plan; `state`: paid, pending, failed, expired or open."""

    kind: str
    state: str
    credits: int = 0


def complete_session(*, organization: Organization, session_id: str, now: datetime) -> Completed:
    """For the page to which Stripe sends people back: the same convergence as the webhook's, whichever is first."""
    try:
        session = stripe.read_session(session_id)
        if stripe.oid(session.customer) != customers.customer_of(organization=organization):
            raise NoSuchPurchase
        converge.converge_session(session_id, now=now)
    except stripe.StripeProblem as problem:
        raise (PaymentsAway() if problem.again else NoSuchPurchase()) from problem
    if session.mode == "subscription":
        return Completed("plan", "paid" if session.status == "complete" else str(session.status))
    with tenancy.enter(organization):
        purchase = Purchase.objects.of(organization).filter(session_id=session_id).first()
    if purchase is None:
        raise NoSuchPurchase
    return Completed("pack", purchase.state, purchase.credits)


@dataclass(frozen=True)
class Bought:
    """A purchase as a page shows it; `refunds` are its refunds and disputes, newest first."""

    purchase: Purchase
    paid: PaidCredits | None
    refunds: tuple[Reversal, ...]
    refundable_until: datetime | None  # None: not refundable


def bought(*, organization: Organization, now: datetime) -> list[Bought]:
    """The packs of a workspace, newest first."""
    with tenancy.enter(organization):
        rows = list(rows_of(organization=organization).order_by("-created_at"))
        return in_full(organization=organization, rows=rows, now=now)


def find(*, organization: Organization, purchase_id: str, now: datetime) -> Bought | None:
    """One of them, if there is such a one."""
    with tenancy.enter(organization):
        rows = list(rows_of(organization=organization).filter(public_id=purchase_id))
        return next(iter(in_full(organization=organization, rows=rows, now=now)), None)


def rows_of(*, organization: Organization) -> TenantQuerySet:
    """Every purchase, for `in_full`; asked inside the workspace."""
    return Purchase.objects.of(organization).select_related("paid", "by_user")


def in_full(*, organization: Organization, rows: Sequence[Purchase], now: datetime) -> list[Bought]:
    """These with what was paid and went back, in as many queries for a hundred as for one."""
    spare = credits.balance(organization=organization, now=now).purchased
    intents = [row.payment_intent for row in rows if row.payment_intent]
    with tenancy.enter(organization):
        back = list(
            Reversal.objects.of(organization).filter(payment_intent__in=intents).order_by("-created_at")
        )
    return [
        Bought(
            row,
            getattr(row, "paid", None),
            tuple(r for r in back if r.payment_intent == row.payment_intent),
            _refundable_until(getattr(row, "paid", None), row, spare, now),
        )
        for row in rows
    ]


def request_refund(*, organization: Organization, purchase_id: str, by_user: User, now: datetime) -> None:
    """Send the money of an unused pack back within the stated days; its credits go at once. NotRefundable."""
    spare = credits.balance(organization=organization, now=now).purchased
    with tenancy.enter(organization):
        row = Purchase.objects.of(organization).filter(public_id=purchase_id).first()
        if row is None:
            raise NoSuchPurchase
        paid = PaidCredits.objects.of(organization).filter(purchase=row).first()
        if paid is None or _refundable_until(paid, row, spare, now) is None:
            raise NotRefundable
    refund(
        organization=organization,
        paid=paid,
        amount=paid.received,
        by_user=by_user,
        now=now,
        after=paid.adjustments,
    )
    with tenancy.enter(organization):
        Purchase.objects.of(organization).filter(pk=row.pk).update(refund_asked_at=now)


def refund(
    *, organization: Organization, paid: PaidCredits, amount: int, by_user: User, now: datetime, after: int
) -> None:
    """Send `amount` (smallest unit) of a payment back and take the credits for it. Raises NotRefundable.

    `after` is the row's `adjustments` when it was decided: two clicks at once, or a job that is repeated, refund once.
    """
    if not 0 < amount <= paid.received - paid.refunded or not paid.payment_intent:
        raise NotRefundable
    try:
        stripe.create_refund(
            payment_intent=paid.payment_intent,
            amount=amount,
            metadata={"workspace": organization.public_id},
            key=f"refund:{paid.fact}:{after}:{amount}",
        )
        converge.converge_payment(paid.payment_intent, now=now)
    except stripe.StripeProblem as problem:
        raise (PaymentsAway() if problem.again else NotRefundable(str(problem))) from problem
    with tenancy.enter(organization):
        accounts.record(
            organization=organization,
            by_user=by_user,
            action="payment.refunded",
            target=paid.fact[:60],
            now=now,
            amount=amount,
            currency=paid.currency,
        )


REFUND_TASK = "billing.refund"


def order_refund(*, paid: PaidCredits, amount: int, by_user: User) -> None:
    """For the operators' admin, which is one transaction: the money is sent back by a job once that commits."""
    if not 0 < amount <= paid.received - paid.refunded or not paid.payment_intent:
        raise NotRefundable
    job = app.configure_task(REFUND_TASK, queue=inbox.QUEUE, allow_unknown=True)
    job.defer(
        organization_id=paid.organization_id,
        paid_id=paid.pk,
        amount=amount,
        after=paid.adjustments,
        user_id=by_user.pk,
    )


def carry_out_refund(
    *, organization_id: int, paid_id: int, amount: int, after: int, user_id: int, now: datetime
) -> None:
    """The job of `order_refund`; a second one of the same order finds too little left and is refused."""
    organization = Organization.objects.get(pk=organization_id)
    with tenancy.enter(organization):
        paid = PaidCredits.objects.of(organization).get(pk=paid_id)
    by_user = User.objects.get(pk=user_id)
    refund(organization=organization, paid=paid, amount=amount, by_user=by_user, now=now, after=after)


def _refundable_until(paid: PaidCredits | None, row: Purchase, spare: int, now: datetime) -> datetime | None:
    """Until when, or None: unpaid, too late, partly used, or money has gone back already."""
    if paid is None or paid.refunded or paid.disputed or spare < paid.credits or not paid.payment_intent:
        return None
    until: Any = row.created_at + timedelta(days=settings.REFUND_DAYS)
    return until if now < until else None
