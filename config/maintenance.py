"""The closed sign: while MAINTENANCE is set every page and endpoint answers 503 and says when to come back."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation

from accounts.errors import Refusal
from config import problems

_OPEN = ("/healthz", "/readyz")  # a load balancer must not take the machines out


class Maintenance(Refusal):
    """The service is being worked on and takes no requests at the moment. What was accepted before is kept."""

    code, title, status = "maintenance", "Down for maintenance", 503


class ClosedSign:
    """Middleware, before anything that asks the database: it may be the database that is worked on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not settings.MAINTENANCE or request.path in _OPEN:
            return self.get_response(request)
        seconds = settings.MAINTENANCE_SECONDS
        if request.path.startswith("/api/"):
            return problems.answer(request, Maintenance(retry_after=seconds))
        with translation.override(translation.get_language_from_request(request)):
            response = render(request, "503.html", {"minutes": max(1, seconds // 60)}, status=503)
        response["Retry-After"] = str(seconds)
        return response
