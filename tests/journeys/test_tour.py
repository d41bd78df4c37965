"""The stops that docs/tour.md begins with, for `make tour`; without TOUR=1 nothing is done."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests import meltflex_server
from tests.journeys import touring
from tests.journeys.pages import a_room_with_a_photo
from tests.journeys.people import Person, Site
from tests.journeys.test_account import say_the_password_again

WINDOW = {"viewport": {"width": 1280, "height": 800}, "device_scale_factor": 1, "reduced_motion": "reduce"}
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


def _what_is_reached(anna: Person, site: Site, made: str) -> None:
    """Pages that one comes to by doing something first."""
    home = f"/w/{made.partition('/w/')[2].partition('/')[0]}"
    anna.open(f"{made}/versions")
    touring.tell(anna.page, "What came of what: the version tree")
    anna.open(made)
    anna.page.get_by_role("link", name="Share").click()
    anna.press("Make a link")
    link = anna.page.locator("#new-link").inner_text()
    touring.tell(anna.page, "A link for somebody without an account, shown once")
    anna.open(link)
    touring.tell(anna.page, "What they see")
    anna.open("/profile/delete")
    say_the_password_again(anna)
    touring.tell(anna.page, "The end of an account: what stands in its way, and what it means")
    anna.open(f"{home}/settings/delete")
    touring.tell(anna.page, "The end of a workspace")
    anna.open(f"{home}/settings/meltflex-key")
    anna.page.get_by_label("Your MeltFlex key").fill("mf_sk_of_the_tour")
    anna.press("Check and store it")
    assert anna.sees("In use")
    site.upstream.answers = [meltflex_server.say(500, {"error": "Generation failed"})]
    anna.open(f"{home}/studio")
    anna.ask("Terracotta walls")
    assert anna.sees("This picture could not be made")
    touring.tell(anna.page, "A picture that failed: why, the credits back with their lines, what to try")


@pytest.mark.skipif(not touring.IS_ON, reason="the tour is taken by `make tour`")
def test_the_pages_are_shown_as_one_comes_to_them(someone: Callable[..., Person], site: Site) -> None:
    anna = someone(**WINDOW)
    for path, title in OUTSIDE.items():
        anna.open(path)
        touring.tell(anna.page, title)
    anna.join()
    home = anna.workspace
    a_room_with_a_photo(anna)
    touring.tell(anna.page, "A room: its photos and what was made of them")
    anna.open(f"{home}/studio")
    anna.ask()
    touring.tell(anna.page, "A picture in the making: place in the line, an honest estimate, cancel for free")
    anna.wait_for_the_picture()
    made = anna.page.url
    touring.tell(
        anna.page, "The result: before and after, download, restyle, what it cost and where that stands"
    )
    for path, title in INSIDE.items():
        status = anna.open(path if path.startswith("/") else f"{home}/{path}")
        assert status == 200, path
        touring.tell(anna.page, title)
    _what_is_reached(anna, site, made)
