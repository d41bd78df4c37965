"""A real stack in a folder of its own, and people with a real browser in front of it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from config.local.net import free_port
from config.local.postgres import REPOSITORY
from tests.journeys.people import CHROMIUM_ARGUMENTS, Person, Site

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
START_SECONDS = 120
STOP_SECONDS = 40


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder drives a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """What `make run` starts, with nothing of the tests' own settings; not started where there is no browser."""
    data_dir, port = tmp_path_factory.mktemp("journeys"), free_port()
    ours = {"PORT": str(port), "DATA_DIR": str(data_dir), "WEB_PROCESSES": "1"}
    others = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")
    }
    log = data_dir / "stack.log"
    with log.open("wb") as output:
        stack = subprocess.Popen(
            [sys.executable, "-m", "config.local", "run"],
            cwd=REPOSITORY,
            env=others | ours,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C is for pytest, which then stops it in order
        )
    site = Site(f"http://127.0.0.1:{port}", data_dir)
    try:
        _wait_until_ready(site, stack, log)
        yield site
    finally:
        stack.send_signal(signal.SIGINT)
        stack.wait(STOP_SECONDS)


def _wait_until_ready(site: Site, stack: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while stack.poll() is None and time.monotonic() < deadline:
        try:
            if requests.get(f"{site.address}/readyz", timeout=5).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(0.3)
    pytest.fail(f"The stack did not get ready.\n{log.read_text()[-3000:]}")


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


@pytest.fixture
def someone(browser: Browser, site: Site) -> Iterator[Callable[..., Person]]:
    """Makes people, each with a browser window of their own; in the end no window may have complained."""
    people: list[Person] = []

    def make(**window: object) -> Person:
        people.append(Person(site, browser.new_context(**window)))  # type: ignore[arg-type]
        return people[-1]

    yield make
    complaints = [complaint for person in people for complaint in person.complaints]
    for person in people:
        person.window.close()
    assert complaints == []
