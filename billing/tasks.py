"""The queue's entry points; each one is a service call."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from accounts import emails
from accounts.tasks import MAIL_AGAIN
from billing import budgets


@app.task(name=budgets.MAIL_TASK, queue=emails.QUEUE, retry=MAIL_AGAIN)
def mail_budget_notice(organization_id: int, budget_id: int, percent: int) -> None:
    """Tell owners and admins that a budget is nearly or wholly used."""
    budgets.mail_notice(
        organization_id=organization_id, budget_id=budget_id, percent=percent, now=timezone.now()
    )
