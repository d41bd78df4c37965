"""A team makes a proposal of approved pictures; its client reads, downloads and accepts it, without an account."""

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
from tests.journeys.people import ROOM, Person, Site

SHOTS = os.environ.get("PROPOSAL_SHOTS", "")
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "color_scheme": "dark"}
DESK = {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"}

# What a client does in a review room, written by hand.
APPROVE = """
from secrets import token_bytes
from datetime import timedelta
from django.utils import timezone
from accounts import tenancy
from accounts.models import Organization
from generations.models import Decision, Picture, ReviewItem, ReviewLink, ReviewRoom
with tenancy.system("provisioning by name"):
    organization = Organization.objects.get(public_id={workspace!r})
with tenancy.enter(organization):
    picture = Picture.objects.select_related("generation__room").latest("pk")
    mine = {{"organization": organization}}
    now = timezone.now()
    room = ReviewRoom.objects.create(project_id=picture.generation.room.project_id, title="Looks", **mine)
    link = ReviewLink.objects.create(room=room, sha256=token_bytes(32), expires_at=now + timedelta(days=1), **mine)
    item = ReviewItem.objects.create(room=room, picture=picture, position=0, **mine)
    Decision.objects.create(
        room=room, item=item, link=link, outcome="approved", reviewer_name="Mrs Winter",
        reviewer_email="winter@example.com", round=1, number=1, at=now, **mine
    )
"""


def looks_right(person: Person, name: str) -> None:
    if SHOTS:
        width = person.page.evaluate("innerWidth")
        person.page.screenshot(path=REPOSITORY / SHOTS / f"{name}-{width}.png", full_page=True)
    # A slider is as high as its pictures, once they are there.
    person.page.wait_for_function(
        "() => [...document.querySelectorAll('before-after img')].every((one) => one.complete)"
    )
    assert person.too_wide() + person.too_small() + person.nameless() + axe.grave_findings(person.page) == []


def approve(site: Site, workspace: str) -> None:
    settings = {"DATA_DIR": str(site.data_dir), "DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "manage.py", "shell", "-c", APPROVE.format(workspace=workspace)]
    subprocess.run(command, cwd=REPOSITORY, env=os.environ | settings, check=True)


@pytest.mark.parametrize("window", [PHONE, DESK], ids=["phone", "desk"])
def test_from_an_approved_picture_to_an_accepted_proposal(
    someone: Callable[..., Person], site: Site, window: dict[str, Any]
) -> None:
    anna = someone(accept_downloads=True, **window)
    page = anna.page
    anna.join()
    a_room_with_a_photo(anna)
    page.get_by_role("link", name="Redesign", exact=True).click()
    page.wait_for_url("**/studio**")
    page.get_by_label("What should it look like?").fill("Japandi, light oak floor")
    anna.press("Redesign")
    page.wait_for_url("**/generations/gen_*")
    anna.wait_for_the_picture()

    anna.open(f"{anna.workspace}/library")
    page.get_by_label("What it is").first.fill("Sofa Oslo")
    page.get_by_label("Price").first.fill("1290")
    page.get_by_label("A photo of it").set_input_files(ROOM)
    anna.press("Add")
    anna.sees("Sofa Oslo")

    anna.open(f"{anna.workspace}/settings/proposals")
    page.get_by_label("Markup on products (%)").fill("20")
    page.get_by_label("Tax (%)").fill("19")
    page.get_by_label("Your name on proposals").fill("Oak & Linen Interiors")
    page.get_by_label("Terms").fill("Payable within 14 days.")
    looks_right(anna, "settings")
    anna.press("Save")
    anna.sees("Saved.")

    anna.open(f"{anna.workspace}/projects")
    page.get_by_role("link", name=re.compile("A flat with a rather long name")).first.click()
    page.get_by_role("link", name="Proposals").click()
    anna.sees("approved no picture")
    looks_right(anna, "none")
    approve(site, anna.workspace.rpartition("/")[2])
    anna.open(page.url)
    anna.press("Begin a proposal")
    page.wait_for_url("**/proposals/prp_*")
    page.get_by_label("From the library").select_option(label="Sofa Oslo · 1290.00 EUR")
    anna.press("Add the product")
    page.get_by_text("Add something else: a fee, the delivery").click()
    page.get_by_label("What", exact=True).last.fill("Design fee")
    page.get_by_label("Unit price").last.fill("350")
    anna.press("Add the line")
    anna.sees("Other: Design fee")
    page.get_by_label("Introduction").fill("Dear Mrs Winter,\n\nthis is what we would furnish.")
    page.locator("form", has=page.get_by_label("Introduction")).get_by_role("button", name="Save").click()
    anna.sees("Saved.")
    looks_right(anna, "draft")
    page.get_by_role("link", name="View as client").click()
    anna.sees("This is what your client sees.")
    looks_right(anna, "preview")
    page.get_by_role("link", name="Back to the proposal").click()
    anna.press("Send the proposal")
    anna.sees("The proposal was sent.")
    proposal = page.url
    anna.press("Make a link")
    address = page.locator("#new-link").inner_text()
    looks_right(anna, "sent")

    guest = someone(accept_downloads=True, **window)
    for _try in range(60):
        assert guest.open(address) == 200
        if guest.page.get_by_role("link", name="Download the PDF").count():
            break
        guest.page.wait_for_timeout(1000)
    assert guest.page.locator("before-after img").evaluate_all(
        "all => all.every(one => one.naturalWidth > 0)"
    )
    assert guest.page.get_by_text("1290").count() == guest.page.get_by_text("1,290").count() == 0
    assert guest.sees("€1,548.00")
    looks_right(guest, "read")
    with guest.page.expect_download() as download:
        guest.page.get_by_role("link", name="Download the PDF").click()
    paper = download.value.path().read_bytes()
    assert paper.startswith(b"%PDF")
    if SHOTS:
        (REPOSITORY / SHOTS / "proposal.pdf").write_bytes(paper)
    guest.page.get_by_label("Your name").first.fill("Mrs Winter")
    guest.page.get_by_label("Your e-mail").first.fill("winter@example.com")
    guest.page.get_by_label("I accept this proposal").check()
    guest.press("Accept for €2,258.62")
    assert guest.sees("Accepted by Mrs Winter")
    looks_right(guest, "accepted")

    anna.open(f"{anna.workspace}/notifications")
    anna.sees("Mrs Winter accepted the proposal P-0001")
    looks_right(anna, "told")
    page.get_by_role("link", name=re.compile("Mrs Winter accepted")).click()
    page.wait_for_url(proposal)
    anna.sees("winter@example.com")

    anna.open(f"{anna.workspace}/projects")
    page.get_by_role("link", name=re.compile("A flat with a rather long name")).first.click()
    page.get_by_role("link", name="Team and notes").click()
    page.get_by_label("A note to the team").fill("The sofa is ordered")
    anna.press("Add the note")
    anna.press("Assign")
    page.get_by_text("Take off").wait_for()
    looks_right(anna, "team")
    page.get_by_role("link", name="Activity", exact=True).last.click()
    anna.sees("wrote a note about")
    looks_right(anna, "activity")
    anna.open(f"{anna.workspace}/my-projects")
    looks_right(anna, "mine")
