"""Links and PINs can't be guessed; what has ended says so, and how to ask again."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client as Browser
from django.utils import timezone

from accounts import attempts
from accounts.models import Attempts, Event
from generations import review_rooms, reviewing
from tests.review.conftest import ADA, Review
from tests.review.test_room import run_link_jobs


def guesses(number: int, **extra: Any) -> list[int]:
    return [Browser().get(f"/r/{'x' * 37}{index:03}", **extra).status_code for index in range(number)]


def test_guessing_links_is_limited_by_address(review: Review) -> None:
    most = reviewing.GUESSES.most
    assert guesses(most) == [404] * most
    known = Browser()
    assert known.get("/r/" + "y" * 40).status_code == 429
    answer = known.get(review.path)
    assert answer.status_code == 429, "not even a right one is told from a wrong one"
    assert int(answer["Retry-After"]) <= 900
    assert Browser().get(review.path, REMOTE_ADDR="192.0.2.7").status_code == 200, "others are let in"
    for last in (1, 2):
        Browser().get("/r/" + "z" * 40, REMOTE_ADDR=f"2001:db8::{last}")
    assert attempts.address_of(Browser().get("/", REMOTE_ADDR="2001:db8::9").wsgi_request) == "2001:db8::/64"


def test_who_was_let_in_is_not_counted_and_stays_in(review: Review, guest: Browser) -> None:
    for _ in range(reviewing.GUESSES.most + 5):
        assert guest.get(review.path).status_code == 200
        assert Browser().get(review.path).status_code == 200, "a right one does not count"
    guesses(reviewing.GUESSES.most + 1)
    assert guest.get(review.path).status_code == 200
    assert guest.get("/r/" + "y" * 40).status_code == 429, "the cookie is good for its own link alone"


def test_the_limit_ends_with_its_time(review: Review) -> None:
    guesses(reviewing.GUESSES.most + 1)
    Attempts.objects.update(since=timezone.now() - reviewing.GUESSES.within - timedelta(seconds=1))
    assert Browser().get(review.path).status_code == 200
    Attempts.objects.update(since=timezone.now() - timedelta(days=3))
    attempts.forget_old(now=timezone.now())
    assert not Attempts.objects.exists()


def test_a_pin_opens_the_room_and_guessing_it_is_limited(review: Review, guest: Browser) -> None:
    review_rooms.change(
        room=review.room,
        terms=review_rooms.Terms(title="First looks"),
        hidden_pin=review_rooms.hide_pin("4711"),
        by_user=review.studio.owner,
        now=timezone.now(),
    )
    asked = guest.get(review.path).content.decode()
    assert "asks for a PIN" in asked
    assert "First looks" not in asked
    assert guest.post(f"{review.item_path()}/decide", {"outcome": "approved", **ADA}).status_code == 403
    assert "asks for a PIN" in guest.get(f"{review.item_path()}/files/after").content.decode()
    assert guest.post(f"{review.path}/pin", {"pin": "4711"}).status_code == 302
    assert "First looks" in guest.get(review.path).content.decode()

    burglar = Browser(REMOTE_ADDR="192.0.2.9")
    tried = [burglar.post(f"{review.path}/pin", {"pin": f"{n:04}"}).status_code for n in range(7)]
    assert tried == [403] * 5 + [429] * 2
    assert burglar.post(f"{review.path}/pin", {"pin": "4711"}).status_code == 429
    many = [
        Browser(REMOTE_ADDR=f"192.0.{n // 250}.{n % 250 + 1}").post(f"{review.path}/pin", {"pin": "0"})
        for n in range(300, 300 + reviewing.PINS_OF_A_ROOM.most)
    ]
    assert many[-1].status_code == 429, "from many addresses neither"
    assert guest.get(review.path).status_code == 200, "who is in stays in"


def test_another_pin_is_asked_for_again(review: Review, guest: Browser) -> None:
    def set_pin(pin: str) -> None:
        terms = review_rooms.Terms(title="First looks")
        review_rooms.change(
            room=review.room,
            terms=terms,
            hidden_pin=review_rooms.hide_pin(pin),
            by_user=review.studio.owner,
            now=timezone.now(),
        )

    set_pin("4711")
    guest.post(f"{review.path}/pin", {"pin": "4711"})
    assert "First looks" in guest.get(review.path).content.decode()
    set_pin("1234")
    assert "First looks" not in guest.get(review.path).content.decode()


def test_a_revoked_room_is_404_with_the_way_to_ask(review: Review, guest: Browser) -> None:
    guest.get(review.path)
    review_rooms.revoke(room=review.room, by_user=review.studio.owner, now=timezone.now())
    for browser in (guest, Browser()):
        answer = browser.get(review.path)
        assert answer.status_code == 404
        assert f"mailto:{review.studio.owner.email}" in answer.content.decode()
        assert browser.get(f"{review.item_path()}/files/after").status_code == 404
        assert browser.post(f"{review.item_path()}/decide", {"outcome": "approved", **ADA}).status_code == 404
        assert browser.post(f"{review.path}/again", {"email": "winter@example.com"}).status_code == 404
    unknown = Browser().get("/r/" + "x" * 40)
    assert unknown.status_code == 404
    assert "ask the people who sent it to you" in unknown.content.decode()
    assert "mailto:" not in unknown.content.decode()


@pytest.fixture
def expired(review: Review) -> Review:
    review.set_links(expires_at=timezone.now() - timedelta(minutes=1))
    return review


def test_an_expired_link_is_410_and_a_new_one_comes_by_mail(expired: Review, guest: Browser) -> None:
    for path in (expired.path, expired.item_path(), f"{expired.item_path()}/files/after"):
        answer = guest.get(path)
        assert answer.status_code == 410
        assert "Ask for a new link" in answer.content.decode()
    assert guest.post(f"{expired.item_path()}/decide", {"outcome": "approved", **ADA}).status_code == 410
    known = guest.post(f"{expired.path}/again", {"email": "Winter@example.com"})
    unknown = guest.post(f"{expired.path}/again", {"email": "nobody@example.com"})
    assert known.status_code == unknown.status_code == 200
    assert known.content.decode() == unknown.content.decode(), "nobody learns whose address is known"
    assert run_link_jobs() == 1
    (sent,) = mail.outbox
    assert sent.to == ["Winter@example.com"]
    found = re.search(r"http\S+(/r/\w{40})", str(sent.body))
    assert found
    assert guest.get(found[1]).status_code == 200
    assert guest.get(expired.path).status_code == 410
    with expired.studio.enter():
        events = Event.objects.of(expired.studio.organization).filter(kind="review.link_asked")
        assert sorted(one.actor_name for one in events) == ["Winter@example.com", "nobody@example.com"]


def test_who_spoke_in_the_room_is_known_there(review: Review, guest: Browser) -> None:
    guest.post(f"{review.item_path()}/comment", {"text": "Here", **ADA})
    review.set_links(expires_at=timezone.now() - timedelta(minutes=1))
    guest.post(f"{review.path}/again", {"email": ADA["email"]})
    assert run_link_jobs() == 1


def test_asking_again_is_limited(expired: Review, guest: Browser) -> None:
    path = f"{expired.path}/again"
    assert guest.post(path, {"email": "nonsense"}).status_code == 422
    answers = [guest.post(path, {"email": "winter@example.com"}).status_code for _ in range(7)]
    assert answers == [200] * 5 + [429] * 2
    elsewhere = Browser(REMOTE_ADDR="192.0.2.9")
    assert elsewhere.post(path, {"email": "winter@example.com"}).status_code == 429, "of the link neither"
    assert run_link_jobs() == 5


def test_a_link_that_works_needs_no_new_one(review: Review, guest: Browser) -> None:
    assert guest.post(f"{review.path}/again", {"email": "winter@example.com"}).status_code == 302
    assert run_link_jobs() == 0


@pytest.mark.django_db(transaction=True)
def test_of_many_guesses_at_once_exactly_the_limit_is_answered(transactional_db: None) -> None:
    from django.db import connection

    def one(index: int) -> int:
        try:
            return Browser().get(f"/r/{'q' * 37}{index:03}").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(one, range(64)))
    assert answers.count(404) == reviewing.GUESSES.most
    assert answers.count(429) == 64 - reviewing.GUESSES.most
