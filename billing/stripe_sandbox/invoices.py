"""Invoices of subscriptions: made, finalised, paid or not, tried again."""

from __future__ import annotations

from typing import Any

from billing.stripe_sandbox import payments
from billing.stripe_sandbox.core import DAY, Core, change, listed
from billing.stripe_sandbox.errors import ApiError
from billing.stripe_sandbox.typed import Json

RETRY_AFTER_DAYS = (3, 5, 7)  # then the subscription ends


def line_of(core: Core, sub: Json, item: Json, *, amount: int, period: tuple[int, int], **more: Any) -> Json:
    """What one invoice line says. `more`: `proration`, `description`."""
    price = item["price"]
    product = core.get("product", price["product"])
    return core.make(
        "line_item",
        amount=amount,
        currency=price["currency"],
        description=more.get("description") or f"{item['quantity']} × {product['name']}",
        discount_amounts=[],
        discountable=not more.get("proration", False),
        discounts=[],
        metadata=dict(sub["metadata"]),
        parent={
            "type": "subscription_item_details",
            "subscription_item_details": {
                "proration": more.get("proration", False),
                "proration_details": {"credited_items": None},
                "subscription": sub["id"],
                "subscription_item": item["id"],
            },
        },
        period={"start": period[0], "end": period[1]},
        pretax_credit_amounts=[],
        pricing={
            "type": "price_details",
            "price_details": {"price": price["id"], "product": price["product"]},
            "unit_amount_decimal": price["unit_amount_decimal"],
        },
        quantity=item["quantity"],
        quantity_decimal=str(item["quantity"]),
        subscription=sub["id"],
        subtotal=amount,
        taxes=[],
    )


def new_invoice(core: Core, sub: Json, *, reason: str, lines: list[Json], period: tuple[int, int]) -> Json:
    """A finalised invoice. Its own period looks back; the lines' periods are what is paid for."""
    customer = core.get("customer", sub["customer"])
    total = sum(line["amount"] for line in lines)
    invoice = core.add(
        "invoice",
        account_country="US",
        account_name="Roomwright sandbox",
        amount_due=max(total, 0),
        amount_overpaid=0,
        amount_paid=0,
        amount_remaining=max(total, 0),
        amount_shipping=0,
        attempt_count=0,
        attempted=False,
        auto_advance=True,
        automatic_tax={"enabled": sub["automatic_tax"]["enabled"]},
        billing_reason=reason,
        collection_method="charge_automatically",
        currency=sub["currency"],
        customer=customer["id"],
        customer_email=customer["email"],
        customer_name=customer["name"],
        customer_tax_exempt="none",
        customer_tax_ids=[],
        default_tax_rates=[],
        discounts=[],
        issuer={"type": "self"},
        lines={"object": "list", "data": [], "has_more": False, "url": ""},
        metadata={},
        parent={
            "type": "subscription_details",
            "subscription_details": {"metadata": dict(sub["metadata"]), "subscription": sub["id"]},
        },
        payment_settings={},
        period_start=period[0],
        period_end=period[1],
        post_payment_credit_notes_amount=0,
        pre_payment_credit_notes_amount=0,
        starting_balance=0,
        status="draft",
        status_transitions={},
        subtotal=total,
        subtotal_excluding_tax=total,
        total=total,
        total_discount_amounts=[],
        total_excluding_tax=total,
        total_pretax_credit_amounts=[],
        total_taxes=[],
    )
    for line in lines:
        line["invoice"] = invoice["id"]
    invoice["lines"] = listed(f"/v1/invoices/{invoice['id']}/lines", lines)
    core.emit("invoice.created", invoice)
    _finalise(core, invoice, customer)
    return invoice


def _finalise(core: Core, invoice: Json, customer: Json) -> None:
    number = f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}"
    customer["next_invoice_sequence"] += 1
    page = f"{core.pages}/i/{invoice['id']}"
    before = change(invoice, status="open", number=number, effective_at=core.now, ending_balance=0)
    change(invoice, hosted_invoice_url=page, invoice_pdf=f"{page}.txt")
    invoice["status_transitions"] = {**invoice["status_transitions"], "finalized_at": core.now}
    core.emit("invoice.finalized", invoice, before)


def pay(core: Core, invoice: Json, method: Json | None, *, by_owner: bool) -> str:
    """Try to have it paid: "succeeded", "processing" or "declined"."""
    if invoice["amount_due"] == 0:
        _paid(core, invoice)
        return "succeeded"
    intent = intent_of(core, invoice)
    change(invoice, attempted=True, attempt_count=invoice["attempt_count"] + 1)
    outcome = payments.attempt(core, intent, method, by_owner=by_owner) if method else "declined"
    if outcome == "succeeded":
        paid_by(core, invoice, intent)
    elif outcome == "declined":
        unpaid(core, invoice)
    else:
        change(invoice, next_payment_attempt=None)
    return outcome


def intent_of(core: Core, invoice: Json) -> Json:
    """The payment intent of an invoice, made with the first try."""
    if known := core.secret_of(invoice).get("payment_intent"):
        return core.get("payment_intent", known)
    intent = payments.new_intent(
        core,
        amount=invoice["amount_due"],
        currency=invoice["currency"],
        customer=invoice["customer"],
        description="Subscription "
        + ("creation" if invoice["billing_reason"] == "subscription_create" else "update"),
        setup_future_usage="off_session",
    )
    core.secret_of(invoice)["payment_intent"] = intent["id"]
    core.secret_of(intent)["invoice"] = invoice["id"]
    core.add(
        "invoice_payment",
        amount_requested=invoice["amount_due"],
        currency=invoice["currency"],
        invoice=invoice["id"],
        is_default=True,
        payment={"type": "payment_intent", "payment_intent": intent["id"]},
        status="open",
        status_transitions={},
    )
    return intent


def paid_by(core: Core, invoice: Json, intent: Json) -> None:
    """The payment intent has the money."""
    payment = next(p for p in core.all("invoice_payment") if p["invoice"] == invoice["id"])
    change(payment, status="paid", amount_paid=intent["amount_received"])
    payment["status_transitions"] = {**payment["status_transitions"], "paid_at": core.now}
    _paid(core, invoice)
    core.emit("invoice_payment.paid", payment)


def _paid(core: Core, invoice: Json) -> None:
    due = invoice["amount_due"]
    before = change(invoice, status="paid", amount_paid=due, amount_remaining=0, next_payment_attempt=None)
    change(invoice, attempted=True, auto_advance=False)
    invoice["status_transitions"] = {**invoice["status_transitions"], "paid_at": core.now}
    core.emit("invoice.payment_succeeded", invoice, before)
    core.emit("invoice.paid", invoice, before)


def unpaid(core: Core, invoice: Json) -> None:
    """A try failed; when the next one will be."""
    done = invoice["attempt_count"]
    more = done <= len(RETRY_AFTER_DAYS)
    change(invoice, next_payment_attempt=core.now + RETRY_AFTER_DAYS[done - 1] * DAY if more else None)
    core.emit("invoice.payment_failed", invoice)


def void(core: Core, invoice: Json) -> None:
    """Nobody will pay it. Raises ApiError unless it is open."""
    if invoice["status"] != "open":
        raise ApiError(f"You can only void open invoices: {invoice['id']} is {invoice['status']}.")
    before = change(invoice, status="void", auto_advance=False, next_payment_attempt=None)
    invoice["status_transitions"] = {**invoice["status_transitions"], "voided_at": core.now}
    core.emit("invoice.voided", invoice, before)


def stop_collecting(core: Core, invoice: Json) -> None:
    """It stays open, but is not tried again: its subscription has ended."""
    before = change(invoice, auto_advance=False, next_payment_attempt=None)
    core.emit("invoice.updated", invoice, before)
