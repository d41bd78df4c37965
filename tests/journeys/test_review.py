"""A client without an account reviews: pins, approves, declines, hesitates, and is asked again in a second round."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from config.local.postgres import REPOSITORY
from tests.journeys import axe
from tests.journeys.pages import a_room_with_a_photo
from tests.journeys.people import ROOM, Person

SHOTS = os.environ.get("REVIEW_SHOTS", "")
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
DESK = {"viewport": {"width": 1440, "height": 900}}
# The others are looked at when pictures are taken.
WINDOWS = [(PHONE, "dark"), (DESK, "light"), *([(PHONE, "light"), (DESK, "dark")] if SHOTS else [])]
LOOKS = ("Japandi, light oak floor", "Terracotta walls", "Navy blue walls")


def shot(person: Person, name: str) -> None:
    """For whoever wants to see it: REVIEW_SHOTS names a folder."""
    if SHOTS:
        page = person.page
        light = "dark" if page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") else "light"
        path = REPOSITORY / SHOTS / f"{name}-{page.evaluate('innerWidth')}-{light}.png"
        page.screenshot(path=path, full_page=True)


def looks_right(person: Person) -> None:
    assert person.too_wide() + person.too_small() + person.nameless() + axe.grave_findings(person.page) == []


MORE_CREDITS = """
from django.utils import timezone
from accounts import tenancy
from accounts.models import Organization
from billing import credits
with tenancy.system("provisioning by name"):
    organization = Organization.objects.get(public_id={workspace!r})
credits.grant(organization=organization, purchased=100, fact="journey:{workspace}", now=timezone.now())
"""


def can_pay(anna: Person) -> None:
    """More than the free credits, as if a pack was bought."""
    script = MORE_CREDITS.format(workspace=anna.workspace.rpartition("/")[2])
    settings = {"DATA_DIR": str(anna.site.data_dir), "DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "manage.py", "shell", "-c", script]
    subprocess.run(command, cwd=REPOSITORY, env=os.environ | settings, check=True)


def redesigned(anna: Person, room: str, prompt: str, *, furniture: bool = False) -> None:
    """A picture of the room's photo."""
    anna.open(room)
    anna.page.get_by_role("link", name="Redesign", exact=True).first.click()
    anna.page.wait_for_url("**/studio*")
    anna.page.get_by_label("What should it look like?").fill(prompt)
    if furniture:
        anna.page.locator(".tray-piece input[type=checkbox]").first.check()
    anna.press("Redesign")
    anna.page.wait_for_url("**/generations/gen_*")
    anna.wait_for_the_picture()


def a_sofa(anna: Person) -> None:
    """In the library, with a price."""
    anna.open(f"{anna.workspace}/library")
    page = anna.page
    page.locator("input[type=file]").first.set_input_files(ROOM.parent / "products" / "armchair.jpg")
    page.get_by_label("What it is").fill("Armchair")
    page.get_by_label("Price").fill("640")
    anna.press("Add it")
    page.get_by_text("Armchair").first.wait_for()


@pytest.mark.parametrize(("window", "light"), WINDOWS)
def test_a_client_reviews_in_two_rounds(
    someone: Callable[..., Person], window: dict[str, Any], light: str
) -> None:
    anna = someone(color_scheme=light, **window)
    anna.join()
    can_pay(anna)
    a_sofa(anna)
    room = a_room_with_a_photo(anna)
    for number, prompt in enumerate(LOOKS):
        redesigned(anna, room, prompt, furniture=number == 0)

    page = anna.page
    anna.open(room)
    page.get_by_role("link", name="A flat with a rather long name").first.click()
    page.wait_for_url("**/projects/prj_*")
    page.get_by_role("link", name="Review rooms").click()
    page.wait_for_url("**/reviews")
    looks_right(anna)
    page.get_by_role("link", name="New review room").click()
    page.wait_for_url("**/reviews/new")
    for box in page.locator("input[name=picture]").all():
        box.check()
    page.get_by_label("Message to the client").fill("Three ways to live in this room. Which one is yours?")
    page.get_by_label("Prices of the furniture").check()
    page.get_by_label("What the furniture costs in all").check()
    looks_right(anna)
    shot(anna, "new")
    anna.press("Make the room")
    address = page.locator("#new-link").inner_text()
    looks_right(anna)
    shot(anna, "made")

    _looked_at_as_the_client(anna)
    ada = someone(color_scheme=light, **window)
    assert ada.open(address) == 200
    assert ada.sees("0 of 3 decided")
    looks_right(ada)
    shot(ada, "guest-room")
    _first_round(ada)
    _answered(anna)
    _second_round(anna, ada, room, address)


def _looked_at_as_the_client(anna: Person) -> None:
    page, project = anna.page, anna.page.locator(".crumbs a[href*='/projects/prj_']").first
    project.click()
    page.wait_for_url("**/projects/prj_*")
    page.get_by_role("link", name="View as client").click()
    page.wait_for_url("**/as-client")
    looks_right(anna)
    shot(anna, "preview")
    page.get_by_role("link", name="View as client").first.click()
    page.wait_for_url("**/reviews/rev_*/as-client")
    assert anna.sees("0 of 3 decided")
    looks_right(anna)
    shot(anna, "preview-room")
    page.locator(".card-link").first.click()
    page.wait_for_url("**/as-client/rit_*")
    assert page.locator("main form").count() == 0
    looks_right(anna)
    shot(anna, "preview-item")
    page.get_by_role("link", name="Back to the room").click()
    page.wait_for_url("**/reviews/rev_*")
    assert anna.sees("Not opened yet")
    project.click()
    page.wait_for_url("**/projects/prj_*")


def _first_round(ada: Person) -> None:
    page = ada.page
    page.locator(".card-link").first.click()
    page.wait_for_url("**/rit_*")
    looks_right(ada)
    shot(ada, "guest-item")
    slider = page.get_by_role("slider")
    slider.press("ArrowRight")
    assert slider.input_value() == "51"

    # By a click or a tap …
    page.get_by_role("button", name="Comments on the picture").click()
    picture = page.locator(".review-pins")
    box = picture.bounding_box()
    assert box
    picture.click(position={"x": box["width"] * 0.3, "y": box["height"] * 0.6})
    assert abs(float(page.get_by_label("From the left, in %").input_value()) - 30) < 2
    page.get_by_label("Your comment").fill("A floor lamp here?")
    form = page.locator("#comment-form")
    form.get_by_label("Your name").fill("Ada Winter")
    form.get_by_label("Your e-mail").fill("ada@journeys.example")
    looks_right(ada)
    shot(ada, "guest-pin")
    ada.press("Send the comment")
    page.wait_for_url("**#com_*")
    assert ada.sees("You write as Ada Winter")
    # … and by the keyboard alone.
    page.get_by_role("button", name="Put a pin with the keyboard").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowUp")
    assert page.get_by_label("From the left, in %").input_value() == "60.0"
    assert page.get_by_label("From the top, in %").input_value() == "49.0"
    page.keyboard.press("Enter")
    page.keyboard.type("And a plant there")
    page.locator("#comment-form button").last.focus()
    page.keyboard.press("Enter")
    page.get_by_text("And a plant there").first.wait_for()
    assert page.locator(".review-marks a").count() == 2
    looks_right(ada)
    shot(ada, "guest-comments")

    page.locator(".review-pieces summary").click()
    looks_right(ada)
    page.locator(".review-pieces").get_by_role("button", name="Maybe").click()
    page.locator(".review-pieces .state", has_text="Maybe").wait_for()
    for outcome, why in (("Approve", ""), ("Decline", "Too warm for us"), ("Maybe", "")):
        side = page.locator("section", has=page.get_by_role("heading", name="Your decision"))
        if why:
            side.get_by_label("Why, or what should be different").fill(why)
        side.get_by_role("button", name=outcome).click()
        ada.sees("Your decision is saved")
        looks_right(ada)
        shot(ada, f"guest-{outcome.lower()}")
        if outcome != "Maybe":
            page.get_by_role("link", name="Next picture").click()
            page.wait_for_load_state()
    page.get_by_role("link", name="All pictures").click()
    assert ada.sees("3 of 3 decided")
    looks_right(ada)
    shot(ada, "guest-decided")
    ada.press("I am done with this round")
    assert ada.sees("This round is closed. Nothing can be changed")
    looks_right(ada)
    shot(ada, "guest-closed")


def _answered(anna: Person) -> None:
    page = anna.page
    page.get_by_role("link", name="Review rooms").click()
    page.wait_for_url("**/reviews")
    page.locator(".links a").first.click()
    page.wait_for_url("**/reviews/rev_*")
    assert anna.sees("Too warm for us")
    assert anna.sees("A floor lamp here?")
    page.get_by_label("Answer to comment 1 by Ada Winter").fill("Gladly: a brass one.")
    page.keyboard.press("Enter")
    anna.sees("Gladly: a brass one.")
    page.get_by_role("button", name="Settle").first.click()
    page.get_by_role("button", name="Open again").wait_for()
    looks_right(anna)
    shot(anna, "team")
    room = page.url.partition("#")[0]
    page.get_by_role("link", name="Settings of the room").click()
    page.wait_for_url("**/settings")
    looks_right(anna)
    shot(anna, "settings")
    anna.open(room)


def _second_round(anna: Person, ada: Person, room: str, address: str) -> None:
    review = anna.page.url.partition("#")[0]
    redesigned(anna, room, "Cool grey walls, less wood")
    anna.open(review)
    page = anna.page
    page.get_by_role("link", name="Start the next round").click()
    page.wait_for_url("**/next-round")
    assert page.locator("input[name=picture]:checked").count() == 1, "what is new is proposed"
    page.get_by_label("In the place of").first.select_option(index=2)
    looks_right(anna)
    shot(anna, "round")
    anna.press("Open the round")
    assert anna.sees("round 2 of 2")
    looks_right(anna)
    mailed = re.search(r"http\S+/r/\w{40}", anna.site.mail_to("ada@journeys.example"))
    assert mailed

    ada.open(address)
    assert ada.sees("2 of 3 decided")
    assert ada.sees("new in this round")
    shot(ada, "guest-second")
    ada.page.locator(".card", has_text="new in this round").locator(".card-link").click()
    ada.page.wait_for_url("**/rit_*")
    ada.press("Approve")
    ada.sees("Your decision is saved")
    ada.open(mailed[0])
    assert ada.sees("3 of 3 decided"), "her own link opens the same room"

    anna.open(review)
    anna.page.get_by_text("Revoke the room").click()
    anna.press("Revoke it now")
    anna.sees("The room is revoked")
    assert ada.open(address) == 404
    assert ada.sees("has ended this link")
    looks_right(ada)
    shot(ada, "guest-gone")


def test_without_javascript_a_client_comments_at_a_place_and_decides(someone: Callable[..., Person]) -> None:
    anna = someone(**DESK)
    anna.join()
    room = a_room_with_a_photo(anna)
    redesigned(anna, room, LOOKS[0])
    anna.open(room)
    page = anna.page
    page.get_by_role("link", name="A flat with a rather long name").first.click()
    page.get_by_role("link", name="Review rooms").click()
    page.get_by_role("link", name="New review room").first.click()
    anna.press("Make the room")
    ada = someone(java_script_enabled=False, **DESK)
    page, address = ada.page, page.locator("#new-link").inner_text()
    ada.open(address)
    page.locator(".card-link").first.click()
    page.get_by_text("Place in the picture, by numbers").click()
    page.get_by_label("From the left, in %").fill("40")
    page.get_by_label("From the top, in %").fill("55.5")
    page.get_by_label("Your comment").fill("Here")
    form = page.locator("#comment-form")
    form.get_by_label("Your name").fill("Ada")
    form.get_by_label("Your e-mail").fill("ada2@journeys.example")
    ada.press("Send the comment")
    assert page.locator(".review-marks a").count() == 1
    ada.press("Decline")
    assert ada.sees("Your decision is saved")
