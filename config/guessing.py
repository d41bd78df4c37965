"""Who guesses at keys and links is stopped: so many misses a minute from one address, then 429.

Sign-in, sign-up and resets are allauth's to count (`ACCOUNT_RATE_LIMITS`), review rooms count by themselves. The true
wall before keys and links is their length (docs/security.md); this one keeps down the noise of those who try.
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

WRONG_KEYS = Limit("wrong API keys", 60, timedelta(minutes=1))
WRONG_LINKS = Limit("links that open nothing", 60, timedelta(minutes=1))
LINKS = ("/s/", "/p/", "/invitations/", "/accounts/password/reset/key/", "/accounts/confirm-email/")


class Guessing:
    """Middleware. A wrong key counts, a right one is never held up by its neighbours behind the same address.

    A link is counted before it is looked up and given back when it opened something: after too many that did not, none
    is looked up for that address.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            if request.path.startswith(LINKS):
                return self._link(request)
            response = self.get_response(request)
            if response.status_code == 401 and request.path.startswith("/api/"):
                attempts.count(limit=WRONG_KEYS, subject=attempts.address_of(request), now=timezone.now())
        except TooManyAttempts as refusal:
            answer = problems.answer(request, refusal)
            answer.headers["Retry-After"] = str(refusal.facts["retry_after"])
            return answer
        return response

    def _link(self, request: HttpRequest) -> HttpResponseBase:
        address = attempts.address_of(request)
        attempts.count(limit=WRONG_LINKS, subject=address, now=timezone.now())
        response = self.get_response(request)
        if response.status_code != 404:
            attempts.give_back(limit=WRONG_LINKS, subject=address)
        return response
