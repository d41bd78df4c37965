"""Lists with filters and cursors, and `expand`."""

from __future__ import annotations

import copy
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

from billing.stripe_sandbox.core import Core, listed
from billing.stripe_sandbox.errors import ApiError, missing
from billing.stripe_sandbox.typed import Json

PAGING = {"limit", "starting_after", "ending_before", "expand"}
Test = Callable[[Json, Any], bool]


def _since(row: Json, wish: Any) -> bool:
    if isinstance(wish, int):
        return bool(row["created"] == wish)
    created = row["created"]
    tests = {"gt": created > wish.get("gt", -1), "gte": created >= wish.get("gte", 0)}
    tests |= {"lt": created < wish.get("lt", created + 1), "lte": created <= wish.get("lte", created)}
    return all(tests.values())


def _of_subscription(row: Json, wish: str) -> bool:
    if row["object"] == "invoice":
        parent = row["parent"] or {}
        return bool((parent.get("subscription_details") or {}).get("subscription") == wish)
    return bool(row.get("subscription") == wish)


def _with_status(row: Json, wish: str) -> bool:
    return wish == "all" or (wish == "ended" and row["status"] == "canceled") or bool(row["status"] == wish)


def _with_price(row: Json, wish: str) -> bool:
    return any(item["price"]["id"] == wish for item in row["items"]["data"])


TESTS: dict[str, Test] = {
    "created": _since,
    "lookup_keys": lambda row, wish: row["lookup_key"] in wish,
    "ids": lambda row, wish: row["id"] in wish,
    "payment": lambda row, wish: all(row["payment"].get(name) == value for name, value in wish.items()),
    "price": _with_price,
    "status": _with_status,
    "subscription": _of_subscription,
    "type": lambda row, wish: fnmatchcase(row["type"], wish),
    "types": lambda row, wish: any(fnmatchcase(row["type"], pattern) for pattern in wish),
    "customer_details": lambda row, wish: (row["customer_details"] or {}).get("email") == wish.get("email"),
}
PLAIN = {"active", "billing_reason", "charge", "customer", "email", "invoice", "payment_intent", "product"}


def page(url: str, rows: list[Json], params: Json) -> Json:
    """One page of the rows, which come oldest first and go out newest first unless they are lines of one thing."""
    for name, wish in params.items():
        if name in TESTS:
            rows = [row for row in rows if TESTS[name](row, wish)]
        elif name in PLAIN:
            rows = [row for row in rows if row.get(name) == wish]
        elif name not in PAGING:
            raise ApiError(f"The sandbox can't filter by {name}.", param=name)
    return _cut(url, rows, params)


def _cut(url: str, rows: list[Json], params: Json) -> Json:
    limit = params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise ApiError("Invalid integer: limit must be between 1 and 100.", param="limit")
    if after := params.get("starting_after"):
        rows = rows[_position(rows, after) + 1 :]
    if before := params.get("ending_before"):
        rows = rows[: _position(rows, before)]
        shown, more = rows[-limit:], len(rows) > limit
    else:
        shown, more = rows[:limit], len(rows) > limit
    return {**listed(url, shown), "has_more": more}


def _position(rows: list[Json], wanted: str) -> int:
    for number, row in enumerate(rows):
        if row["id"] == wanted:
            return number
    raise missing("object", wanted, param="starting_after")


def expanded(core: Core, answer: Json, wishes: list[str]) -> Json:
    """A copy of the answer with ids replaced by their objects along each dotted path."""
    whole = copy.deepcopy(answer)
    for wish in wishes:
        _expand(core, whole, wish.split("."))
    return whole


def _expand(core: Core, place: Any, path: list[str]) -> None:
    if isinstance(place, list):
        for item in place:
            _expand(core, item, path)
        return
    if not path or not isinstance(place, dict):
        return
    name = path[0]
    value = place.get(name)
    if value is None:
        value = included(core, place, name)
    if isinstance(value, str):
        value = copy.deepcopy(core.find(value)) or value
    if value is None and name not in place:
        raise ApiError(f"This property cannot be expanded ({name}).", param="expand")
    place[name] = value
    _expand(core, value, path[1:])


def included(core: Core, row: Json, name: str) -> Json | None:
    """Lists that Stripe leaves out of an object until they are asked for."""
    kind, key = row.get("object"), row.get("id", "")
    if (kind, name) == ("checkout.session", "line_items"):
        rows, url = core.hidden[key]["line_items"], f"/v1/checkout/sessions/{key}/line_items"
    elif (kind, name) == ("charge", "refunds"):
        rows, url = [r for r in core.all("refund") if r["charge"] == key], f"/v1/charges/{key}/refunds"
    elif (kind, name) == ("invoice", "payments"):
        rows, url = [p for p in core.all("invoice_payment") if p["invoice"] == key], "/v1/invoice_payments"
    elif (kind, name) == ("customer", "subscriptions"):
        rows, url = [s for s in core.all("subscription") if s["customer"] == key], "/v1/subscriptions"
    else:
        return None
    return copy.deepcopy(listed(url, rows))
