"""Who guesses at keys and links gets slower answers: so many misses a minute from one address, then 429.

Sign-in, sign-up and resets are allauth's to count (`ACCOUNT_RATE_LIMITS`). The true wall before keys and links is their
length (docs/security.md); this one keeps the noise of those who try all the same out of the database.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from allauth.core.internal import ratelimit
from allauth.core.internal.ratelimit import apply_rate, get_cache_key, get_rates
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.errors import Refusal
from config import problems

APP = "roomwright"
TOKEN_PAGES = (
    "/s/",
    "/r/",
    "/invitations/",
    "/files/",
    "/accounts/password/reset/key/",
    "/accounts/confirm-email/",
)


class TooManyGuesses(Refusal):
    """Too many tries. Wait a minute, then try again."""

    code, title, status = "too_many_tries", "Too many tries", 429


class Guessing:
    """Middleware. A wrong key counts, a right one is never held up by its neighbours behind the same address.

    Links that open nothing count as well; after too many of them no link is opened for that address, right or wrong.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        is_link = request.path.startswith(TOKEN_PAGES)
        if is_link and _is_over(request, "link"):
            return problems.answer(request, TooManyGuesses(retry_after=60))
        response = self.get_response(request)
        is_key = response.status_code == 401 and request.path.startswith("/api/")
        missed = "key" if is_key else "link" if is_link and response.status_code == 404 else ""
        if missed and not _count(request, missed):
            return problems.answer(request, TooManyGuesses(retry_after=60))
        return response


def _count(request: HttpRequest, action: str) -> bool:
    """Write one miss down; False when there were too many."""
    config = settings.GUESSES
    return ratelimit.consume(request, app=APP, action=action, config=config, limit_get=True) is not None


def _is_over(request: HttpRequest, action: str) -> bool:
    """The same question without counting and without a lock: one look-up."""
    for rate in get_rates(app=APP, action=action, config=settings.GUESSES):
        history = cache.get(get_cache_key(request, app=APP, action=action, rate=rate), [])
        if not apply_rate(list(history), time.time(), rate, dry_run=True)[0]:
            return True
    return False
