"""Stripe's facts → our ledger. Handlers never apply an event: they read its object again and post the difference.

So a webhook that is missed, doubled or late, the success page and the reconcile job all run the same code, and
whoever comes second finds nothing to do. Each function returns what it changed, in words. Raises StripeProblem.

Of two that read one object at the same moment, the one that commits second may have read it first. A version per
object tells him so: he reads again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import transaction

from accounts import alerts, tenancy
from accounts.models import Organization
from billing import catalogue, customers, entitlements, notices, plans, postings
from billing import stripe_gateway as stripe
from billing.models import PaidKind, Purchase, PurchaseState, StripeObject, Subscription
from billing.postings import Money, PaidLine, mismatch, moment, unknown_value, when

ATTEMPTS = 20  # at an object that others keep changing
GRANTING = ("subscription_create", "subscription_cycle", "subscription_update")
TELL_TRIAL_END = timedelta(days=3)

Facts = TypeVar("Facts")


def _converge(
    object_id: str, read: Callable[[], Facts], post: Callable[[Facts], list[str]], *, dry: bool
) -> list[str]:
    """Read outside any transaction, post inside one, and only if nobody has posted in between."""
    StripeObject.objects.bulk_create([StripeObject(object_id=object_id)], ignore_conflicts=True)
    for _ in range(ATTEMPTS):
        version = StripeObject.objects.get(object_id=object_id).version
        facts = read()
        with transaction.atomic():
            mark = StripeObject.objects.select_for_update().get(object_id=object_id)
            if mark.version != version:
                continue
            done = post(facts)
            if done:
                mark.version += 1
                mark.save(update_fields=["version"])
            if dry:
                transaction.set_rollback(True)
            return done
    raise stripe.StripeAway(f"{object_id} keeps changing")


def converge_event(event_type: str, object_id: str, *, now: datetime, dry: bool = False) -> list[str]:
    """What the event is about, read again. Types that concern us not give nothing."""
    converge = converger_of(event_type)
    return converge(object_id, now=now, dry=dry) if converge is not None else []


def converger_of(event_type: str) -> Callable[..., list[str]] | None:
    """What looks again at the object of an event of this type; None where it does not concern us."""
    return next((each for prefix, each in _BY_TYPE.items() if event_type.startswith(prefix)), None)


def _workspace(thing: Any, now: datetime) -> Organization | None:
    """By our own row of the customer alone. What the object itself says of the workspace must agree."""
    organization = customers.workspace_of(stripe.oid(stripe.optional(thing, "customer")))
    said = {stripe.metadata(thing).get("workspace"), stripe.optional(thing, "client_reference_id")} - {None}
    if organization is None:
        if said:
            mismatch(thing.id, f"{thing.id} names {said} and belongs to no customer of ours.", now)
        return None
    if said - {organization.public_id}:
        mismatch(thing.id, f"{thing.id} names {said}; its customer is {organization.public_id}.", now)
        return None
    return organization


# --- Packs -----------------------------------------------------------------------------------------------


def converge_session(session_id: str, *, now: datetime, dry: bool = False) -> list[str]:
    """A Checkout Session: the pack that is paid on it, or the subscription that begins with it."""
    session = stripe.read_session(session_id)
    organization = _workspace(session, now)
    if organization is None:
        return []
    if session.mode == "subscription":
        subscription = stripe.oid(session.subscription)
        return converge_subscription(subscription, now=now, dry=dry) if subscription else []
    purchase = _purchase(organization, session, session_id=session.id)
    if purchase is None:
        mismatch(session.id, f"{session.id} of {organization.public_id} is for no purchase of ours.", now)
        return []
    return _converge_pack(purchase, session.id, stripe.oid(session.payment_intent), now=now, dry=dry)


def converge_payment(payment_intent: str, *, now: datetime, dry: bool = False) -> list[str]:
    """A payment, with what was refunded and disputed of it: of a pack, or of an invoice."""
    payment = stripe.read_payment(payment_intent)
    organization = _workspace(payment, now)
    if organization is None:
        return []
    purchase = _purchase(organization, payment, payment_intent=payment_intent)
    if purchase is not None:
        return _converge_pack(purchase, purchase.session_id or "", payment_intent, now=now, dry=dry)
    if invoice := stripe.invoice_of_payment(payment_intent):
        return converge_invoice(invoice, now=now, dry=dry)
    session = stripe.session_of_payment(payment_intent)
    return converge_session(session.id, now=now, dry=dry) if session is not None else []


def _purchase(organization: Organization, thing: Any, **known: str) -> Purchase | None:
    """By the id that we noted; else by our own mark on the object, within the customer's workspace."""
    with tenancy.enter(organization):
        rows = Purchase.objects.of(organization).select_related("organization")
        found: Purchase | None = rows.filter(**known).first()
        if found is None and (mark := stripe.metadata(thing).get("purchase")):
            found = rows.filter(public_id=mark).first()
    return found


def _converge_pack(
    purchase: Purchase, session_id: str, payment_intent: str, *, now: datetime, dry: bool
) -> list[str]:
    def read() -> tuple[Any, Any, Money]:
        session = stripe.read_session(session_id) if session_id else None
        intent = payment_intent or stripe.oid(stripe.optional(session, "payment_intent"))
        payment = stripe.read_payment(intent) if intent else None
        return session, payment, _money(payment, session)

    def post(facts: tuple[Any, Any, Money]) -> list[str]:
        with tenancy.enter(purchase.organization):
            row = Purchase.objects.of(purchase.organization).select_for_update().get(pk=purchase.pk)
            return _post_pack(row, *facts, now=now)

    return _converge(f"purchase:{purchase.public_id}", read, post, dry=dry)


def _post_pack(row: Purchase, session: Any, payment: Any, money: Money, *, now: datetime) -> list[str]:
    asked = stripe.optional(session, "amount_subtotal")
    asked = stripe.optional(payment, "amount") if session is None else asked
    if asked is not None and asked != row.amount:
        mismatch(row.public_id, f"{row.public_id} was agreed for {row.amount}; Stripe asks {asked}.", now)
        return []
    state, intent = _pack_state(row, session, payment, now), stripe.oid(payment)
    done = []
    if row.state != PurchaseState.PAID and row.state != state:
        done.append(f"{row.organization.public_id}: {row.public_id} {row.state} → {state}")
        row.state = state
    if (intent and row.payment_intent != intent) or (session is not None and row.session_id != session.id):
        row.payment_intent = intent or row.payment_intent
        row.session_id = session.id if session is not None else row.session_id
        done.append(f"{row.organization.public_id}: {row.public_id} is {intent or row.session_id}")
    if done:
        row.save()
    if state == PurchaseState.PAID:
        fact = intent or str(row.session_id)
        done += postings.grant_pack(row, fact=fact, payment_intent=intent, money=money, now=now)
    return done


def _pack_state(row: Purchase, session: Any, payment: Any, now: datetime) -> PurchaseState:
    """What the two objects say together; a word that we don't know leaves it as it is."""
    paying = stripe.optional(payment, "status")
    at_bank = {
        "processing": PurchaseState.PENDING,
        "requires_action": PurchaseState.FAILED if session is None else PurchaseState.PENDING,
        "requires_payment_method": PurchaseState.FAILED,
        "canceled": PurchaseState.FAILED,
    }
    if session is None:
        state = PurchaseState.PAID if paying == "succeeded" else at_bank.get(paying)
    elif session.payment_status in ("paid", "no_payment_required"):
        state = PurchaseState.PAID
    elif session.payment_status != "unpaid":
        unknown_value("payment status", str(session.payment_status), session.id, now)
        state = None
    elif session.status in ("open", "expired"):
        state = PurchaseState(session.status)
    else:
        state = at_bank.get(paying, PurchaseState.PENDING)
    return state or PurchaseState(row.state)


def _money(payment: Any, session: Any = None, invoice: Any = None) -> Money:
    """What a payment brought and what went back of it; of a thing that cost nothing there is no payment."""
    if invoice is not None:
        received, currency = invoice.amount_paid, invoice.currency
    elif payment is not None:
        received, currency = payment.amount_received, payment.currency
    else:
        received = stripe.optional(session, "amount_total") or 0
        currency = stripe.optional(session, "currency") or plans.CURRENCY
    if payment is None or payment.status != "succeeded":
        return Money(received, currency)
    refunds = stripe.refunds_of_payment(payment.id)
    return Money(received, currency, refunds, stripe.disputes_of_payment(payment.id))


# --- Invoices and subscriptions --------------------------------------------------------------------------


def converge_invoice(invoice_id: str, *, now: datetime, dry: bool = False) -> list[str]:
    """The allowance of a paid invoice, and what refunds and disputes take of it."""
    invoice = stripe.read_invoice(invoice_id)
    organization = _workspace(invoice, now)
    if organization is None:
        return []

    def read() -> tuple[list[PaidLine], Money]:
        again = stripe.read_invoice(invoice_id)
        if again.status != "paid" or again.billing_reason not in GRANTING:
            return [], Money(0, again.currency)
        paid_by = [stripe.oid(p.payment.payment_intent) for p in stripe.payments_of_invoice(invoice_id)]
        intent = next((each for each in paid_by if each), "")
        payment = stripe.read_payment(intent) if intent else None
        lines = [_paid_line(again, line, intent, now) for line in stripe.lines_of(invoice_id)]
        return [line for line in lines if line is not None], _money(payment, invoice=again)

    def post(facts: tuple[list[PaidLine], Money]) -> list[str]:
        lines, money = facts
        with tenancy.enter(organization):
            done = [postings.grant_period(organization, line, money, now=now) for line in lines]
        if any(done):
            entitlements.apply(organization=organization, now=now)
        return [word for words in done for word in words]

    return _converge(invoice_id, read, post, dry=dry)


def _paid_line(invoice: Any, line: Any, intent: str, now: datetime) -> PaidLine | None:
    """What a line of a paid invoice gives: a whole period of a plan at its full price, or a trial. Else nothing.

    A proration gives nothing, whatever it costs: what is granted is only what was paid for in full.
    """
    parent = stripe.optional(line, "parent", "subscription_item_details")
    if parent is None or parent.proration:
        return None
    price_id = stripe.oid(stripe.optional(line, "pricing", "price_details", "price"))
    price, plan = catalogue.price_of(price_id), catalogue.plan_of(price_id)
    if price is None or not plan:
        mismatch(line.id, f"{invoice.id} was paid for {price_id}, which is no plan of ours.", now)
        return None
    subscription = stripe.oid(parent.subscription)
    kind, credits = PaidKind.ALLOWANCE, price.credits
    if line.amount == 0 and invoice.billing_reason == "subscription_create":
        if stripe.optional(stripe.read_subscription(subscription), "trial_end") != line.period.end:
            return None
        kind, credits = PaidKind.TRIAL, plans.PLANS[plan].trial_credits
    elif line.amount < price.amount:
        mismatch(line.id, f"{invoice.id}: {line.amount} for {plan}, which costs {price.amount}.", now)
        return None
    return PaidLine(
        kind=kind,
        line=line.id,
        invoice=invoice.id,
        subscription=subscription,
        payment_intent=intent,
        plan=plan,
        credits=credits,
        starts=moment(line.period.start),
        until=moment(line.period.end),
    )


def converge_subscription(subscription_id: str, *, now: datetime, dry: bool = False) -> list[str]:
    """A subscription as it stands, the entitlements that follow, and its latest invoice."""
    found = stripe.read_subscription(subscription_id)
    organization = _workspace(found, now)
    if organization is None:
        return []

    def read() -> tuple[Any, Any]:
        again = stripe.read_subscription(subscription_id)
        latest = stripe.oid(again.latest_invoice)
        return again, stripe.read_invoice(latest) if latest else None

    def post(facts: tuple[Any, Any]) -> list[str]:
        with tenancy.enter(organization):
            return _post_subscription(organization, *facts, now=now)

    done = _converge(subscription_id, read, post, dry=dry)
    if latest := stripe.oid(found.latest_invoice):
        done += converge_invoice(latest, now=now, dry=dry)
    return done


def _post_subscription(organization: Organization, found: Any, latest: Any, *, now: datetime) -> list[str]:
    item = next((i for i in found.items.data if catalogue.plan_of(i.price.id)), found.items.data[0])
    plan = catalogue.plan_of(item.price.id)
    if not plan:
        mismatch(found.id, f"{found.id} is for {item.price.id}, which is no plan of ours.", now)
    if found.status not in entitlements.KNOWN:
        unknown_value("subscription status", str(found.status), found.id, now)
    told = {
        "item_id": item.id,
        "status": found.status,
        "plan": plan,
        "period_start": moment(item.current_period_start),
        "period_end": moment(item.current_period_end),
        "cancel_at": when(item.current_period_end if found.cancel_at_period_end else found.cancel_at),
        "ended_at": when(found.ended_at),
        "trial_end": when(found.trial_end),
        "past_due_since": moment(latest.created) if found.status == "past_due" and latest else None,
    }
    row = Subscription.objects.of(organization).filter(subscription_id=found.id).first()
    done = []
    if row is None:
        row = Subscription(
            organization=organization, subscription_id=found.id, created_at=moment(found.created)
        )
    for name, value in told.items():
        if row.pk is None or getattr(row, name) != value:
            setattr(row, name, value)
            done.append(f"{organization.public_id}: {found.id} {name} = {value}")
    if done:
        row.save()
    done += _tell(organization, row, latest, now)
    entitlements.apply(organization=organization, now=now)
    _one_at_a_time(organization, now)
    return done


def _tell(organization: Organization, row: Subscription, latest: Any, now: datetime) -> list[str]:
    """Mails that go with a state, once each."""
    rows = Subscription.objects.of(organization).filter(pk=row.pk)
    if row.status == "past_due" and latest is not None and row.payment_failed_told != latest.id:
        rows.update(payment_failed_told=latest.id)
        notices.tell(organization=organization, notice=notices.PAYMENT_FAILED, row_id=row.pk)
        return [f"{organization.public_id}: told that {latest.id} failed"]
    ends_soon = row.status == "trialing" and row.trial_end and row.trial_end - now <= TELL_TRIAL_END
    if (
        ends_soon
        and row.cancel_at is None
        and rows.filter(trial_end_told_at=None).update(trial_end_told_at=now)
    ):
        notices.tell(organization=organization, notice=notices.TRIAL_ENDING, row_id=row.pk)
        return [f"{organization.public_id}: told that the trial ends"]
    return []


def _one_at_a_time(organization: Organization, now: datetime) -> None:
    live = Subscription.objects.of(organization).exclude(status__in=entitlements.ENDED)
    if live.count() > 1:
        ids = ", ".join(live.values_list("subscription_id", flat=True))
        text = f"{organization.public_id} pays for more than one: {ids}. Cancel and refund one in Stripe."
        alerts.raise_alert(
            code="stripe_two_subscriptions", subject=organization.public_id, text=text, now=now
        )


def converge_customer(*, organization: Organization, now: datetime) -> list[str]:
    """Every subscription of a workspace."""
    customer = customers.customer_of(organization=organization)
    found = stripe.subscriptions_of(customer) if customer else []
    return [word for each in found for word in converge_subscription(each.id, now=now)]


# --- What goes back --------------------------------------------------------------------------------------


def converge_refund(refund_id: str, *, now: datetime, dry: bool = False) -> list[str]:
    """The payment that a refund is of."""
    return _converge_reversal(stripe.read_refund(refund_id), now, dry)


def converge_dispute(dispute_id: str, *, now: datetime, dry: bool = False) -> list[str]:
    """The payment that a dispute is about."""
    return _converge_reversal(stripe.read_dispute(dispute_id), now, dry)


def converge_charge(charge_id: str, *, now: datetime, dry: bool = False) -> list[str]:
    """The payment that a charge belongs to."""
    payment = stripe.oid(stripe.optional(stripe.read_charge(charge_id), "payment_intent"))
    return converge_payment(payment, now=now, dry=dry) if payment else []


def _converge_reversal(found: Any, now: datetime, dry: bool) -> list[str]:  # noqa: FBT001
    if payment := stripe.oid(stripe.optional(found, "payment_intent")):
        return converge_payment(payment, now=now, dry=dry)
    charge = stripe.oid(stripe.optional(found, "charge"))
    return converge_charge(charge, now=now, dry=dry) if charge else []


_BY_TYPE: dict[str, Callable[..., list[str]]] = {
    "checkout.session.": converge_session,
    "invoice.paid": converge_invoice,
    "invoice.payment_": converge_invoice,
    "customer.subscription.": converge_subscription,
    "refund.": converge_refund,
    "charge.refund.": converge_refund,
    "charge.refunded": converge_charge,
    "charge.dispute.": converge_dispute,
    "payment_intent.succeeded": converge_payment,
    "payment_intent.payment_failed": converge_payment,
    "payment_intent.canceled": converge_payment,
}
