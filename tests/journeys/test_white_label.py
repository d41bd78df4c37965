"""Two agencies on hosts of their own, side by side in a browser: nothing of one, nor of the vendor, at the other."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import cv2
import numpy as np
import pytest
import requests

from config.local.postgres import REPOSITORY
from tests import meltflex_server, real_stack
from tests.brand.dns_server import DnsServer
from tests.fakes import png
from tests.journeys import axe
from tests.journeys.newcomers import Newcomers
from tests.journeys.pages import a_room_with_a_photo
from tests.journeys.people import Person, Site

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SHOTS = os.environ.get("LABEL_SHOTS", "")
DESK: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "color_scheme": "dark"}
VENDOR = "app.roomwright.example"


@dataclass
class World:
    """An instance at a host with the vendor's name, and the name servers that it asks."""

    site: Site
    port: str
    names: DnsServer

    def get(self, host: str, path: str) -> requests.Response:
        """Straight over HTTP, with this Host header."""
        headers = {"Host": f"{host}:{self.port}"}
        address = f"http://127.0.0.1:{self.port}{path}"
        return requests.get(address, headers=headers, allow_redirects=False, timeout=30)

    def mails_to(self, email: str) -> list[Message]:
        """Oldest first."""
        files = sorted(self.site.data_dir.glob("mail/*"), key=lambda file: file.stat().st_mtime)
        mails = [message_from_bytes(file.read_bytes()) for file in files]
        return [mail for mail in mails if mail["To"] == email]


@pytest.fixture(scope="module")
def world(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A stack whose operator has named its hosts and addresses."""
    data_dir = tmp_path_factory.mktemp("label")
    with DnsServer() as names, meltflex_server.serving() as upstream:
        settings = {
            "ALLOWED_HOSTS": f"{VENDOR},127.0.0.1",
            "DNS_SERVERS": names.address,
            "DEFAULT_FROM_EMAIL": "Roomwright <hello@roomwright.example>",
            "CLIENT_FROM_EMAIL": "post@mail-relay.example",
            "MELTFLEX_API_BASE": upstream.base,
        }
        with real_stack.running(data_dir, WEB_PROCESSES="1", **settings) as stack:
            port = stack.address.rpartition(":")[2]
            site = Site(f"http://{VENDOR}:{port}", data_dir, Newcomers(data_dir), upstream)
            yield World(site, port, names)


def looks_right(person: Person, name: str) -> None:
    """LABEL_SHOTS names a folder for whoever wants to see it."""
    if SHOTS:
        width = person.page.evaluate("innerWidth")
        person.page.screenshot(path=REPOSITORY / SHOTS / f"{name}-{width}.png", full_page=True)
    found = person.too_wide() + person.too_small() + person.nameless() + axe.grave_findings(person.page)
    assert found == [], found


def set_up(
    member: Person, world: World, name: str, host: str, colour: tuple[str, tuple[int, int, int]]
) -> None:
    """A name, a brand and a host name, over the pages of the settings."""
    page, names = member.page, world.names
    member.join("scale")
    settings = f"{member.workspace}/settings"
    member.open(settings)
    page.get_by_label("Name", exact=True).fill(name)
    member.press("Save the name")
    page.get_by_role("link", name="Brand & domains").click()
    page.get_by_label("Colour").fill("#ffe000")
    member.press("Save")
    member.sees("text needs 4.5 : 1")
    page.get_by_label("Colour").fill(colour[0])
    page.get_by_label("Name on mails").fill(f"{name} Team")
    page.get_by_label("Logo").set_input_files(
        {"name": "logo.png", "mimeType": "image/png", "buffer": png(240, 80, colour[1])}
    )
    member.press("Save")
    member.sees("The brand was saved.")
    page.get_by_role("textbox", name="Host name").fill(f"https://{host.upper()}/")
    member.press("Add the host name")
    member.sees("Waits for its record")
    looks_right(member, f"waiting-{name.split()[0]}")
    member.press("Check now")
    member.sees("There is no such record.")
    record = page.locator("code[id^=name-]").inner_text()
    names.records[record] = [page.locator("code[id^=value-]").inner_text()]
    assert world.get(host, "/s/x").status_code == 400
    member.press("Check now")
    member.sees(f"Links for your clients begin with {host}.")
    looks_right(member, f"proven-{name.split()[0]}")


def with_picture(member: Person) -> tuple[str, str]:
    """The addresses of a project with one picture, and of the picture's page."""
    page, room = member.page, a_room_with_a_photo(member)
    page.get_by_role("link", name="Redesign", exact=True).first.click()
    page.wait_for_url("**/studio*")
    page.get_by_label("What should it look like?").fill("Japandi, light oak floor")
    member.press("Redesign")
    page.wait_for_url("**/generations/gen_*")
    member.wait_for_the_picture()
    picture = page.url
    member.open(room)
    page.get_by_role("link", name=re.compile("rather long name")).first.click()
    page.wait_for_url("**/projects/prj_*")
    return page.url, picture


def share(member: Person, picture: str) -> str:
    """A link to one picture."""
    member.open(picture)
    member.page.locator("a[href$='/share']").first.click()
    member.press("Make")
    return member.page.locator("#new-link").inner_text()


def shows_only(person: Person, name: str, others: list[str]) -> None:
    """The page as the browser has it names the agency, and neither the vendor nor others."""
    html, title = person.page.content(), person.page.title()
    assert name in html
    for word in ["roomwright", VENDOR, *others]:
        assert word.lower() not in (html + title).lower(), word
    assert person.page.locator("link[rel=icon]").get_attribute("href", timeout=2000)
    assert person.page.locator("link[rel=manifest]").count() == 0


def code_in(content: bytes) -> str:
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return str(cv2.QRCodeDetector().detectAndDecode(picture)[0])


def test_two_agencies_side_by_side(browser: Browser, world: World, tmp_path: Path) -> None:
    people: list[Person] = []

    def someone(window: dict[str, Any]) -> Person:
        people.append(Person(world.site, browser.new_context(accept_downloads=True, **window)))
        return people[-1]

    anna, berta, client, stranger = someone(DESK), someone(PHONE), someone(PHONE), someone(DESK)
    north, south = "rooms.north.example", "view.south.example"
    set_up(anna, world, "North Light", north, ("#8a1c3b", (138, 28, 59)))
    set_up(berta, world, "Southern Rooms", south, ("#1e3a8a", (30, 58, 138)))
    project, _picture = with_picture(anna)
    _, theirs = with_picture(berta)

    # A link by mail into a review room, where a client approves.
    anna.open(f"{project}/reviews/new")
    anna.press("Make the room")
    room = anna.page.locator("#new-link").inner_text()
    assert room.startswith(f"http://{north}:{world.port}/r/")
    anna.page.locator("summary", has_text="Mail a link").click()
    anna.page.locator("#send-to").fill("winter@example.com")
    anna.press("Mail it")
    anna.sees("The link is on its way")
    world.site.mail_to("winter@example.com")
    (mail,) = world.mails_to("winter@example.com")
    assert mail["From"] == "North Light Team <post@mail-relay.example>"
    assert mail["Reply-To"] == anna.email
    assert mail["Message-ID"].endswith(f"@{north}>")
    assert "roomwright" not in mail.as_string().lower()
    mailed = re.search(r"http\S+/r/\w+", str(mail.get_payload()))
    assert mailed
    assert client.open(mailed[0]) == 200
    shows_only(client, "North Light", ["Southern", south])
    looks_right(client, "review")
    client.page.locator(".card-link").first.click()
    client.page.wait_for_url("**/rit_*")
    side = client.page.locator("section", has=client.page.get_by_role("heading", name="Your decision"))
    side.get_by_label("Your name").fill("Mrs Winter")
    side.get_by_label("Your e-mail").fill("winter@example.com")
    side.get_by_role("button", name="Approve").click()
    client.page.locator(".state", has_text="Approved").first.wait_for()
    shows_only(client, "North Light", ["Southern", south])
    looks_right(client, "review-item")

    # The delivery, its files, and the original by the code in them.
    anna.open(project)
    anna.page.get_by_role("link", name="Deliver pictures").click()
    anna.page.get_by_label("Export profile").select_option("label-qr")
    anna.page.get_by_label("PIN").fill("4711")
    anna.press("Make the delivery")
    delivery = anna.page.locator("#new-link").inner_text()
    anna.page.get_by_role("link", name="To the delivery").click()
    anna.page.get_by_role("link", name="Download all as ZIP").wait_for(timeout=90_000)
    client.open(delivery)
    shows_only(client, "North Light", ["Southern", south])
    looks_right(client, "pin")
    client.page.get_by_label("PIN").fill("4711")
    client.press("Open")
    client.page.get_by_role("link", name="Download all as ZIP").wait_for()
    shows_only(client, "North Light", ["Southern", south])
    looks_right(client, "delivered")
    with client.page.expect_download() as download:
        client.page.get_by_role("link", name="Download all as ZIP").click()
    with ZipFile(download.value.path()) as zipped:
        (name,) = [name for name in zipped.namelist() if name.startswith("pictures/")]
        original = code_in(zipped.read(name))
        assert b"roomwright" not in zipped.read("manifest.csv").lower()
    assert original.startswith(f"http://{north}:{world.port}/o/")
    assert stranger.open(original) == 200
    shows_only(stranger, "North Light", ["Southern", south])
    looks_right(stranger, "original")

    shared = share(berta, theirs)
    assert shared.startswith(f"http://{south}:{world.port}/s/")
    assert stranger.open(shared) == 200
    shows_only(stranger, "Southern Rooms", ["North Light", north])
    looks_right(stranger, "shared")

    # Each host shows its own agency's pages alone, and nothing of the instance.
    for address, mine, other, agency in (
        *((each, north, south, "Southern Rooms") for each in (room, delivery, original)),
        (shared, south, north, "North Light"),
    ):
        path = f"/{address.split('/', 3)[3]}"
        assert world.get(mine, path).status_code == 200
        wrong = world.get(other, path)
        assert (wrong.status_code, agency in wrong.text) == (404, True)
        assert "roomwright" not in f"{wrong.headers}{wrong.text}".lower()
        assert stranger.open(address.replace(mine, other)) == 404
        shows_only(stranger, agency, [mine])
    looks_right(stranger, "not-here")
    for path in (
        "/",
        "/accounts/login/",
        "/verify",
        "/pricing",
        "/static/icon.svg",
        "/site.webmanifest",
        "/api/v1/me",
    ):
        answer = world.get(north, path)
        assert answer.status_code == 404, path
        assert "roomwright" not in f"{answer.headers}{answer.text}".lower(), path
    for host in ("rooms.nobody.example", "evil.example", f"x.{north}"):
        refused = world.get(host, f"/{room.split('/', 3)[3]}")
        assert refused.status_code == 400
        assert "roomwright" not in f"{refused.headers}{refused.text}".lower()
    assert world.get(VENDOR, "/").status_code == 200
    for host, status in ((north, 200), (south, 200), ("evil.example", 404)):
        assert world.get("127.0.0.1", f"/domains/ask?domain={host}").status_code == status

    # Cookies of one host are no other's.
    cookies: Any = [cookie for person in people for cookie in person.window.cookies()]
    assert {cookie["domain"] for cookie in cookies} <= {VENDOR, north, south}  # none begins with a dot
    assert not any(cookie["name"] == "sessionid" for cookie in cookies if cookie["domain"] != VENDOR)

    anna.open(f"{anna.workspace}/settings/brand")
    anna.press(f"Remove {north}")
    anna.press("Remove it")
    anna.sees(f"{north} was removed.")
    assert world.get(north, f"/{room.split('/', 3)[3]}").status_code == 400
    assert [complaint for person in people for complaint in person.complaints] == []
    for person in people:
        person.window.close()
