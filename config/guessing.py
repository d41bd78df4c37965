"""Who guesses at links, or at tokens of apps, is stopped: so many misses a minute from one address, then 429.

Sign-in, sign-up and resets are allauth's to count (`ACCOUNT_RATE_LIMITS`), wrong API keys the API's own limits
(`API_QUOTAS`), review rooms count by themselves. The true wall before keys and links is their length
(docs/security.md); this one keeps down the noise of those who try.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from accounts import attempts
from accounts.attempts import Limit, TooManyAttempts
from config import problems

WRONG_LINKS = Limit("links that open nothing", 60, timedelta(minutes=1))
APPS = "/_allauth/"  # sign-in for apps
LINKS = (
    APPS,
    "/s/",
    "/p/",
    "/invitations/",
    "/api/v1/incoming/",
    "/accounts/password/reset/key/",
    "/accounts/confirm-email/",
)


class Guessing:
    """Middleware. A link is counted before it is looked up and given back when it opened something: after too many that
    did not, none is looked up for that address.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path.startswith(LINKS):
            return self.get_response(request)
        try:
            return self._link(request)
        except TooManyAttempts as refusal:
            answer = problems.answer(request, refusal)
            answer.headers["Retry-After"] = str(refusal.facts["retry_after"])
            return answer

    def _link(self, request: HttpRequest) -> HttpResponseBase:
        address = attempts.address_of(request)
        attempts.count(limit=WRONG_LINKS, subject=address, now=timezone.now())
        response = self.get_response(request)
        if not _opened_nothing(request, response):
            attempts.give_back(limit=WRONG_LINKS, subject=address)
        return response


def _opened_nothing(request: HttpRequest, response: HttpResponseBase) -> bool:
    """404; for apps also a token that is none (410), and the key of a mail that is none."""
    if not request.path.startswith(APPS):
        return response.status_code == 404
    is_key = request.path.endswith("/email/verify")
    return response.status_code in (404, 410) or (is_key and response.status_code == 400)
