"""Each page on a phone and on a desk, by day and by night, empty and full."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.journeys.pages import (
    DESK,
    OF_THE_PERSON,
    OF_THE_WORKSPACE,
    OUTSIDE,
    PHONE,
    a_room_with_a_photo,
    review_pages,
)
from tests.journeys.people import Person


def _faults(person: Person, *paths: str) -> list[str]:
    """What is wrong with how these pages look; console complaints are found by the fixture."""
    faults = []
    for path in paths:
        person.open(path)
        faults += person.too_wide() + person.too_small() + person.nameless()
    return faults


@pytest.mark.parametrize("window", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("light", ["light", "dark"])
def test_every_page_fits_is_named_and_complains_of_nothing(
    someone: Callable[..., Person], window: dict[str, Any], light: str
) -> None:
    anna = someone(color_scheme=light, **window)
    assert _faults(anna, *OUTSIDE) == []
    anna.sign_up()  # nothing in it yet, and no credits
    rooms = [f"{anna.workspace}/{name}" for name in OF_THE_WORKSPACE]
    assert _faults(anna, *rooms, *OF_THE_PERSON) == []

    anna.confirm_email()
    anna.ask()
    anna.wait_for_the_picture()
    anna.page.locator(".preview-notes summary").click()
    made = anna.page.url
    room = a_room_with_a_photo(anna)
    full = [made, room, *review_pages(anna, room), f"{anna.workspace}/projects"]
    assert _faults(anna, *rooms, *full) == []
