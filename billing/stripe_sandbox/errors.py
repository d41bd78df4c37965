"""Stripe's error envelope."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """A refusal as Stripe words it: `{"error": {"type": …, "code": …, "message": …, "param": …}}`."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str = "",
        param: str = "",
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error = {"type": kind, "message": message, **more}
        self.error |= {name: value for name, value in (("code", code), ("param", param)) if value}

    def body(self) -> dict[str, Any]:
        return {"error": self.error}


def missing(kind: str, wanted: str, *, param: str = "id") -> ApiError:
    """404 for an address, 400 for a reference in a body: the caller of the first passes param="id"."""
    status = 404 if param == "id" else 400
    return ApiError(f"No such {kind}: '{wanted}'", status=status, code="resource_missing", param=param)


def card_declined(decline_code: str, **more: Any) -> ApiError:
    """402: the card's bank said no, or wants its holder to confirm."""
    if decline_code == "authentication_required":
        message = "Your card was declined. This transaction requires authentication."
        return ApiError(message, status=402, kind="card_error", code="authentication_required", **more)
    message = "Your card was declined."
    return ApiError(
        message, status=402, kind="card_error", code="card_declined", decline_code=decline_code, **more
    )
