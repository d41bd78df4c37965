"""Subscriptions: begun, renewed, changed, not paid, ended."""

from __future__ import annotations

from typing import Any

from billing.stripe_sandbox import invoices
from billing.stripe_sandbox.catalogue import plan_of
from billing.stripe_sandbox.core import DAY, Core, change, listed
from billing.stripe_sandbox.errors import ApiError
from billing.stripe_sandbox.periods import period_end
from billing.stripe_sandbox.typed import Json

ALIVE = ("trialing", "active", "past_due", "unpaid", "incomplete")


def begin(
    core: Core, *, customer: str, items: list[Json], method: Json | None, **more: Any
) -> tuple[Json, str]:
    """A new subscription and how its first payment went; declined leaves nothing behind but the tries.

    `items`: `price` (whole) and `quantity` each. `more`: `metadata`, `trial_days`, `billing_mode`, `automatic_tax`.
    """
    trial = more.get("trial_days") or 0
    start = core.now
    first = items[0]["price"]
    anchor = start + trial * DAY
    end = anchor if trial else period_end(start, anchor=anchor, price=first)
    sub = core.add(
        "subscription",
        automatic_tax={"enabled": more.get("automatic_tax", False)},
        billing_cycle_anchor=anchor,
        billing_mode=_billing_mode(more.get("billing_mode") or "flexible"),
        billing_schedules=[],
        cancel_at_period_end=False,
        cancellation_details={},
        collection_method="charge_automatically",
        currency=first["currency"],
        customer=customer,
        default_payment_method=method["id"] if method else None,
        discounts=[],
        invoice_settings={"issuer": {"type": "self"}},
        items={"object": "list", "data": [], "has_more": False, "url": ""},
        metadata=more.get("metadata") or {},
        payment_settings={"save_default_payment_method": "off"},
        start_date=start,
        status="incomplete",
        trial_end=anchor if trial else None,
        trial_settings={"end_behavior": {"missing_payment_method": "create_invoice"}},
        trial_start=start if trial else None,
    )
    rows = [_item(core, sub, item, (start, end)) for item in items]
    sub["items"] = listed(f"/v1/subscription_items?subscription={sub['id']}", rows)
    if trial:
        sub["status"] = "trialing"
    core.emit("customer.subscription.created", sub)
    outcome = bill(core, sub, reason="subscription_create", free=bool(trial), method=method, by_owner=True)
    if outcome != "declined" and not trial:
        say(core, sub, change(sub, status="active"))
    return sub, outcome


def _billing_mode(kind: str) -> Json:
    flexible = {"flexible": {"proration_discounts": "included"}} if kind == "flexible" else {}
    return {"type": kind, **flexible}


def _item(core: Core, sub: Json, item: Json, period: tuple[int, int]) -> Json:
    price = item["price"]
    return core.make(
        "subscription_item",
        current_period_start=period[0],
        current_period_end=period[1],
        discounts=[],
        metadata={},
        plan=plan_of(price),
        price=price,
        quantity=item.get("quantity", 1),
        subscription=sub["id"],
        tax_rates=[],
    )


def bill(
    core: Core, sub: Json, *, reason: str, method: Json | None, by_owner: bool, free: bool = False
) -> str:
    """An invoice for the current period of every item, and the first try to have it paid."""
    items = sub["items"]["data"]
    start, end = items[0]["current_period_start"], items[0]["current_period_end"]
    lines = []
    for item in items:
        amount = 0 if free else item["price"]["unit_amount"] * item["quantity"]
        name = core.get("product", item["price"]["product"])["name"]
        more = {"description": f"Trial period for {name}"} if free else {}
        lines.append(invoices.line_of(core, sub, item, amount=amount, period=(start, end), **more))
    before = core.secret_of(sub).get("billed_from", start) if reason == "subscription_cycle" else start
    core.secret_of(sub)["billed_from"] = start
    invoice = invoices.new_invoice(core, sub, reason=reason, lines=lines, period=(before, start))
    change(sub, latest_invoice=invoice["id"])
    return invoices.pay(core, invoice, method, by_owner=by_owner)


def say(core: Core, sub: Json, before: Json) -> None:
    """Tell that it changed."""
    core.emit("customer.subscription.updated", sub, before)


def method_of(core: Core, sub: Json) -> Json | None:
    """What it is paid with: its own payment method, else the customer's."""
    customer = core.get("customer", sub["customer"])
    wanted = sub["default_payment_method"] or customer["invoice_settings"]["default_payment_method"]
    return core.get("payment_method", wanted) if wanted else None


def renew(core: Core, sub: Json) -> None:
    """Its period is over: end it if that was wished, else bill the next one."""
    if sub["cancel_at_period_end"]:
        end(core, sub, reason="cancellation_requested")
        return
    items = sub["items"]["data"]
    start = items[0]["current_period_end"]
    before = {"items": listed(sub["items"]["url"], [dict(item) for item in items])}
    for item in items:
        until = period_end(start, anchor=sub["billing_cycle_anchor"], price=item["price"])
        change(item, current_period_start=start, current_period_end=until)
    if sub["status"] == "trialing":
        before |= change(sub, status="active")
    before["latest_invoice"] = sub["latest_invoice"]
    outcome = bill(core, sub, reason="subscription_cycle", method=method_of(core, sub), by_owner=False)
    if outcome == "declined":
        before |= change(sub, status="past_due")
    say(core, sub, before)


def try_again(core: Core, sub: Json, *, by_owner: bool = False) -> str:
    """Try the open invoice once more; after the last try the subscription ends as the settings say."""
    invoice = core.get("invoice", sub["latest_invoice"])
    outcome = invoices.pay(core, invoice, method_of(core, sub), by_owner=by_owner)
    if outcome == "succeeded":
        paid(core, sub)
    elif outcome == "declined" and invoice["next_payment_attempt"] is None:
        if core.settings["dunning_end"] == "canceled":
            end(core, sub, reason="payment_failed")
        elif sub["status"] != "unpaid":
            say(core, sub, change(sub, status=core.settings["dunning_end"]))
    return outcome


def paid(core: Core, sub: Json) -> None:
    """What was owed has come: it is active again."""
    if sub["status"] in ("past_due", "unpaid", "incomplete"):
        say(core, sub, change(sub, status="active"))


def owed(core: Core, sub: Json) -> None:
    """A slow payment of its newest invoice came back."""
    if sub["status"] in ("active", "trialing"):
        say(core, sub, change(sub, status="past_due"))


def cancel_at_period_end(core: Core, sub: Json, *, wished: bool) -> None:
    """Let it end with its period, or not after all."""
    until = sub["items"]["data"][0]["current_period_end"]
    reason = {**sub["cancellation_details"], "reason": "cancellation_requested" if wished else None}
    before = change(
        sub,
        cancel_at_period_end=wished,
        cancel_at=until if wished else None,
        canceled_at=core.now if wished else None,
        cancellation_details=reason,
    )
    say(core, sub, before)


def end(core: Core, sub: Json, *, reason: str) -> None:
    """It is over now. Raises ApiError if it was before."""
    if sub["status"] not in ALIVE:
        raise ApiError(f"No such subscription: {sub['id']}", status=404, code="resource_missing", param="id")
    change(sub, status="canceled", ended_at=core.now, canceled_at=sub["canceled_at"] or core.now)
    change(
        sub,
        cancel_at_period_end=False,
        cancellation_details={**sub["cancellation_details"], "reason": reason},
    )
    core.emit("customer.subscription.deleted", sub)
    invoice = core.rows["invoice"].get(sub["latest_invoice"] or "")
    if invoice and invoice["status"] == "open":
        invoices.stop_collecting(core, invoice)


def warn_of_trial_end(core: Core, sub: Json) -> None:
    """Three days before."""
    core.secret_of(sub)["warned"] = True
    core.emit("customer.subscription.trial_will_end", sub)
