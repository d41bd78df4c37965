"""What becomes of a plan, credits and budgets when their workspace is deleted. The ledger stays (decision 0014)."""

from __future__ import annotations

from datetime import datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import lifecycle, tenancy
from accounts.models import Organization
from billing import converge, credits, customers, entitlements, purchases
from billing import stripe_gateway as stripe
from billing.models import BillingSettings, Budget, Subscription


@lifecycle.deletion_explained.register
def explain(*, organization: Organization, now: datetime) -> list[str]:
    """For the owner, before."""
    have = credits.balance(organization=organization, now=now)
    sentences = []
    if have.allowance:
        sentences.append(_lost(have.allowance, _("of the monthly allowance")))
    if have.purchased:
        sentences.append(_lost(have.purchased, _("that would never expire")))
    sentences += [
        _(
            "The pack of %(credits)d credits can be given back until %(date)s: "
            "do that first, under Credits, and its price is returned."
        )
        % {"credits": bought.purchase.credits, "date": date_format(bought.refundable_until, "j F Y")}
        for bought in purchases.bought(organization=organization, now=now)
        if bought.refundable_until is not None
    ]
    state = entitlements.state_of(organization=organization, now=now)
    if state.subscription_id:
        sentences.append(
            _(
                "The plan %s ends at once and is never charged again. What is left of the paid month is not refunded."
            )
            % state.plan.name
        )
    sentences.append(
        _("Invoices and the lines of the ledger are kept as long as the law of bookkeeping wants.")
    )
    return sentences


def _lost(number: int, which: str) -> str:
    return ngettext("%(n)d credit %(which)s is lost.", "%(n)d credits %(which)s are lost.", number) % {
        "n": number,
        "which": which,
    }


@lifecycle.workspace_deleted.register
def close(*, organization: Organization, now: datetime) -> None:
    """End the plan at Stripe, see to it that nothing more can be bought, forget budgets and wishes."""
    with tenancy.enter(organization):
        BillingSettings.objects.of(organization).update(topup_pack="", low_below=0)
        Budget.objects.of(organization).delete()
        live = Subscription.objects.of(organization).exclude(status__in=entitlements.ENDED)
        subscriptions = list(live.values_list("subscription_id", flat=True))
    customer = customers.customer_of(organization=organization)
    if not customer:
        return
    try:
        for session in stripe.open_sessions(customer):
            _expire(session.id)
        for subscription in subscriptions:
            _cancel(subscription)
            converge.converge_subscription(subscription, now=now)
    except stripe.StripeAway as away:
        raise lifecycle.NotYet from away


def _expire(session_id: str) -> None:
    try:
        stripe.expire_session(session_id)
    except stripe.StripeRefused:  # paid or closed in this very moment
        if stripe.read_session(session_id).status == "open":
            raise


def _cancel(subscription_id: str) -> None:
    try:
        stripe.cancel_subscription(subscription_id)
    except stripe.StripeRefused:  # it has ended meanwhile
        if stripe.read_subscription(subscription_id).status not in entitlements.ENDED:
            raise
