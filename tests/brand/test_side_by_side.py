"""Two agencies on two host names side by side: nothing of one, nor of the vendor, on the other's pages and mails."""

from __future__ import annotations

import io
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.conf import LazySettings
from django.test import Client as Browser
from django.urls import get_resolver
from django.utils import timezone

from accounts.models import Domain
from billing import plans
from config import guest_urls
from generations import deliveries, originals
from generations.engines.base import EnginePicture, EngineResult
from generations.models import Delivery, OriginalPage, Proposal
from projects import branding
from tests.brand.agencies import PIN, Agency, Visitor, make_agency
from tests.brand.dns_server import DnsServer
from tests.factories import Studio, browser_of
from tests.fakes import FakeEngine, png
from tests.test_conventions import patterns, policy_of

NORTH, SOUTH = "rooms.north.example", "view.south.example"
INSTANCE = "app.roomwright.example"
Proves = Callable[[Studio, str], Domain]


@dataclass
class Town:
    """Both agencies."""

    north: Agency
    south: Agency

    def each(self) -> list[tuple[Agency, Agency]]:
        return [(self.north, self.south), (self.south, self.north)]


@pytest.fixture(autouse=True)
def _pictures(
    worker: object,
    engine: FakeEngine,
    monkeypatch: pytest.MonkeyPatch,
    settings: LazySettings,
    tmp_path: Path,
) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    large = EngineResult((EnginePicture(png(1200, 900)),), credits_used=10)
    monkeypatch.setattr(engine, "generate", lambda request: large)


def give_brand(studio: Studio, colour: str) -> None:
    who: dict[str, Any] = {"organization": studio.organization, "by_user": studio.owner}
    name = f"{studio.organization.name} Team"
    branding.save(**who, colour=colour, sender_name=name, reply_to="", now=timezone.now())
    branding.set_logo(**who, content=png(200, 80), now=timezone.now())


@pytest.fixture
def town(north: Studio, south: Studio, proves: Proves) -> Town:
    made = []
    for studio, host, colour in ((north, NORTH, "#8a1c3b"), (south, SOUTH, "#1e3a8a")):
        proves(studio, host)
        give_brand(studio, colour)
        made.append(make_agency(studio, host))
    return Town(*made)


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


@pytest.mark.parametrize(
    "path",
    [
        *("", "home", "pricing", "help", "terms", "verify", "styles", "developers", "styleguide", "language"),
        *(
            "accounts/login/",
            "accounts/signup/",
            "accounts/",
            "profile",
            "workspaces",
            "operators/",
            "nothing",
        ),
        *("api/v1/credits", "api/v1/schema", "metrics", "readyz", "healthz", "sitemap.xml"),
        *("site.webmanifest", "static/icon.svg", "static/icons/icon-192.png", "static/og.jpg"),
        *("static/samples/room.jpg", "static/css/../icon.svg", "static/admin/css/base.css", "domains/ask"),
        *("s/nothing", "r/nothing", "d/nothing", "o/nothing", "p/nothing", "//evil.example/s/x"),
        *(
            "w/{workspace}/studio",
            "w/{workspace}/settings/brand",
            "invitations/x",
            "news/stop/x",
            "stripe/webhook",
        ),
    ],
)
def test_nothing_else_of_the_instance_is_on_an_agencys_host(
    north: Studio, proves: Proves, south: Studio, path: str
) -> None:
    proves(north, NORTH)
    signed_in = browser_of(north.owner)
    for headers in ({"host": NORTH}, {"host": f"{NORTH.upper()}.:8443"}):
        answer: Any = signed_in.get(
            f"/{path.format(workspace=north.organization.public_id)}", headers=headers
        )
        assert answer.status_code == 404
        text = f"{answer.headers} {answer.cookies.output()} {answer.content.decode()}"
        assert "roomwright" not in text.lower()
        assert 'href="/accounts' not in text


def test_its_few_own_files_are_there(town: Town) -> None:
    visitor = Visitor(NORTH)
    assert visitor.load("robots.txt")[2] == b"User-agent: *\nDisallow: /\n"
    icon: Any = visitor.get("/favicon.ico")
    assert (icon.status_code, visitor.load(icon["Location"])[0]) == (302, 200)
    for name in ("css/app.css", "js/app.js", "icons.svg"):
        status, _, content = visitor.load(f"static/{name}")
        assert (status, b"roomwright" in content.lower()) == (200, False)


@pytest.mark.parametrize(
    "host", ["rooms.nobody.example", "x.rooms.north.example", "north.example", "evil.example"]
)
def test_a_host_that_is_not_proven_is_refused(
    north: Studio, proves: Proves, world: DnsServer, host: str
) -> None:
    proves(north, NORTH)
    for path in ("/", "/s/x", "/static/icon.svg", "/static/css/app.css", "/accounts/login/"):
        answer: Any = Browser().get(path, headers={"host": host})
        assert answer.status_code == 400
        assert "roomwright" not in f"{answer.headers}{answer.content.decode()}".lower()
    assert Browser().get("/api/v1/credits", headers={"host": host}).json()["code"] == "bad_request"


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


def test_browsers_are_held_to_https_for_a_day_and_not_for_other_names(
    settings: LazySettings, north: Studio, proves: Proves
) -> None:
    settings.SECURE_HSTS_SECONDS, settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = 365 * 24 * 3600, True
    proves(north, NORTH)
    for path in ("/s/nothing", "/static/css/app.css"):
        own: Any = Browser().get(path, headers={"host": NORTH}, secure=True)
        b"".join(own)
        assert own["Strict-Transport-Security"] == "max-age=86400"
    ours: Any = Browser().get("/", headers={"host": INSTANCE}, secure=True)
    assert "includeSubDomains" in ours["Strict-Transport-Security"]


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


def test_without_a_host_of_its_own_the_brand_shows_on_ours(north: Studio) -> None:
    give_brand(north, "#8a1c3b")
    mine, visitor = make_agency(north), Visitor(INSTANCE)
    for path in mine.paths():
        visitor.post(f"/{path}/pin", {"pin": PIN})
        _, _, content = visitor.load(path)
        addresses = f"https://{INSTANCE}/".encode()  # of the original, in captions
        assert b"roomwright" not in content.replace(addresses, b"").lower()
        assert b"/brand/brd_" in content


def test_every_address_of_clients_has_a_policy_and_is_one_of_the_instance() -> None:
    ours = {where: item.callback for where, item in patterns(get_resolver())}
    theirs = dict(patterns(get_resolver("config.guest_urls")))
    assert [
        where for where, item in theirs.items() if not str(policy_of(item.callback)).startswith("public: ")
    ] == []
    assert {where for where in theirs if where not in ours} == set()
    begin = {where.partition("/")[0] + "/" for where in theirs if "/" in where}
    assert begin == set(guest_urls.BEGINNINGS)
