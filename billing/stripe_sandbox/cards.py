"""Test cards and the bank debit: what each does, and the payment method it becomes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from billing.stripe_sandbox.core import Core, change
from billing.stripe_sandbox.errors import ApiError
from billing.stripe_sandbox.typed import Json

OK = "4242424242424242"
DECLINED = "4000000000000002"
THREE_D_SECURE = "4000002500003155"
FAILS_LATER = "4000000000000341"
DISPUTED = "4000000000000259"
BANK = "000123456789"  # an account, not a card: paid days later, or not at all


@dataclass(frozen=True)
class Means:
    """`decline_at_once`, `decline_later`: Stripe's decline code for a payment by its owner or without them."""

    about: str
    decline_at_once: str = ""
    decline_later: str = ""
    asks: bool = False
    disputed: bool = False
    slow: bool = False


MEANS = {
    OK: Means("is accepted"),
    DECLINED: Means("is declined", decline_at_once="generic_decline", decline_later="generic_decline"),
    THREE_D_SECURE: Means("asks for 3-D Secure, then is accepted", asks=True),
    FAILS_LATER: Means("is accepted now and declined at renewal", decline_later="insufficient_funds"),
    DISPUTED: Means("is accepted and disputed at once", disputed=True),
    BANK: Means("bank account: pays days later", slow=True),
}

# Stripe's names of ready payment methods; attaching one makes a method of the customer's own.
READY = {"pm_card_visa": OK, "pm_card_chargeCustomerFail": FAILS_LATER}


def means_of(core: Core, method: Json) -> Means:
    """How the payment method behaves."""
    return MEANS[str(core.secret_of(method).get("number", OK))]


def new_method(core: Core, number: str, customer: str | None) -> Json:
    """A payment method, attached to the customer if one is named: Stripe keeps no card that nobody asked it to."""
    person = core.rows["customer"].get(customer or "", {})
    details = {"email": person.get("email"), "name": person.get("name")}
    shape = _bank() if MEANS[number].slow else _card(number)
    method = core.add(
        "payment_method",
        customer=customer,
        billing_details=details,
        metadata={},
        allow_redisplay="limited",
        **shape,
    )
    core.secret_of(method)["number"] = number
    if customer:
        core.emit("payment_method.attached", method)
    return method


def attach(core: Core, wanted: str, customer: str) -> Json:
    """Give a customer a ready test card, or a method that is nobody's. Raises ApiError for another's."""
    core.get("customer", customer, param="customer")
    if wanted in READY:
        return new_method(core, READY[wanted], customer)
    method = core.get("payment_method", wanted)
    if method["customer"] not in (None, customer):
        raise ApiError("The payment method you provided has already been attached to a customer.")
    if method["customer"] is None:
        change(method, customer=customer)
        core.emit("payment_method.attached", method)
    return method


def card_checks() -> Json:
    """Security code right, address not asked for."""
    return {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"}


def fingerprint(number: str) -> str:
    """The same for the same card."""
    return hashlib.sha256(number.encode()).hexdigest()[:16]


def _card(number: str) -> Json:
    card = {
        "brand": "visa",
        "checks": card_checks(),
        "country": "US",
        "display_brand": "visa",
        "exp_month": 12,
        "exp_year": 2040,
        "fingerprint": fingerprint(number),
        "funding": "credit",
        "last4": number[-4:],
        "networks": {"available": ["visa"], "preferred": None},
        "three_d_secure_usage": {"supported": True},
    }
    return {"type": "card", "card": card}


def _bank() -> Json:
    account = {
        "account_holder_type": "company",
        "account_type": "checking",
        "bank_name": "SANDBOX BANK",
        "fingerprint": fingerprint(BANK),
        "last4": BANK[-4:],
        "routing_number": "110000000",
    }
    return {"type": "us_bank_account", "us_bank_account": account}
