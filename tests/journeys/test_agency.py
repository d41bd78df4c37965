"""An agency's job: a client with a budget, rooms with real photos, one look over all of them, no credit too many."""

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
from tests.journeys.people import Person, Site

ROOMS = REPOSITORY / "static" / "samples" / "rooms"
SHOTS = os.environ.get("AGENCY_SHOTS", "")
PHONE = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}
DESK = {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"}
FLAT = {
    "Living room": ["living.jpg", "empty-living.jpg"],
    "Bedroom": ["bedroom.jpg"],
    "Kitchen": ["kitchen.jpg"],
}


def shot(person: Person, name: str) -> None:
    """For whoever wants to see it: AGENCY_SHOTS names a folder."""
    if SHOTS:
        width = person.page.evaluate("innerWidth")
        person.page.screenshot(path=REPOSITORY / SHOTS / f"{name}-{width}.png", full_page=True)


def looks_right(person: Person) -> None:
    assert person.too_wide() + person.too_small() + person.nameless() + axe.grave_findings(person.page) == []


GIVE = """
from django.utils import timezone
from accounts import tenancy
from accounts.models import Organization
from billing import credits
with tenancy.system("provisioning by name"):
    organization = Organization.objects.get(public_id={workspace!r})
credits.grant(organization=organization, purchased={credits}, fact="journey:{workspace}", now=timezone.now())
"""


def give(anna: Person, site: Site, credits: int) -> None:
    """As if they had bought so many; how that is done has a journey of its own."""
    script = GIVE.format(workspace=anna.workspace.rpartition("/")[2], credits=credits)
    settings = {"DATA_DIR": str(site.data_dir), "DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "manage.py", "shell", "-c", script]
    subprocess.run(command, cwd=REPOSITORY, env=os.environ | settings, check=True)


def a_client_with_a_budget(anna: Person, credits: int) -> None:
    page = anna.page
    anna.open(f"{anna.workspace}/clients")
    page.get_by_label("Name").fill("Mrs Winter")
    page.get_by_label("E-mail").fill("winter@example.com")
    anna.press("Add the client")
    page.get_by_role("link", name="Mrs Winter").click()
    page.wait_for_url("**/clients/cli_*")
    page.get_by_label("Credits", exact=True).fill(str(credits))
    page.get_by_label("Counted").select_option("altogether")
    anna.press("Save the budget")
    assert anna.sees(f"{credits} credits are left")


def a_project_with_photos(anna: Person) -> str:
    """Three rooms with four photos; the address of the project."""
    page = anna.page
    anna.open(f"{anna.workspace}/projects")
    page.get_by_label("Name").fill("A flat in the Lindenstraße")
    page.get_by_label("Client").select_option("Mrs Winter")
    page.get_by_label("Address").fill("Lindenstraße 7, Leipzig")
    page.get_by_label("Deadline").fill("2031-03-01")
    anna.press("Start the project")
    page.wait_for_url("**/projects/prj_*")
    project = page.url
    for name, photos in FLAT.items():
        anna.open(project)
        page.get_by_label("Room name").fill(name)
        anna.press("Add the room")
        page.wait_for_url("**/rooms/room_*")
        page.get_by_label("A photo of the room").set_input_files([ROOMS / photo for photo in photos])
        anna.press("Add the photo")
        page.locator("order-list .card").nth(len(photos) - 1).wait_for()
    anna.open(project)
    return project


def credits_of(anna: Person) -> int:
    found = re.search(r"\d+", anna.page.locator(".who-balance").inner_text())
    assert found
    return int(found[0])


@pytest.mark.parametrize("window", [PHONE, DESK], ids=["phone", "desk"])
def test_an_agency_redesigns_a_flat_within_its_clients_budget(
    someone: Callable[..., Person], site: Site, window: dict[str, Any]
) -> None:
    anna = someone(**window)
    page = anna.page
    anna.join()
    give(anna, site, 200)
    anna.open(f"{anna.workspace}/clients")
    had = credits_of(anna)
    a_client_with_a_budget(anna, 60)
    looks_right(anna)
    shot(anna, "client")
    project = a_project_with_photos(anna)
    looks_right(anna)
    shot(anna, "project")

    page.get_by_role("button", name="Kitchen: one place up").click()
    page.wait_for_url(project)
    assert page.locator(".room-row h3").all_inner_texts() == ["Living room", "Kitchen", "Bedroom"]

    page.get_by_role("link", name="Redesign all photos", exact=True).click()
    page.wait_for_url("**/set")
    assert page.locator("[name=photo]:checked").count() == 4
    page.locator("[name=photo]").last.uncheck()
    assert page.locator("[data-count]").inner_text() == "3"
    page.locator("[name=photo]").last.check()
    page.get_by_label("Add photos of furniture").set_input_files(ROOMS.parent / "products" / "armchair.jpg")
    page.get_by_label("What it is").wait_for()
    assert page.locator("[name=product]:checked").count() == 1
    page.get_by_label("What should it look like?").fill("Warm oak floor, white walls, linen curtains")
    looks_right(anna)
    shot(anna, "new-set")
    price = int(page.locator(".set-sum [data-price]").inner_text())
    anna.press("Redesign all")
    page.wait_for_url("**/room-sets/set_*")
    room_set = page.url
    page.get_by_role("heading", name="4 of 4 done").wait_for(timeout=240_000)
    looks_right(anna)
    shot(anna, "set")
    anna.open(room_set)
    assert credits_of(anna) == had - price
    assert page.locator(".card img").evaluate_all("all => all.every(one => one.naturalWidth > 0)")
    page.locator(".card a[href*='/generations/gen_']").first.click()
    page.wait_for_url("**/generations/gen_*")
    anna.press("Make it the cover")
    anna.sees("No longer the cover")
    looks_right(anna)
    shot(anna, "cover")

    _over_the_budget(anna, project, price)
    anna.open(project)
    assert anna.sees("Latest pictures")
    looks_right(anna)
    shot(anna, "project-full")
    anna.open(f"{anna.workspace}/projects")
    looks_right(anna)
    shot(anna, "projects")
    _across_the_board(anna)
    _every_form(anna, project)
    _a_brand_of_their_own(anna)


def _over_the_budget(anna: Person, project: str, price: int) -> None:
    """What is left of the budget holds no second set: it is refused, and not a line is written."""
    page = anna.page
    assert price <= 60 < 2 * price
    anna.open(f"{anna.workspace}/credits")
    before = page.locator("#main").inner_text()
    anna.open(f"{project}/set")
    page.get_by_label("What should it look like?").fill("Dark green walls")
    assert page.locator("[data-over-budget]").is_visible()
    anna.press("Redesign all")
    assert anna.sees(f"The budget of Mrs Winter is 60 credits, {price} are used and this needs {price}")
    looks_right(anna)
    shot(anna, "over-budget")
    anna.open(f"{anna.workspace}/credits")
    assert page.locator("#main").inner_text() == before


def _across_the_board(anna: Person) -> None:
    page = anna.page
    anna.open(f"{anna.workspace}/projects?view=board")
    card = page.locator(".board-card").first
    card.locator("summary").click()
    card.get_by_label("Status of").select_option("In progress")
    card.get_by_role("button", name="Move").click()
    page.locator("[data-status=working] .board-card").wait_for()
    if page.viewport_size and page.viewport_size["width"] > 900:
        page.locator(".board-card").drag_to(page.locator("[data-status=review] h2"))
        page.locator("[data-status=review] .board-card").wait_for()
        page.get_by_role("status").filter(has_text="is moved").wait_for()
        anna.open(f"{anna.workspace}/projects?view=board")
        assert page.locator("[data-status=review] .board-card").count() == 1
    looks_right(anna)
    shot(anna, "board")


def _every_form(anna: Person, project: str) -> None:
    """What changes, copies and moves."""
    page = anna.page
    anna.open(f"{project}/edit")
    looks_right(anna)
    shot(anna, "edit-project")
    anna.open(f"{project}/duplicate")
    looks_right(anna)
    anna.press("Make the copy")
    page.wait_for_url(lambda address: "/projects/prj_" in address and not address.endswith("duplicate"))
    assert page.url != project
    assert page.locator(".room-row h3").all_inner_texts() == ["Living room", "Kitchen", "Bedroom"]
    page.locator(".room-row h3 a").first.click()
    page.wait_for_url("**/rooms/room_*")
    room = page.url
    assert page.locator("order-list .card-text").all_inner_texts() == ["living.jpg", "empty-living.jpg"]
    looks_right(anna)
    shot(anna, "room")
    if page.viewport_size and page.viewport_size["width"] > 900:
        cards = page.locator("order-list .card img")
        cards.nth(1).drag_to(cards.nth(0))
        page.get_by_role("status").filter(has_text="is moved").wait_for()
        anna.open(room)
    else:
        page.get_by_role("button", name="Photo 2: one place earlier").click()
        page.wait_for_url(room)
    assert page.locator("order-list .card-text").all_inner_texts() == ["empty-living.jpg", "living.jpg"]
    page.get_by_role("link", name="Edit photo 2").click()
    page.wait_for_url("**/photos/pho_*/edit")
    looks_right(anna)
    shot(anna, "edit-photo")
    anna.press("Make it the cover")
    page.wait_for_url(room)
    assert page.locator("order-list .card").nth(1).get_by_text("Cover").is_visible()
    anna.open(f"{room}/edit")
    looks_right(anna)
    shot(anna, "edit-room")
    page.locator("summary", has_text="Delete the room").click()
    anna.press("Yes, delete it for good")
    page.wait_for_url("**/projects/prj_*")
    assert page.locator(".room-row h3").all_inner_texts() == ["Kitchen", "Bedroom"]


def _a_brand_of_their_own(anna: Person) -> None:
    page = anna.page
    anna.open(f"{anna.workspace}/clients?q=winter")
    looks_right(anna)
    shot(anna, "clients")
    page.get_by_role("link", name="Mrs Winter").click()
    page.get_by_role("link", name="Edit", exact=True).click()
    page.wait_for_url("**/edit")
    page.get_by_label("Name on what they see").fill("Winter & Daughters")
    page.get_by_label("Colour").fill("#ffcc00")
    page.get_by_label("Logo").set_input_files(REPOSITORY / "static" / "icons" / "icon-192.png")
    anna.press("Save")
    assert anna.sees("dark enough")
    looks_right(anna)
    shot(anna, "edit-client")
    page.get_by_label("Colour").fill("#6b4a00")
    page.get_by_label("Logo").set_input_files(REPOSITORY / "static" / "icons" / "icon-192.png")
    anna.press("Save")
    page.wait_for_url("**/clients/cli_*")
    assert page.locator(".client-head img").evaluate("one => one.naturalWidth > 0")
    looks_right(anna)
    shot(anna, "client-full")
