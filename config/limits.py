"""How much anybody may send: refused by the announced length, before anything reads the body."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.errors import Refusal
from config import problems

_DRAIN_BYTES = 64 * 2**20


class BodyTooLarge(Refusal):
    """The request body is too large. Send addresses instead of base64, or smaller pictures."""

    code, title, status = "body_too_large", "Request body too large", 413


class BodyLimit:
    """Middleware. 15 MB for JSON, as in the contract; the largest photo for forms."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        announced = request.META.get("CONTENT_LENGTH") or "0"
        limit = settings.API_BODY_BYTES if request.content_type == "application/json" else settings.FORM_BYTES
        if announced.isdigit() and int(announced) > limit:
            _drain(request, min(int(announced), _DRAIN_BYTES))
            size = f"The request body is over {limit // 2**20} MB."
            advice = "Send addresses instead of base64, or smaller pictures."
            return problems.answer(request, BodyTooLarge(f"{size} {advice}"))
        return self.get_response(request)


def _drain(request: HttpRequest, left: int) -> None:
    """Read what was announced, within reason: a client still sending would see a reset, not our answer."""
    stream = request.META["wsgi.input"]
    while left > 0:
        chunk = stream.read(min(left, 256 * 1024))
        if not chunk:
            return
        left -= len(chunk)
