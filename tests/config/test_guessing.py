"""Guessing at links meets a wall; who is right is not held up."""

from __future__ import annotations

from django.test import Client

from config.guessing import WRONG_LINKS


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
