"""Every page for everybody: axe-core finds nothing grave, on a phone and on a desk, by day and by night."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.journeys import axe
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

NARROW = {"viewport": {"width": 320, "height": 640}}  # a window of 1280 px at 400 %
ZOOMED = {"viewport": {"width": 720, "height": 450}}  # a window of 1440 px at 200 %


def _grave(person: Person, *paths: str) -> list[str]:
    found = []
    for path in paths:
        person.open(path)
        found += axe.grave_findings(person.page)
    return found


@pytest.mark.parametrize("window", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("light", ["light", "dark"])
def test_nothing_shuts_anybody_out(
    someone: Callable[..., Person], window: dict[str, Any], light: str
) -> None:
    anna = someone(color_scheme=light, reduced_motion="reduce", **window)
    assert _grave(anna, *OUTSIDE) == []
    anna.sign_up()
    rooms = [f"{anna.workspace}/{name}" for name in OF_THE_WORKSPACE]
    assert _grave(anna, *rooms, *OF_THE_PERSON) == []

    anna.confirm_email()
    anna.ask()
    assert axe.grave_findings(anna.page) == []  # while it is being made
    anna.wait_for_the_picture()
    made = anna.page.url
    room = a_room_with_a_photo(anna)
    full = [made, room, *review_pages(anna, room), f"{anna.workspace}/projects"]
    assert _grave(anna, *rooms, *full) == []


def test_forced_colours_and_german_shut_nobody_out_either(someone: Callable[..., Person]) -> None:
    anna = someone(forced_colors="active", locale="de-DE", **DESK)
    anna.open("/")
    assert anna.page.locator("html").get_attribute("lang") == "de"
    assert _grave(anna, *OUTSIDE) == []


@pytest.mark.parametrize("window", [NARROW, ZOOMED], ids=["400 %", "200 %"])
def test_zoomed_pages_need_no_scrolling_in_two_directions(
    someone: Callable[..., Person], window: dict[str, Any]
) -> None:
    anna = someone(**window)
    wide = []
    for path in OUTSIDE:
        anna.open(path)
        wide += anna.too_wide()
    assert wide == []
    anna.join()
    for name in OF_THE_WORKSPACE:
        anna.open(f"{anna.workspace}/{name}")
        wide += anna.too_wide()
    assert wide == []


def test_the_keyboard_alone_leads_from_the_door_into_the_studio(someone: Callable[..., Person]) -> None:
    anna = someone(**DESK)
    page = anna.page
    anna.open("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").bounding_box()["y"] >= 0  # type: ignore[index]
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Redesign a room"
    page.keyboard.press("Enter")
    page.wait_for_url("**/accounts/signup/")
    page.get_by_label("Email").focus()
    page.keyboard.type(anna.email)
    page.keyboard.press("Tab")
    page.keyboard.type("curtains and a kettle")
    page.keyboard.press("Enter")
    page.wait_for_url("**/studio")


def test_where_the_keyboard_stands_can_always_be_seen(someone: Callable[..., Person]) -> None:
    anna = someone(**DESK)
    unseen = []
    for path in ("/", "/pricing", "/help", "/accounts/signup/", "/styleguide"):
        anna.open(path)
        for _ in range(60):
            anna.page.keyboard.press("Tab")
            here = anna.page.evaluate(
                """() => {
                    const one = document.activeElement, style = getComputedStyle(one);
                    const drawn = one.matches(".before-after-range") ? { outlineStyle: "solid" } : style;
                    return [one.tagName + "." + one.className, drawn.outlineStyle];
                }"""
            )
            if here[0].startswith("BODY"):
                break
            if here[1] == "none":
                unseen.append(f"{path}: {here[0]}")
    assert unseen == []


def test_a_dialog_holds_the_keyboard_and_escape_closes_it(someone: Callable[..., Person]) -> None:
    anna = someone(**DESK)
    anna.open("/styleguide")
    anna.press("Open a dialog")
    dialog = anna.page.get_by_role("dialog", name="Delete this picture?")
    dialog.wait_for()
    for _ in range(4):
        anna.page.keyboard.press("Tab")
        where = anna.page.evaluate("document.activeElement.closest('dialog, body').tagName")
        assert where in ("DIALOG", "BODY")  # BODY: the browser's own bar
    anna.page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    assert anna.page.evaluate("document.activeElement.textContent") == "Open a dialog"
