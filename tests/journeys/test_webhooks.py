"""An owner has their server told of what happens, on a phone and on a desk, in light and in dark."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.journeys import axe
from tests.journeys.people import Person

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "color_scheme": "dark"}
DESK = {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"}
SHOTS = os.environ.get("WEBHOOK_SHOTS", "")  # a folder for pictures to look at


def looks_right(person: Person, name: str) -> None:
    person.page.wait_for_load_state()
    assert person.too_wide() == []
    assert person.nameless() == []
    assert axe.grave_findings(person.page) == []
    if SHOTS:
        width: Any = person.page.viewport_size or {}
        person.page.screenshot(path=Path(SHOTS) / f"{name}-{width.get('width')}.png", full_page=True)


@pytest.mark.parametrize("window", [PHONE, DESK], ids=["phone", "desk"])
def test_an_endpoint_is_added_tried_and_looked_into(
    someone: Callable[..., Person], window: dict[str, Any]
) -> None:
    anna = someone(**window)
    anna.join("growth")
    home = anna.workspace
    anna.open(f"{home}/settings/webhooks")
    looks_right(anna, "none")
    anna.page.get_by_label("Address").fill("https://10.0.0.1/hook")
    anna.press("Add the endpoint")
    assert anna.sees("private network")
    anna.page.get_by_label("Address").fill(
        "https://hooks.nowhere.example/roomwright/a-rather-long-path-of-it"
    )
    anna.page.get_by_label("What it is for").fill("Shop")
    anna.press("Add the endpoint")
    assert anna.sees("whsec_")
    looks_right(anna, "added")
    anna.page.get_by_role("link", name="Shop").click()
    anna.press("Send a test event")
    assert anna.sees("A test event is on its way")
    anna.page.wait_for_timeout(3000)
    anna.page.reload()
    looks_right(anna, "endpoint")
    anna.page.get_by_role("link", name=re.compile("webhook.test")).click()
    assert anna.sees("could not be found")  # this machine reaches no such host
    looks_right(anna, "delivery")
    anna.open(f"{home}/settings/api-keys")
    anna.page.get_by_text("Limit what it can do").click()
    looks_right(anna, "keys")
    anna.page.get_by_label("Name").fill("Shop")
    anna.page.get_by_label("Credits a month").fill("50")
    anna.press("Make the key")
    assert anna.sees("0 of 50 credits used this month")
    looks_right(anna, "limited-key")
    anna.open("/developers")
    looks_right(anna, "developers")
