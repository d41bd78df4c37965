"""Mails about money to the owners of a workspace. Jobs carry ids; what the mail says is read when it is sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from procrastinate.contrib.django import app

from accounts import emails, tenancy
from accounts.models import Organization, Role
from billing import credits, plans
from billing.models import BillingSettings, PaidCredits, PaidKind, Subscription

TELL_TASK = "billing.tell"
RECEIPT, PAYMENT_FAILED, TRIAL_ENDING, LOW_BALANCE, TOPUP_FAILED = (
    "credits_receipt",
    "payment_failed",
    "trial_ending",
    "low_balance",
    "topup_failed",
)


def tell(*, organization: Organization, notice: str, row_id: int) -> None:
    """Have a mail sent, once the running transaction commits."""
    job = app.configure_task(TELL_TASK, queue=emails.QUEUE, allow_unknown=True)
    job.defer(organization_id=organization.pk, notice=notice, row_id=row_id)


def send(*, organization_id: int, notice: str, row_id: int, now: datetime) -> None:
    """The mail itself; nothing when its row is gone."""
    organization = Organization.objects.filter(pk=organization_id).first()
    if organization is None:
        return
    context = _context(organization, notice, row_id, now)
    if context is not None:
        emails.send_to_members(
            organization=organization,
            role=Role.OWNER,
            template=notice,
            context=context,
            wish="mail_budgets" if notice == LOW_BALANCE else "",
        )


def _context(organization: Organization, notice: str, row_id: int, now: datetime) -> dict[str, Any] | None:
    have = credits.balance(organization=organization, now=now)
    with tenancy.enter(organization):
        if notice == RECEIPT:
            paid = PaidCredits.objects.of(organization).filter(pk=row_id).first()
            kind = PaidKind(paid.kind).value if paid else ""
            return {"paid": paid, "kind": kind, "have": have, "amount": _money(paid)} if paid else None
        if notice in (PAYMENT_FAILED, TRIAL_ENDING):
            row = Subscription.objects.of(organization).filter(pk=row_id).first()
            plan = plans.PLANS.get(row.plan) if row else None
            return {"subscription": row, "plan": plan} if row else None
        wishes = BillingSettings.objects.of(organization).filter(pk=row_id).first()
    return {"wishes": wishes, "have": have} if wishes else None


def _money(paid: PaidCredits) -> str:
    return f"{paid.received / 100:.2f} {paid.currency.upper()}"
