"""Each page on a phone and on a desk, by day and by night, empty and full."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.journeys.people import ROOM, Person

PHONE = {"viewport": {"width": 390, "height": 844}}
DESK = {"viewport": {"width": 1440, "height": 900}}
OUTSIDE = [
    "/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/nothing",
]
OF_THE_PERSON = [
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/logout/",
    "/accounts/2fa/",
    "/accounts/2fa/webauthn/",
    "/accounts/sessions/",
    "/accounts/3rdparty/",
    "/accounts/reauthenticate/",
    "/profile",
    "/profile/exports",
    "/workspaces",
]
OF_THE_WORKSPACE = [
    "studio",
    "generations",
    "projects",
    "clients",
    "credits",
    "credits/buy",
    "plan",
    "settings",
    "settings/budgets",
    "settings/api-keys",
    "settings/meltflex-key",
    "settings/members",
    "settings/notifications",
    "settings/audit-log",
    "settings/exports",
    "settings/leave",
]


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
    full = [made, _a_room_with_a_photo(anna), f"{anna.workspace}/projects"]
    assert _faults(anna, *rooms, *full) == []


def _a_room_with_a_photo(person: Person) -> str:
    page = person.page
    person.open(f"{person.workspace}/clients")
    page.get_by_label("Name").fill("Mrs Winter")
    person.press("Add the client")
    page.get_by_text("Mrs Winter").wait_for()
    person.open(f"{person.workspace}/projects")
    page.get_by_label("Name").fill("A flat with a rather long name in the Lindenstraße")
    page.get_by_label("Client").select_option("Mrs Winter")
    person.press("Start the project")
    page.wait_for_url("**/projects/prj_*")
    page.get_by_label("Room name").fill("Living room")
    person.press("Add the room")
    page.wait_for_url("**/rooms/room_*")
    page.get_by_label("A photo of the room").set_input_files(ROOM)
    person.press("Add the photo")
    page.get_by_role("link", name="Redesign", exact=True).wait_for()
    return page.url
