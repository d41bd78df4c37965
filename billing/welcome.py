"""The free credits of a verified person: once, in their first workspace."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from accounts import farewell, lifecycle
from accounts.models import Organization, User
from billing import credits


@lifecycle.person_verified.register
def grant_free_credits(*, user: User, organization: Organization, now: datetime) -> None:
    """Booked as purchased, so they never expire; a second call finds the fact already granted.

    None to an address whose account was deleted: it has had them.
    """
    if settings.FREE_CREDITS and not farewell.has_come_back(user=user):
        credits.grant(
            organization=organization, purchased=settings.FREE_CREDITS, fact=f"free:user:{user.pk}", now=now
        )
