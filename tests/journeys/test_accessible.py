"""Every page for everybody: axe-core finds nothing grave, on a phone and on a desk, by day and by night."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from django.core.signing import Signer
from django.http import HttpResponse
from django.test import RequestFactory, override_settings

from config import problems
from config.maintenance import ClosedSign
from tests.accounts.test_profile import code_of
from tests.journeys import axe
from tests.journeys.conftest import LIGHTS, SIZES
from tests.journeys.newcomers import PASSWORD, run_in
from tests.journeys.pages import (
    DESK,
    OF_THE_PERSON,
    OF_THE_WORKSPACE,
    OUTSIDE,
    PHONE,
    REACHED,
    a_room_with_a_photo,
    name_of,
    review_pages,
)
from tests.journeys.people import ROOM, Person
from tests.journeys.test_account import say_the_password_again, sign_out

if TYPE_CHECKING:
    from playwright.sync_api import Route

NARROW = {"viewport": {"width": 320, "height": 640}}  # a window of 1280 px at 400 %
ZOOMED = {"viewport": {"width": 720, "height": 450}}  # a window of 1440 px at 200 %


def _grave(person: Person, *paths: str) -> list[str]:
    found = []
    for path in paths:
        person.open(path)
        found += axe.grave_findings(person.page)
    return found


@pytest.mark.parametrize("window", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("light", ["light", "dark"])
def test_nothing_shuts_anybody_out(
    someone: Callable[..., Person], window: dict[str, Any], light: str
) -> None:
    anna = someone(color_scheme=light, reduced_motion="reduce", **window)
    assert _grave(anna, *OUTSIDE) == []
    anna.sign_up()
    rooms = [f"{anna.workspace}/{name}" for name in OF_THE_WORKSPACE]
    assert _grave(anna, *rooms, *OF_THE_PERSON) == []

    anna.confirm_email()
    anna.ask()
    assert axe.grave_findings(anna.page) == []  # while it is being made
    anna.wait_for_the_picture()
    made = anna.page.url
    room = a_room_with_a_photo(anna)
    full = [made, room, *review_pages(anna, room), f"{anna.workspace}/projects"]
    assert _grave(anna, *rooms, *full) == []


@dataclass
class Looker:
    """Looks at pages, and remembers which."""

    person: Person
    seen: set[str] = field(default_factory=set)

    def look(self, path: str = "") -> None:
        """At the page of this address, or at the one that stands there."""
        if path:
            self.person.open(path)
        self.seen.add(name_of(urlsplit(self.person.page.url).path))
        self.person.look()


@pytest.mark.parametrize("size", ["390", "1440"])
@pytest.mark.parametrize("light", LIGHTS)
def test_nor_do_the_pages_that_one_comes_to_by_doing(
    someone: Callable[..., Person], size: str, light: str
) -> None:
    window = {**SIZES[size], "color_scheme": light, "reduced_motion": "reduce"}
    anna, bea = someone(**window), someone(**window)
    seen = {*_of_the_account(bea), *_of_the_work(anna), *_of_what_breaks(anna)}
    assert sorted(REACHED - seen) == []


def _of_the_account(bea: Person) -> set[str]:
    """Addresses, passwords, second factors."""
    looker, page = Looker(bea), bea.page
    bea.sign_up()
    looker.look("/accounts/confirm-email/")
    confirmation = re.search(r"http\S+/confirm-email/\S+", bea.site.mail_to(bea.email))
    assert confirmation
    looker.look(f"{confirmation[0].rstrip('/')}x/")  # an old link
    bea.open(confirmation[0])
    for nobodys in ("inactive/", "3rdparty/login/cancelled/", "3rdparty/login/error/"):
        looker.look(f"/accounts/{nobodys}")
    bea.open("/accounts/2fa/totp/activate/")
    say_the_password_again(bea)
    looker.look()
    page.get_by_label("Authenticator code").fill("000000")
    bea.press("Turn it on")
    page.locator(".error").first.wait_for()
    looker.look()
    page.get_by_label("Authenticator code").fill(code_of(page.locator("code").inner_text()))
    bea.press("Turn it on")
    page.wait_for_url("**/recovery-codes/**")
    for part in (
        "recovery-codes/",
        "recovery-codes/generate/",
        "totp/deactivate/",
        "webauthn/add/",
        "reauthenticate/",
    ):
        looker.look(f"/accounts/2fa/{part}")
    bea.open(f"{bea.site.address}/home")
    sign_out(bea)
    bea.open("/accounts/login/")
    page.get_by_label("Email").fill(bea.email)
    page.get_by_label("Password").fill(PASSWORD)
    bea.press("Sign in")
    page.wait_for_url("**/2fa/authenticate/")
    looker.look()
    bea.window.clear_cookies()
    bea.open("/accounts/password/reset/")
    page.get_by_label("Email").fill(bea.email)
    bea.press("Send")
    page.wait_for_url("**/password/reset/done/")
    link = re.search(r"http\S+/password/reset/key/\S+", bea.site.mail_to(bea.email))
    assert link
    bea.open(link[0])
    looker.look()
    looker.look("/accounts/password/reset/key/done/")
    looker.look(f"/news/stop/{Signer(salt='accounts.news').sign('1')}")
    return looker.seen


def _of_the_work(anna: Person) -> set[str]:
    """A room, its pictures and who may see them."""
    looker, page = Looker(anna), anna.page
    anna.join(plan="growth")
    home = anna.workspace
    anna.open(f"{home}/studio")
    page.get_by_label("A photo of the room").set_input_files(ROOM)
    page.locator(".drop-progress", has_text="px").wait_for()
    page.locator("label.choice", has_text="Only a part").click()
    looker.look()  # while a part is painted
    looker.look(a_room_with_a_photo(anna))
    page.get_by_role("link", name="Redesign", exact=True).click()
    page.wait_for_url("**/studio**")
    page.get_by_label("Add photos of furniture").set_input_files(ROOM.parent / "products" / "sofa.jpg")
    page.locator(".tray-name").wait_for()
    page.get_by_label("What should it look like?").fill("Light oak floor")
    anna.press("Redesign")
    page.wait_for_url("**/generations/gen_*")
    looker.look()
    anna.wait_for_the_picture()
    made = page.url
    page.locator("summary", has_text="Move the furniture").click()
    page.locator(".preview-notes summary").click()
    looker.look()  # where furniture is moved
    page.get_by_role("link", name="Zoom").click()
    looker.look()
    page.keyboard.press("Escape")
    looker.look(f"{made}/versions")
    anna.open(made)
    page.get_by_role("link", name="Compare").click()
    page.wait_for_url("**/compare**")
    looker.look()
    anna.open(made)
    page.get_by_role("link", name="Share").click()
    anna.press("Make a link")
    link = page.locator("#new-link").inner_text()
    looker.look()
    looker.look(link)
    anna.open(made)
    room = page.locator(".crumbs a", has_text="Living room").get_attribute("href")
    looker.look(f"{room}/versions")
    anna.open(f"{home}/projects")
    page.locator("a", has_text="Lindenstraße").first.click()
    page.wait_for_url("**/projects/prj_*")
    looker.look()

    anna.open(f"{home}/settings/members")
    guest = f"guest-of-{anna.email}"
    page.get_by_label("E-mail").fill(guest)
    anna.press("Send the invitation")
    anna.sees(f"on its way to {guest}")
    invitation = re.search(r"http\S+/invitations/\w{40}", anna.site.mail_to(guest))
    assert invitation
    looker.look(invitation[0])
    looker.look("/invitations/inv_that_never_was")
    anna.open(f"{home}/settings/delete")
    say_the_password_again(anna)
    looker.look()
    looker.look("/profile/delete")
    looker.look(f"{home}/settings/members/{_another_member(anna, home)}/transfer")
    return looker.seen


_JOINS = """
from accounts import tenancy
from accounts.models import Membership, Organization, Role, User
with tenancy.system("provisioning by name"):
    organization = Organization.objects.get(public_id="{workspace}")
    person = User.objects.create_user("heir-of-{email}")
    print(Membership.objects.create(organization=organization, user=person, role=Role.DESIGNER).pk)
"""


def _another_member(anna: Person, home: str) -> str:
    """Somebody whom the workspace may be handed over to."""
    script = _JOINS.format(workspace=home.rpartition("/")[2], email=anna.email)
    return run_in(anna.site.data_dir, script)


def _of_what_breaks(anna: Person) -> set[str]:
    """Pages that a running site shows only when it is broken or closed: rendered as it does, in a real window."""
    request = RequestFactory().get("/")
    answers = {"broken": problems.server_error(request)}
    with override_settings(MAINTENANCE=True):
        answers["closed"] = ClosedSign(lambda _: HttpResponse())(request)
    looker = Looker(anna)
    for path, answer in answers.items():
        anna.page.route(f"**/{path}", partial(_answer_with, answer.content))
        looker.look(f"/{path}")
    looker.look(f"{anna.site.address}/w/ws_nobodys/studio")  # 404 for who is signed in
    return looker.seen


def _answer_with(content: bytes, route: Route) -> None:
    route.fulfill(body=content, content_type="text/html")


def test_forced_colours_and_german_shut_nobody_out_either(someone: Callable[..., Person]) -> None:
    anna = someone(forced_colors="active", locale="de-DE", **DESK)
    anna.open("/")
    assert anna.page.locator("html").get_attribute("lang") == "de"
    assert _grave(anna, *OUTSIDE) == []


@pytest.mark.parametrize("window", [NARROW, ZOOMED], ids=["400 %", "200 %"])
def test_zoomed_pages_need_no_scrolling_in_two_directions(
    someone: Callable[..., Person], window: dict[str, Any]
) -> None:
    anna = someone(**window)
    wide = []
    for path in OUTSIDE:
        anna.open(path)
        wide += anna.too_wide()
    assert wide == []
    anna.join()
    for name in OF_THE_WORKSPACE:
        anna.open(f"{anna.workspace}/{name}")
        wide += anna.too_wide()
    assert wide == []


def test_the_keyboard_alone_leads_from_the_door_into_the_studio(someone: Callable[..., Person]) -> None:
    anna = someone(**DESK)
    page = anna.page
    anna.open("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").bounding_box()["y"] >= 0  # type: ignore[index]
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Redesign a room"
    page.keyboard.press("Enter")
    page.wait_for_url("**/accounts/signup/")
    page.get_by_label("Email").focus()
    page.keyboard.type(anna.email)
    page.keyboard.press("Tab")
    page.keyboard.type("curtains and a kettle")
    page.keyboard.press("Enter")
    page.wait_for_url("**/studio")


def test_where_the_keyboard_stands_can_always_be_seen(someone: Callable[..., Person]) -> None:
    anna = someone(**DESK)
    unseen = []
    for path in ("/", "/pricing", "/help", "/accounts/signup/", "/styleguide"):
        anna.open(path)
        for _ in range(60):
            anna.page.keyboard.press("Tab")
            here = anna.page.evaluate(
                """() => {
                    const one = document.activeElement, style = getComputedStyle(one);
                    const drawn = one.matches(".before-after-range") ? { outlineStyle: "solid" } : style;
                    return [one.tagName + "." + one.className, drawn.outlineStyle];
                }"""
            )
            if here[0].startswith("BODY"):
                break
            if here[1] == "none":
                unseen.append(f"{path}: {here[0]}")
    assert unseen == []


def test_a_dialog_holds_the_keyboard_and_escape_closes_it(someone: Callable[..., Person]) -> None:
    anna = someone(**DESK)
    anna.open("/styleguide")
    anna.press("Open a dialog")
    dialog = anna.page.get_by_role("dialog", name="Delete this picture?")
    dialog.wait_for()
    for _ in range(4):
        anna.page.keyboard.press("Tab")
        where = anna.page.evaluate("document.activeElement.closest('dialog, body').tagName")
        assert where in ("DIALOG", "BODY")  # BODY: the browser's own bar
    anna.page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    assert anna.page.evaluate("document.activeElement.textContent") == "Open a dialog"
