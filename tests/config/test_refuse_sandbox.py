"""A deploy that would sell credits for play money does not start."""

from __future__ import annotations

import pytest
from django.conf import LazySettings

from config.checks import real_stripe


@pytest.mark.parametrize(
    ("key", "base", "secret", "errors"),
    [
        ("", "", "", []),
        ("sk_live_x", "", "whsec_x", []),
        ("sk_live_x", "", "", ["roomwright.E011"]),
        ("sk_test_x", "", "whsec_x", ["roomwright.E010"]),
        ("sk_test_sandbox", "http://127.0.0.1:1", "whsec_x", ["roomwright.E009", "roomwright.E010"]),
    ],
)
def test_production_refuses_test_keys_and_the_sandbox(
    settings: LazySettings, key: str, base: str, secret: str, errors: list[str]
) -> None:
    settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE, settings.STRIPE_WEBHOOK_SECRET = key, base, secret
    settings.IN_PRODUCTION = True
    assert [message.id for message in real_stripe(None)] == errors
    settings.IN_PRODUCTION = False
    assert real_stripe(None) == []
