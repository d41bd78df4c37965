"""A phone's first day, over real HTTP and in real processes: from signing up to a token that opens nothing any more."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import requests

from tests import real_stack
from tests.real_stack import SAMPLE, RealStack

pytestmark = pytest.mark.slow

ANNA = {"email": "anna@example.com", "password": "linen-and-oak-7"}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealStack]:
    with real_stack.running(tmp_path_factory.mktemp("stack")) as running:
        yield running


class Phone:
    """An app: a token, no cookies, a new connection for every request as on a train."""

    def __init__(self, address: str) -> None:
        self.address, self.token = address, ""

    def send(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"User-Agent": "Roomwright/1.0 (Android; Anna's phone)", **options.pop("headers", {})}
        if self.token:
            headers["X-Session-Token"] = self.token
        options.setdefault("timeout", 70)
        return requests.request(method, f"{self.address}{path}", headers=headers, **options)

    def auth(self, method: str, path: str, **options: Any) -> requests.Response:
        answer = self.send(method, f"/_allauth/app/v1/auth/{path}", **options)
        self.token = answer.json().get("meta", {}).get("session_token", self.token)
        return answer

    def api(self, method: str, path: str, **options: Any) -> requests.Response:
        return self.send(method, f"/api/v1/{path}", **options)


def mailed_link(stack: RealStack, what: str) -> str:
    """The newest mail's address of this kind."""
    for file in sorted((Path(stack.environ["DATA_DIR"]) / "mail").glob("*"), reverse=True):
        body = message_from_bytes(file.read_bytes(), policy=default).get_body(("plain",))
        text = body.get_content() if body is not None else ""
        if found := re.search(rf"http://\S*{what}\S*", text):
            return found[0]
    raise AssertionError(f"No mail with {what}.")


def test_a_phone_signs_up_sends_a_photo_waits_loses_the_line_comes_back_and_signs_out(
    stack: RealStack,
) -> None:
    phone = Phone(stack.address)
    assert phone.auth("POST", "signup", json=ANNA).status_code == 200
    assert phone.api("GET", "credits").json()["balance"] == 0
    assert requests.get(mailed_link(stack, "/accounts/confirm-email/"), timeout=30).status_code == 200
    assert phone.api("GET", "credits").json()["balance"] == 30, "proven in the browser that the mail opened"
    assert phone.api("GET", "me").json()["workspaces"][0]["role"] == "owner"

    project = phone.api("POST", "projects", json={"name": "Home"}).json()["id"]
    room = phone.api("POST", "rooms", json={"project": project, "name": "Living room"}).json()["id"]
    photo = sent_by_itself(phone, room)

    began = time.monotonic()
    asked = {"prompt": "simulate nothing: warm oak and linen", "photo": photo, "room": room}
    key = {"Idempotency-Key": "the first picture"}
    with pytest.raises(requests.Timeout):  # the train enters a tunnel
        phone.api("POST", "generations", json=asked, headers={**key, "Prefer": "wait=60"}, timeout=0.7)
    again = phone.api("POST", "generations", json=asked, headers={**key, "Prefer": "wait=60"})
    assert again.headers.get("Idempotent-Replayed") == "true", (again.status_code, again.text)
    assert (again.status_code, again.json()["state"]) == (200, "succeeded"), again.text
    assert time.monotonic() - began < 60
    made = again.json()["id"]
    picture = phone.api("GET", f"generations/{made}", headers={"Prefer": "wait=10"}).json()["pictures"][0]
    assert requests.get(picture["url"], timeout=30).content[:8] == b"\x89PNG\r\n\x1a\n"
    assert [each["id"] for each in phone.api("GET", "generations").json()["results"]] == [made]
    assert phone.api("GET", "credits").json()["balance"] == 20, "paid once"

    assert phone.auth("DELETE", "session").status_code == 401
    refused = phone.api("GET", "generations")
    assert (refused.status_code, refused.json()["code"]) == (401, "session_ended")
    assert phone.api("POST", "generations", json=asked).status_code == 401
    phone.token = ""
    assert phone.auth("POST", "login", json=ANNA).status_code == 200
    assert [each["id"] for each in phone.api("GET", "generations").json()["results"]] == [made]
    assert len(phone.api("GET", "sessions").json()["results"]) >= 1


def sent_by_itself(phone: Phone, room: str) -> str:
    """A photo by a signed upload, with a line that breaks half-way; its id."""
    content = SAMPLE.read_bytes()
    announced = {
        "room": room,
        "size": len(content),
        "content_type": "image/jpeg",
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    upload = phone.api("POST", "uploads", json=announced).json()
    wrong = requests.put(upload["url"], data=content + b"x", headers=upload["headers"], timeout=30)
    assert (wrong.status_code, wrong.json()["code"]) == (400, "upload_not_as_announced")
    half = requests.Request("PUT", upload["url"], data=content, headers=upload["headers"]).prepare()
    half.body = content[: len(content) // 2]  # says the whole length, and hangs up
    with pytest.raises(requests.RequestException), requests.Session() as line:
        line.send(half, timeout=1)
    sent = requests.put(upload["url"], data=content, headers=upload["headers"], timeout=30)
    assert sent.status_code == 204, sent.text
    assert requests.put(upload["url"], data=content, headers=upload["headers"], timeout=30).status_code == 409
    taken = phone.api("POST", "photos", json={"upload": upload["id"]})
    assert taken.status_code == 201, taken.text
    assert (taken.json()["state"], taken.json()["room"]) == ("ready", room)
    photo: str = taken.json()["id"]
    return photo


def test_the_mail_of_a_reset_leads_to_a_page_where_the_password_is_changed(stack: RealStack) -> None:
    phone = Phone(stack.address)
    person = {"email": "bea@example.com", "password": "linen-and-oak-7"}
    assert phone.auth("POST", "signup", json=person).status_code == 200
    assert (
        Phone(stack.address).auth("POST", "password/request", json={"email": person["email"]}).status_code
        == 200
    )
    page = requests.get(mailed_link(stack, "/accounts/password/reset/key/"), timeout=30)
    assert page.status_code == 200
    assert 'name="password1"' in page.text
