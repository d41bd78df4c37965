"""What every template may use."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import Role
from billing import credits


def site(request: HttpRequest) -> dict[str, Any]:
    """The workspace of this page (None outside one), its balance, and facts about the instance."""
    workspace = getattr(request, "organization", None)
    membership = getattr(request, "membership", None)

    def balance() -> int:
        return credits.balance(organization=workspace, now=timezone.now()).spendable if workspace else 0

    return {
        "workspace": workspace,
        "membership": membership,
        "may_design": membership is not None and membership.may(Role.DESIGNER),
        "workspace_balance": balance,  # asked for only by pages that show it
        "free_credits": settings.FREE_CREDITS,
        # Where mails lie that leave this machine by no other way; "" where they are sent.
        "mail_folder": settings.EMAIL_FILE_PATH
        if settings.EMAIL_BACKEND.endswith("filebased.EmailBackend")
        else "",
    }
