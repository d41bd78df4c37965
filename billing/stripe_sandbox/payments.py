"""Payment intents and charges: trying to take money, at once or slowly."""

from __future__ import annotations

from typing import Any

from billing.stripe_sandbox.cards import BANK, card_checks, fingerprint, means_of
from billing.stripe_sandbox.core import Core, change
from billing.stripe_sandbox.errors import ApiError
from billing.stripe_sandbox.typed import Json

OVER = ("succeeded", "canceled")


def new_intent(core: Core, *, amount: int, currency: str, customer: str | None, **more: Any) -> Json:
    """A payment intent that waits for a payment method."""
    usual = {
        "metadata": {},
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "always"},
    }
    intent = core.add(
        "payment_intent",
        amount=amount,
        amount_capturable=0,
        amount_details={"tip": {}},
        amount_received=0,
        capture_method="automatic_async",
        client_secret=core.new_id("secret"),
        confirmation_method="automatic",
        currency=currency,
        customer=customer,
        payment_method_types=["card", "us_bank_account"],
        status="requires_payment_method",
        **usual | more,
    )
    core.emit("payment_intent.created", intent)
    return intent


def attempt(core: Core, intent: Json, method: Json, *, by_owner: bool) -> str:
    """Try to take the money: "succeeded", "processing" or "declined". `by_owner`: they sit before the page."""
    means = means_of(core, method)
    code = means.decline_at_once if by_owner else means.decline_later
    if code:
        _decline(core, intent, method, code)
        return "declined"
    if means.slow:
        charge = _charge(core, intent, method, status="pending", paid=False)
        change(intent, status="processing", payment_method=method["id"], latest_charge=charge["id"])
        core.emit("charge.pending", charge)
        core.emit("payment_intent.processing", intent)
        return "processing"
    charge = _charge(core, intent, method, status="succeeded", paid=True)
    change(intent, payment_method=method["id"], latest_charge=charge["id"])
    succeed(core, intent)
    return "succeeded"


def succeed(core: Core, intent: Json) -> None:
    """The money of its latest charge has come."""
    charge = core.get("charge", intent["latest_charge"])
    movement = book(core, charge["amount"], charge["currency"], source=charge["id"], kind="charge")
    change(charge, status="succeeded", paid=True, balance_transaction=movement["id"])
    change(charge, amount_captured=charge["amount"], captured=True)
    change(
        intent,
        status="succeeded",
        amount_received=intent["amount"],
        last_payment_error=None,
        next_action=None,
    )
    core.emit("charge.succeeded", charge)
    core.emit("payment_intent.succeeded", intent)


def fail_slowly(core: Core, intent: Json) -> None:
    """A bank debit came back."""
    charge = core.get("charge", intent["latest_charge"])
    message = "The customer's account has insufficient funds to cover this payment."
    change(charge, status="failed", failure_code="insufficient_funds", failure_message=message)
    error = _error(
        core.get("payment_method", intent["payment_method"]), charge, "insufficient_funds", message
    )
    change(intent, status="requires_payment_method", payment_method=None, last_payment_error=error)
    core.emit("charge.failed", charge)
    core.emit("payment_intent.payment_failed", intent)


def ask_for_authentication(core: Core, intent: Json, method: Json) -> None:
    """3-D Secure: the owner has to confirm with their bank first."""
    action = {"type": "use_stripe_sdk", "use_stripe_sdk": {}}
    change(intent, status="requires_action", payment_method=method["id"], next_action=action)
    core.emit("payment_intent.requires_action", intent)


def refuse_authentication(core: Core, intent: Json) -> None:
    """The owner did not confirm."""
    method = core.get("payment_method", intent["payment_method"])
    message = "We are unable to authenticate your payment method."
    error = _error(method, None, "payment_intent_authentication_failure", message)
    change(
        intent,
        status="requires_payment_method",
        payment_method=None,
        next_action=None,
        last_payment_error=error,
    )
    core.emit("payment_intent.payment_failed", intent)


def cancel(core: Core, intent: Json, reason: str | None) -> None:
    """Give it up. Raises ApiError if it is over."""
    if intent["status"] in OVER:
        message = f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}."
        raise ApiError(message, code="payment_intent_unexpected_state")
    change(intent, status="canceled", canceled_at=core.now, cancellation_reason=reason)
    core.emit("payment_intent.canceled", intent)


def book(core: Core, amount: int, currency: str, *, source: str, kind: str, fee: int = 0) -> Json:
    """A movement on the merchant's balance."""
    return core.add(
        "balance_transaction",
        amount=amount,
        available_on=core.now,
        balance_type="payments",
        currency=currency,
        fee=fee,
        fee_details=[],
        net=amount - fee,
        reporting_category="dispute" if kind == "adjustment" else kind,
        source=source,
        status="available",
        type=kind,
    )


def _decline(core: Core, intent: Json, method: Json, decline_code: str) -> None:
    message = "Your card was declined."
    charge = _charge(core, intent, method, status="failed", paid=False)
    change(charge, failure_code="card_declined", failure_message=message)
    error = {**_error(method, charge, "card_declined", message), "decline_code": decline_code}
    change(intent, status="requires_payment_method", payment_method=None, latest_charge=charge["id"])
    change(intent, last_payment_error=error)
    core.emit("charge.failed", charge)
    core.emit("payment_intent.payment_failed", intent)


def _error(method: Json, charge: Json | None, code: str, message: str) -> Json:
    error = {"code": code, "message": message, "payment_method": method, "type": "card_error"}
    return {**error, "charge": charge["id"]} if charge else error


def _charge(core: Core, intent: Json, method: Json, *, status: str, paid: bool) -> Json:
    return core.add(
        "charge",
        amount=intent["amount"],
        amount_captured=0,
        amount_refunded=0,
        billing_details=method["billing_details"],
        calculated_statement_descriptor="ROOMWRIGHT",
        captured=False,
        currency=intent["currency"],
        customer=intent["customer"],
        description=intent["description"],
        disputed=False,
        fraud_details={},
        metadata=dict(intent["metadata"]),
        outcome=_outcome(status),
        paid=paid,
        payment_intent=intent["id"],
        payment_method=method["id"],
        payment_method_details=_details(method),
        refunded=False,
        receipt_url=None,
        status=status,
    )


def _outcome(status: str) -> Json:
    failed = status == "failed"
    return {
        "network_status": "declined_by_network" if failed else "approved_by_network",
        "reason": "generic_decline" if failed else None,
        "risk_level": "normal",
        "seller_message": "The bank did not return any further details." if failed else "Payment complete.",
        "type": "issuer_declined" if failed else "authorized",
    }


def _details(method: Json) -> Json:
    if method["type"] == "us_bank_account":
        account = {name: method["us_bank_account"][name] for name in ("bank_name", "last4", "routing_number")}
        more = {
            "account_holder_type": "company",
            "account_type": "checking",
            "fingerprint": fingerprint(BANK),
        }
        return {"type": "us_bank_account", "us_bank_account": {**account, **more}}
    names = ("brand", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4")
    card = {name: method["card"][name] for name in names}
    return {"type": "card", "card": {**card, "checks": card_checks(), "network": "visa"}}
