"""Hosts of workspaces' own: one that is proven shows that workspace's pages for clients; any other unknown one nothing.

The rules, and what holds each: `accounts/models/domains.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseTrouble
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.request import split_domain_port, validate_host
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_safe

from accounts import domains, tenancy
from accounts.models import Domain
from accounts.tenancy import public
from config import problems
from projects import branding

URLCONF = "config.guest_urls"
# Static files that pages of clients use; the vendor's pictures and icons are not among them.
_STATIC = ("css/", "js/", "django_htmx/", "icons.")
_CLIENTS_PAGES = re.compile(r"/(?:[srdop]|brand)/")
# Browsers remember to ask by HTTPS only for so long: the domain is not ours.
_HSTS = "max-age=86400"
_NOTHING = "There is nothing here.\n"


class Hosts:
    """Middleware, before all that asks for the host. Nothing that it finds is kept for the next request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        host = named(request)
        if is_of_the_instance(host):
            return self.get_response(request)  # Django compares it with ALLOWED_HOSTS, as ever
        if settings.MAINTENANCE:
            return _away(settings.MAINTENANCE_SECONDS)
        try:
            domain = domains.find(host)
        except DatabaseTrouble:
            return _away(5)
        if domain is None:
            return self._unknown(request)
        if not domain.organization.white_label:
            return _to_the_instance(request)
        return self._served(request, domain)

    def _unknown(self, request: HttpRequest) -> HttpResponseBase:
        """A name that points here and is nobody's, or not any more. A clone answers to any name."""
        if "*" in settings.ALLOWED_HOSTS:
            return self.get_response(request)
        if request.path.startswith("/api/"):
            return problems.answer(request, problems.BadRequest())
        return HttpResponse(_NOTHING, status=400, content_type="text/plain")

    def _served(self, request: Any, domain: Domain) -> HttpResponseBase:
        host = request.META["HTTP_HOST"]
        request.get_host = lambda: (
            host
        )  # it is not in ALLOWED_HOSTS; for this request it has just been found proven
        request.urlconf = URLCONF
        request.shown_as = domain.organization
        request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)  # nobody is signed in here
        static = f"/{settings.STATIC_URL.strip('/')}/"
        if request.path.startswith(static) and not request.path.removeprefix(static).startswith(_STATIC):
            return HttpResponse(_NOTHING, status=404, content_type="text/plain")
        with tenancy.confined(domain.organization):
            response = self.get_response(request)
        if "Strict-Transport-Security" in response:
            response["Strict-Transport-Security"] = _HSTS
        return response


def named(request: HttpRequest) -> str:
    """The host that the request names, without a port and in small letters; "" for what is none."""
    return split_domain_port(request.META.get("HTTP_HOST", ""))[0].rstrip(".")


def is_of_the_instance(host: str) -> bool:
    """Needs no look-up: a name that the settings know, an address, or one that nobody could claim."""
    known = [each for each in settings.ALLOWED_HOSTS if each != "*"]
    return (
        "." not in host
        or host.endswith(".localhost")
        or domains.is_address(host)
        or host in domains.own_hosts()
        or validate_host(host, known)
    )


def _to_the_instance(request: HttpRequest) -> HttpResponse:
    """The plan has no white label any more. What clients were given goes on leading where it led."""
    is_read = request.method in ("GET", "HEAD")
    if is_read and settings.PUBLIC_BASE_URL and _CLIENTS_PAGES.match(request.path):
        answer: HttpResponse = HttpResponseRedirect(settings.PUBLIC_BASE_URL + request.get_full_path())
    else:
        answer = HttpResponse(_NOTHING, status=404, content_type="text/plain")
    answer["Cache-Control"] = "no-store"
    return answer


def _away(seconds: int) -> HttpResponse:
    """Asks the database nothing and names nobody."""
    answer = HttpResponse("Back in a moment.\n", status=503, content_type="text/plain")
    answer["Retry-After"] = str(seconds)
    return answer


# --- Pages -----------------------------------------------------------------------------------------------


@public("a proxy asks whether it shall get a certificate for a host")
@never_cache
@require_GET
def ask(request: HttpRequest) -> HttpResponse:
    """`?domain=`: 200 for a proven host, else 404. Tells nothing that a look at the host would not."""
    try:
        host = domains.normalised(request.GET.get("domain", ""))
    except (domains.NotAHost, domains.HostOfOurs):
        host = ""
    if not host or domains.find(host) is None:
        return HttpResponse(status=404)
    return HttpResponse(status=200)


@public("search engines ask for it")
@require_GET
def robots(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 — a view
    """On a host of a workspace's own: nothing is to be found by searching."""
    return HttpResponse("User-agent: *\nDisallow: /\n", content_type="text/plain")


@public("browsers ask for it unasked")
@require_safe
def favicon(request: Any) -> HttpResponse:
    """On a host of a workspace's own: its logo."""
    look = branding.look_of(request.shown_as)
    if look is None or not look.logo:
        raise Http404
    return redirect(look.logo)
