"""A real stack in a folder of its own, and people with a real browser in front of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests import meltflex_server, real_stack
from tests.journeys import touring
from tests.journeys.newcomers import Newcomers
from tests.journeys.people import CHROMIUM_ARGUMENTS, Person, Site

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SIZES: dict[str, dict[str, Any]] = {
    "390": {"viewport": {"width": 390, "height": 844}, "has_touch": True},
    "820": {"viewport": {"width": 820, "height": 1180}, "has_touch": True},
    "1440": {"viewport": {"width": 1440, "height": 900}},
}
LIGHTS = ("light", "dark")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder drives a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """What `make run` starts, with nothing of the tests' own settings; not started where there is no browser."""
    data_dir = tmp_path_factory.mktemp("journeys")
    with (
        meltflex_server.serving() as upstream,
        real_stack.running(data_dir, WEB_PROCESSES="1", MELTFLEX_API_BASE=upstream.base) as stack,
    ):
        yield Site(stack.address, data_dir, Newcomers(data_dir), upstream)


@pytest.fixture(scope="session", autouse=True)
def _the_tour(request: pytest.FixtureRequest) -> Iterator[None]:
    """docs/tour.md, of what all journeys of this run have looked at."""
    yield
    if touring.IS_ON and not request.session.testsfailed:
        touring.write()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, if this machine has it."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed, so no journey was made (apt-get install chromium).")
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed (make journeys does it)"
    )
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(params=[(size, light) for size in SIZES for light in LIGHTS], ids="-".join)
def window(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Each window that a journey has to work in: a phone, a tablet and a desk, by day and by night."""
    size, light = request.param
    return {**SIZES[size], "color_scheme": light, "reduced_motion": "reduce"}


@pytest.fixture
def someone(browser: Browser, site: Site) -> Iterator[Callable[..., Person]]:
    """Makes people, each with a browser window of their own; in the end no window may have complained, and no page."""
    people: list[Person] = []

    def make(**window: object) -> Person:
        people.append(Person(site, browser.new_context(**window)))  # type: ignore[arg-type]
        return people[-1]

    yield make
    complaints = [complaint for person in people for complaint in person.complaints + person.faults]
    for person in people:
        person.window.close()
    assert complaints == []
