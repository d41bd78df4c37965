"""What anybody may read: the words and numbers on it, what machines find, and when it is closed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from billing import plans, pricing
from config import checks, styleguide
from config.public_pages import PAGES
from config.showcase import styles
from tests.factories import Studio

pytestmark = pytest.mark.django_db


def page(client: Client, name: str) -> str:
    answer = client.get(reverse(name))
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("name", PAGES)
def test_a_public_page_says_to_machines_what_it_is(client: Client, name: str) -> None:
    text = page(client, name)
    description = re.search(r'<meta name="description" content="([^"]+)">', text)
    assert description
    assert 50 <= len(description[1]) <= 170
    assert f'<link rel="canonical" href="http://testserver{reverse(name)}">' in text
    image = re.search(r'<meta property="og:image" content="http://testserver/static/([^"]+)">', text)
    assert image
    assert finders.find(image[1])
    assert "noindex" not in text


def test_titles_differ_from_page_to_page(client: Client) -> None:
    titles = [re.findall(r"<title>(.*?)</title>", page(client, name))[0] for name in PAGES]
    assert len(set(titles)) == len(PAGES)
    assert max(map(len, titles)) <= 60


def test_pages_of_a_workspace_are_none_of_a_search_engines_business(
    studio: Studio, owner_client: Client
) -> None:
    answer = owner_client.get(f"/w/{studio.organization.public_id}/credits")
    assert '<meta name="robots" content="noindex">' in answer.content.decode()


def test_every_address_on_the_public_pages_leads_somewhere(client: Client) -> None:
    addresses = {
        found
        for name in PAGES
        for found in re.findall(r'href="(/[^"#]*)', page(client, name))
        if not found.startswith("/static/")
    }
    assert len(addresses) > len(PAGES)
    assert [each for each in addresses if client.get(each).status_code not in (200, 302)] == []


def test_the_price_list_shows_each_plan_pack_and_operation_of_the_catalogue(client: Client) -> None:
    text = page(client, "pricing")
    for plan in plans.PLANS.values():
        assert plan.name in text
        assert plans.money(plan.price) in text
    for pack in plans.PACKS.values():
        assert plans.money(pack.price) in text
    for cost in pricing.costs().values():
        assert f'<td class="number">{cost}</td>' in text


def test_the_site_map_lists_the_public_pages_and_robots_names_it(client: Client) -> None:
    found = re.findall(r"<loc>http://testserver(.*?)</loc>", page(client, "sitemap"))
    assert found == [reverse(name) for name in PAGES]
    robots = page(client, "robots")
    assert "Sitemap: http://testserver/sitemap.xml" in robots
    assert "Disallow: /w/" in robots


def test_the_manifest_names_icons_that_are_there(client: Client) -> None:
    manifest = json.loads(page(client, "manifest"))
    for icon in manifest["icons"]:
        assert finders.find(icon["src"].removeprefix("/static/"))


def test_the_public_address_wins_over_the_host_of_the_request(client: Client, settings: LazySettings) -> None:
    settings.PUBLIC_BASE_URL = "https://rooms.example"
    assert "curl https://rooms.example/api/v1/generate" in page(client, "developers")
    assert '<link rel="canonical" href="https://rooms.example/help">' in page(client, "help")


def test_every_style_can_be_tried_by_strangers_after_the_sign_up(client: Client) -> None:
    text = page(client, "styles")
    assert len(styles()) > 20
    for style in styles():
        assert f"/styles/{style.slug}/try" in text
    answer = client.get("/styles/mid-century/try")
    assert answer.headers["Location"] == "/accounts/signup/?next=%2Fstyles%2Fmid-century%2Ftry"
    assert client.get("/styles/plastic/try").status_code == 404


def test_a_member_comes_from_a_style_to_the_studio(studio: Studio, owner_client: Client) -> None:
    answer = owner_client.get("/styles/art-deco/try")
    assert answer.headers["Location"] == f"/w/{studio.organization.public_id}/studio?style=art+deco"
    assert owner_client.get(answer.headers["Location"]).status_code == 200


def test_terms_are_placeholders_until_the_operator_has_written_them(
    client: Client, settings: LazySettings, tmp_path: Path
) -> None:
    settings.IN_PRODUCTION = True
    assert "has not written this page yet" in page(client, "terms")
    assert [found.id for found in checks.legal_pages(None)] == ["roomwright.W012"]
    settings.LEGAL_PAGES = str(tmp_path)
    (tmp_path / "terms.html").write_text("<p>Be kind.</p>")
    (tmp_path / "privacy.html").write_text("<p>We keep nothing.</p>")
    (tmp_path / "privacy.de.html").write_text("<p>Wir behalten nichts.</p>")
    assert "<p>Be kind.</p>" in page(client, "terms")
    assert "<p>We keep nothing.</p>" in page(client, "privacy")
    german = client.get("/privacy", headers={"accept-language": "de"}).content.decode()
    assert "<p>Wir behalten nichts.</p>" in german
    assert checks.legal_pages(None) == []


def test_the_style_guide_is_not_there_in_production(client: Client, settings: LazySettings) -> None:
    assert "Measured contrast" in page(client, "styleguide")
    settings.IN_PRODUCTION = True
    assert client.get("/styleguide").status_code == 404


def test_every_colour_can_be_read_on_what_it_lies_on_by_day_and_by_night() -> None:
    faint = [f"{each.upper} on {each.lower}" for each in styleguide.measured() if not each.is_enough]
    assert faint == []


def test_while_it_is_closed_pages_and_programs_are_told_when_to_come_back(
    client: Client, settings: LazySettings
) -> None:
    settings.MAINTENANCE, settings.MAINTENANCE_SECONDS = True, 300
    for path in ("/", "/accounts/login/", "/w/ws_none/studio"):
        answer = client.get(path)
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "300"
        assert "about 5 minutes" in answer.content.decode()
    answer = client.post("/api/v1/generate", {}, content_type="application/json")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "300"
    assert answer.json()["code"] == "maintenance"
    assert answer.json()["error"] == "Down for maintenance"
    assert client.get("/healthz").status_code == 200


def test_the_closed_page_asks_the_database_nothing(
    client: Client, settings: LazySettings, django_assert_num_queries: object
) -> None:
    settings.MAINTENANCE = True
    with django_assert_num_queries(0):  # type: ignore[operator]
        client.get("/")
