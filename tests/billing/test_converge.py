"""Stripe's facts become credits and plans: each once, whatever happens on the way."""

from __future__ import annotations

from tests.billing.money import Shop


def test_a_paid_pack_gives_its_credits_once(shop: Shop) -> None:
    shop.buy("500")
    shop.deliver()
    assert shop.credits() == (0, 500, 0)
    shop.delivered = 0
    shop.deliver()
    assert shop.credits() == (0, 500, 0)


def test_a_plan_gives_its_allowance_and_its_entitlements(shop: Shop) -> None:
    shop.subscribe("starter")
    shop.deliver()
    assert shop.credits() == (300, 0, 0)
    assert shop.plan() == "starter"
    shop.world.advance(days=32)
    shop.deliver()
    assert shop.credits() == (300, 0, 0)
    assert shop.studio.lines() == ["grant", "expire", "grant"]
