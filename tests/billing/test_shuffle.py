"""However Stripe's events travel, a customer's year ends in one and the same state."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import stripe
from django.conf import LazySettings
from django.db import transaction

from billing import catalogue
from billing.stripe_sandbox.world import World
from tests import factories
from tests.billing import year
from tests.billing.conftest import START
from tests.billing.money import Shop

Shops = Callable[[], Any]


class Direct(stripe.HTTPClient):
    """Calls the offline Stripe without a socket: a thousand years are some millions of requests."""

    name = "direct"

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world

    def request(
        self, method: str, url: str, headers: Any, post_data: Any = None, **more: Any
    ) -> tuple[str, int, Any]:
        status, answer = self.world.handle(method.upper(), url, post_data or "", headers)
        return json.dumps(answer), status, {}

    def close(self) -> None:
        """Nothing to close."""


@pytest.fixture
def shops(db: None, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Shops:
    """Each use is a new Stripe (with the same ids) and a new workspace, gone afterwards."""
    settings.STRIPE_SECRET_KEY = "sk_test_offline"

    @contextmanager
    def one() -> Iterator[Shop]:
        world = World(start=START, salt="same")
        client = stripe.StripeClient("sk_test_offline", http_client=Direct(world))
        monkeypatch.setattr("billing.stripe_gateway._client", lambda key, base: client)
        with transaction.atomic():
            catalogue.sync()
            yield Shop(world, factories.make_studio(credits=0, plan="free"))
            transaction.set_rollback(True)

    return one


def same_over(shops: Shops, seeds: range) -> None:
    with shops() as shop:
        expected, words = year.live_in_order(shop)
    assert words >= WORDS
    assert [(state["plan"], state["credits"]) for state in expected] == EXPECTED
    for seed in seeds:
        with shops() as shop:
            states, events = year.live(shop, seed)
        assert events >= 60
        assert states == expected, f"seed {seed}"


WORDS = {
    "trialing",
    "active",
    "past_due",
    "canceled",
    "open",
    "pending",
    "paid",
    "failed",
    "expired",
    "succeeded",
} | {
    "needs_response",
    "won",
    "lost",
    "warning_needs_response",
    "warning_closed",
}
LEFT = 500 + 100 - 200  # after the spending at the first checkpoint, beside the allowance
LATER = LEFT - 218 + 500 + 2000 - 1000  # ceil(500 × 1700 / 3900) refunded; of 2000 half lost in a dispute
EXPECTED = [
    ("scale", (6000, 600, 0)),
    ("starter", (300, LATER, 0)),
    ("starter", (300, LATER + 500, 0)),
    ("free", (0, 2000 - 500, 0)),  # 500 were owed
]


FIRST, COUNT = (
    int(os.environ.get(name, usual)) for name, usual in (("SHUFFLE_FIRST", "0"), ("SHUFFLE_SEEDS", "30"))
)
PIECE = 15  # seeds in one test, so that two processes share the work and a long run shows how far it is


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("first", range(FIRST, FIRST + COUNT, PIECE))
def test_a_year_of_events_ends_the_same_over_thirty_seeds(shops: Shops, first: int) -> None:
    same_over(shops, range(first, min(first + PIECE, FIRST + COUNT)))
