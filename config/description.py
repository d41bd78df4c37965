"""What the description of the API (OpenAPI) says beside its operations: itself, its errors, its headers."""

from __future__ import annotations

from typing import Any

VERSION = "1.1.0"  # of the description; docs/api-changelog.md says what changed

_PROBLEM = {
    "type": "object",
    "description": "Every error: the members of RFC 9457, and `error` and `message` as MeltFlex's programs read them.",
    "required": ["error", "message", "code", "type", "title", "status", "detail", "request_id"],
    "properties": {
        "error": {"type": "string", "description": "A short name; the same as `title`."},
        "message": {"type": "string", "description": "What is wrong and what to do; the same as `detail`."},
        "code": {"type": "string", "description": "One word for programs; it never changes."},
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "request_id": {"type": "string", "description": "Quote it when you ask for help."},
        "errors": {
            "type": "array",
            "description": "The fields of the body that are wrong.",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
    "additionalProperties": True,
}
# By component name: what it says, and one example of it: code, title, message.
_ERRORS: dict[str, tuple[int, str, str, str, str]] = {
    "BadRequest": (
        *(400, "A field or a parameter is missing or wrong.", "invalid", "Bad Request"),
        "name: This field is required.",
    ),
    "Unauthorized": (
        *(401, "No valid key.", "authentication_failed", "Unauthorized"),
        "This API key is not valid or was revoked. Make one in the account settings.",
    ),
    "PaymentRequired": (
        *(402, "Too few credits, or a budget is used up.", "insufficient_credits", "Insufficient credits"),
        "This costs 10 credits and 4 are left.",
    ),
    "Forbidden": (
        *(403, "The key, the person or the plan may not do this.", "scope_missing", "Scope missing"),
        "This needs an API key with the scope manage. This one has: read, generate.",
    ),
    "NotFound": (
        *(404, "There is no such thing, or it is another workspace's.", "not_found", "Not found"),
        "There is nothing here, or it is not yours.",
    ),
    "Conflict": (
        *(409, "Not in the state that it has now.", "too_late_to_cancel", "Too late to cancel"),
        "The engine has been called. The picture will be in the history.",
    ),
    "Gone": (
        *(410, "It was there and has been removed.", "picture_removed", "Picture removed"),
        "The picture of this request has been removed.",
    ),
    "LengthRequired": (
        *(411, "A body in chunks.", "length_required", "Length required"),
        "The request came in chunks of unknown length. Send it whole, with a Content-Length header.",
    ),
    "PreconditionFailed": (
        *(412, "`If-Match` names another state.", "precondition_failed", "Precondition failed"),
        "It has changed since you read it, and nothing was changed now. Read it again, then send the new ETag.",
    ),
    "BodyTooLarge": (
        *(413, "Over 15 MB of JSON, or over 31 MB.", "body_too_large", "Request body too large"),
        "The request body is over 15 MB. Send addresses instead of base64, or smaller pictures.",
    ),
    "UnsupportedMediaType": (
        *(415, "The body is of another media type.", "unsupported_media_type", "Unsupported Media Type"),
        "Send the body as JSON: Content-Type: application/json.",
    ),
    "Unprocessable": (
        *(422, "Well-formed, and still not possible.", "idempotency_key_reused", "Idempotency key reused"),
        "This Idempotency-Key came before with another body.",
    ),
    "TooManyRequests": (
        *(429, "Too many requests: wait `Retry-After`.", "rate_limited", "Rate limited"),
        "This workspace may send 6000 requests a minute. Wait until the minute is over.",
    ),
    "InternalError": (
        *(500, "A failure on our side; credits are back.", "generation_failed", "Generation failed"),
        "The picture could not be made. Your credits are back.",
    ),
    "Unavailable": (
        *(503, "Not at this moment: wait `Retry-After`.", "restarting", "Service restarting"),
        "The service restarts at this moment and has not taken this request. Repeat it in a moment.",
    ),
    "TimedOut": (
        *(504, "Not ready within two minutes; credits are back.", "deadline_passed", "Deadline passed"),
        "The picture was not ready in time. Your credits are back.",
    ),
}
_HEADERS = {
    "X-Request-Id": ("string", "The name of this request; quote it when you ask for help."),
    "RateLimit": ("string", 'What is left of each limit: `"workspace";r=5999;t=31`.'),
    "RateLimit-Policy": ("string", 'The limits: `"workspace";q=6000;w=60`.'),
    "ETag": ("string", "Names this state, for `If-None-Match` and `If-Match`."),
    "Retry-After": ("integer", "Whole seconds to wait."),
}


def _error(status: int, what: str, code: str, title: str, message: str) -> dict[str, Any]:
    example = {
        "error": title,
        "message": message,
        "code": code,
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": message,
        "request_id": "req_5mW0xq3FZyT8bJc1LdRkVa",
    }
    told = ["X-Request-Id", *(["Retry-After"] if status in (429, 503) else [])]
    return {
        "description": what,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in told},
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}
        },
    }


SETTINGS: dict[str, Any] = {
    "TITLE": "Roomwright API",
    "VERSION": VERSION,
    "OAS_VERSION": "3.1.1",
    "DESCRIPTION": "Redesign a room from a photo. A program written for MeltFlex works here unchanged.",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENABLE_DJANGO_DEPLOY_CHECK": False,  # it builds the whole schema; tests look at that
    "COMPONENT_SPLIT_REQUEST": True,
    "WEBHOOKS": "config.told.WEBHOOKS",
    "APPEND_COMPONENTS": {
        "schemas": {"Problem": _PROBLEM},
        "responses": {name: _error(*told) for name, told in _ERRORS.items()},
        "headers": {
            name: {"description": what, "schema": {"type": kind}} for name, (kind, what) in _HEADERS.items()
        },
    },
    "POSTPROCESSING_HOOKS": [],  # choices stay where they are: a name of their own would change with every other one
}
