"""What every template may use."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, Any]:
    """The workspace of this page (None outside one) and facts about the instance."""
    return {
        "workspace": getattr(request, "organization", None),
        "membership": getattr(request, "membership", None),
        "free_credits": settings.FREE_CREDITS,
        "in_development": not settings.IN_PRODUCTION,
    }
