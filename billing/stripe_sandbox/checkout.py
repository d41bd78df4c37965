"""Hosted Checkout: a session is made by the application and completed by a person on our page."""

from __future__ import annotations

import stripe

from billing.stripe_sandbox import cards, disputes, invoices, payments, subscriptions
from billing.stripe_sandbox.catalogue import new_customer
from billing.stripe_sandbox.core import DAY, Core, change
from billing.stripe_sandbox.errors import ApiError, card_declined
from billing.stripe_sandbox.typed import Json, fill

UNKNOWN = ("discounts", "shipping_options", "optional_items", "custom_fields", "after_expiration")


def new_session(core: Core, params: Json) -> Json:
    """From the parameters of POST /v1/checkout/sessions."""
    mode = params.get("mode")
    if mode not in ("payment", "subscription"):
        raise ApiError("The sandbox knows the modes payment and subscription.", param="mode")
    for name in UNKNOWN:
        if params.get(name):
            raise ApiError(f"The sandbox knows no {name}.", param=name)
    if params.get("ui_mode", "hosted_page") != "hosted_page" or not params.get("success_url"):
        raise ApiError("The sandbox only has the hosted page; it needs a success_url.", param="success_url")
    if customer := params.get("customer"):
        core.get("customer", customer, param="customer")
    items = [_line(core, item, mode) for item in params.get("line_items") or []]
    if not items:
        raise ApiError("Missing required param: line_items.", code="parameter_missing", param="line_items")
    session = _add(core, params, items)
    secret = core.secret_of(session)
    secret["line_items"] = items
    secret["wishes"] = {name: params.get(f"{name}_data") or {} for name in ("subscription", "payment_intent")}
    change(session, url=f"{core.pages}/c/pay/{session['id']}")
    return session


def _line(core: Core, wish: Json, mode: str) -> Json:
    if "price" not in wish:
        raise ApiError("The sandbox sells only existing prices.", param="line_items[0][price]")
    price = core.get("price", wish["price"], param="line_items[0][price]")
    if not price["active"]:
        raise ApiError(f"The price {price['id']} is inactive.", param="line_items[0][price]")
    if mode == "payment" and price["type"] == "recurring":
        message = "You specified `payment` mode but passed a recurring price. Use `subscription` mode."
        raise ApiError(message, param="mode")
    if mode == "subscription" and price["type"] != "recurring":
        raise ApiError("The sandbox has no one-time prices in subscription mode.", param="line_items")
    quantity = int(wish.get("quantity", 1))
    total = price["unit_amount"] * quantity
    return core.make(
        "item",
        amount_discount=0,
        amount_subtotal=total,
        amount_tax=0,
        amount_total=total,
        currency=price["currency"],
        description=core.get("product", price["product"])["name"],
        metadata={},
        price=price,
        quantity=quantity,
    )


def _add(core: Core, params: Json, items: list[Json]) -> Json:
    mode = params["mode"]
    trial = (params.get("subscription_data") or {}).get("trial_period_days")
    total = 0 if trial else sum(item["amount_total"] for item in items)
    tax = params.get("automatic_tax") or {"enabled": False}
    automatic = {"enabled": tax["enabled"]}
    if tax["enabled"]:
        automatic |= {"liability": {"type": "self"}, "provider": "stripe", "status": "complete"}
    return core.add(
        "checkout.session",
        allow_promotion_codes=params.get("allow_promotion_codes"),
        amount_subtotal=total,
        amount_total=total,
        automatic_tax=automatic,
        billing_address_collection=params.get("billing_address_collection"),
        cancel_url=params.get("cancel_url"),
        client_reference_id=params.get("client_reference_id"),
        currency=items[0]["currency"],
        custom_fields=[],
        custom_text={},
        customer=params.get("customer"),
        customer_creation="if_required" if mode == "payment" else "always",
        customer_email=params.get("customer_email"),
        expires_at=params.get("expires_at", core.now + DAY),
        locale=params.get("locale"),
        metadata=params.get("metadata") or {},
        mode=mode,
        payment_method_collection=params.get("payment_method_collection", "always"),
        payment_method_types=["card", "us_bank_account"],
        payment_status="no_payment_required" if total == 0 else "unpaid",
        shipping_options=[],
        status="open",
        submit_type=params.get("submit_type"),
        success_url=params["success_url"],
        total_details={"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        ui_mode="hosted_page",
    )


def pay(core: Core, session: Json, number: str, *, authenticate: bool | None) -> str:
    """Somebody pays on the page: "complete", or "ask" where the card wants 3-D Secure and hasn't been answered.

    Raises ApiError for a declined card (the session stays open) and for a session that is over.
    """
    if session["status"] != "open":
        raise ApiError(f"This Checkout Session is {session['status']}.")
    if number not in cards.MEANS:
        message = "The sandbox doesn't know this card; its page lists those it knows."
        raise ApiError(message, status=402, kind="card_error", code="incorrect_number", param="number")
    means = cards.MEANS[number]
    if means.asks and authenticate is None:
        return "ask"
    customer = session["customer"] or new_customer(core, {"email": session["customer_email"]})["id"]
    keeps = session["mode"] == "subscription" or _wishes(core, session).get("setup_future_usage")
    method = cards.new_method(core, number, customer if keeps else None)
    if session["mode"] == "payment":
        _pay_once(core, session, customer, method, authenticate=authenticate)
    else:
        _subscribe(core, session, customer, method, authenticate=authenticate)
    return "complete"


def _wishes(core: Core, session: Json) -> Json:
    wishes: Json = core.secret_of(session)["wishes"]["payment_intent"]
    return wishes


def _pay_once(core: Core, session: Json, customer: str, method: Json, *, authenticate: bool | None) -> None:
    intent = _intent(core, session, customer)
    if cards.means_of(core, method).asks:
        payments.ask_for_authentication(core, intent, method)
        if not authenticate:
            payments.refuse_authentication(core, intent)
            raise card_declined("authentication_required")
    outcome = payments.attempt(core, intent, method, by_owner=True)
    if outcome == "declined":
        raise card_declined(intent["last_payment_error"]["decline_code"])
    change(session, payment_intent=intent["id"])
    _complete(core, session, customer, paid=outcome == "succeeded")
    dispute_if_card_says(core, intent)


def _intent(core: Core, session: Json, customer: str) -> Json:
    """One per session: after a declined card the next one is tried on the same."""
    if known := core.secret_of(session).get("payment_intent"):
        return core.get("payment_intent", known)
    wishes = _wishes(core, session)
    intent = payments.new_intent(
        core,
        amount=session["amount_total"],
        currency=session["currency"],
        customer=customer,
        description=wishes.get("description"),
        metadata=wishes.get("metadata") or {},
        setup_future_usage=wishes.get("setup_future_usage"),
    )
    core.secret_of(session)["payment_intent"] = intent["id"]
    core.secret_of(intent)["session"] = session["id"]
    return intent


def _subscribe(core: Core, session: Json, customer: str, method: Json, *, authenticate: bool | None) -> None:
    means = cards.means_of(core, method)
    if means.decline_at_once or (means.asks and not authenticate):
        raise card_declined(means.decline_at_once or "authentication_required")
    wishes = core.secret_of(session)["wishes"]["subscription"]
    sub, outcome = subscriptions.begin(
        core,
        customer=customer,
        items=core.secret_of(session)["line_items"],
        method=method,
        metadata=wishes.get("metadata"),
        trial_days=wishes.get("trial_period_days"),
        billing_mode=(wishes.get("billing_mode") or {}).get("type"),
        automatic_tax=session["automatic_tax"]["enabled"],
    )
    invoice = core.get("invoice", sub["latest_invoice"])
    change(session, subscription=sub["id"], invoice=invoice["id"])
    core.secret_of(invoice)["session"] = session["id"]
    _complete(core, session, customer, paid=outcome == "succeeded")
    if invoice["amount_due"]:
        dispute_if_card_says(core, invoices.intent_of(core, invoice))


def _complete(core: Core, session: Json, customer: str, *, paid: bool) -> None:
    person = core.get("customer", customer)
    details = {"email": person["email"], "name": person["name"], "tax_exempt": "none", "tax_ids": []}
    whole = fill(stripe.checkout.Session.CustomerDetails, details)
    change(session, status="complete", customer=customer, customer_details=whole, url=None)
    if session["payment_status"] != "no_payment_required":
        change(session, payment_status="paid" if paid else "unpaid")
    core.emit("checkout.session.completed", session)


def settle(core: Core, session: Json, *, paid: bool) -> None:
    """The slow payment of a completed session has ended."""
    if paid:
        change(session, payment_status="paid")
    core.emit(f"checkout.session.async_payment_{'succeeded' if paid else 'failed'}", session)


def expire(core: Core, session: Json) -> None:
    """Nobody paid in time. Raises ApiError unless it is open."""
    if session["status"] != "open":
        message = f'Only Checkout Sessions with a status in ["open"] can be expired, not {session["status"]}.'
        raise ApiError(message)
    change(session, status="expired", url=None)
    core.emit("checkout.session.expired", session)


def dispute_if_card_says(core: Core, intent: Json) -> None:
    """The disputed test card: its holder complains as soon as it is charged."""
    if intent["status"] == "succeeded":
        method = core.get("payment_method", intent["payment_method"])
        if cards.means_of(core, method).disputed:
            charge = core.get("charge", intent["latest_charge"])
            disputes.create(core, charge, amount=None, inquiry=False, reason="fraudulent")
