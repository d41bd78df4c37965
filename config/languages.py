"""Which language a page speaks: the person's own, else the one chosen in the footer, else the browser's.

The REST API speaks English whatever the headers say: its messages are for programs and their logs.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.models import User

_COOKIE_SECONDS = 365 * 24 * 3600
# Answers without words of ours, asked for often: they shall not cost a look at the person.
_WORDLESS = ("/files/", "/healthz", "/readyz", "/stripe/")


def site_address(request: HttpRequest) -> str:
    """Where the outside reaches this instance, without a slash at the end."""
    return settings.PUBLIC_BASE_URL or f"{request.scheme}://{request.get_host()}"


class PageLanguage:
    """Middleware. After the sessions and the person, before whatever renders a page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(("/api/", *_WORDLESS)):
            with translation.override(settings.LANGUAGE_CODE):
                return self.get_response(request)
        with translation.override(_of(request)):
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", translation.get_language() or "en")
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response


def _of(request: HttpRequest) -> str:
    if settings.SESSION_COOKIE_NAME in request.COOKIES:
        person = request.user
        if isinstance(person, User) and person.language in dict(settings.LANGUAGES):
            return person.language
    return translation.get_language_from_request(request)


def choose(request: HttpRequest, *, code: str, back: str) -> HttpResponse:
    """Keep the language with the person and in a cookie, then go back to the page; an unknown one changes nothing."""
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    response = redirect(back if safe else "start")
    if code in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            code,
            max_age=_COOKIE_SECONDS,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
        if isinstance(request.user, User):
            request.user.language = code
            request.user.save(update_fields=["language"])
    return response
