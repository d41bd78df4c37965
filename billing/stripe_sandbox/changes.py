"""Changes of a running subscription: another price now, at the next renewal, or with proration."""

from __future__ import annotations

import copy
from typing import Any

from billing.stripe_sandbox import invoices, subscriptions
from billing.stripe_sandbox.catalogue import plan_of
from billing.stripe_sandbox.core import Core, change, listed, merged_metadata
from billing.stripe_sandbox.errors import ApiError, card_declined
from billing.stripe_sandbox.periods import period_end
from billing.stripe_sandbox.typed import Json

KNOWN = {
    "billing_cycle_anchor",
    "cancel_at_period_end",
    "cancellation_details",
    "default_payment_method",
    "expand",
    "items",
    "metadata",
    "off_session",
    "payment_behavior",
    "proration_behavior",
    "trial_end",
}


def update(core: Core, sub: Json, params: Json) -> Json:
    """POST /v1/subscriptions/:id. A declined `error_if_incomplete` leaves everything as it was."""
    if sub["status"] not in subscriptions.ALIVE:
        message = "A canceled subscription can only update its cancellation_details and metadata."
        raise ApiError(message)
    if unknown := sorted(params.keys() - KNOWN):
        raise ApiError(f"The sandbox can't change {unknown[0]} of a subscription.", param=unknown[0])
    new = _plain(core, sub, params)
    prices = _prices(core, sub, params)
    anchor = params.get("billing_cycle_anchor") or {}
    starts_anew = anchor.get("type") == "now" or params.get("trial_end") == "now"
    if prices and not starts_anew:
        _refuse_unknown_proration(params, sub)
    if starts_anew:
        new |= _start_anew(core, sub, prices, params)
    elif prices:
        new |= _swap(core, sub, prices, params)
    wished = params.get("cancel_at_period_end")
    if new:
        subscriptions.say(core, sub, new)
    if wished is not None and wished != sub["cancel_at_period_end"]:
        subscriptions.cancel_at_period_end(core, sub, wished=wished)
    return sub


def _plain(core: Core, sub: Json, params: Json) -> Json:
    new: Json = {}
    if "metadata" in params:
        new["metadata"] = merged_metadata(sub["metadata"], params["metadata"])
    if method := params.get("default_payment_method"):
        new["default_payment_method"] = core.get("payment_method", method, param="default_payment_method")[
            "id"
        ]
    if details := params.get("cancellation_details"):
        new["cancellation_details"] = {**sub["cancellation_details"], **details}
    return change(sub, **new)


def _prices(core: Core, sub: Json, params: Json) -> list[tuple[Json, Json, int]]:
    """Item, its new price and quantity, for every item that is to change."""
    found = []
    for wish in params.get("items") or []:
        mine = {item["id"]: item for item in sub["items"]["data"]}
        if wish.get("id") not in mine:
            raise ApiError("The sandbox only changes existing items: give `items[0][id]`.", param="items")
        item = mine[wish["id"]]
        price = core.get("price", wish.get("price", item["price"]["id"]), param="items[0][price]")
        found.append((item, price, int(wish.get("quantity", item["quantity"]))))
    return found


def _refuse_unknown_proration(params: Json, sub: Json) -> None:
    behaviour = params.get("proration_behavior", "create_prorations")
    if behaviour == "create_prorations" and sub["status"] != "trialing":
        message = "The sandbox prorates only with `always_invoice`; say that or `none`."
        raise ApiError(message, param="proration_behavior")


def _snapshot(sub: Json) -> Json:
    return {"items": listed(sub["items"]["url"], copy.deepcopy(sub["items"]["data"]))}


def _put(item: Json, price: Json, quantity: int) -> None:
    change(item, price=price, plan=plan_of(price), quantity=quantity)


def _start_anew(core: Core, sub: Json, prices: list[tuple[Json, Json, int]], params: Json) -> Json:
    """The full price now and a new period from now."""
    if params.get("proration_behavior", "create_prorations") != "none":
        message = "The sandbox starts a new period only with `proration_behavior=none`."
        raise ApiError(message, param="proration_behavior")
    method = subscriptions.method_of(core, sub)
    before = _snapshot(sub)
    old = copy.deepcopy(sub)
    for item, price, quantity in prices:
        _put(item, price, quantity)
    before |= change(sub, billing_cycle_anchor=core.now)
    for item in sub["items"]["data"]:
        until = period_end(core.now, anchor=core.now, price=item["price"])
        change(item, current_period_start=core.now, current_period_end=until)
    if sub["status"] == "trialing":
        before |= change(sub, status="active", trial_end=core.now)
    before["latest_invoice"] = sub["latest_invoice"]
    outcome = subscriptions.bill(core, sub, reason="subscription_update", method=method, by_owner=False)
    if outcome == "declined":
        _declined(core, sub, old, params)
        before |= change(sub, status="past_due")
    elif outcome == "succeeded" and sub["status"] in ("past_due", "unpaid"):
        before |= change(sub, status="active")
    return before


def _declined(core: Core, sub: Json, old: Json, params: Json) -> None:
    """Raises ApiError for `error_if_incomplete`, after everything is as it was; the invoice is void."""
    behaviour = params.get("payment_behavior", "allow_incomplete")
    invoice = core.get("invoice", sub["latest_invoice"])
    if behaviour == "allow_incomplete":
        return
    sub.clear()
    sub.update(old)
    invoices.void(core, invoice)
    if behaviour != "error_if_incomplete":
        message = f"The sandbox knows no `payment_behavior={behaviour}` for a declined payment."
        raise ApiError(message, param="payment_behavior")
    raise card_declined("insufficient_funds")


def _swap(core: Core, sub: Json, prices: list[tuple[Json, Json, int]], params: Json) -> Json:
    """Another price within the period: nothing to pay until it renews, or the difference at once."""
    before = _snapshot(sub)
    lines = []
    prorates = params.get("proration_behavior") == "always_invoice" and sub["status"] != "trialing"
    for item, price, quantity in prices:
        if prorates:
            lines.append(_prorated(core, sub, item, sign=-1))
        _put(item, price, quantity)
        if prorates:
            lines.append(_prorated(core, sub, item, sign=1))
    if lines:
        before["latest_invoice"] = sub["latest_invoice"]
        period = (core.now, core.now)
        invoice = invoices.new_invoice(core, sub, reason="subscription_update", lines=lines, period=period)
        change(sub, latest_invoice=invoice["id"])
        outcome = invoices.pay(core, invoice, subscriptions.method_of(core, sub), by_owner=False)
        if outcome == "declined":
            before |= change(sub, status="past_due")
    return before


def _prorated(core: Core, sub: Json, item: Json, *, sign: int) -> Json:
    start, end = item["current_period_start"], item["current_period_end"]
    share = (end - core.now) / (end - start)
    amount = sign * round(item["price"]["unit_amount"] * item["quantity"] * share)
    words: dict[int, Any] = {-1: "Unused time on", 1: "Remaining time on"}
    name = core.get("product", item["price"]["product"])["name"]
    more = {"proration": True, "description": f"{words[sign]} {name}"}
    return invoices.line_of(core, sub, item, amount=amount, period=(core.now, end), **more)
