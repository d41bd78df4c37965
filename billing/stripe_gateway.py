"""Stripe, and the only file of the application that imports its package.

Thin: one method per call, objects as Stripe's classes describe them. Not inside a transaction. The application knows
only STRIPE_API_BASE; behind it stands Stripe itself or the sandbox.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple

import stripe
from django.conf import settings

API_VERSION = stripe.api_version


class StripeProblem(Exception):
    """Stripe did not do it. `again` tells whether trying again can help."""

    again = False

    def __init__(self, message: str, *, code: str = "", param: str = "") -> None:
        self.code, self.param = code, param
        super().__init__(message)


class StripeAway(StripeProblem):
    """Not reached, overloaded or broken on its side."""

    again = True


class StripeRefused(StripeProblem):
    """A request that Stripe finds wrong: our bug, or the world has moved on (see `code`)."""


class CardRefused(StripeProblem):
    """The customer's bank said no, or wants the customer to confirm; the message is for the customer."""


class StripeMisconfigured(StripeProblem):
    """The key is wrong or may not do this."""


class BadSignature(StripeProblem):
    """Not signed by Stripe with our secret, or too old."""


class WrongApiVersion(StripeProblem):
    """The webhook endpoint is pinned to another API version than this program speaks."""


class Event(NamedTuple):
    """What we take from an event: which object to look at again."""

    id: str
    type: str
    object_id: str
    livemode: bool
    created: int


def oid(value: Any) -> str:
    """The id of an expandable field: an id, an object or nothing ("")."""
    if value is None:
        return ""
    return value if isinstance(value, str) else str(value.id)


def optional(thing: Any, *names: str) -> Any:
    """`thing.a.b.c`, or None where Stripe leaves one of them out or null."""
    for name in names:
        if thing is None:
            return None
        thing = getattr(thing, name, None)
    return thing


def metadata(thing: Any) -> dict[str, str]:
    """An object's metadata as a dict."""
    found = optional(thing, "metadata")
    return found.to_dict() if found is not None else {}


def livemode() -> bool:
    """Whether our key moves real money."""
    return str(settings.STRIPE_SECRET_KEY).startswith(("sk_live_", "rk_live_"))


@lru_cache(maxsize=4)
def _client(key: str, base: str) -> stripe.StripeClient:
    addresses: Any = {"api": base} if base else None
    return stripe.StripeClient(key, base_addresses=addresses, max_network_retries=2)


def _v1() -> Any:
    return _client(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE).v1


@contextmanager
def _problems() -> Iterator[None]:
    try:
        yield
    except stripe.CardError as error:
        raise CardRefused(
            error.user_message or "The card was declined.", code=error.code or "", param=error.param or ""
        ) from error
    except (stripe.APIConnectionError, stripe.RateLimitError) as error:
        raise StripeAway(str(error)) from error
    except (stripe.InvalidRequestError, stripe.IdempotencyError) as error:
        code, param = getattr(error, "code", None), getattr(error, "param", None)
        raise StripeRefused(str(error), code=code or "", param=param or "") from error
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        raise StripeMisconfigured(str(error)) from error
    except stripe.StripeError as error:
        raise StripeAway(str(error)) from error


def _read(service: Any, object_id: str, *expand: str) -> Any:
    with _problems():
        return service.retrieve(object_id, {"expand": list(expand)} if expand else None)


def _list(service: Any, **params: Any) -> list[Any]:
    with _problems():
        return list(service.list({"limit": 100, **params}).auto_paging_iter())


def _create(service: Any, params: dict[str, Any], key: str) -> Any:
    """`key` makes a second call with the same intent answer what the first made."""
    with _problems():
        return service.create(params, {"idempotency_key": key} if key else None)


# --- Reading ---------------------------------------------------------------------------------------------


def read_session(session_id: str) -> Any:
    """A Checkout Session."""
    return _read(_v1().checkout.sessions, session_id)


def read_payment(payment_intent: str) -> Any:
    """A PaymentIntent."""
    return _read(_v1().payment_intents, payment_intent)


def read_charge(charge: str) -> Any:
    """A Charge."""
    return _read(_v1().charges, charge)


def read_invoice(invoice: str) -> Any:
    """An Invoice."""
    return _read(_v1().invoices, invoice)


def read_subscription(subscription: str) -> Any:
    """A Subscription."""
    return _read(_v1().subscriptions, subscription)


def read_refund(refund: str) -> Any:
    """A Refund."""
    return _read(_v1().refunds, refund)


def read_dispute(dispute: str) -> Any:
    """A Dispute."""
    return _read(_v1().disputes, dispute)


def lines_of(invoice: str) -> list[Any]:
    """All lines of an invoice."""
    with _problems():
        return list(_v1().invoices.line_items.list(invoice, {"limit": 100}).auto_paging_iter())


def payments_of_invoice(invoice: str) -> list[Any]:
    """The InvoicePayments that paid for an invoice."""
    return _list(_v1().invoice_payments, invoice=invoice, status="paid")


def invoice_of_payment(payment_intent: str) -> str:
    """The id of the invoice that a payment was for, or ""."""
    payment = {"type": "payment_intent", "payment_intent": payment_intent}
    found = _list(_v1().invoice_payments, payment=payment)
    return oid(found[0].invoice) if found else ""


def session_of_payment(payment_intent: str) -> Any | None:
    """The Checkout Session in which a payment was made."""
    found = _list(_v1().checkout.sessions, payment_intent=payment_intent)
    return found[0] if found else None


def refunds_of_payment(payment_intent: str) -> list[Any]:
    """Every refund of a payment, whatever its state."""
    return _list(_v1().refunds, payment_intent=payment_intent)


def disputes_of_payment(payment_intent: str) -> list[Any]:
    """Every dispute of a payment, whatever its state."""
    return _list(_v1().disputes, payment_intent=payment_intent)


def subscriptions_of(customer: str) -> list[Any]:
    """Every subscription of a customer, ended ones too."""
    return _list(_v1().subscriptions, customer=customer, status="all")


def default_card(customer: str) -> str:
    """The id of the card that is charged when the customer is away, or ""."""
    found = _read(_v1().customers, customer)
    if chosen := oid(optional(found, "invoice_settings", "default_payment_method")):
        return chosen
    with _problems():  # Checkout attaches the card that paid, and makes it nobody's default
        cards = _v1().customers.payment_methods.list(customer, {"type": "card", "limit": 1}).data
    return str(cards[0].id) if cards else ""


def open_sessions(customer: str) -> list[Any]:
    """Checkout Sessions whose page can still be paid."""
    return _list(_v1().checkout.sessions, customer=customer, status="open")


def sessions_since(moment: int) -> list[Any]:
    """Checkout Sessions made since (Unix seconds)."""
    return _list(_v1().checkout.sessions, created={"gte": moment})


def payments_since(moment: int) -> list[Any]:
    """PaymentIntents made since (Unix seconds)."""
    return _list(_v1().payment_intents, created={"gte": moment})


def paid_invoices_since(moment: int) -> list[Any]:
    """Paid invoices made since (Unix seconds)."""
    return _list(_v1().invoices, created={"gte": moment}, status="paid")


def refunds_since(moment: int) -> list[Any]:
    """Refunds made since (Unix seconds)."""
    return _list(_v1().refunds, created={"gte": moment})


def disputes_since(moment: int) -> list[Any]:
    """Disputes opened since (Unix seconds)."""
    return _list(_v1().disputes, created={"gte": moment})


def all_subscriptions() -> list[Any]:
    """Every subscription there is or was."""
    return _list(_v1().subscriptions, status="all")


def events_since(moment: int, types: list[str]) -> list[Event]:
    """What has happened since (Unix seconds; Stripe keeps 30 days), of these types (20 at most)."""
    return [_event(event) for event in _list(_v1().events, created={"gte": moment}, types=types)]


# --- Writing ---------------------------------------------------------------------------------------------


def create_customer(*, name: str, email: str, metadata: dict[str, str], key: str) -> str:
    """A customer's id."""
    params = {"name": name, "email": email, "metadata": metadata}
    return str(_create(_v1().customers, params, key).id)


def create_session(params: dict[str, Any], key: str) -> Any:
    """A Checkout Session; its `url` is where the customer pays."""
    return _create(_v1().checkout.sessions, params, key)


def expire_session(session_id: str) -> None:
    """Close a page that nobody has paid on; raises StripeRefused when it is done or closed already."""
    with _problems():
        _v1().checkout.sessions.expire(session_id)


def create_portal(*, customer: str, return_url: str, configuration: str) -> str:
    """The address of the Customer Portal; `configuration` "" is the account's default one."""
    params = {"customer": customer, "return_url": return_url}
    if configuration:
        params["configuration"] = configuration
    return str(_create(_v1().billing_portal.sessions, params, "").url)


def change_subscription(subscription: str, params: dict[str, Any], key: str) -> Any:
    """Update a subscription; returns it as it is then."""
    with _problems():
        return _v1().subscriptions.update(subscription, params, {"idempotency_key": key} if key else None)


def cancel_subscription(subscription: str) -> None:
    """End a subscription now."""
    with _problems():
        _v1().subscriptions.cancel(subscription)


def create_refund(*, payment_intent: str, amount: int, metadata: dict[str, str], key: str) -> Any:
    """Send money back."""
    params = {"payment_intent": payment_intent, "amount": amount, "metadata": metadata}
    return _create(_v1().refunds, params, key)


def create_payment(params: dict[str, Any], key: str) -> Any:
    """A PaymentIntent, confirmed at once where `params` say so."""
    return _create(_v1().payment_intents, params, key)


# --- The catalogue in Stripe -----------------------------------------------------------------------------


def find_product(product: str) -> Any | None:
    """A product by our own id, or None."""
    try:
        return _read(_v1().products, product)
    except StripeRefused as refused:
        if refused.code == "resource_missing":
            return None
        raise


def create_product(*, product: str, name: str, key: str) -> None:
    """A product with an id of our choice."""
    _create(_v1().products, {"id": product, "name": name}, key)


def rename_product(*, product: str, name: str) -> None:
    """What customers read on invoices."""
    with _problems():
        _v1().products.update(product, {"name": name})


def find_price(lookup_key: str) -> Any | None:
    """The price on sale under a lookup key."""
    found = _list(_v1().prices, lookup_keys=[lookup_key], active=True)
    return found[0] if found else None


def create_price(params: dict[str, Any], key: str) -> Any:
    """A price; `transfer_lookup_key` takes the key from the one before."""
    return _create(_v1().prices, params, key)


# --- The webhook -----------------------------------------------------------------------------------------


def open_event(*, body: bytes, signature: str) -> Event:
    """A webhook's body, if Stripe signed it and it speaks our version; raises BadSignature or WrongApiVersion."""
    client = _client(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE)
    try:
        event = client.construct_event(body, signature, settings.STRIPE_WEBHOOK_SECRET)
    except (ValueError, stripe.SignatureVerificationError) as error:
        raise BadSignature(str(error)) from error
    if event.api_version != API_VERSION:
        raise WrongApiVersion(f"The endpoint speaks {event.api_version}, this program {API_VERSION}.")
    return _event(event)


def _event(event: Any) -> Event:
    return Event(
        event.id,
        event.type,
        str(optional(event, "data", "object", "id") or ""),
        event.livemode,
        event.created,
    )
