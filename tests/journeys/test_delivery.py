"""Approved pictures are handed over with a PIN, unpacked, led back to their original by the code, and withdrawn."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable
from typing import Any
from zipfile import ZipFile

import cv2
import numpy as np
import pytest

from config.local.postgres import REPOSITORY
from tests.journeys import axe
from tests.journeys.pages import a_room_with_a_photo
from tests.journeys.people import Person

SHOTS = os.environ.get("DELIVERY_SHOTS", "")
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "color_scheme": "dark"}
DESK = {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"}


def shot(person: Person, name: str) -> None:
    """For whoever wants to see it: DELIVERY_SHOTS names a folder."""
    if SHOTS:
        width = person.page.evaluate("innerWidth")
        person.page.screenshot(path=REPOSITORY / SHOTS / f"{name}-{width}.png", full_page=True)


def looks_right(person: Person, name: str) -> None:
    shot(person, name)
    assert person.too_wide() + person.too_small() + person.nameless() + axe.grave_findings(person.page) == []


def code_in(content: bytes) -> str:
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return str(cv2.QRCodeDetector().detectAndDecode(picture)[0])


@pytest.mark.parametrize("window", [PHONE, DESK], ids=["phone", "desk"])
def test_pictures_are_delivered_lead_to_their_original_and_are_withdrawn(
    someone: Callable[..., Person], window: dict[str, Any]
) -> None:
    anna, client = someone(**window), someone(accept_downloads=True, **window)
    page = anna.page
    anna.join()
    room = a_room_with_a_photo(anna)
    page.get_by_role("link", name="Redesign", exact=True).first.click()
    page.wait_for_url("**/studio*")
    page.get_by_label("What should it look like?").fill("Japandi, light oak floor")
    anna.press("Redesign")
    page.wait_for_url("**/generations/gen_*")
    anna.wait_for_the_picture()

    # A client approves it in a review room.
    anna.open(room)
    page.get_by_role("link", name=re.compile("rather long name")).first.click()
    page.wait_for_url("**/projects/prj_*")
    project = page.url
    anna.open(f"{project}/reviews/new")
    anna.press("Make the room")
    client.open(page.locator("#new-link").inner_text())
    client.page.locator(".card-link").first.click()
    client.page.wait_for_url("**/rit_*")
    side = client.page.locator("section", has=client.page.get_by_role("heading", name="Your decision"))
    side.get_by_label("Your name").fill("Mrs Winter")
    side.get_by_label("Your e-mail").fill("winter@example.com")
    side.get_by_role("button", name="Approve").click()
    client.page.locator(".state", has_text="Approved").first.wait_for()

    # What was approved is chosen by itself.
    anna.open(project)
    page.get_by_role("link", name="Deliver pictures").click()
    assert page.locator("input[name=picture]").first.is_checked()
    page.get_by_label("Export profile").select_option("label-qr")
    page.get_by_label("PIN").fill("4711")
    looks_right(anna, "new")
    anna.press("Make the delivery")
    address = page.locator("#new-link").inner_text()
    looks_right(anna, "made")
    page.get_by_role("link", name="To the delivery").click()
    page.get_by_role("link", name="Download all as ZIP").wait_for(timeout=90_000)
    looks_right(anna, "delivery")
    delivery = page.url

    client.open(address)
    looks_right(client, "pin")
    client.page.get_by_label("PIN").fill("4712")
    client.press("Open")
    client.sees("That is not the PIN")
    client.page.get_by_label("PIN").fill("4711")
    client.press("Open")
    client.page.get_by_role("link", name="Download all as ZIP").wait_for()
    looks_right(client, "delivered")
    with client.page.expect_download() as download:
        client.page.get_by_role("link", name="Download all as ZIP").click()
    with ZipFile(download.value.path()) as zipped:
        files = {name: zipped.read(name) for name in zipped.namelist()}
    assert "manifest.csv" in files
    (picture,) = [content for name, content in files.items() if name.startswith("pictures/")]
    original = code_in(picture)
    assert "/o/" in original
    if SHOTS:
        (REPOSITORY / SHOTS / "file.jpg").write_bytes(picture)

    stranger = someone(**window)
    assert stranger.open(original) == 200
    stranger.sees("The original of this picture")
    looks_right(stranger, "original")
    assert stranger.open("/verify") == 200
    stranger.page.get_by_label("Picture file").set_input_files(
        {"name": "room.jpg", "mimeType": "image/jpeg", "buffer": io.BytesIO(picture).getvalue()}
    )
    stranger.press("Check it")
    stranger.sees("Signed here, and unchanged since")
    looks_right(stranger, "verify")

    anna.open(delivery)
    page.locator("summary", has_text="Withdraw").click()
    page.get_by_label("Reason, for the audit log").fill("The flat was sold")
    anna.press("Withdraw it")
    anna.sees("The flat was sold")
    looks_right(anna, "withdrawn")
    anna.open(f"{anna.workspace}/settings/audit-log")
    anna.sees("Withdrew a delivery")
    anna.sees("The flat was sold")
    assert client.open(address) == 410
    client.sees("This delivery has ended")
    looks_right(client, "gone")
    assert stranger.open(original) == 200  # the picture may be in use

    for path in ("deliveries", "deliveries/profiles"):
        anna.open(f"{anna.workspace}/{path}")
        looks_right(anna, path.rpartition("/")[2])
