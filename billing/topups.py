"""Credits bought by themselves when few are left, and mails to those who did not wish that."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import IntegrityError
from django.db.models import QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from accounts import activity, alerts, tenancy
from accounts import services as accounts
from accounts.activity import Kind
from accounts.errors import Refusal
from accounts.models import Organization, User
from billing import converge, credits, customers, notices, plans, purchases
from billing import stripe_gateway as stripe
from billing.models import BillingSettings, CreditAccount, Purchase, PurchaseState

logger = logging.getLogger(__name__)

activity.register("credits.low", Kind(_("Credits run low: %(balance)s are left")))


class BadTopup(Refusal):
    """Choose a pack, a threshold above zero and a monthly limit that at least one pack fits into."""

    code, title, status = "bad_topup", "Top-up not possible", 400


def settings_of(*, organization: Organization) -> BillingSettings:
    """What the workspace wishes; an unsaved row of defaults where it never said."""
    with tenancy.enter(organization):
        found = BillingSettings.objects.of(organization).first()
    return found or BillingSettings(organization=organization)


def save_settings(
    *,
    organization: Organization,
    by_user: User,
    now: datetime,
    low_below: int,
    topup_pack: str = "",
    topup_below: int = 0,
    topup_monthly_cap: int = 0,
) -> BillingSettings:
    """Keep the wishes; `topup_pack` "" switches the top-up off. Cap in cents a calendar month. Raises BadTopup."""
    pack = plans.PACKS.get(topup_pack)
    if topup_pack and (pack is None or topup_below < 1 or topup_monthly_cap < pack.price):
        raise BadTopup
    wishes = {
        "low_below": low_below,
        "topup_pack": topup_pack,
        "topup_below": topup_below,
        "topup_monthly_cap": topup_monthly_cap,
        "topup_error": "",
    }
    with tenancy.enter(organization):
        row, _made = BillingSettings.objects.of(organization).update_or_create(
            organization=organization,
            defaults=wishes,
            create_defaults={"organization": organization, **wishes},
        )
        accounts.record(
            organization=organization,
            by_user=by_user,
            action="billing.settings_saved",
            now=now,
            pack=topup_pack,
        )
    return row  # type: ignore[no-any-return]


def watch(*, now: datetime) -> None:
    """Look at every balance that is low: tell, or top up."""
    with tenancy.system("balances that are low"):
        low = CreditAccount.objects.filter(organization__in=_watched().values("organization"))
        organizations = [account.organization for account in low.select_related("organization")]
    for organization in organizations:
        try:
            look(organization=organization, now=now)
        except stripe.StripeProblem as problem:  # one workspace's trouble keeps nobody else waiting
            logger.warning("No top-up for %s now: %s", organization.public_id, problem)


def _watched() -> QuerySet[BillingSettings]:
    wished = BillingSettings.objects.filter(low_below__gt=0) | BillingSettings.objects.exclude(topup_pack="")
    return wished.filter(organization__deleted_at=None)


def look(*, organization: Organization, now: datetime) -> None:
    """One workspace: a top-up where it is wished and due, else a mail when the balance has just become low."""
    wishes = settings_of(organization=organization)
    if wishes._state.adding:
        return
    have = credits.balance(organization=organization, now=now).spendable
    is_due = wishes.topup_pack and not wishes.topup_error and have < wishes.topup_below
    if is_due and _top_up(organization, wishes, now):
        return
    with tenancy.enter(organization):
        rows = BillingSettings.objects.of(organization).filter(pk=wishes.pk)
        if have >= wishes.low_below:
            rows.exclude(low_told_at=None).update(low_told_at=None)
        elif rows.filter(low_told_at=None).update(low_told_at=now):
            notices.tell(organization=organization, notice=notices.LOW_BALANCE, row_id=wishes.pk)
            activity.record(
                organization=organization,
                kind="credits.low",
                subject=organization.public_id,
                data={"balance": have, "below": wishes.low_below},
                now=now,
            )


def _top_up(organization: Organization, wishes: BillingSettings, now: datetime) -> bool:
    """One pack, paid with the card on file; False when none is on its way. The database refuses a second one."""
    if _finish_open_one(organization, now):  # first: it counts against the cap already
        return True
    pack = plans.PACKS.get(wishes.topup_pack)
    if pack is None or _spent_this_month(organization, now) + pack.price > wishes.topup_monthly_cap:
        return False
    try:
        purchase = purchases.agree(
            organization=organization, pack=pack.key, by_user=None, now=now, automatic=True
        )
    except IntegrityError:  # somebody else has just begun one
        return True
    except customers.PaymentsAway:
        return False  # the next look tries again
    except Refusal as refusal:
        _give_up(organization, wishes, refusal.message)
        return False
    _charge(organization, wishes, purchase, now)
    return True


def _charge(organization: Organization, wishes: BillingSettings, purchase: Purchase, now: datetime) -> None:
    customer = customers.customer_of(organization=organization)
    try:
        card = stripe.default_card(customer) if customer else ""
        if not card:
            raise stripe.CardRefused("There is no card on file. Add one in the payment portal.")
        payment = stripe.create_payment(
            {
                "amount": purchase.amount,
                "currency": purchase.currency,
                "customer": customer,
                "payment_method": card,
                "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},  # nobody is there
                "off_session": True,
                "confirm": True,
                "metadata": {"workspace": organization.public_id, "purchase": purchase.public_id},
            },
            f"topup:{purchase.public_id}",
        )
    except stripe.StripeMisconfigured as problem:  # ours to mend, and no reason to switch anybody's off
        alerts.raise_alert(code="stripe_misconfigured", subject="top-up", text=str(problem), now=now)
        return
    except stripe.StripeProblem as problem:
        if problem.again:
            return  # it stays open; the next look repeats the same request
        _close(organization, purchase)
        _give_up(organization, wishes, str(problem))
        return
    converge.converge_payment(payment.id, now=now)


def _finish_open_one(organization: Organization, now: datetime) -> bool:
    """The process that began it may have died: the same key asks for the same payment again. False: there is none."""
    with tenancy.enter(organization):
        purchase = (
            Purchase.objects.of(organization)
            .filter(is_automatic=True, state__in=(PurchaseState.OPEN, PurchaseState.PENDING))
            .first()
        )
    if purchase is None:
        return False
    if purchase.payment_intent:
        converge.converge_payment(purchase.payment_intent, now=now)
    else:
        _charge(organization, settings_of(organization=organization), purchase, now)
    return True


def _close(organization: Organization, purchase: Purchase) -> None:
    with tenancy.enter(organization):
        rows = Purchase.objects.of(organization).filter(pk=purchase.pk, state=PurchaseState.OPEN)
        rows.update(state=PurchaseState.FAILED)


def _give_up(organization: Organization, wishes: BillingSettings, why: str) -> None:
    with tenancy.enter(organization):
        rows = BillingSettings.objects.of(organization).filter(pk=wishes.pk, topup_error="")
        if rows.update(topup_error=why):
            notices.tell(organization=organization, notice=notices.TOPUP_FAILED, row_id=wishes.pk)


def _spent_this_month(organization: Organization, now: datetime) -> int:
    """What automatic top-ups have cost or may cost since the first of the month, in cents."""
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    with tenancy.enter(organization):
        mine = Purchase.objects.of(organization).filter(is_automatic=True, created_at__gte=first)
        counted = mine.exclude(state__in=(PurchaseState.FAILED, PurchaseState.EXPIRED))
        return int(counted.aggregate(cents=Sum("amount", default=0))["cents"])
