"""How the API describes itself: what every operation has in common is written here, once.

A view says its summary, its own parameters, what it takes and what it answers with (`extend_schema`); names, tags,
common parameters, headers and errors follow from the method, the path and the view. `config/description.py` holds the
rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import force_instance
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

READS = ("GET", "HEAD")
CONDITIONAL = ("PATCH", "PUT", "DELETE")  # methods that heed `If-Match`
WITH_BODY = ("POST", "PUT", "PATCH")

# Component names of the answers that are errors; config/description.py has what each one says.
ERRORS = {
    400: "BadRequest",
    401: "Unauthorized",
    402: "PaymentRequired",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    410: "Gone",
    411: "LengthRequired",
    412: "PreconditionFailed",
    413: "BodyTooLarge",
    415: "UnsupportedMediaType",
    422: "Unprocessable",
    429: "TooManyRequests",
    500: "InternalError",
    503: "Unavailable",
    504: "TimedOut",
}
_VERBS = {"GET": "read", "POST": "create", "PATCH": "change", "PUT": "put", "DELETE": "delete"}
_OF_PAGES = [
    OpenApiParameter("cursor", str, description="From `next` or `previous` of another page."),
    OpenApiParameter(
        "limit",
        {"type": "integer", "minimum": 1},
        description="How many at once; more than 100 counts as 100.",
    ),
]
_IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match",
    location=OpenApiParameter.HEADER,
    description="An `ETag` from before: what has not changed is answered 304, without a body.",
)
_IF_MATCH = OpenApiParameter(
    "If-Match",
    location=OpenApiParameter.HEADER,
    description="The `ETag` of what you have read: 412 if it is another by now, and nothing is changed.",
)
_WORKSPACE = OpenApiParameter(
    "X-Workspace",
    location=OpenApiParameter.HEADER,
    description="The workspace that the session of an app means, where its person belongs to several.",
)


class Schema(AutoSchema):
    """Describes one operation; the settings name it for every view."""

    view: Any  # mostly a TenantAPIView, which lies above this module

    def get_operation_id(self) -> str:
        """`listClients`, `createClient`, `readClient`, `postGenerationCancel`: of the method and the path alone."""
        parts = self.path.removeprefix("/api/v1/").split("/")
        verb, last = _VERBS[self.method], parts[-1]
        if self.method == "POST" and (last.startswith("{") or not last.endswith("s")):
            verb = "post"
        elif self.method == "GET" and not last.startswith("{") and last.endswith("s"):
            verb = "list"
        words = [
            singular(word) if after.startswith("{") or (verb == "create" and not after) else word
            for word, after in zip(parts, [*parts[1:], ""], strict=True)
            if not word.startswith("{")
        ]
        return verb + "".join(piece.capitalize() for word in words for piece in word.split("-"))

    def get_tags(self) -> list[str]:
        """The noun: the first word of the path."""
        return self._tokenize_path()[:1]

    def get_override_parameters(self) -> list[Any]:
        """What each operation of this kind takes, before its own."""
        return [*super().get_override_parameters(), *self._common()]

    def _common(self) -> Iterator[OpenApiParameter]:
        is_tenant = hasattr(self.view, "expandable")
        if self.method in CONDITIONAL and can_be_read(self.view):
            yield _IF_MATCH
        if is_tenant and self.view.policy != "session":
            yield _WORKSPACE
        if self.method != "GET" or not is_tenant:
            return
        yield _IF_NONE_MATCH
        if self.is_page():
            yield from _OF_PAGES
        names = self.member_names()
        if names:
            yield OpenApiParameter(
                "fields",
                str,
                many=True,
                explode=False,
                enum=names,
                description="Only these members, with commas between; the others are left out, required or not"
                + (" (of each of `results`)." if self.is_page() else "."),
            )
        if expandable := list(self.view.expandable):
            yield OpenApiParameter(
                "expand",
                str,
                many=True,
                explode=False,
                enum=expandable,
                description="Ids that shall be answered as what they name, with commas between.",
            )

    def answer(self) -> Any:
        """The serializer of the successful answer, or None where none is declared."""
        found: Any = self.get_response_serializers()
        if isinstance(found, dict):
            good = {str(code): each for code, each in found.items() if str(code).startswith("2")}
            found = good[min(good)] if good else None
        if isinstance(found, OpenApiResponse):
            found = found.response
        found = force_instance(found)  # type: ignore[no-untyped-call]
        return found if isinstance(found, serializers.Serializer) else None

    def is_page(self) -> bool:
        """Whether it answers with `results` and a cursor."""
        answer = self.answer()
        return answer is not None and {"next", "results"} <= set(answer.fields)

    def member_names(self) -> list[str]:
        """What `fields` may name; empty where the answer isn't declared."""
        answer = self.answer()
        if answer is None:
            return []
        results = answer.fields.get("results")
        child = getattr(results, "child", None)
        return list(child.fields if isinstance(child, serializers.Serializer) else answer.fields)

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        found: dict[str, Any] = super()._get_response_bodies(direction)
        told = {name: {"$ref": f"#/components/headers/{name}"} for name in self._headers()}
        for code, answer in found.items():
            if code.startswith("2"):
                answer["headers"] = {**told, **answer.get("headers", {})}
        if self.method == "GET" and hasattr(self.view, "expandable"):
            found.setdefault("304", {"description": "It has not changed.", "headers": told})
        for status in sorted(self.errors()):
            found.setdefault(str(status), {"$ref": f"#/components/responses/{ERRORS[status]}"})
        return dict(sorted(found.items()))

    def _headers(self) -> Iterator[str]:
        if not hasattr(self.view, "expandable"):
            return
        yield from ("X-Request-Id", "RateLimit", "RateLimit-Policy")
        if self.method == "GET" or (self.method in ("PATCH", "PUT") and can_be_read(self.view)):
            yield "ETag"

    def errors(self) -> set[int]:
        """The statuses of errors that this operation can answer with; `errors` of a view adds its own."""
        found = {503}
        if not hasattr(self.view, "expandable"):
            return found
        found |= {400, 401, 403, 429, *self.view.errors.get(self.method, ())}
        if "{" in self.path or self.is_page():
            found.add(404)
        if self.method not in READS:
            found |= {404, 409}
        if self.method in CONDITIONAL and can_be_read(self.view):
            found.add(412)
        if self.method in WITH_BODY:
            found |= {413, 415, 422}
        return found


def singular(word: str) -> str:
    """`clients` → `client`, `proxies` → `proxy`; what ends with no s stays."""
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def can_be_read(view: Any) -> bool:
    """Whether what the view is about has a representation, and with it an ETag."""
    return hasattr(view, "get") and "get" in view.http_method_names


@cache
def query_parameters(kind: Any, method: str) -> dict[str, OpenApiParameter | None]:
    """What this method of this view takes in its query, by name; None for a field of a form that the view reads."""
    view = kind()
    view.request, view.kwargs = None, {}  # nothing of a request is asked for
    handler = getattr(view, method.lower())
    declared = getattr(handler, "kwargs", {}).get("schema") or type(view.schema)
    schema: Any = declared()
    schema.view, schema.method = view, method
    found: dict[str, OpenApiParameter | None] = {}
    for parameter in schema.get_override_parameters():
        if not isinstance(parameter, OpenApiParameter):
            form: Any = force_instance(parameter)  # type: ignore[no-untyped-call]
            found |= dict.fromkeys(form.fields)
        elif parameter.location == OpenApiParameter.QUERY:
            found[parameter.name] = parameter
    return found


class IdOf(serializers.CharField):
    """A member that is an id, and with `?expand=` what it names; `of` is the serializer of that."""

    def __init__(self, of: type[serializers.Serializer[Any]], **options: Any) -> None:
        super().__init__(**options)
        self.of = of


class IdOfExtension(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]  # it registers itself
    """Describes IdOf: one or the other."""

    target_class = IdOf

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        """A text, or what it names."""
        ref: dict[str, Any] = auto_schema.resolve_serializer(self.target.of, direction).ref
        choices = [{"type": "string"}, ref, *([{"type": "null"}] if self.target.allow_null else [])]
        return {"anyOf": choices}


class AppScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # it registers itself
    """Describes the session of an app."""

    target_class = "accounts.authentication.AppAuthentication"
    name = "appSession"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """As a header."""
        return {
            "type": "apiKey",
            "in": "header",
            "name": "X-Session-Token",
            "description": "The session of a person who has signed in with an app: `rw_app_…`, also as a bearer token."
            " Who belongs to several workspaces names one in `X-Workspace`.",
        }


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # it registers itself
    """Describes the API key."""

    target_class = "accounts.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """As a header."""
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "mf_sk_live_… or mf_sk_test_…",
            "description": "A key of a workspace, made under Settings → API keys.",
        }
