"""A served world with a clock that only moves when it is told to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from billing.stripe_sandbox.server import serve
from billing.stripe_sandbox.world import World
from tests.billing.stripe_sandbox.shop import START, Shop


@pytest.fixture
def offline() -> Iterator[Shop]:
    """Stripe, offline, with three prices and a customer."""
    world = World(start=START, salt="t")
    with serve(world) as address:
        yield Shop(world, address)
