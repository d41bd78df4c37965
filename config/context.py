"""What every template may use."""

from __future__ import annotations

from datetime import timedelta
from functools import cache, partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from accounts import activity
from accounts.models import Role
from billing import credits
from config import languages
from projects import branding


def site(request: HttpRequest) -> dict[str, Any]:
    """The workspace of this page (None outside one), its balance, and facts about the instance."""
    workspace = getattr(request, "organization", None)
    membership = getattr(request, "membership", None)
    # Whose client looks at the page: by its host, or by the link that was opened.
    shown_as = getattr(request, "shown_as", None)

    @cache
    def have() -> credits.Balance | None:
        """Once for a page, and only for one that shows it."""
        return credits.balance(organization=workspace, now=timezone.now()) if workspace else None

    def balance() -> int:
        found = have()
        return found.spendable if found else 0

    def debt() -> int:
        found = have()
        return found.debt if found else 0

    @cache
    def unread() -> int:
        if workspace is None or membership is None:
            return 0
        return activity.unread(organization=workspace, user=membership.user_id)

    overdue = workspace.payment_overdue_since if workspace else None
    return {
        "look": SimpleLazyObject(lambda: branding.look_of(shown_as) if shown_as else None),
        "workspace": workspace,
        "membership": membership,
        "my_memberships": getattr(request, "memberships", []),  # for the menu of workspaces
        "may_design": membership is not None and membership.may(Role.DESIGNER),
        "may_spend": membership is not None and membership.may(Role.ADMIN),
        "workspace_balance": balance,  # asked for only by pages that show it
        "workspace_debt": debt,
        "unread": unread,
        "plan_lasts_until": overdue and overdue + timedelta(days=settings.PAST_DUE_GRACE_DAYS),
        "site_address": partial(
            languages.site_address, request
        ),  # asks for the host, which may be a wrong one
        "free_credits": settings.FREE_CREDITS,
        # Where mails lie that leave this machine by no other way; "" where they are sent.
        "mail_folder": settings.EMAIL_FILE_PATH
        if settings.EMAIL_BACKEND.endswith("filebased.EmailBackend")
        else "",
    }
