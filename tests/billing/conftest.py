"""The offline Stripe, on loopback, with the catalogue in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import LazySettings

from billing.stripe_sandbox.server import serve
from billing.stripe_sandbox.world import World
from tests import factories
from tests.billing.money import Shop, stock

START = 1_767_225_600  # 1 January 2026


@pytest.fixture
def world(settings: LazySettings) -> Iterator[World]:
    """Stripe, with a clock that only moves when it is told to."""
    world = World(start=START)
    with serve(world) as address:
        settings.STRIPE_API_BASE = address
        settings.STRIPE_SECRET_KEY = "sk_test_offline"
        settings.STRIPE_WEBHOOK_SECRET = "whsec_offline"
        yield world


@pytest.fixture
def shop(db: None, world: World) -> Shop:
    """A workspace on the Free plan with no credits, before a full shelf."""
    stock(world)
    return Shop(world, factories.make_studio(credits=0, plan="free"))
