"""Customers, products and prices."""

from __future__ import annotations

from typing import Any

from billing.stripe_sandbox.core import Core, change, merged_metadata
from billing.stripe_sandbox.errors import ApiError
from billing.stripe_sandbox.typed import Json


def new_customer(core: Core, params: Json) -> Json:
    """From the parameters of POST /v1/customers."""
    customer = core.add(
        "customer",
        balance=0,
        delinquent=False,
        description=params.get("description"),
        email=params.get("email"),
        invoice_prefix=core.new_id("P").upper().replace("_", ""),
        invoice_settings={},
        metadata=merged_metadata({}, params.get("metadata")),
        name=params.get("name"),
        next_invoice_sequence=1,
        phone=params.get("phone"),
        preferred_locales=[],
        tax_exempt="none",
    )
    set_default_method(core, customer, params)
    core.emit("customer.created", customer)
    return customer


def update_customer(core: Core, customer: Json, params: Json) -> Json:
    """From the parameters of POST /v1/customers/:id."""
    new: Json = {
        name: params[name] or None for name in ("description", "email", "name", "phone") if name in params
    }
    if "metadata" in params:
        new["metadata"] = merged_metadata(customer["metadata"], params["metadata"])
    before = change(customer, **new)
    before |= set_default_method(core, customer, params)
    core.emit("customer.updated", customer, before)
    return customer


def set_default_method(core: Core, customer: Json, params: Json) -> Json:
    """`invoice_settings[default_payment_method]`; returns what was different before."""
    wanted = (params.get("invoice_settings") or {}).get("default_payment_method")
    if not wanted:
        return {}
    core.get("payment_method", wanted, param="invoice_settings[default_payment_method]")
    settings = {**customer["invoice_settings"], "default_payment_method": wanted}
    return change(customer, invoice_settings=settings)


def new_product(core: Core, params: Json) -> Json:
    """From the parameters of POST /v1/products."""
    taken = params.get("id")
    if taken and taken in core.rows["product"]:
        raise ApiError(f"Product already exists: {taken}", code="resource_already_exists", param="id")
    product = core.add(
        "product",
        **({"id": taken} if taken else {}),
        active=params.get("active", True),
        description=params.get("description"),
        images=params.get("images", []),
        marketing_features=params.get("marketing_features", []),
        metadata=merged_metadata({}, params.get("metadata")),
        name=params["name"],
        tax_code=params.get("tax_code"),
        type="service",
        updated=core.now,
    )
    core.emit("product.created", product)
    return product


def update_product(core: Core, product: Json, params: Json) -> Json:
    """From the parameters of POST /v1/products/:id."""
    names = ("active", "description", "name", "tax_code", "default_price")
    new: Json = {name: params[name] for name in names if name in params}
    if "metadata" in params:
        new["metadata"] = merged_metadata(product["metadata"], params["metadata"])
    before = change(product, **new, updated=core.now)
    core.emit("product.updated", product, before)
    return product


def new_price(core: Core, params: Json) -> Json:
    """From the parameters of POST /v1/prices. Raises ApiError where the lookup key belongs to another price."""
    product = core.get("product", params.get("product", ""), param="product")
    if "unit_amount" not in params:
        raise ApiError("The sandbox knows only prices with a `unit_amount`.", param="unit_amount")
    _take_lookup_key(core, params)
    recurring = params.get("recurring")
    whole = {"interval_count": 1, "usage_type": "licensed", **recurring} if recurring else None
    price = core.add(
        "price",
        active=params.get("active", True),
        billing_scheme="per_unit",
        currency=params["currency"].lower(),
        lookup_key=params.get("lookup_key"),
        metadata=merged_metadata({}, params.get("metadata")),
        nickname=params.get("nickname"),
        product=product["id"],
        recurring=whole,
        tax_behavior=params.get("tax_behavior", "unspecified"),
        type="recurring" if recurring else "one_time",
        unit_amount=params["unit_amount"],
        unit_amount_decimal=str(params["unit_amount"]),
    )
    core.emit("price.created", price)
    return price


def update_price(core: Core, price: Json, params: Json) -> Json:
    """From the parameters of POST /v1/prices/:id; an amount never changes."""
    if "lookup_key" in params:
        _take_lookup_key(core, params, keep=price["id"])
    names = ("active", "lookup_key", "nickname", "tax_behavior")
    new: Json = {name: params[name] or None for name in names if name in params}
    if "active" in params:
        new["active"] = params["active"]
    if "metadata" in params:
        new["metadata"] = merged_metadata(price["metadata"], params["metadata"])
    before = change(price, **new)
    core.emit("price.updated", price, before)
    return price


def _take_lookup_key(core: Core, params: Json, keep: str = "") -> None:
    key = params.get("lookup_key")
    for other in core.all("price"):
        if key and other["lookup_key"] == key and other["id"] != keep:
            if not params.get("transfer_lookup_key"):
                message = f"A price (`{other['id']}`) already uses that lookup key."
                raise ApiError(message, code="resource_already_exists", param="lookup_key")
            before = change(other, lookup_key=None)
            core.emit("price.updated", other, before)


def plan_of(price: Json) -> Json:
    """The older shape of a recurring price, which subscription items still carry."""
    recurring: dict[str, Any] = price["recurring"]
    return {
        "id": price["id"],
        "object": "plan",
        "active": price["active"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": "per_unit",
        "created": price["created"],
        "currency": price["currency"],
        "interval": recurring["interval"],
        "interval_count": recurring["interval_count"],
        "livemode": False,
        "metadata": price["metadata"],
        "meter": None,
        "nickname": price["nickname"],
        "product": price["product"],
        "tiers_mode": None,
        "transform_usage": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }
