"""Each request has an id: in every line of the log, in the answer's `X-Request-Id`, in what a customer can quote."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts import logs, traces
from accounts.ids import new_id

logger = logging.getLogger(__name__)

HEADER = "X-Request-Id"
PERMISSIONS = (
    "camera=(self), geolocation=(), microphone=()"  # photos may be taken on the spot; nothing else is ours
)
UNREMARKABLE = ("/healthz", "/readyz", "/metrics")  # machines ask for them every few seconds
_GIVEN = re.compile(
    r"[A-Za-z0-9._-]{8,64}"
)  # by a proxy of ours or a careful client; nothing else gets into the log


class RequestId:
    """Middleware, the outermost; with `LOG_FORMAT=json` it also writes a line for each request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get(HEADER, "")
        name = given if _GIVEN.fullmatch(given) else new_id("req")
        began = time.monotonic()
        with logs.about(request=name), _traced(request) as span:
            response = self.get_response(request)
            _tell(span, request, response)
            response.headers.setdefault(HEADER, name)
            response.headers.setdefault("Permissions-Policy", PERMISSIONS)
            if settings.LOG_FORMAT == "json" and request.path not in UNREMARKABLE:
                facts = {
                    "method": request.method,
                    "path": logs.redacted(request.path),
                    "status": response.status_code,
                    "seconds": round(time.monotonic() - began, 3),
                }
                logger.info("request", extra={"facts": facts})
        return response


def _traced(request: HttpRequest) -> AbstractContextManager[traces.Span]:
    if request.path in UNREMARKABLE:
        return nullcontext(traces.SILENT)
    return traces.span(request.method or "", "server")


def _tell(span: traces.Span, request: HttpRequest, response: HttpResponseBase) -> None:
    """By the route: the address itself may open something."""
    route = request.resolver_match.route if request.resolver_match else ""
    span.call(f"{request.method} /{route}")
    facts: traces.Facts = {"http.route": f"/{route}", "http.response.status_code": response.status_code}
    span.tell(facts | {"http.request.method": request.method or ""})
