"""The main road: from a stranger at the door to a picture in the history."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.journeys.newcomers import PASSWORD
from tests.journeys.people import JAPANDI, ROOM, Person

PNG = b"\x89PNG\r\n\x1a\n"


def test_a_new_person_gets_from_the_start_page_to_a_restyled_picture(
    someone: Callable[..., Person], window: dict[str, Any]
) -> None:
    anna = someone(accept_downloads=True, **window)
    page = anna.page

    anna.open("/")
    anna.look()
    page.get_by_role("link", name="Redesign a room").click()
    page.wait_for_url("**/accounts/signup/**")
    anna.look()
    page.get_by_label("Email").fill(anna.email)
    page.get_by_label("Password").fill(PASSWORD)
    anna.press("Make my account")
    page.wait_for_url("**/studio")
    assert page.get_by_role("button", name="Redesign · 10 credits").is_disabled()
    assert anna.sees("Confirm your e-mail to get 30 free credits.")
    anna.look()

    anna.confirm_email()
    assert page.get_by_role("button", name="Redesign · 10 credits").is_enabled()
    assert anna.sees("Balance after: 20")

    page.get_by_label("A photo of the room").set_input_files(ROOM)
    page.get_by_alt_text("The chosen photo: room.jpg").wait_for()  # visible as soon as it is decoded
    anna.press("Scandinavian")
    assert "Scandinavian" in page.get_by_label("What should it look like?").input_value()
    page.get_by_label("What should it look like?").fill(JAPANDI)
    anna.press("Redesign · 10 credits")
    page.wait_for_url("**/generations/gen_*")
    first = page.url
    assert anna.sees("10 credits are set aside")
    anna.look()

    anna.wait_for_the_picture()  # nobody reloads: the page does it itself
    assert page.title().startswith("Your picture is ready")
    assert anna.sees("What the preview understood")
    anna.look()
    slider = page.get_by_role("slider")
    slider.press("ArrowRight")
    assert slider.input_value() == "51"
    page.mouse.click(*_middle_left(page.locator("before-after").bounding_box()))
    assert 20 <= int(slider.input_value()) <= 30
    with page.expect_download() as download:
        page.get_by_role("link", name="Download PNG").click()
    assert download.value.path().read_bytes().startswith(PNG)
    assert download.value.suggested_filename.endswith(".png")

    page.get_by_label("What should it look like?").fill("Terracotta walls")
    anna.press("Restyle · 10 credits")
    page.wait_for_url(lambda address: "/generations/gen_" in address and address != first)
    anna.wait_for_the_picture()
    page.get_by_role("link", name="The version before", exact=True).first.click()
    page.wait_for_url(first)
    assert anna.sees("Made from it")

    page.get_by_role("link", name="History").first.click()
    assert page.locator(".card").count() == 2
    assert page.locator(".state-succeeded").count() == 2
    page.get_by_role("link", name="Credits", exact=True).click()
    assert page.locator(".figure").inner_text().startswith("10")


def _middle_left(box: object) -> tuple[float, float]:
    """A quarter from the left, half way down."""
    assert isinstance(box, dict)
    return box["x"] + box["width"] / 4, box["y"] + box["height"] / 2


def test_a_form_that_the_back_button_brings_back_asks_anew_when_it_was_changed(
    someone: Callable[..., Person],
) -> None:
    anna = someone()
    anna.join()
    anna.ask()
    first = anna.page.url
    anna.page.go_back()
    anna.page.get_by_label("A photo of the room").set_input_files(ROOM)
    anna.page.get_by_label("What should it look like?").fill("Industrial, concrete floor")
    anna.press("Redesign")
    anna.page.wait_for_url(lambda address: "/generations/gen_" in address)
    assert anna.page.url != first
    assert anna.sees("Industrial, concrete floor")


def test_a_file_that_is_no_picture_is_refused_in_words_and_costs_nothing(
    someone: Callable[..., Person],
) -> None:
    anna = someone()
    anna.join()
    letter = {"name": "letter.jpg", "mimeType": "image/jpeg", "buffer": b"Dear sir or madam"}
    anna.page.get_by_label("A photo of the room").set_input_files(letter)  # type: ignore[arg-type]
    anna.page.get_by_label("What should it look like?").fill(JAPANDI)
    assert "picture" in anna.page.get_by_role("alert").inner_text()  # at once, before anything is asked
    anna.press("Redesign")
    anna.sees("Choose a photo of the room first.")
    assert anna.page.get_by_label("What should it look like?").input_value() == JAPANDI
    assert anna.sees("Balance after: 20")


def test_without_javascript_a_person_uploads_asks_and_reloads(someone: Callable[..., Person]) -> None:
    anna = someone(java_script_enabled=False)
    anna.join()
    anna.ask()
    for _ in range(60):
        if anna.page.get_by_role("link", name="Download PNG").count():
            break
        anna.page.wait_for_timeout(1000)
        anna.open(anna.page.url)
    pictures = anna.page.locator("before-after img")
    assert pictures.count() == 2
    assert pictures.nth(0).bounding_box() != pictures.nth(1).bounding_box()
    upper, lower = pictures.nth(0).bounding_box(), pictures.nth(1).bounding_box()
    assert upper
    assert lower
    assert lower["y"] >= upper["y"] + upper["height"], "one below the other"
    assert re.search(r"content=\"3\"", anna.page.content()) is None, "an ended page reloads no more"
