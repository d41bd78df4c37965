"""Who may enter: strangers, and programs with a key."""

from __future__ import annotations

import base64
from collections.abc import Callable

import requests

from tests.journeys.people import JAPANDI, ROOM, Person, Site


def test_a_stranger_finds_nothing_at_the_address_of_anothers_picture(someone: Callable[..., Person]) -> None:
    anna, stranger = someone(), someone()
    anna.join()
    anna.ask()
    stranger.join()
    for address in (
        anna.page.url,
        f"{anna.page.url}/progress",
        f"{anna.site.address}{anna.workspace}/generations",
    ):
        assert stranger.open(address) == 404
        assert stranger.sees("There is nothing here")


def test_a_key_is_shown_once_makes_a_picture_and_is_refused_after_it_was_revoked(
    someone: Callable[..., Person], site: Site
) -> None:
    anna = someone()
    anna.join()
    page = anna.page
    anna.open(f"{anna.workspace}/settings/api-keys")
    assert anna.sees("Needs the Growth plan or higher.")
    page.get_by_label("Name").fill("My website")
    anna.press("Make the key")
    key = page.locator("#new-key").inner_text()
    assert key.startswith("mf_sk_test_")
    assert key in page.locator("#new-key-curl").inner_text()

    assert _generate(site, key).status_code == 200
    anna.open(f"{anna.workspace}/settings/api-keys")
    assert key not in page.content()
    assert anna.sees("last used")

    page.locator("summary", has_text="Revoke").first.click()
    anna.press("Revoke this key")
    assert anna.sees("The key was revoked.")
    assert _generate(site, key).status_code == 401


def _generate(site: Site, key: str) -> requests.Response:
    photo = base64.b64encode(ROOM.read_bytes()).decode()
    return requests.post(
        f"{site.address}/api/v1/generate",
        json={"prompt": JAPANDI, "image": f"data:image/jpeg;base64,{photo}"},
        headers={"Authorization": f"Bearer {key}"},
        timeout=120,
    )
