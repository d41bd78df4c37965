"""The API answers the real package as Stripe does, and refuses what the package's types don't know."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import stripe

from billing.stripe_sandbox.world import World
from tests.billing.stripe_sandbox.shop import START, Shop


@pytest.mark.parametrize(
    ("params", "code", "param"),
    [
        ({"mode": "payment", "payment_method_types": ["card"]}, "parameter_unknown", "payment_method_types"),
        ({"mode": "gift"}, None, "mode"),
        ({"mode": "payment", "line_items": [{"quantity": "two"}]}, "parameter_invalid_integer", None),
        ({"mode": "payment", "metadata": "x"}, None, "metadata"),
        ({"mode": "payment", "customer": "cus_nobody"}, "resource_missing", "customer"),
    ],
)
def test_a_wrong_parameter_is_named(offline: Shop, params: Any, code: str | None, param: str | None) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        offline.stripe.checkout.sessions.create({"success_url": "http://localhost/", **params})
    assert refused.value.http_status == 400
    if code:
        assert refused.value.code == code
    if param:
        assert refused.value.param == param


def test_a_missing_parameter_is_named(offline: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        offline.stripe.prices.create({"unit_amount": 1})
    assert (refused.value.code, refused.value.param) == ("parameter_missing", "currency")


def test_there_is_no_answer_without_a_test_key(offline: Shop) -> None:
    live = stripe.StripeClient("sk_live_x", base_addresses={"api": offline.address})
    with pytest.raises(stripe.AuthenticationError):
        live.v1.customers.list()
    status, body = offline.world.handle("GET", "/v1/customers", "", {})
    assert (status, body["error"]["type"]) == (401, "invalid_request_error")


def test_what_the_sandbox_has_not_says_so(offline: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="only what the product uses") as refused:
        offline.stripe.coupons.list()
    assert refused.value.http_status == 404


def test_the_same_key_gives_the_same_answer_and_another_body_is_refused(offline: Shop) -> None:
    once: Any = {"idempotency_key": "k"}
    first = offline.stripe.customers.create({"name": "B"}, once)
    assert offline.stripe.customers.create({"name": "B"}, once).id == first.id
    with pytest.raises(stripe.IdempotencyError):
        offline.stripe.customers.create({"name": "C"}, once)


def test_a_declined_payment_is_declined_again_under_the_same_key(offline: Shop) -> None:
    sub = offline.subscribe(card="4000000000000341")
    item = offline.stripe.subscriptions.retrieve(sub)["items"].data[0].id
    params: Any = {
        "items": [{"id": item, "price": offline.prices["growth"]}],
        "billing_cycle_anchor": {"type": "now"},
        "proration_behavior": "none",
        "payment_behavior": "error_if_incomplete",
    }
    for _ in range(2):
        with pytest.raises(stripe.CardError) as refused:
            offline.stripe.subscriptions.update(sub, params, {"idempotency_key": "up"})
        assert refused.value.code == "card_declined"
    assert offline.types().count("charge.failed") == 1


def test_lists_are_paged_newest_first(offline: Shop) -> None:
    made = [offline.stripe.customers.create({"name": str(n)}).id for n in range(7)]
    assert [c.id for c in offline.stripe.customers.list({"limit": 3}).data] == made[:-4:-1]
    walked = [c.id for c in offline.stripe.customers.list({"limit": 2}).auto_paging_iter()]
    assert walked == [*made[::-1], offline.customer]
    back = offline.stripe.customers.list({"limit": 2, "ending_before": made[0]})
    assert [c.id for c in back.data] == [made[2], made[1]]


def test_lists_filter_by_time_key_type_and_state(offline: Shop) -> None:
    offline.world.advance(days=1)
    sub = offline.subscribe()
    later = offline.stripe.events.list({"created": {"gte": START + 1}, "types": ["invoice.paid"]}).data
    assert [event.data.object["billing_reason"] for event in later] == ["subscription_create"]
    assert [p.lookup_key for p in offline.stripe.prices.list({"lookup_keys": ["pack"]}).data] == ["pack"]
    offline.stripe.subscriptions.cancel(sub)
    assert offline.stripe.subscriptions.list().data == []
    assert [s.id for s in offline.stripe.subscriptions.list({"status": "all"}).data] == [sub]


def test_ids_expand_to_objects_along_a_path(offline: Shop) -> None:
    session = offline.session("starter")
    offline.world.pay(session)
    whole: Any = offline.stripe.checkout.sessions.retrieve(
        session, {"expand": ["subscription.latest_invoice.payments", "line_items"]}
    )
    assert whole.subscription.latest_invoice.payments.data[0].status == "paid"
    assert whole.line_items.data[0].price.lookup_key == "starter"
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        offline.stripe.checkout.sessions.retrieve(session, {"expand": ["nonsense"]})


def test_a_price_takes_the_lookup_key_of_another_only_when_told_to(offline: Shop) -> None:
    price: Any = offline.stripe.prices.retrieve(offline.prices["pack"])
    params: Any = {"product": price.product, "currency": "usd", "unit_amount": 1, "lookup_key": "pack"}
    with pytest.raises(stripe.InvalidRequestError, match="already uses that lookup key"):
        offline.stripe.prices.create(params)
    newer = offline.stripe.prices.create({**params, "transfer_lookup_key": True})
    assert [p.id for p in offline.stripe.prices.list({"lookup_keys": ["pack"]}).data] == [newer.id]


def test_a_world_is_remembered_in_its_folder(tmp_path: Any) -> None:
    headers = {"Authorization": "Bearer sk_test_x", "Idempotency-Key": "k"}
    world = World(folder=tmp_path, start=START)
    _status, made = world.handle("POST", "/v1/customers", "name=B", headers)
    world.advance(days=3)
    again = World(folder=tmp_path, start=START)
    assert again.handle("POST", "/v1/customers", "name=B", headers) == (200, made)
    assert again.now == START + 3 * 24 * 3600
    assert [event["type"] for event in again.captured] == ["customer.created"]


def test_twenty_buyers_at_once_pay_once_each(offline: Shop) -> None:
    with ThreadPoolExecutor(20) as buyers:
        payments = list(buyers.map(lambda _: offline.buy(), range(20)))
    assert len(set(payments)) == 20
    assert offline.types().count("charge.succeeded") == 20
    assert offline.stripe.balance.retrieve().available[0].amount == 20 * 2000
    ids = [event["id"] for event in offline.world.captured]
    assert len(ids) == len(set(ids))
