"""Addresses of the API: which method and path does what, with which of the package's typed parameters."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import Any

import stripe
from stripe import params as typed
from stripe.params import billing_portal as portal_params
from stripe.params import checkout as checkout_params

from billing.stripe_sandbox import (
    catalogue,
    changes,
    checkout,
    disputes,
    invoices,
    payments,
    refunds,
    subscriptions,
)
from billing.stripe_sandbox.cards import attach, means_of
from billing.stripe_sandbox.core import Core, change, merged_metadata
from billing.stripe_sandbox.errors import ApiError, card_declined
from billing.stripe_sandbox.lists import page
from billing.stripe_sandbox.typed import Json

Handler = Callable[[Core, Json, str], Json]
REDIRECTS = (
    "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of these "
    "might redirect your customer off of your page, you must provide a `return_url`, or set "
    "`automatic_payment_methods[enabled]` to `true` and `automatic_payment_methods[allow_redirects]` to `never`."
)
LOOPBACK = re.compile(r"^http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?/")


def _list(kind: str, url: str) -> Handler:
    def handler(core: Core, params: Json, _key: str) -> Json:
        return page(url, core.all(kind)[::-1], params)

    return handler


def _get(kind: str) -> Handler:
    return lambda core, params, key: core.get(kind, key)


def _create(make: Callable[[Core, Json], Json]) -> Handler:
    return lambda core, params, key: make(core, params)


def _update(kind: str, alter: Callable[[Core, Json, Json], Json]) -> Handler:
    return lambda core, params, key: alter(core, core.get(kind, key), params)


def _retold(kind: str, event: str) -> Handler:
    """An update that changes nothing but metadata and the like."""

    def handler(core: Core, params: Json, key: str) -> Json:
        row = core.get(kind, key)
        if unknown := params.keys() - {"metadata", "description", "expand"}:
            raise ApiError(f"The sandbox can't change {min(unknown)} here.", param=min(unknown))
        new: Json = {name: params[name] for name in ("description",) if name in params}
        if "metadata" in params:
            new["metadata"] = merged_metadata(row["metadata"], params["metadata"])
        before = change(row, **new)
        if event:
            core.emit(event, row, before)
        return row

    return handler


def _session_items(core: Core, params: Json, key: str) -> Json:
    core.get("checkout.session", key)
    return page(f"/v1/checkout/sessions/{key}/line_items", core.hidden[key]["line_items"], params)


def _expire_session(core: Core, params: Json, key: str) -> Json:
    session = core.get("checkout.session", key)
    checkout.expire(core, session)
    return session


def _portal(core: Core, params: Json) -> Json:
    core.get("customer", params.get("customer", ""), param="customer")
    if params.get("flow_data"):
        raise ApiError("The sandbox's portal has one page; leave flow_data out.", param="flow_data")
    session = core.add(
        "billing_portal.session",
        configuration=params.get("configuration", "bpc_sandbox"),
        customer=params["customer"],
        return_url=params.get("return_url"),
        url="",
    )
    change(session, url=f"{core.pages}/p/session/{session['id']}")
    return session


def _list_subscriptions(core: Core, params: Json, key: str) -> Json:
    rows = core.all("subscription")[::-1]
    if "status" not in params:
        rows = [row for row in rows if row["status"] != "canceled"]
    return page("/v1/subscriptions", rows, params)


def _cancel_subscription(core: Core, params: Json, key: str) -> Json:
    if params.get("prorate") or params.get("invoice_now"):
        raise ApiError("The sandbox cancels without a last invoice.", param="prorate")
    sub = core.get("subscription", key)
    subscriptions.end(core, sub, reason="cancellation_requested")
    return sub


def _invoice_lines(core: Core, params: Json, key: str) -> Json:
    return page(f"/v1/invoices/{key}/lines", core.get("invoice", key)["lines"]["data"], params)


def _pay_invoice(core: Core, params: Json, key: str) -> Json:
    invoice = core.get("invoice", key)
    if invoice["status"] != "open":
        raise ApiError("Invoice is already paid" if invoice["status"] == "paid" else "Invoice can't be paid")
    sub = core.get("subscription", invoice["parent"]["subscription_details"]["subscription"])
    if method := params.get("payment_method"):
        change(sub, default_payment_method=core.get("payment_method", method, param="payment_method")["id"])
    if subscriptions.try_again(core, sub, by_owner=not params.get("off_session")) == "declined":
        raise card_declined("insufficient_funds")
    return invoice


def _void_invoice(core: Core, params: Json, key: str) -> Json:
    invoice = core.get("invoice", key)
    invoices.void(core, invoice)
    return invoice


def _new_intent(core: Core, params: Json) -> Json:
    """Off the session or on it; with `confirm` the money is taken at once, as an automatic top-up does."""
    names = ["description", "setup_future_usage", "receipt_email", "statement_descriptor_suffix"]
    names += ["automatic_payment_methods"]
    if params.get("customer"):
        core.get("customer", params["customer"], param="customer")
    more = {name: params[name] for name in names if params.get(name)}
    intent = payments.new_intent(
        core,
        amount=params["amount"],
        currency=params["currency"].lower(),
        customer=params.get("customer"),
        metadata=params.get("metadata") or {},
        **more,
    )
    return _confirm(core, intent, params) if params.get("confirm") else intent


def _confirm(core: Core, intent: Json, params: Json) -> Json:
    if intent["status"] in (*payments.OVER, "processing"):
        message = f"You cannot confirm this PaymentIntent because it has a status of {intent['status']}."
        raise ApiError(message, code="payment_intent_unexpected_state")
    redirects = intent["automatic_payment_methods"].get("allow_redirects", "always")
    if redirects != "never" and not params.get("return_url"):
        raise ApiError(REDIRECTS, param="return_url")
    method = core.get("payment_method", params.get("payment_method", ""), param="payment_method")
    if method["customer"] != intent["customer"]:
        raise ApiError("The payment method belongs to another customer.", param="payment_method")
    if means_of(core, method).asks and not params.get("off_session"):
        payments.ask_for_authentication(core, intent, method)
        return intent
    if payments.attempt(core, intent, method, by_owner=not params.get("off_session")) == "declined":
        code = intent["last_payment_error"]["decline_code"]
        raise card_declined(code, payment_intent=intent, charge=intent["latest_charge"])
    checkout.dispute_if_card_says(core, intent)
    return intent


def _cancel_intent(core: Core, params: Json, key: str) -> Json:
    intent = core.get("payment_intent", key)
    payments.cancel(core, intent, params.get("cancellation_reason"))
    return intent


def _new_refund(core: Core, params: Json) -> Json:
    if "payment_intent" in params:
        intent = core.get("payment_intent", params["payment_intent"], param="payment_intent")
        wanted = intent["latest_charge"] or ""
    else:
        wanted = params.get("charge", "")
    charge = core.get("charge", wanted, param="charge")
    metadata = params.get("metadata") or {}
    return refunds.create(
        core, charge, amount=params.get("amount"), reason=params.get("reason"), metadata=metadata
    )


def _cancel_refund(core: Core, params: Json, key: str) -> Json:
    refund = core.get("refund", key)
    refunds.cancel(core, refund)
    return refund


def _update_dispute(core: Core, dispute: Json, params: Json) -> Json:
    if params.get("submit") or params.get("evidence"):
        disputes.submit(core, dispute)
    return dispute


def _close_dispute(core: Core, params: Json, key: str) -> Json:
    dispute = core.get("dispute", key)
    disputes.close(core, dispute, "lost")
    return dispute


def _attach(core: Core, params: Json, key: str) -> Json:
    return attach(core, key, params.get("customer", ""))


def _customer_methods(core: Core, params: Json, key: str) -> Json:
    core.get("customer", key)
    rows = [row for row in core.all("payment_method")[::-1] if row["customer"] == key]
    return page(f"/v1/customers/{key}/payment_methods", rows, params)


def new_endpoint(core: Core, params: Json) -> Json:
    """The secret is in this answer and never again. Raises ApiError for an address beyond this machine."""
    if not LOOPBACK.match(params["url"]):
        raise ApiError("The sandbox only delivers to http://127.0.0.1 and localhost.", param="url")
    endpoint = core.add(
        "webhook_endpoint",
        api_version=params.get("api_version", stripe.api_version),
        description=params.get("description"),
        enabled_events=params["enabled_events"],
        metadata=merged_metadata({}, params.get("metadata")),
        status="enabled",
        url=params["url"],
    )
    secret = "whsec_" + secrets.token_hex(24)
    core.secret_of(endpoint)["secret"] = secret
    return {**endpoint, "secret": secret}


def _update_endpoint(core: Core, endpoint: Json, params: Json) -> Json:
    if "url" in params and not LOOPBACK.match(params["url"]):
        raise ApiError("The sandbox only delivers to http://127.0.0.1 and localhost.", param="url")
    names = ("enabled_events", "description", "url")
    change(endpoint, **{name: params[name] for name in names if name in params})
    if "disabled" in params:
        change(endpoint, status="disabled" if params["disabled"] else "enabled")
    return endpoint


def _delete_endpoint(core: Core, params: Json, key: str) -> Json:
    core.get("webhook_endpoint", key)
    del core.rows["webhook_endpoint"][key]
    return {"id": key, "object": "webhook_endpoint", "deleted": True}


def _balance(core: Core, params: Json, key: str) -> Json:
    total = sum(row["net"] for row in core.all("balance_transaction"))
    return {
        "object": "balance",
        "available": [{"amount": total, "currency": "usd", "source_types": {"card": total}}],
        "livemode": False,
        "pending": [],
    }


ROUTES: list[tuple[str, str, Any, Handler]] = [
    ("POST", "/customers", typed.CustomerCreateParams, _create(catalogue.new_customer)),
    ("GET", "/customers", typed.CustomerListParams, _list("customer", "/v1/customers")),
    ("GET", "/customers/:id", typed.CustomerRetrieveParams, _get("customer")),
    ("POST", "/customers/:id", typed.CustomerUpdateParams, _update("customer", catalogue.update_customer)),
    ("GET", "/customers/:id/payment_methods", typed.CustomerListPaymentMethodsParams, _customer_methods),
    ("POST", "/products", typed.ProductCreateParams, _create(catalogue.new_product)),
    ("GET", "/products", typed.ProductListParams, _list("product", "/v1/products")),
    ("GET", "/products/:id", typed.ProductRetrieveParams, _get("product")),
    ("POST", "/products/:id", typed.ProductUpdateParams, _update("product", catalogue.update_product)),
    ("POST", "/prices", typed.PriceCreateParams, _create(catalogue.new_price)),
    ("GET", "/prices", typed.PriceListParams, _list("price", "/v1/prices")),
    ("GET", "/prices/:id", typed.PriceRetrieveParams, _get("price")),
    ("POST", "/prices/:id", typed.PriceUpdateParams, _update("price", catalogue.update_price)),
    ("POST", "/checkout/sessions", checkout_params.SessionCreateParams, _create(checkout.new_session)),
    (
        "GET",
        "/checkout/sessions",
        checkout_params.SessionListParams,
        _list("checkout.session", "/v1/checkout/sessions"),
    ),
    ("GET", "/checkout/sessions/:id", checkout_params.SessionRetrieveParams, _get("checkout.session")),
    (
        "GET",
        "/checkout/sessions/:id/line_items",
        checkout_params.SessionListLineItemsParams,
        _session_items,
    ),
    ("POST", "/checkout/sessions/:id/expire", checkout_params.SessionExpireParams, _expire_session),
    ("POST", "/billing_portal/sessions", portal_params.SessionCreateParams, _create(_portal)),
    ("GET", "/subscriptions", typed.SubscriptionListParams, _list_subscriptions),
    ("GET", "/subscriptions/:id", typed.SubscriptionRetrieveParams, _get("subscription")),
    ("POST", "/subscriptions/:id", typed.SubscriptionUpdateParams, _update("subscription", changes.update)),
    ("DELETE", "/subscriptions/:id", typed.SubscriptionCancelParams, _cancel_subscription),
    ("GET", "/invoices", typed.InvoiceListParams, _list("invoice", "/v1/invoices")),
    ("GET", "/invoices/:id", typed.InvoiceRetrieveParams, _get("invoice")),
    ("GET", "/invoices/:id/lines", typed.InvoiceLineItemListParams, _invoice_lines),
    ("POST", "/invoices/:id/pay", typed.InvoicePayParams, _pay_invoice),
    ("POST", "/invoices/:id/void", typed.InvoiceVoidInvoiceParams, _void_invoice),
    (
        "GET",
        "/invoice_payments",
        typed.InvoicePaymentListParams,
        _list("invoice_payment", "/v1/invoice_payments"),
    ),
    ("GET", "/invoice_payments/:id", typed.InvoicePaymentRetrieveParams, _get("invoice_payment")),
    ("POST", "/payment_intents", typed.PaymentIntentCreateParams, _create(_new_intent)),
    (
        "GET",
        "/payment_intents",
        typed.PaymentIntentListParams,
        _list("payment_intent", "/v1/payment_intents"),
    ),
    ("GET", "/payment_intents/:id", typed.PaymentIntentRetrieveParams, _get("payment_intent")),
    ("POST", "/payment_intents/:id", typed.PaymentIntentUpdateParams, _retold("payment_intent", "")),
    (
        "POST",
        "/payment_intents/:id/confirm",
        typed.PaymentIntentConfirmParams,
        _update("payment_intent", _confirm),
    ),
    ("POST", "/payment_intents/:id/cancel", typed.PaymentIntentCancelParams, _cancel_intent),
    ("GET", "/payment_methods/:id", typed.PaymentMethodRetrieveParams, _get("payment_method")),
    ("POST", "/payment_methods/:id/attach", typed.PaymentMethodAttachParams, _attach),
    (
        "GET",
        "/payment_methods",
        typed.PaymentMethodListParams,
        _list("payment_method", "/v1/payment_methods"),
    ),
    ("GET", "/charges", typed.ChargeListParams, _list("charge", "/v1/charges")),
    ("GET", "/charges/:id", typed.ChargeRetrieveParams, _get("charge")),
    ("POST", "/refunds", typed.RefundCreateParams, _create(_new_refund)),
    ("GET", "/refunds", typed.RefundListParams, _list("refund", "/v1/refunds")),
    ("GET", "/refunds/:id", typed.RefundRetrieveParams, _get("refund")),
    ("POST", "/refunds/:id", typed.RefundUpdateParams, _retold("refund", "refund.updated")),
    ("POST", "/refunds/:id/cancel", typed.RefundCancelParams, _cancel_refund),
    ("GET", "/disputes", typed.DisputeListParams, _list("dispute", "/v1/disputes")),
    ("GET", "/disputes/:id", typed.DisputeRetrieveParams, _get("dispute")),
    ("POST", "/disputes/:id", typed.DisputeUpdateParams, _update("dispute", _update_dispute)),
    ("POST", "/disputes/:id/close", typed.DisputeCloseParams, _close_dispute),
    ("GET", "/balance", typed.BalanceRetrieveParams, _balance),
    ("GET", "/events", typed.EventListParams, _list("event", "/v1/events")),
    ("GET", "/events/:id", typed.EventRetrieveParams, _get("event")),
    ("POST", "/webhook_endpoints", typed.WebhookEndpointCreateParams, _create(new_endpoint)),
    (
        "GET",
        "/webhook_endpoints",
        typed.WebhookEndpointListParams,
        _list("webhook_endpoint", "/v1/webhook_endpoints"),
    ),
    ("GET", "/webhook_endpoints/:id", typed.WebhookEndpointRetrieveParams, _get("webhook_endpoint")),
    (
        "POST",
        "/webhook_endpoints/:id",
        typed.WebhookEndpointUpdateParams,
        _update("webhook_endpoint", _update_endpoint),
    ),
    ("DELETE", "/webhook_endpoints/:id", typed.WebhookEndpointDeleteParams, _delete_endpoint),
]
PATTERNS = [
    (method, re.compile("^/v1" + path.replace(":id", "([^/]+)") + "$"), params, handler)
    for method, path, params, handler in ROUTES
]


def find(method: str, path: str) -> tuple[Any, Handler, str]:
    """The typed parameters, the handler and the id in the path. Raises ApiError for what the sandbox has not."""
    for known, pattern, params, handler in PATTERNS:
        if known == method and (match := pattern.match(path)):
            return params, handler, match[1] if match.groups() else ""
    message = f"Unrecognized request URL ({method}: {path}). The sandbox has only what the product uses."
    raise ApiError(message, status=404)
