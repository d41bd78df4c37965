"""Budgets, plans, packs and top-ups over the API: what the pages can do, against the offline Stripe."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from django.utils import timezone

from accounts.models import Membership, Role, User
from billing import budgets
from billing.stripe_sandbox.server import serve
from billing.stripe_sandbox.world import World
from tests import factories
from tests.billing.money import DECLINED, Shop, stock
from tests.factories import ApiClient, Studio


def member_of(studio: Studio, person: User) -> int:
    with studio.enter():
        return int(Membership.objects.of(studio.organization).get(user=person).pk)


# --- Budgets ---------------------------------------------------------------------------------------------


def test_a_members_budget_is_set_listed_and_removed(studio: Studio) -> None:
    api, who = studio.manager(), member_of(studio, studio.colleague)
    where = f"members/{who}/budget"
    assert api.get(where).status_code == 404
    told = api.put(where, {"cap": 50, "counted": "total"}).json()
    assert (told["name"], told["cap"], told["counted"]) == (studio.colleague.email, 50, "total")
    assert api.get("budgets").json()["results"] == [told]
    same = f"budgets/{told['key']}"
    assert api.get(same).json() == told
    assert api.put(same, {"cap": 60}).json()["counted"] == "month"
    assert api.get(where).json()["cap"] == 60
    for _ in range(2):
        assert api.delete(where).status_code == 204
    assert api.get("budgets").json()["results"] == []


def test_a_budget_of_nobody_is_not_set_but_removed(studio: Studio) -> None:
    api = studio.manager()
    assert api.put("budgets/client:cli_nobody", {"cap": 5}).status_code == 404
    budgets.set_budget(
        organization=studio.organization,
        key="client:cli_gone",
        cap=5,
        by_user=studio.owner,
        now=timezone.now(),
    )
    assert api.get("budgets").json()["results"][0]["name"] == "client:cli_gone"
    assert api.delete("budgets/client:cli_gone").status_code == 204
    assert api.get("budgets/client:cli_gone").status_code == 404
    for wrong in ({}, {"cap": -1}, {"cap": 10**9}, {"cap": 5, "counted": "day"}):
        assert api.put(f"members/{member_of(studio, studio.owner)}/budget", wrong).status_code == 400


def test_budgets_are_for_admins_with_the_scope(studio: Studio, strange_studio: Studio) -> None:
    who = member_of(studio, studio.colleague)
    designer, colleague = studio.api(), studio.manager(by=studio.colleague)
    for path in ("budgets", f"members/{who}/budget", "budgets/client:cli_x"):
        assert designer.get(path).json()["code"] == "scope_missing"
        assert colleague.get(path).status_code == 403
    stranger = strange_studio.manager()
    assert stranger.put(f"members/{who}/budget", {"cap": 5}).status_code == 404
    assert stranger.get(f"members/{who}/budget").status_code == 404


# --- Plans -----------------------------------------------------------------------------------------------


@pytest.fixture
def shop(db: None, settings: LazySettings) -> Iterator[Shop]:
    """Stripe with the clock of the wall, as the API has it."""
    world = World()
    with serve(world) as address:
        settings.STRIPE_API_BASE, settings.STRIPE_SECRET_KEY = address, "sk_test_offline"
        stock(world)
        yield Shop(world, factories.make_studio(credits=0, plan="free"))


@pytest.fixture
def buyer(shop: Shop) -> ApiClient:
    """A program of a workspace on Starter that may use live keys all the same."""
    shop.subscribe("starter")
    shop.deliver()
    return live(shop)


def live(shop: Shop) -> ApiClient:
    organization = shop.studio.organization
    organization.api_access = True
    organization.save(update_fields=["api_access"])
    return shop.studio.manager()


def test_a_plan_and_a_pack_are_begun_to_be_bought(shop: Shop) -> None:
    api = shop.studio.manager(live=False)
    for what in ({"plan": "growth"}, {"pack": "100"}):
        answer = api.post("checkout", what)
        assert answer.status_code == 201, answer.content
        assert answer.json()["url"].startswith(shop.world.pages)
        shop.world.pay(shop.session(answer.json()["url"]), "4242424242424242")
        shop.deliver()
    assert shop.plan() == "growth"
    assert shop.credits()[1] == 100
    assert api.post("billing-portal", {}).json()["url"].startswith("http")
    for wrong, status in (({}, 400), ({"plan": "growth", "pack": "100"}, 400), ({"pack": "7"}, 404)):
        assert api.post("checkout", wrong).status_code == status
    assert api.post("checkout", {"plan": "scale"}).json()["code"] == "already_subscribed"


def test_a_plan_is_upgraded_downgraded_canceled_and_resumed(shop: Shop, buyer: ApiClient) -> None:
    up = buyer.post("subscription/upgrade", {"plan": "scale"})
    assert (up.status_code, up.json()["plan"]) == (200, "scale")
    assert buyer.post("subscription/upgrade", {"plan": "growth"}).json()["code"] == "not_an_upgrade"
    down = buyer.post("subscription/downgrade", {"plan": "growth"}).json()
    assert (down["plan"], down["next_plan"]) == ("scale", "growth")
    assert buyer.post("subscription/resume", {}).json()["next_plan"] is None
    for _ in range(2):
        ended = buyer.post("subscription/cancel", {}).json()
        assert ended["ends_at"] == ended["period_end"]
        assert ended["plan"] == "scale"
    assert buyer.get("subscription").json() == ended
    assert buyer.post("subscription/resume", {}).json()["ends_at"] is None
    assert buyer.post("subscription/upgrade", {"plan": "gold"}).json()["code"] == "unknown_plan"
    buyer.post("subscription/cancel", {})
    shop.world.advance(days=32)
    shop.deliver()
    assert shop.plan() == "free"
    assert buyer.get("me").status_code == 403, "a live key of a plan without API access"


def test_without_a_plan_there_is_none_to_change(shop: Shop) -> None:
    api = live(shop)
    for verb in ("cancel", "resume"):
        assert api.post(f"subscription/{verb}", {}).json()["code"] == "no_subscription"


def test_a_declined_card_changes_nothing(shop: Shop, buyer: ApiClient) -> None:
    shop.world.change_card(next(iter(shop.world.rows["customer"])), DECLINED)
    declined = buyer.post("subscription/upgrade", {"plan": "growth"})
    assert (declined.status_code, declined.json()["code"]) == (402, "payment_declined")
    assert buyer.get("subscription").json()["plan"] == "starter"


# --- Packs -----------------------------------------------------------------------------------------------


def test_purchases_are_listed_and_an_unused_one_is_given_back(shop: Shop, buyer: ApiClient) -> None:
    for pack in ("100", "500"):
        shop.buy(pack)
    shop.deliver()
    big, small = buyer.get("purchases").json()["results"]
    assert (big["credits"], big["state"], big["refunds"], big["by"]) == (
        500,
        "paid",
        [],
        shop.studio.owner.email,
    )
    assert big["refundable_until"] is not None
    where = f"purchases/{big['id']}"
    assert buyer.get(where).json() == big
    back = buyer.post(f"{where}/refund", {})
    assert back.status_code == 200, back.content
    assert back.json()["refunds"][0]["amount"] == big["amount"]
    assert back.json()["refundable_until"] is None
    assert shop.credits()[1] == small["credits"]
    again = buyer.post(f"{where}/refund", {})
    assert (again.status_code, again.json()["code"]) == (409, "not_refundable")


def test_the_automatic_top_up_is_set_as_a_whole(shop: Shop, buyer: ApiClient) -> None:
    off = buyer.get("top-up").json()
    assert (off["pack"], off["error"]) == (None, None)
    wish = {"low_below": 20, "pack": "100", "below": 50, "monthly_cap": 2000}
    assert buyer.put("top-up", wish).json() == {**wish, "error": None}
    assert buyer.get("top-up").json()["pack"] == "100"
    small = buyer.put("top-up", {**wish, "monthly_cap": 10})
    assert (small.status_code, small.json()["code"]) == (400, "bad_topup")
    assert buyer.put("top-up", {"low_below": 0}).json()["pack"] is None


# --- Who may not -----------------------------------------------------------------------------------------

CALLS: tuple[tuple[str, str, Any], ...] = (
    ("post", "subscription/upgrade", {"plan": "scale"}),
    ("post", "subscription/downgrade", {"plan": "starter"}),
    ("post", "subscription/cancel", {}),
    ("post", "subscription/resume", {}),
    ("post", "purchases/buy_x/refund", {}),
    ("put", "top-up", {"low_below": 0}),
)
PAGES: tuple[tuple[str, str, Any], ...] = (
    ("post", "checkout", {"pack": "100"}),
    ("post", "billing-portal", {}),
)


def test_money_is_moved_by_admins_with_the_scope_and_a_live_key(studio: Studio) -> None:
    refused = (
        (studio.api(live=False), "scope_missing"),
        (studio.manager(live=False, by=studio.colleague), "role_needed"),
    )
    test = studio.manager(live=False)
    for method, path, body in (*CALLS, *PAGES):
        for api, code in refused:
            answer = getattr(api, method)(path, body)
            assert (answer.status_code, answer.json()["code"]) == (403, code), path
    for method, path, body in CALLS:
        assert getattr(test, method)(path, body).json()["code"] == "live_key_needed", path


def test_everybody_reads_how_the_plan_stands(studio: Studio) -> None:
    viewer = studio.api(by=studio.join(Role.VIEWER))
    for path in ("subscription", "purchases", "top-up", "plans"):
        assert viewer.get(path).status_code == 200, path


def test_a_strangers_purchase_is_not_found(shop: Shop, buyer: ApiClient) -> None:
    shop.buy("100")
    shop.deliver()
    [bought] = buyer.get("purchases").json()["results"]
    stranger = factories.make_studio(name="Elsewhere").manager()
    assert stranger.get("purchases").json()["results"] == []
    assert stranger.get(f"purchases/{bought['id']}").status_code == 404
    assert stranger.post(f"purchases/{bought['id']}/refund", {}).status_code == 404
