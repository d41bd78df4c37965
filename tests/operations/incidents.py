"""What every incident is asked about: the alert that fires, the page and paragraph it leads to, what is lost."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import requests

from tests.operations import rules
from tests.real_stack import Caller, RealStack

TOKEN = "a-token-for-the-game-day"
_SIGN_IN = """
from accounts.models import User
person, _made = User.objects.get_or_create(email="operator@example.com")
person.is_staff = person.is_superuser = True
person.save()
from django.test import Client
client = Client(SERVER_NAME="localhost")
client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
print(client.session.session_key)
"""
# What docs/running.md calls the pages of the operators' admin.
PAGES = {
    "Operations": "/operators/operations",
    "Upstream gates": "/operators/generations/upstreamgate/",
    "Stripe events": "/operators/billing/stripeevent/",
}


def firing(address: str) -> set[str]:
    """The alerts of this moment, by what /metrics says there."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    try:
        answer = requests.get(f"{address}/metrics", headers=headers, timeout=40)
    except requests.RequestException:
        return {"NotAnswering"}
    return rules.firing(rules.read(answer.text)) if answer.status_code == 200 else {"NotAnswering"}


class Operator:
    """Somebody signed in to the operators' admin, with docs/running.md in the other hand."""

    def __init__(self, stack: RealStack) -> None:
        self._address = stack.address
        self._browser = requests.Session()
        self._browser.trust_env = False
        self._browser.cookies.set(
            "sessionid", stack.manage("shell", "--no-imports", "-c", _SIGN_IN).split()[-1]
        )

    def sees(self, alert: str, *words: str) -> None:
        """The page that the alert's paragraph names shows these words."""
        named = re.search(r"page: ([A-Z]\w+(?: [a-z]+)?)", rules.paragraph(alert))
        assert named, f"the paragraph of {alert} names no page"
        name = next(name for name in PAGES if named[1].startswith(name))
        text = self.read(PAGES[name])
        assert [each for each in words if each not in text] == [], f"{name} does not show it"

    def read(self, path: str) -> str:
        """A page of the admin."""
        answer = self._browser.get(f"{self._address}{path}", timeout=60)
        assert answer.status_code == 200, answer.status_code
        assert "/operators/logout/" in answer.text or "Log out" in answer.text, (
            "the operator is not signed in"
        )
        return answer.text


def eventually(holds: Callable[[], bool], seconds: float) -> bool:
    """Whether it came to hold within so many seconds."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if holds():
            return True
        time.sleep(0.5)
    return False


def ended(caller: Caller, name: str) -> str:
    """How a picture has ended; "" while it is under way, or nobody answers."""
    try:
        state = str(caller.api("GET", f"generations/{name}").json().get("state", ""))
    except (requests.RequestException, ValueError):
        return ""
    return state if state in ("succeeded", "failed", "canceled") else ""


def nothing_is_lost(stack: RealStack, caller: Caller, *, balance: int) -> None:
    """Credits are where they were, the ledger adds up, files and rows agree, nothing is left under way."""
    assert eventually(lambda: caller.balance() == balance, 90), caller.balance()
    for command in (("check_ledger",), ("check_files", "--ignore-younger", "60")):
        done = stack.try_manage(*command)
        assert done.returncode == 0, done.stdout + done.stderr
