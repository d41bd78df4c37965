"""What is on a host of an agency's own beside its pages for clients: nothing; and without one, its brand is on ours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client as Browser
from django.urls import get_resolver

from accounts.models import Domain
from config import guest_urls
from tests.brand.agencies import LARGE, PIN, Visitor, give_brand, make_agency
from tests.brand.dns_server import DnsServer
from tests.factories import Studio, browser_of
from tests.fakes import FakeEngine
from tests.test_conventions import patterns, policy_of

NORTH, INSTANCE = "rooms.north.example", "app.roomwright.example"
Proves = Callable[[Studio, str], Domain]


@pytest.fixture
def large_pictures(
    worker: object,
    engine: FakeEngine,
    monkeypatch: pytest.MonkeyPatch,
    settings: LazySettings,
    tmp_path: Path,
) -> None:
    """A code needs room."""
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setattr(engine, "generate", lambda request: LARGE)


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


@pytest.mark.usefixtures("large_pictures")
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
