"""A name for each request: in the header `X-Request-Id` and in every error, so that it can be spoken about."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

from accounts.ids import new_id

_GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")
_current: ContextVar[str] = ContextVar("request_id", default="")


def current() -> str:
    """The name of the request that this thread answers; "" outside one."""
    return _current.get()


class RequestIds:
    """Middleware, the first. A proxy's name for the request is kept where it is a plain word."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-Id", "")
        token = _current.set(given if _GIVEN.fullmatch(given) else new_id("req"))
        try:
            response = self.get_response(request)
            response["X-Request-Id"] = _current.get()
            return response
        finally:
            _current.reset(token)
