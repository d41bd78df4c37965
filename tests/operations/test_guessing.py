"""How many tries a minute somebody gets before the wall, over two web processes; docs/security.md says the same.

`GUESSING_TABLE=1` writes the table there anew.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from tests import real_stack
from tests.real_stack import ROOT, RealStack

pytestmark = pytest.mark.slow

SECURITY = ROOT / "docs/security.md"
MOST = 90  # tries after which there is no wall
START, END = "<!-- measured: make test-slow K=guessing -->", "<!-- end -->"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealStack]:
    folder = tmp_path_factory.mktemp("stack")
    with real_stack.running(folder, BEHIND_TLS_PROXY="1", WEB_PROCESSES="2") as running:
        yield running


class Guesser(requests.Session):
    """Somebody at an address who does not keep cookies longer than a form needs them."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.trust_env, self.base = False, base

    def send_form(self, path: str, address: str, **fields: str) -> requests.Response:
        """Open the page, then send its form from that address; a fresh visitor each time."""
        self.cookies.clear()
        page = self.get(f"{self.base}{path}", timeout=30)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        data = {"csrfmiddlewaretoken": token[1] if token else "", **fields}
        return self.post(
            f"{self.base}{path}",
            data=data,
            headers={"X-Forwarded-For": address},
            timeout=30,
            allow_redirects=False,
        )


def is_wall(answer: requests.Response) -> bool:
    """A 429, or a form that says so."""
    return answer.status_code == 429 or "Too many failed login attempts" in answer.text


def tries(attempt: Callable[[int], requests.Response], *, within: float = 50.0) -> int:
    """How many got through before the wall."""
    ends = time.monotonic() + within
    for number in range(MOST):
        if is_wall(attempt(number)):
            return number
        assert time.monotonic() < ends, "too slow to measure a minute"
    return MOST


def measure(stack: RealStack) -> list[tuple[str, int, int]]:
    """What is guessed at; tries from one address at many accounts; from many addresses at one account."""
    guesser, login = Guesser(stack.address), "/accounts/login/"

    def sign_in(address: str, email: str) -> requests.Response:
        return guesser.send_form(login, address, login=email, password="wrong-wrong-wrong")

    def reset(address: str, email: str) -> requests.Response:
        return guesser.send_form("/accounts/password/reset/", address, email=email)

    def sign_up(number: int) -> requests.Response:
        fields = {"email": f"new{number}@example.com", "password1": "linen-and-oak-7"}
        return guesser.send_form("/accounts/signup/", "198.51.100.3", **fields)

    def key(number: int) -> requests.Response:
        headers = {"Authorization": f"Bearer mf_sk_live_{number:040d}", "X-Forwarded-For": "198.51.100.4"}
        return requests.get(f"{stack.address}/api/v1/credits", headers=headers, timeout=30)

    def link(number: int) -> requests.Response:
        headers = {"X-Forwarded-For": "198.51.100.5"}
        return requests.get(f"{stack.address}/s/{number:032d}", headers=headers, timeout=30)

    none = -1
    return [
        (
            "Sign-in",
            tries(lambda n: sign_in("198.51.100.1", f"somebody{n}@example.com")),
            tries(lambda n: sign_in(f"203.0.113.{n + 1}", "one@example.com")),
        ),
        (
            "Password reset",
            tries(lambda n: reset("198.51.100.2", f"somebody{n}@example.com")),
            tries(lambda n: reset(f"203.0.113.{n + 101}", "other@example.com")),
        ),
        ("Sign-up", tries(sign_up), none),
        ("API keys", tries(key), none),
        ("Links of shares, invitations, resets", tries(link), none),
    ]


def table(rows: list[tuple[str, int, int]]) -> str:
    """As it stands in the document."""
    lines = [
        "| What is guessed | a minute from one address | for one account, from anywhere |",
        "|---|---|---|",
    ]
    return "\n".join(
        [
            *lines,
            *(f"| {what} | {by_ip} | {by_key if by_key >= 0 else '–'} |" for what, by_ip, by_key in rows),
        ]
    )


def test_the_walls_stand_where_the_document_says(stack: RealStack) -> None:
    shown = table(measure(stack))
    text = SECURITY.read_text()
    if os.environ.get("GUESSING_TABLE"):
        before, _, rest = text.partition(START)
        SECURITY.write_text(f"{before}{START}\n{shown}\n{END}{rest.partition(END)[2]}")
    assert shown in SECURITY.read_text(), shown
    assert Path(ROOT / "docs/security.md").exists()


def test_a_right_key_is_not_held_up_by_wrong_ones_from_the_same_address(stack: RealStack) -> None:
    caller = stack.provision("Harbour", 10)
    headers = {"Authorization": "Bearer mf_sk_live_" + "0" * 40}
    answers = [
        requests.get(f"{stack.address}/api/v1/credits", headers=headers, timeout=30) for _ in range(65)
    ]
    assert answers[-1].status_code == 429
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    assert answers[-1].json()["code"] == "rate_limited"
    assert caller.balance() == 10
