"""With a review link, and with nothing else, only its own room answers: every address is walked with every method."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client as Browser
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.attempts import Limit
from accounts.models import AuditEntry
from config import guessing
from generations.models import Comment, Decision, Generation
from tests.factories import Studio
from tests.review.conftest import ADA, Guest, Review, make_review

METHODS = ("get", "head", "post", "put", "patch", "delete", "options", "trace")
# Addresses that anybody may read, with or without a link: they know no workspace.
PUBLIC = (
    "", "healthz", "readyz", "styles", "pricing", "developers", "help", "terms", "privacy", "verify", "language",
    "robots.txt", "sitemap.xml", "site.webmanifest", "favicon.ico", "styleguide",
    "api/docs", "api/reference", "api/changelog",
)  # fmt: skip
# Doors of people with an account or a key of their own: shut, but not ours to walk as strangers.
SIGN_IN = ("accounts/",)


def addresses(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for item in resolver.url_patterns:
        where = prefix + str(item.pattern)
        if isinstance(item, URLResolver):
            yield from addresses(item, where)
        else:
            yield where, item


def filled(route: str, values: dict[str, str]) -> str:
    """The address with real identifiers of the workspace in it."""
    plain = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)", r"<\1>", route.replace("^", "").replace("$", ""))
    plain = plain.replace("\\Z", "").replace("\\.", ".")
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: values.get(found[1], "1"), plain)


@pytest.fixture
def other(strange_studio: Studio, worker: Callable[[], int]) -> Review:
    """A room of another workspace."""
    return make_review(strange_studio, show_versions=True, allow_downloads=True)


@pytest.fixture
def sibling(review: Review) -> Review:
    """Another room of the same workspace, of another project."""
    return make_review(review.studio, show_versions=True, allow_downloads=True)


def identifiers(review: Review) -> dict[str, str]:
    """What a curious client may have guessed or seen elsewhere: all real."""
    item = review.items()[0]
    picture = item.picture
    assert picture.generation.photo
    assert picture.generation.room
    return {
        "workspace": review.studio.organization.public_id,
        "project_id": review.project.public_id,
        "review_id": review.room.public_id,
        "item_id": item.public_id,
        "picture_id": picture.public_id,
        "generation_id": picture.generation.public_id,
        "room_id": picture.generation.room.public_id,
        "photo_id": picture.generation.photo.public_id,
        "token": review.token,
        "kind": "jpeg",
        "which": "after",
        "turn": "close",
        "filename": "after.png",
    }


def visitor(review: Review) -> Browser:
    """Who has opened the room, said who they are, and carries every cookie of it to every address."""
    browser = Guest()
    assert browser.get(review.path).status_code == 200
    assert browser.post(f"{review.item_path()}/comment", {"text": "Here", **ADA}).status_code == 302
    browser.cookies["review"]["path"] = "/"
    return browser


def asked(browser: Browser, method: str, path: str, token: str) -> Any:
    """The token is offered in every way that a program could think of."""
    headers = {"authorization": f"Bearer {token}", "x-session-token": token}
    return getattr(browser, method)(path, headers=headers)


def test_every_other_address_is_shut(
    review: Review, sibling: Review, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guessing, "WRONG_LINKS", Limit("walked", 1_000_000, timedelta(minutes=1)))
    settings.API_QUOTAS = dict.fromkeys(settings.API_QUOTAS, 1_000_000)  # it is the doors that shall be shut
    browser, values = visitor(review), identifiers(review) | {"token": sibling.token[:-1] + "x"}
    walked, opened = 0, []
    for route, _item in addresses(get_resolver()):
        if route.startswith((*SIGN_IN, "operators/", "styles/")) or route in PUBLIC:
            continue
        if route.startswith("r/"):
            continue  # below
        path = filled(route, values)
        for method in METHODS:
            answer = asked(browser, method, path, review.token)
            walked += 1
            to_login = answer.status_code == 302 and "/accounts/login/" in answer["Location"]
            harmless = method == "options" and answer.status_code == 200 and not answer.content
            if route == "stripe/webhook" and answer.status_code == 400:
                continue  # not signed by Stripe
            if answer.status_code not in (401, 403, 404, 405, 410) and not to_login and not harmless:
                opened.append(f"{method} {path}: {answer.status_code}")
    assert walked > 500
    assert opened == []


def test_the_operators_pages_are_shut(review: Review) -> None:
    browser = visitor(review)
    for route, _item in addresses(get_resolver()):
        if route.startswith("operators/") and not route.endswith(("login/", "logout/", "jsi18n/")):
            answer = asked(browser, "get", filled(route, {}), review.token)
            assert answer.status_code in (302, 404), route
            assert answer.status_code == 404 or "login" in answer["Location"]


def test_under_its_own_link_nothing_of_another_room_answers(
    review: Review, sibling: Review, other: Review
) -> None:
    review.set(show_versions=True, allow_downloads=True)
    browser, walked = visitor(review), 0
    for stranger in (sibling, other):
        values = identifiers(stranger) | {"token": review.token}
        for route, _item in addresses(get_resolver()):
            if route.startswith("r/") and "item_id" in route:
                for method in METHODS:
                    form = {"outcome": "approved", "text": "Mine", **ADA} if method == "post" else {}
                    answer = getattr(browser, method)(filled(route, values), form)
                    assert answer.status_code in (404, 405), (method, route)
                    walked += 1
        with stranger.studio.enter():
            mine = {"room": stranger.room}
            assert not Decision.objects.of(stranger.studio.organization).filter(**mine).exists()
            assert not Comment.objects.of(stranger.studio.organization).filter(**mine).exists()
    assert walked == 2 * 5 * len(METHODS)


def test_the_link_of_one_room_is_no_key_to_another(review: Review, sibling: Review) -> None:
    """Cookies of one room, its PIN's proof among them, open no other."""
    sibling.set(pin="md5$x$0")
    browser = visitor(review)
    assert "asks for a PIN" in browser.get(sibling.path).content.decode()
    for path in (
        sibling.item_path(),
        f"{sibling.item_path()}/files/after",
        f"{sibling.item_path()}/download/png",
    ):
        answer = browser.get(path)
        assert "asks for a PIN" in answer.content.decode(), path
    assert browser.post(f"{sibling.item_path()}/decide", {"outcome": "approved", **ADA}).status_code == 403


def test_all_that_answers_is_the_room_and_only_with_its_methods(review: Review) -> None:
    browser, values = visitor(review), identifiers(review)
    allowed = {
        "review-guest": {"get", "head"},
        "review-guest-pin": {"get", "head", "post"},
        "review-guest-again": {"post"},
        "review-guest-done": {"post"},
        "review-guest-item": {"get", "head"},
        "review-guest-decide": {"post"},
        "review-guest-comment": {"post"},
        "review-guest-file": {"get", "head"},
        "review-guest-download": {"get"},
    }
    seen = set()
    for route, item in addresses(get_resolver()):
        if route.startswith("r/"):
            seen.add(item.name)
            for method in METHODS:
                if method not in allowed[str(item.name)]:
                    answer = getattr(browser, method)(filled(route, values))
                    assert answer.status_code == 405, (method, route)
    assert seen == set(allowed)


def test_a_walk_leaves_nothing_behind(review: Review, sibling: Review) -> None:
    def rows() -> list[int]:
        with review.studio.enter():
            models = (Decision, Comment, Generation, AuditEntry)
            return [model.objects.of(review.studio.organization).count() for model in models]

    browser, values = visitor(review), identifiers(sibling) | {"token": review.token}
    before = rows()
    for route, _item in addresses(get_resolver()):
        if route.startswith(("w/", "api/")):
            asked(browser, "post", filled(route, values), review.token)
    assert rows() == before
