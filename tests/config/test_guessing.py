"""Guessing at keys and links meets a wall; who is right is not held up."""

from __future__ import annotations

from django.test import Client

from config.guessing import WRONG_KEYS, WRONG_LINKS
from tests.factories import Studio


def test_links_that_open_nothing_meet_a_wall_for_their_address_alone(db: None) -> None:
    client, other = Client(REMOTE_ADDR="198.51.100.1"), Client(REMOTE_ADDR="198.51.100.2")
    answers = [client.get(f"/s/{number:032d}") for number in range(WRONG_LINKS.most + 1)]
    assert [answer.status_code for answer in answers] == [404] * WRONG_LINKS.most + [429]
    assert 0 < int(answers[-1]["Retry-After"]) <= 60
    assert other.get("/s/" + "0" * 32).status_code == 404


def test_pages_that_open_something_do_not_count(db: None) -> None:
    client = Client(REMOTE_ADDR="198.51.100.3")
    for _ in range(WRONG_LINKS.most + 5):
        assert client.get("/accounts/password/reset/key/done/").status_code == 200


def test_wrong_keys_meet_a_wall_and_a_right_one_does_not(studio: Studio) -> None:
    client, right = Client(), studio.key()
    wrong = {"authorization": "Bearer mf_sk_" + "live_" + "0" * 40}
    statuses = [client.get("/api/v1/credits", headers=wrong).status_code for _ in range(WRONG_KEYS.most + 1)]
    assert statuses == [401] * WRONG_KEYS.most + [429]
    assert client.get("/api/v1/credits", headers={"authorization": f"Bearer {right}"}).status_code == 200
