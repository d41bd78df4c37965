"""A refusal or any error of the API becomes one shape: RFC 9457 members, and the contract's `error` and `message`."""

from __future__ import annotations

import logging
import sys
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions
from rest_framework.response import Response

from accounts import logs
from accounts.errors import Refusal
from accounts.tenancy import public
from accounts.wording import in_words
from generations.outage import is_away

logger = logging.getLogger(__name__)

_TITLES = {401: "Unauthorized", 403: "Forbidden", 404: "Not found", 405: "Method not allowed"}


def body(*, status: int, code: str, title: str, message: str, **facts: Any) -> dict[str, Any]:
    """The error body. `error` and `message` are what a MeltFlex client reads, the rest is RFC 9457.

    `errors` points at the fields that are wrong: from `field` and `fields` of the facts.
    """
    if pointed := _pointed(facts, message):
        facts = {**facts, "errors": pointed}
    return {
        "error": title,
        "message": message,
        "code": code,
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": message,
        "request_id": logs.current().get("request", ""),
        **facts,
    }


def _pointed(facts: dict[str, Any], message: str) -> list[dict[str, str]]:
    """JSON pointers into the body that was sent, as RFC 9457 has them in its own example."""
    if name := facts.get("field"):
        return [{"pointer": f"#/{name}", "detail": message}]
    fields = facts.get("fields")
    if not isinstance(fields, dict):
        return []
    return [
        {"pointer": "#" if name == "non_field_errors" else f"#/{name}", "detail": str(sentence)}
        for name, sentences in fields.items()
        for sentence in (sentences if isinstance(sentences, list) else [sentences])
    ]


def _headers(facts: dict[str, Any]) -> dict[str, str]:
    return {"Retry-After": str(int(facts["retry_after"]))} if "retry_after" in facts else {}


class ServiceAway(Refusal):
    """The service restarts at this moment and has not taken this request. Repeat it in a moment, best with an
    Idempotency-Key."""

    code, title, status = "restarting", "Service restarting", 503


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's hook. None means a bug: Django's 500 handler answers, and nobody catches it before."""
    if is_away(error):
        logger.warning("Database or storage is away: %s", str(error).strip())
        error = ServiceAway(retry_after=2)
    if isinstance(error, Refusal):
        answer = body(
            status=error.status, code=error.code, title=error.title, message=error.message, **error.facts
        )
        return Response(answer, status=error.status, headers=_headers(error.facts))
    if isinstance(error, Http404):
        error = exceptions.NotFound("There is nothing here, or it is not yours.")
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, exceptions.APIException):
        return _from_drf(error)
    return None


def _from_drf(error: exceptions.APIException) -> Response:
    facts: dict[str, Any] = {}
    if isinstance(error, exceptions.ValidationError):
        facts["fields"] = error.detail
        message = "; ".join(_sentences(error.detail))
    else:
        message = str(error.detail)
    code = error.get_codes() if isinstance(error.get_codes(), str) else error.default_code
    title = _TITLES.get(error.status_code, HTTPStatus(error.status_code).phrase)
    headers = {}
    if auth_header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = auth_header
    answer = body(status=error.status_code, code=str(code), title=title, message=message, **facts)
    return Response(answer, status=error.status_code, headers=headers)


def _sentences(detail: Any, name: str = "") -> list[str]:
    if isinstance(detail, dict):
        return [line for key, value in detail.items() for line in _sentences(value, str(key))]
    if isinstance(detail, list):
        return [line for value in detail for line in _sentences(value, name)]
    return [f"{name}: {detail}" if name and name != "non_field_errors" else str(detail)]


# --- Outside DRF: handlers named in config/urls.py, and middleware --------------------------------------


def _wants_json(request: HttpRequest) -> bool:
    return request.path.startswith(("/api/", "/_allauth/"))


def answer(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """A refusal as JSON for programs and as a page for people."""
    if _wants_json(request):
        content = body(
            status=refusal.status,
            code=refusal.code,
            title=refusal.title,
            message=refusal.message,
            **refusal.facts,
        )
        return JsonResponse(content, status=refusal.status, headers=_headers(refusal.facts))
    context = {"title": in_words(refusal.title), "reason": refusal.message}
    return render(request, "refused.html", context, status=refusal.status)


class BadRequest(Refusal):
    """This request can't be understood."""

    code, title, status = "bad_request", "Bad request", 400


class NotAllowedHere(Refusal):
    """You may not do that."""

    code, title, status = "forbidden", "Forbidden", 403


class FormFromElsewhere(Refusal):
    """This request carries no proof that it comes from our own page. Programs use an API key under /api/."""

    code, title, status = "csrf_failed", "Forbidden", 403


class NotFoundHere(Refusal):
    """There is no such address."""

    code, title, status = "not_found", "Not found", 404


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: a host or a form that Django refuses to read."""
    return answer(request, BadRequest())


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404 for whatever does not exist or is another workspace's."""
    if _wants_json(request):
        return answer(request, NotFoundHere())
    return render(request, "404.html", status=404)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403: a member whose role does not reach."""
    if _wants_json(request):
        return answer(request, NotAllowedHere())
    return render(request, "403.html", {"reason": str(exception)}, status=403)


@public("says that a form has to be sent again")
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: a form that was open for too long, or of another site."""
    if _wants_json(request) or request.headers.get("Accept", "").startswith("application/json"):
        refusal = FormFromElsewhere()
        return JsonResponse(
            body(status=403, code=refusal.code, title=refusal.title, message=refusal.message), status=403
        )
    return render(request, "403_csrf.html", status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: our bug. Says so, and nothing of its inside. 503 where what we keep things in is away."""
    if (error := sys.exception()) is not None and is_away(error):
        away = ServiceAway(retry_after=2)
        if _wants_json(request):
            return answer(request, away)
        return render(request, "500.html", {"message": away.message}, status=503)
    message = gettext(
        "Something broke on our side. Nothing was charged for this request if it made no picture."
    )
    if _wants_json(request):
        content = body(status=500, code="internal_error", title="Internal error", message=message)
        return JsonResponse(content, status=500)
    return render(request, "500.html", {"message": message}, status=500)


@public("says that there is no such endpoint")
@csrf_exempt
def no_such_endpoint(request: HttpRequest) -> HttpResponse:
    """Any address under /api/ that is none, whatever the method."""
    raise Http404
