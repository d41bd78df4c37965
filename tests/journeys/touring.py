"""The pictures of docs/tour.md. With TOUR=1 each page that journeys look at on a desk by day leaves one.

Stops that a journey narrates come first, in its order; then each other page once, as it was looked at last while it
was there.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve
from PIL import Image

from config.local.postgres import REPOSITORY
from tests.journeys.pages import CAPTIONS, shown_in_the_tour

if TYPE_CHECKING:
    from playwright.sync_api import Page

IS_ON = bool(os.environ.get("TOUR"))
PAGE = REPOSITORY / "docs" / "tour.md"
PICTURES = REPOSITORY / "docs" / "tour"
WINDOW = (1280, 800)
MOST_BYTES = 60_000
ENDED = 404  # an address that opens nothing any more is no better picture of a page than one that does
HEAD = """# A tour

Every page as `make tour` saw it: journeys in Chromium through a stack that they started themselves, with the
embedded preview engine and the offline Stripe. Nothing here was drawn by hand; run it again after a change.
"""


@dataclass(frozen=True)
class Stop:
    """A page as it was."""

    name: str  # in the URLconf; "" for an address that leads nowhere
    path: str
    title: str
    picture: bytes


_narrated: list[Stop] = []
_seen: dict[str, Stop] = {}


def tell(page: Page, title: str) -> None:
    """A stop of the tour's own journey."""
    _narrated.append(_stop(page, title))


def see(page: Page) -> None:
    """A page that some journey looks at; what it looks at on a phone or by night is no picture for the tour."""
    size = page.viewport_size
    is_day = page.evaluate("matchMedia('(prefers-color-scheme: light) and (forced-colors: none)').matches")
    if not IS_ON or size is None or size["width"] < WINDOW[0] or not is_day:
        return
    stop = _stop(page, "")
    answered = page.evaluate("performance.getEntriesByType('navigation')[0]?.responseStatus ?? 200")
    if stop.name and (answered < ENDED or stop.name not in _seen):
        _seen[stop.name] = stop


def _stop(page: Page, title: str) -> Stop:
    path = urlsplit(page.url).path
    try:
        found = resolve(path)
    except Resolver404:
        name, secrets = "", []
    else:
        name, secrets = found.url_name or "", [str(value) for value in found.kwargs.values()]
    for secret in secrets:
        path = path.replace(secret, "…")
    heading = " ".join(page.locator("h1").first.inner_text().split())
    return Stop(name, path, title or CAPTIONS.get(name) or heading, _small(page.screenshot()))


def _small(screenshot: bytes) -> bytes:
    """As WebP of at most MOST_BYTES, as good as fits."""
    picture = Image.open(BytesIO(screenshot)).convert("RGB").resize(WINDOW, Image.Resampling.LANCZOS)
    for quality in (80, 65, 50, 35, 20, 10):
        content = BytesIO()
        picture.save(content, "WEBP", quality=quality, method=6)
        if content.tell() <= MOST_BYTES:
            break
    return content.getvalue()


def write() -> None:
    """docs/tour.md. Raises AssertionError when a page of the lists was not seen."""
    names = {stop.name for stop in _narrated}
    rest = [name for name in shown_in_the_tour() if name not in names]
    missing = [name for name in rest if name not in _seen]
    assert missing == [], f"no journey has looked at these on a desk by day: {missing}"
    PICTURES.mkdir(parents=True, exist_ok=True)
    for old in PICTURES.glob("*.webp"):
        old.unlink()
    lines = [HEAD]
    for number, stop in enumerate([*_narrated, *(_seen[name] for name in rest)], 1):
        plain = re.sub(r"[^a-z0-9]+", "-", stop.path.lower()).strip("-") or "start"
        file = PICTURES / f"{number:03}-{plain}.webp"
        file.write_bytes(stop.picture)
        page = f" · page `{stop.name}`" if stop.name else ""
        lines.append(f"## {stop.title}\n\n`{stop.path}`{page}\n\n![{stop.title}](tour/{file.name})\n")
    PAGE.write_text("\n".join(lines))
