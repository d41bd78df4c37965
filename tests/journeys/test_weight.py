"""How heavy pages are for somebody with a slow line: what really comes over it, pictures apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.journeys.axe import MOST, weight
from tests.journeys.pages import DESK, OF_THE_PERSON, OF_THE_WORKSPACE, OUTSIDE
from tests.journeys.people import Person


def _weight(person: Person, path: str) -> int:
    """Bytes transferred for a page that the browser has never seen, without pictures."""
    kinds: dict[str, str] = {}
    total = 0

    def answered(event: dict[str, Any]) -> None:
        kinds[event["requestId"]] = event["type"]

    def loaded(event: dict[str, Any]) -> None:
        nonlocal total
        if kinds.get(event["requestId"]) != "Image":
            total += int(event["encodedDataLength"])

    wire = person.window.new_cdp_session(person.page)
    wire.send("Network.enable")
    wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
    wire.on("Network.responseReceived", answered)
    wire.on("Network.loadingFinished", loaded)
    person.open(path)
    person.page.wait_for_load_state("networkidle")
    wire.detach()
    assert weight(person.page) > 10_000, f"what other journeys count sees nothing on {path}"
    return total


def test_no_page_is_heavier_than_150_kb_without_its_pictures(someone: Callable[..., Person]) -> None:
    anna = someone(**DESK)
    weights = {path: _weight(anna, path) for path in OUTSIDE}
    anna.join()
    anna.ask()
    weights["while a picture is made"] = _weight(anna, anna.page.url)
    anna.wait_for_the_picture()
    weights["a picture"] = _weight(anna, anna.page.url)
    for path in [*(f"{anna.workspace}/{name}" for name in OF_THE_WORKSPACE), *OF_THE_PERSON]:
        weights[path.rpartition("/w/")[2]] = _weight(anna, path)
    print(  # noqa: T201 — worth reading with -s
        "\n".join(f"{size:8,}  {path}" for path, size in sorted(weights.items(), key=lambda pair: -pair[1]))
    )
    assert min(weights.values()) > 10_000, "the count sees nothing"
    assert {path: size for path, size in weights.items() if size > MOST} == {}
