"""Each page in a screenshot for docs/tour.md, made by `make tour`; without TOUR=1 nothing is done."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from config.local.postgres import REPOSITORY
from tests import meltflex_server
from tests.journeys.pages import a_room_with_a_photo
from tests.journeys.people import Person, Site
from tests.journeys.test_account import say_the_password_again

PAGE = REPOSITORY / "docs" / "tour.md"
PICTURES = REPOSITORY / "docs" / "tour"
WINDOW = {"viewport": {"width": 1280, "height": 800}, "device_scale_factor": 1, "reduced_motion": "reduce"}
MOST_BYTES = 60_000
HEAD = """# A tour

Every page as `make tour` saw it: a journey in Chromium through a stack that it started itself, with the
embedded preview engine and the offline Stripe. Nothing here was drawn by hand; run it again after a change.
"""
OUTSIDE = {
    "/": "The start page: what it is, one room before and after, what it costs and what it is not",
    "/styles": "Every style of the preview engine, each one click from the studio",
    "/pricing": "Plans, packs and the price of each kind of picture, all from the catalogue",
    "/developers": "The API, with examples that carry this instance’s own address",
    "/help": "How to photograph, what costs what, what happens on failure, how to label",
    "/privacy": "Privacy: the operator’s text above what the software does in any case",
    "/styleguide": "The design system, in development only",
    "/accounts/signup/": "Sign up",
    "/accounts/login/": "Sign in",
    "/nothing": "An address that leads nowhere",
}
INSIDE = {
    "studio": "The studio: photo, words, style, furniture, options; the price on the button, the balance after it",
    "generations": "Every picture that was asked for",
    "projects": "Projects",
    "clients": "Clients",
    "credits": "The statement: balance, what was used when, every line behind it",
    "credits/buy": "Packs, and the automatic top-up",
    "plan": "Plans side by side, the current one marked",
    "settings": "Settings",
    "settings/members": "Members, invitations and roles",
    "settings/budgets": "What members and clients may use in a month",
    "settings/api-keys": "API keys",
    "settings/meltflex-key": "The workspace’s own MeltFlex key",
    "settings/audit-log": "Who did what, and when",
    "settings/exports": "Everything of the workspace as a ZIP",
    "settings/notifications": "Which mails one wants of a workspace",
    "library": "The library of furniture",
    "recipes": "Saved looks",
    "/workspaces": "All workspaces of a person",
    "/profile": "Name, language, ways of signing in",
    "/accounts/email/": "E-mail addresses",
    "/accounts/2fa/": "Passkeys and authenticator app",
    "/accounts/sessions/": "Where one is signed in",
}


@dataclass
class Tour:
    """Screenshots, numbered as they are taken, and the page that shows them."""

    person: Person
    lines: list[str] = field(default_factory=list)

    def stop(self, title: str) -> None:
        """What the window shows now."""
        path = re.sub(
            r"(ws|gen|prj|room|pic)_\w+|(?<=^/s/)\w+",
            "…",
            self.person.page.url.removeprefix(self.person.site.address),
        )
        name = (
            f"{len(self.lines) + 1:02}-{re.sub(r'[^a-z0-9]+', '-', path.lower()).strip('-') or 'start'}.webp"
        )
        _save(self.person.page.screenshot(), PICTURES / name)
        self.lines.append(f"## {title}\n\n`{path}`\n\n![{title}](tour/{name})\n")

    def write(self) -> None:
        """docs/tour.md."""
        PAGE.write_text("\n".join([HEAD, *self.lines]))


def _save(screenshot: bytes, where: Path) -> None:
    """As WebP of at most MOST_BYTES, as good as fits."""
    picture = Image.open(BytesIO(screenshot)).convert("RGB")
    for quality in (80, 65, 50, 35, 20, 10):
        content = BytesIO()
        picture.save(content, "WEBP", quality=quality, method=6)
        if content.tell() <= MOST_BYTES:
            break
    where.write_bytes(content.getvalue())


def _what_is_reached(anna: Person, tour: Tour, site: Site, made: str) -> None:
    """Pages that one comes to by doing something first."""
    home = f"/w/{made.partition('/w/')[2].partition('/')[0]}"
    anna.open(f"{made}/versions")
    tour.stop("What came of what: the version tree")
    anna.open(made)
    anna.page.get_by_role("link", name="Share").click()
    anna.press("Make a link")
    link = anna.page.locator("#new-link").inner_text()
    tour.stop("A link for somebody without an account, shown once")
    anna.open(link)
    tour.stop("What they see")
    anna.open("/profile/delete")
    say_the_password_again(anna)
    tour.stop("The end of an account: what stands in its way, and what it means")
    anna.open(f"{home}/settings/delete")
    tour.stop("The end of a workspace")
    anna.open(f"{home}/settings/meltflex-key")
    anna.page.get_by_label("Your MeltFlex key").fill("mf_sk_of_the_tour")
    anna.press("Check and store it")
    assert anna.sees("In use")
    site.upstream.answers = [meltflex_server.say(500, {"error": "Generation failed"})]
    anna.open(f"{home}/studio")
    anna.ask("Terracotta walls")
    assert anna.sees("This picture could not be made")
    tour.stop("A picture that failed: why, the credits back with their lines, what to try")


@pytest.mark.skipif(not os.environ.get("TOUR"), reason="the tour is taken by `make tour`")
def test_every_page_is_shown(someone: Callable[..., Person], site: Site) -> None:
    anna = someone(**WINDOW)
    tour = Tour(anna)
    PICTURES.mkdir(parents=True, exist_ok=True)
    for old in PICTURES.glob("*.webp"):
        old.unlink()
    for path, title in OUTSIDE.items():
        anna.open(path)
        tour.stop(title)
    anna.join()
    home = anna.workspace
    a_room_with_a_photo(anna)
    tour.stop("A room: its photos and what was made of them")
    anna.open(f"{home}/studio")
    anna.ask()
    tour.stop("A picture in the making: place in the line, an honest estimate, cancel for free")
    anna.wait_for_the_picture()
    made = anna.page.url
    tour.stop("The result: before and after, download, restyle, what it cost and where that stands")
    for path, title in INSIDE.items():
        status = anna.open(path if path.startswith("/") else f"{home}/{path}")
        assert status == 200, path
        tour.stop(title)
    _what_is_reached(anna, tour, site, made)
    tour.write()
    assert max(file.stat().st_size for file in PICTURES.glob("*.webp")) <= MOST_BYTES
