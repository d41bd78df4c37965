"""Guessing at links meets a wall; who is right is not held up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client

from config.guessing import WRONG_LINKS
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


# --- Sign-in for apps --------------------------------------------------------------------------------------

APP = "/_allauth/app/v1/"


def tries(attempt: Callable[[int], Any], most: int = 70) -> int:
    """How many got through before the wall: a 429, or a refusal that says that it was tried too often."""
    for number in range(most):
        answer = attempt(number)
        if answer.status_code == 429 or "too_many" in answer.content.decode():
            return number
    return most


def send(path: str, body: dict[str, str], *, by: str, **headers: str) -> Any:
    client = Client(REMOTE_ADDR=by)
    return client.post(f"{APP}{path}", body, content_type="application/json", headers=headers)


def wrong(email: str, by: str) -> Any:
    return send("auth/login", {"email": email, "password": "wrong-wrong-wrong"}, by=by)


def test_an_app_meets_the_walls_of_the_pages(studio: Studio) -> None:
    mine = studio.owner.email
    assert tries(lambda n: wrong(f"somebody{n}@example.com", "198.51.100.11")) == 10
    assert tries(lambda n: wrong(mine, f"203.0.113.{n + 1}")) == 5
    new = {"password": "linen-and-oak-7"}
    assert (
        tries(lambda n: send("auth/signup", {"email": f"new{n}@example.com", **new}, by="198.51.100.12"))
        == 10
    )
    asked = "auth/password/request"
    assert tries(lambda n: send(asked, {"email": f"other{n}@example.com"}, by="198.51.100.13")) == 10
    assert tries(lambda n: send(asked, {"email": mine}, by=f"203.0.113.{n + 1}")) == 3
    reset = {"key": "1-abcdef-0123456789abcdef", "password": "linen-and-oak-8"}
    assert tries(lambda n: send("auth/password/reset", reset, by="198.51.100.14")) == 10


def test_walls_of_pages_and_apps_are_the_same_ones(studio: Studio) -> None:
    mine = studio.owner.email
    assert tries(lambda n: wrong(mine, f"203.0.113.{n + 50}")) == 5
    page = Client(REMOTE_ADDR="203.0.113.99").post("/accounts/login/", {"login": mine, "password": "secret"})
    assert page.status_code == 200
    assert "Too many failed login attempts" in page.content.decode()


def test_codes_of_an_authenticator_are_not_to_be_guessed_in_an_app(studio: Studio) -> None:
    TOTP.activate(studio.owner, generate_totp_secret())
    begun = send("auth/login", {"email": studio.owner.email, "password": "secret"}, by="198.51.100.15")
    token = {"X-Session-Token": begun.json()["meta"]["session_token"]}

    def code(number: int) -> Any:
        return send("auth/2fa/authenticate", {"code": f"{number:06d}"}, by=f"203.0.113.{number + 1}", **token)

    assert tries(code) == 5
    again = send("auth/login", {"email": studio.owner.email, "password": "secret"}, by="198.51.100.16")
    token = {"X-Session-Token": again.json()["meta"]["session_token"]}
    assert tries(code) == 0, "another session is the same account"


def test_tokens_and_keys_of_mails_are_not_to_be_guessed_in_an_app(db: None) -> None:
    def token(number: int) -> Any:
        client = Client(REMOTE_ADDR="198.51.100.17")
        return client.get(f"{APP}auth/session", headers={"X-Session-Token": f"rw_app_{number}"})

    assert tries(token) == WRONG_LINKS.most
    key = {"key": "MQ:1abcde:0123456789abcdef"}
    assert tries(lambda n: send("auth/email/verify", key, by="198.51.100.18")) == WRONG_LINKS.most


def test_an_app_that_is_right_is_not_counted(studio: Studio) -> None:
    signed_in = send("auth/login", {"email": studio.owner.email, "password": "secret"}, by="198.51.100.19")
    client = Client(REMOTE_ADDR="198.51.100.19")
    token = {"X-Session-Token": signed_in.json()["meta"]["session_token"]}
    for _ in range(WRONG_LINKS.most + 5):
        assert client.get(f"{APP}auth/session", headers=token).status_code == 200


def test_an_unknown_address_of_the_sign_in_for_apps_is_told_as_json(db: None) -> None:
    answer = Client().get(f"{APP}nowhere")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
