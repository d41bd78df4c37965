"""Which language a page, a mail and the API speak."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.factories import Studio

pytestmark = pytest.mark.django_db


def language_of(client: Client, accept: str = "", path: str = "/") -> str:
    answer = client.get(path, headers={"accept-language": accept} if accept else {})
    return str(answer.headers["Content-Language"])


def test_a_page_speaks_the_browsers_language_where_it_can(client: Client) -> None:
    assert language_of(client) == "en"
    assert language_of(client, "de-AT,de;q=0.9,en;q=0.5") == "de"
    assert language_of(client, "fi,sv;q=0.8") == "en"


def test_a_stranger_chooses_in_the_footer_and_comes_back_to_the_page(client: Client) -> None:
    answer = client.post("/language", {"language": "de", "next": "/help"})
    assert answer.headers["Location"] == "/help"
    assert language_of(client, "en") == "de"
    client.post("/language", {"language": "en", "next": "/help"})
    assert language_of(client, "de") == "en"


def test_a_choice_follows_the_person_to_another_browser(studio: Studio, owner_client: Client) -> None:
    owner_client.post("/language", {"language": "de", "next": "/"})
    studio.owner.refresh_from_db()
    assert studio.owner.language == "de"
    del owner_client.cookies["django_language"]
    assert language_of(owner_client, "en") == "de"


def test_an_unknown_language_and_a_foreign_address_are_not_followed(client: Client) -> None:
    answer = client.post("/language", {"language": "tlh", "next": "https://evil.example/"})
    assert answer.headers["Location"] == "/"
    assert "django_language" not in answer.cookies


def test_the_api_speaks_english_whatever_is_asked_for(client: Client) -> None:
    answer = client.get("/api/v1/credits", headers={"accept-language": "de"})
    assert answer.json()["message"].startswith("Send an API key")
    client.cookies["django_language"] = "de"
    assert client.get("/api/v1/nothing").json()["message"] == "There is no such address."
