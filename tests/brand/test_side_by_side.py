"""Two agencies on two host names side by side: nothing of one, nor of the vendor, on the other's pages and mails."""

from __future__ import annotations

import io
import re
import subprocess
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.conf import LazySettings
from django.test import Client as Browser
from django.test import override_settings
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from billing import plans
from generations import deliveries, originals
from generations.models import Delivery, OriginalPage, Proposal
from projects import branding
from tests import factories
from tests.brand.agencies import LARGE, PIN, Agency, Visitor, give_brand, make_agency
from tests.brand.conftest import VENDOR, prove
from tests.brand.dns_server import DnsServer
from tests.factories import browser_of, working
from tests.fakes import FakeEngine
from tests.tenancy.visitors import for_nothing

NORTH, SOUTH = "rooms.north.example", "view.south.example"
INSTANCE = "app.roomwright.example"


@dataclass
class Town:
    """Both agencies."""

    north: Agency
    south: Agency

    def each(self) -> list[tuple[Agency, Agency]]:
        return [(self.north, self.south), (self.south, self.north)]


@pytest.fixture(scope="module")
def built(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Town]:
    """Once for all tests of this file: making it takes longer than any of them."""
    media = {"MEDIA_ROOT": tmp_path_factory.mktemp("town") / "media"}
    with (
        django_db_blocker.unblock(),
        for_nothing(),
        DnsServer() as server,
        override_settings(**VENDOR, **media, DNS_SERVERS=[server.address]),
        working(engine := FakeEngine()),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(engine, "generate", lambda request: LARGE)
        made = []
        for name, host, colour in (("North Light", NORTH, "#8a1c3b"), ("Southern Rooms", SOUTH, "#1e3a8a")):
            studio = factories.make_studio(name=name, plan="scale", credits=100)
            prove(server, studio, host)
            give_brand(studio, colour)
            made.append(make_agency(studio, host))
        yield Town(*made)


@pytest.fixture
def town(built: Town) -> Iterator[Town]:
    """As it was made; nothing of what a test does to it stays."""
    with for_nothing():
        yield deepcopy(built)


def strange_in(text: str, other: Agency) -> list[str]:
    """Whatever names the vendor or the other agency."""
    theirs = other.studio.organization
    words = ["roomwright", "post@mail-relay", other.host, theirs.name, theirs.public_id, "/static/icon.svg"]
    words += [other.studio.owner.email, "/static/icons/", "site.webmanifest", "Sign in"]
    return [word for word in words if word.lower() in text.lower()]


def test_links_made_for_clients_begin_with_the_agencys_host(town: Town) -> None:
    for mine, _other in town.each():
        assert {address.partition("://")[2].partition("/")[0] for address in mine.pages.values()} == {
            mine.host
        }
        assert {address.partition("://")[0] for address in mine.pages.values()} == {"https"}


def test_every_page_of_a_client_shows_the_agency_and_nobody_else(town: Town) -> None:
    for mine, other in town.each():
        visitor = Visitor(mine.host)
        for path in mine.paths():
            visitor.post(f"/{path}/pin", {"pin": PIN})
            seen = visitor.everything(path)
            page = seen[path][2].decode()
            assert mine.studio.organization.name in page
            assert "/brand/brd_" in page
            for at, (status, headers, content) in seen.items():
                assert status == 200, at
                is_picture = "Content-Type: image/" in headers or "application/zip" in headers
                assert strange_in(headers + ("" if is_picture else content.decode("latin-1")), other) == [], (
                    at
                )
                assert "Domain=" not in headers, at
            assert any(at.endswith(".css") for at in seen)


def test_every_mail_to_a_client_names_the_agency_and_nobody_else(town: Town) -> None:
    for mine, other in town.each():
        assert len(mine.mails) == 2
        for each in mine.mails:
            message = each.message()
            assert message["From"] == f"{mine.studio.organization.name} Team <post@mail-relay.example>"
            assert message["Reply-To"] == mine.studio.owner.email
            assert message["Message-ID"].endswith(f"@{mine.host}>")
            whole = message.as_string().replace(message["From"], "")
            assert strange_in(whole, other) == []


def test_the_files_that_a_client_gets_name_the_agency_and_nobody_else(town: Town, tmp_path: Path) -> None:
    for mine, other in town.each():
        visitor = Visitor(mine.host)
        _, _, pdf = visitor.load(f"{mine.pages['proposal'].partition(mine.host)[2]}/pdf")
        paper = tmp_path / "proposal.pdf"
        paper.write_bytes(pdf)
        for program in (["pdfinfo", str(paper)], ["pdftotext", str(paper), "-"]):
            told = subprocess.run(program, check=True, capture_output=True, text=True).stdout
            assert strange_in(told, other) == []
        delivered = mine.pages["delivered"].partition(mine.host)[2]
        visitor.post(f"{delivered}/pin", {"pin": PIN})
        _, headers, content = visitor.load(f"{delivered}/archive")
        assert strange_in(headers, other) == []
        with ZipFile(io.BytesIO(content)) as zipped:
            listed = zipped.read("manifest.csv").decode()
            names = zipped.namelist()
        assert f"https://{mine.host}/o/" in listed
        assert strange_in(listed + "".join(names), other) == []


def test_no_page_of_one_agency_is_on_the_host_of_the_other(town: Town) -> None:
    for mine, other in town.each():
        visitor = Visitor(other.host)
        with mine.studio.enter():
            brand = branding.of(mine.studio.organization).public_id
        more = [f"brand/{brand}/logo", f"brand/{brand}/colours.css"]
        own = Visitor(mine.host)
        assert [own.load(path)[0] for path in more] == [200, 200]
        for path in [*mine.paths(), *more]:
            status, headers, content = visitor.load(path)
            assert status == 404, path
            assert strange_in(headers + content.decode(), mine) == [], path
            assert b"img" not in content or b"/brand/" in content


def test_what_has_ended_says_so_in_the_name_of_the_agency(town: Town) -> None:
    mine, other, now = town.north, town.south, timezone.now()
    by: dict[str, Any] = {"by_user": mine.studio.owner, "now": now}
    organization = mine.studio.organization
    with mine.studio.enter():
        delivery = Delivery.objects.of(organization).select_related("organization", "project").get()
        page = OriginalPage.objects.of(organization).select_related("organization", "picture").get()
        proposal = Proposal.objects.of(organization).get()
    deliveries.withdraw(delivery=delivery, reason="Sold", **by)
    originals.retract(page=page, reason="Sold", **by)
    browser = browser_of(mine.studio.owner)
    browser.post(mine.job.page_of(proposal, "/withdraw"))
    browser.post(f"/w/{organization.public_id}/reviews/{mine.job.review.public_id}/revoke")
    visitor = Visitor(mine.host)
    seen = {name: visitor.load(path) for name, path in zip(mine.pages, mine.paths(), strict=True)}
    assert {name: status for name, (status, _, _) in seen.items()} == {
        "shared": 200,
        "delivered": 410,
        "proposal": 410,
        "proposal by mail": 410,
        "review": 404,
        "original": 410,
    }
    for name, (_, headers, content) in seen.items():
        assert strange_in(headers + content.decode(), other) == [], name
        assert "North Light" in content.decode(), name


def test_its_few_own_files_are_there(town: Town) -> None:
    visitor = Visitor(NORTH)
    assert visitor.load("robots.txt")[2] == b"User-agent: *\nDisallow: /\n"
    icon: Any = visitor.get("/favicon.ico")
    assert (icon.status_code, visitor.load(icon["Location"])[0]) == (302, 200)
    for name in ("css/app.css", "js/app.js", "icons.svg"):
        status, _, content = visitor.load(f"static/{name}")
        assert (status, b"roomwright" in content.lower()) == (200, False)


def test_forms_are_taken_from_the_host_itself_and_from_no_other(town: Town) -> None:
    path = f"{town.north.pages['delivered'].partition(NORTH)[2]}/pin"

    def send(origin: str, host: str = NORTH) -> int:
        browser = Browser(enforce_csrf_checks=True, headers={"host": host})
        page = browser.get(path.removesuffix("/pin"), secure=True)
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.content.decode())
        fields = {"pin": PIN, "csrfmiddlewaretoken": token[1] if token else ""}
        headers = {"origin": origin, "host": host}
        return int(browser.post(path, fields, headers=headers, secure=True).status_code)

    assert send(f"https://{NORTH}") == 302
    for origin in (f"https://{SOUTH}", f"https://{INSTANCE}", f"http://{NORTH}", "null"):
        assert send(origin) == 403
    assert send(f"https://{NORTH}", SOUTH) in (403, 404)


def test_a_session_of_the_instance_is_none_on_an_agencys_host(town: Town) -> None:
    browser = browser_of(town.north.studio.owner)
    for path in town.north.paths():
        answer: Any = browser.get(f"/{path}", headers={"host": NORTH})
        assert answer.wsgi_request.user.is_anonymous
        assert "sessionid" not in answer.cookies


def test_errors_and_the_closed_sign_name_nobody(
    town: Town, monkeypatch: pytest.MonkeyPatch, settings: LazySettings
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError

    browser = Browser(raise_request_exception=False, headers={"host": NORTH})
    with monkeypatch.context() as patched:
        patched.setattr("generations.sharing.find", breaks)
        broken: Any = browser.get("/s/x")
    assert (broken.status_code, strange_in(broken.content.decode(), town.south)) == (500, [])
    assert "North Light" in broken.content.decode()
    settings.MAINTENANCE = True
    closed: Any = browser.get("/s/x")
    assert (closed.status_code, strange_in(closed.content.decode(), town.south)) == (503, [])
    assert closed["Retry-After"]


def test_after_a_downgrade_links_lead_to_the_instance_and_its_pages_say_what_they_are_made_with(
    town: Town,
) -> None:
    plans.apply_plan(organization=town.north.studio.organization, plan="growth")
    visitor, ours = Visitor(NORTH), Visitor(INSTANCE)
    for path in town.north.paths():
        answer: Any = visitor.get(f"/{path}?a=b")
        assert (answer.status_code, answer["Location"]) == (302, f"https://{INSTANCE}/{path}?a=b")
        status, _, content = ours.load(path)
        assert status == 200
        assert b"/brand/" not in content
    assert visitor.post(f"/{next(town.north.paths())}").status_code == 404
    for path in ("/", "/accounts/login/", "//evil.example", "/static/css/app.css", "/w/x/studio"):
        assert visitor.get(path).status_code == 404
    with town.north.studio.enter():
        brand = branding.of(town.north.studio.organization).public_id
    assert ours.load(f"brand/{brand}/logo")[0] == 404
    again = make_agency(town.north.studio)
    assert {address.split("/")[2] for address in again.pages.values()} == {INSTANCE}
    assert {each.from_email for each in again.mails} == {"Roomwright <hello@roomwright.example>"}
