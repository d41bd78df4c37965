"""The catalogue as it stands in Stripe: one product and one current price for every plan and pack on sale."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts.errors import Refusal
from billing import plans
from billing import stripe_gateway as stripe
from billing.models import StripePrice


class NotOnSale(Refusal):
    """This can't be bought here yet. The people who run this service have to set up payments first."""

    code, title, status = "not_on_sale", "Not on sale", 503


def current_price(lookup_key: str) -> StripePrice:
    """What a plan or pack is sold for now; raises NotOnSale before `sync_stripe_catalogue` has run."""
    found = StripePrice.objects.filter(key=lookup_key, is_current=True).first()
    if found is None:
        raise NotOnSale
    return found


def price_of(price_id: str) -> StripePrice | None:
    """A price we once made, current or not; None for one that is none of ours."""
    return StripePrice.objects.filter(price_id=price_id).first()


def plan_of(price_id: str) -> str:
    """The key of the plan that a price pays for, or ""."""
    price = price_of(price_id)
    kind, _, key = price.key.partition(":") if price else ("", "", "")
    return key if kind == "plan" and key in plans.PAID_PLANS else ""


def tax() -> dict[str, Any]:
    """What every Checkout Session says about taxes."""
    if not settings.STRIPE_AUTOMATIC_TAX:
        return {}
    return {"automatic_tax": {"enabled": True}, "customer_update": {"address": "auto"}}


def sync() -> list[str]:
    """Make Stripe's products and prices say what the catalogue says; returns what was done, in words.

    A changed price is a new one that takes over the lookup key: running subscriptions keep theirs.
    """
    done = []
    for lookup_key, name, credits, wanted in _offers():
        product = "roomwright-" + lookup_key.replace(":", "-")
        done += _sync_product(product, name)
        done += _sync_price(lookup_key, credits, wanted | {"product": product, "currency": plans.CURRENCY})
    return done


def _offers() -> Iterator[tuple[str, str, int, dict[str, Any]]]:
    for plan in plans.PAID_PLANS.values():
        monthly = {"unit_amount": plan.price, "recurring": {"interval": "month"}}
        yield plan.lookup_key, f"Roomwright {plan.name}", plan.allowance, monthly
    for pack in plans.PACKS.values():
        yield pack.lookup_key, f"Roomwright {pack.name}", pack.credits, {"unit_amount": pack.price}


def _sync_product(product: str, name: str) -> list[str]:
    found = stripe.find_product(product)
    if found is None:
        stripe.create_product(product=product, name=name, key=f"product:{product}")
        return [f"product {product} created"]
    if found.name != name:
        stripe.rename_product(product=product, name=name)
        return [f"product {product} renamed"]
    return []


def _sync_price(lookup_key: str, credits: int, wanted: dict[str, Any]) -> list[str]:
    found = stripe.find_price(lookup_key)
    ours = price_of(found.id) if found else None
    sold_as = (wanted["unit_amount"], wanted["currency"], credits)
    if found and _same(found, wanted) and (ours is None or _terms(ours) == sold_as):
        if ours is not None and ours.is_current:
            return []
        _remember(found, lookup_key, credits)
        return [f"price {lookup_key} found"]
    # More or fewer credits for the same money are another price too: what was sold keeps what it was sold with.
    before = found.id if found else "none"
    amount = wanted["unit_amount"]
    made = stripe.create_price(
        wanted | {"lookup_key": lookup_key, "transfer_lookup_key": True},
        f"price:{lookup_key}:{amount}:{credits}:{before}",
    )
    _remember(made, lookup_key, credits)
    return [f"price {lookup_key} {'changed' if found else 'created'}: {amount} {wanted['currency']}"]


def _same(found: Any, wanted: dict[str, Any]) -> bool:
    interval = stripe.optional(found, "recurring", "interval")
    return (found.unit_amount, found.currency, stripe.oid(found.product), interval) == (
        wanted["unit_amount"],
        wanted["currency"],
        wanted["product"],
        wanted.get("recurring", {}).get("interval"),
    )


def _terms(price: StripePrice) -> tuple[int, str, int]:
    return price.amount, price.currency, price.credits


def _remember(found: Any, lookup_key: str, credits: int) -> None:
    with transaction.atomic():
        StripePrice.objects.filter(key=lookup_key, is_current=True).update(is_current=False)
        StripePrice.objects.update_or_create(
            price_id=found.id,
            defaults={"is_current": True},
            create_defaults={
                "product_id": stripe.oid(found.product),
                "key": lookup_key,
                "credits": credits,
                "amount": found.unit_amount,
                "currency": found.currency,
                "is_current": True,
            },
        )
