"""Pictures looked at: versions, favourites, side by side, close up, downloaded, shown to people without an account."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any

import pytest

from config.local.postgres import REPOSITORY
from tests.journeys import axe
from tests.journeys.newcomers import run_in
from tests.journeys.people import Person, Site

SHOTS = os.environ.get("LOOKING_SHOTS", "")
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "color_scheme": "dark"}
DESK = {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"}


def shot(person: Person, name: str) -> None:
    """For whoever wants to see it: LOOKING_SHOTS names a folder."""
    if SHOTS:
        width = person.page.evaluate("innerWidth")
        person.page.screenshot(path=REPOSITORY / SHOTS / f"{name}-{width}.png", full_page=True)


def looks_right(person: Person) -> None:
    assert person.too_wide() + person.too_small() + person.nameless() + axe.grave_findings(person.page) == []


def restyled(person: Person, prompt: str) -> None:
    """A version of the picture on the page."""
    before = person.page.url
    person.page.get_by_label("What should it look like?").fill(prompt)
    person.press("Restyle")
    person.page.wait_for_url(lambda address: "/generations/gen_" in address and address != before)
    person.wait_for_the_picture()


@pytest.mark.parametrize("window", [PHONE, DESK], ids=["phone", "desk"])
def test_a_picture_is_looked_at_in_every_way(someone: Callable[..., Person], window: dict[str, Any]) -> None:
    anna = someone(accept_downloads=True, **window)
    page = anna.page
    anna.join()
    anna.ask("Japandi, light oak floor")
    anna.wait_for_the_picture()
    first = page.url
    restyled(anna, "Terracotta walls")
    second = page.url

    star = page.get_by_role("button", name="Favourite")
    assert star.get_attribute("aria-pressed") == "false"
    star.click()
    page.locator("button[aria-pressed=true]").wait_for()
    assert page.evaluate("document.activeElement.id").startswith("star-")
    assert page.url == second, "no reload"
    looks_right(anna)
    shot(anna, "picture")

    page.get_by_role("link", name="Zoom").click()
    level = page.locator("dialog output")
    whole = level.inner_text()
    page.keyboard.press("1")
    assert level.inner_text() == "100 %"
    page.keyboard.press("+")
    assert level.inner_text() == "140 %"
    page.keyboard.press("ArrowRight")
    shot(anna, "zoom")
    page.keyboard.press("0")
    assert level.inner_text() == whole
    looks_right(anna)
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.textContent.trim()") == "Zoom"

    for name, ending in (("Download PNG", "png"), ("Download JPEG", "jpg"), ("Download web size", "webp")):
        with page.expect_download() as download:
            page.get_by_role("link", name=name).click()
        assert re.fullmatch(rf"terracotta-walls-1-\d+x\d+\.{ending}", download.value.suggested_filename)

    page.get_by_role("link", name="All versions").click()
    page.wait_for_url("**/versions")
    assert page.locator(".tree li li").count() == 1, "the second hangs on the first"
    looks_right(anna)
    shot(anna, "versions")

    anna.open(second)
    page.get_by_role("link", name="Compare").click()
    page.wait_for_url("**/compare?a=*")
    looks_right(anna)
    shot(anna, "choose")
    page.locator(".card-link").first.click()
    page.wait_for_url("**b=*")
    assert page.locator(".side img").count() == 2
    looks_right(anna)
    shot(anna, "compare")
    page.get_by_role("link", name="On each other").click()
    slider = page.get_by_role("slider")
    slider.press("ArrowRight")
    assert slider.input_value() == "51"
    looks_right(anna)

    _found_in_the_gallery(anna, first)
    _shared_and_revoked(anna, someone, second)


def test_what_came_of_what_is_seen_as_a_tree(someone: Callable[..., Person], window: dict[str, Any]) -> None:
    anna = someone(**window)
    page = anna.page
    anna.join(plan="growth")
    anna.ask("Japandi, light oak floor")
    anna.wait_for_the_picture()
    first = page.url
    restyled(anna, "Terracotta walls")
    anna.look()
    anna.open(first)
    restyled(anna, "Sage green walls")
    page.get_by_role("link", name="All versions").click()
    page.wait_for_url("**/versions")
    branches = page.locator(".tree li li")
    assert branches.count() == 2, "both hang on the first"
    assert page.locator(".tree li li li").count() == 0
    anna.look()
    branches.first.get_by_role("link").first.click()
    page.wait_for_url("**/generations/gen_*")
    anna.look()
    page.get_by_role("link", name="The version before", exact=True).first.click()
    page.wait_for_url(first)
    assert anna.sees("Made from it")
    anna.look()


def _found_in_the_gallery(anna: Person, first: str) -> None:
    page = anna.page
    anna.open(f"{anna.workspace}/generations")
    looks_right(anna)
    shot(anna, "gallery")
    page.get_by_label("Words of the prompt").fill("jap oak")
    anna.press("Search")
    page.wait_for_url("**q=jap*")
    assert page.locator(".card").count() == 1
    assert first.endswith(page.locator(".card-link").get_attribute("href") or "nowhere")
    looks_right(anna)
    anna.open(f"{anna.workspace}/generations?starred=on")
    assert page.locator(".card").count() == 1
    assert anna.sees("Terracotta walls")
    anna.open(f"{anna.workspace}/generations?q=nothing")
    assert anna.sees("Nothing fits")


def _shared_and_revoked(anna: Person, someone: Callable[..., Person], second: str) -> None:
    page = anna.page
    anna.open(second)
    page.get_by_role("link", name="Share").click()
    page.wait_for_url("**/share")
    page.get_by_label("It works").select_option("for 30 days")
    anna.press("Make a link")
    address = page.locator("#new-link").inner_text()
    looks_right(anna)
    shot(anna, "share")

    guest = someone(viewport=page.viewport_size)
    assert guest.open(address) == 200
    assert guest.sees("Made by a machine")
    assert guest.page.locator("before-after img").evaluate_all(
        "all => all.every(one => one.naturalWidth > 0)"
    )
    looks_right(guest)
    shot(guest, "shared")

    anna.open(second)
    anna.press("Revoke")
    assert anna.sees("The link was revoked.")
    assert guest.open(address) == 410
    assert guest.sees("This link has ended")
    looks_right(guest)


MANY = """
from accounts import tenancy
from accounts.models import Organization
from generations.models import Picture
from tests.generations.bulk import fill
with tenancy.system("provisioning by name"):
    organization = Organization.objects.get(public_id={workspace!r})
with tenancy.enter(organization):
    made = Picture.objects.get()
    fill(organization, 60)
    Picture.objects.exclude(pk=made.pk).update(image=made.image, thumbnail=made.thumbnail)
"""


def test_more_of_the_gallery_comes_without_leaving_the_page(
    someone: Callable[..., Person], site: Site
) -> None:
    anna = someone(**PHONE)
    page = anna.page
    anna.join()
    anna.ask("Japandi")
    anna.wait_for_the_picture()
    script = MANY.format(workspace=anna.workspace.rpartition("/")[2])
    run_in(site.data_dir, script)
    anna.open(f"{anna.workspace}/generations")
    address = page.url
    assert page.locator(".card").count() == 24
    for cards in (48, 61):
        page.get_by_role("link", name="Show more").click()
        page.locator(".card").nth(cards - 1).wait_for()
        assert page.locator(".card").count() == cards
        page.locator(".card-link:focus").wait_for()
        page.evaluate("document.activeElement.blur()")
    assert page.url == address
    assert page.get_by_role("link", name="Show more").count() == 0
    looks_right(anna)
    shot(anna, "many")


def test_without_javascript_a_picture_is_starred_compared_and_downloaded(
    someone: Callable[..., Person],
) -> None:
    anna = someone(java_script_enabled=False, accept_downloads=True)
    page = anna.page
    anna.join()
    anna.ask("Japandi")
    for _ in range(60):
        if page.get_by_role("link", name="Download PNG").count():
            break
        page.wait_for_timeout(1000)
        anna.open(page.url)
    anna.press("Favourite")
    page.wait_for_url("**#picture-1")
    assert page.locator("button[aria-pressed=true]").count() == 1
    with page.expect_download() as download:
        page.get_by_role("link", name="Download JPEG").click()
    assert download.value.path().read_bytes().startswith(b"\xff\xd8")
    image = page.get_by_role("link", name="Zoom").get_attribute("href")
    assert image
    assert anna.open(image) == 200
