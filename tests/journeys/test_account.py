"""Members, second factors and the end of a workspace, with real browsers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.accounts.test_profile import code_of
from tests.journeys.newcomers import PASSWORD
from tests.journeys.people import Person, Site

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession


def say_the_password_again(person: Person) -> None:
    """Where the site asks whether it is really them."""
    person.page.wait_for_url("**/reauthenticate/**")
    person.page.get_by_label("Password").fill(PASSWORD)
    person.press("Go on")


def sign_out(person: Person) -> None:
    person.page.locator("details.menu > summary").click()
    person.press("Sign out")


def test_an_owner_invites_a_designer_who_joins_and_is_removed_again(
    someone: Callable[..., Person], site: Site, window: dict[str, Any]
) -> None:
    anna, bea = someone(**window), someone(**window)
    anna.join(plan="growth")
    home = anna.workspace
    anna.open(f"{home}/settings/members")
    anna.look()
    anna.page.get_by_label("E-mail").fill(bea.email)
    anna.page.get_by_label("Role", exact=True).last.select_option("Designer")
    anna.press("Send the invitation")
    assert anna.sees(f"on its way to {bea.email}")

    link = re.search(r"http\S+/invitations/\w{40}", site.mail_to(bea.email))
    assert link
    bea.open(link[0])
    bea.look()
    bea.page.get_by_label("Your name").fill("Bea")
    bea.page.get_by_label("Password").fill(PASSWORD)
    bea.press("Make my account and join")
    bea.page.wait_for_url(f"**{home}/studio")
    assert bea.sees("Welcome to")
    bea.look()
    bea.ask()
    bea.wait_for_the_picture()

    anna.open(f"{home}/settings/members")
    row = anna.page.locator(".row", has_text=bea.email)
    row.locator("summary").click()
    row.get_by_label("Role").select_option("Viewer")
    anna.look()
    row.get_by_role("button", name="Save the role").click()
    assert anna.sees("The role was changed.")
    assert bea.open(f"{home}/studio") == 403
    assert bea.open(f"{home}/generations") == 200

    anna.page.locator(".row", has_text=bea.email).locator("summary").click()
    anna.press("Remove from the workspace")
    assert anna.sees("was removed")
    assert bea.open(f"{home}/generations") == 404
    anna.open(f"{home}/settings/audit-log")
    assert anna.sees("Changed the role of")
    anna.look()


def test_without_a_seat_the_page_of_members_leads_to_the_plans(someone: Callable[..., Person]) -> None:
    anna = someone()
    anna.join()
    anna.open(f"{anna.workspace}/settings/members")
    assert anna.sees("Compare plans")


def test_a_passkey_opens_the_account_without_a_password(
    someone: Callable[..., Person], site: Site, window: dict[str, Any]
) -> None:
    # Browsers take plain HTTP for passkeys under this name alone.
    here = f"http://localhost:{urlsplit(site.address).port}"
    anna = someone(**window)
    anna.site = replace(site, address=here)
    anna.join()
    device: CDPSession = anna.window.new_cdp_session(anna.page)
    device.send("WebAuthn.enable")
    device.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    anna.open("/accounts/2fa/webauthn/add/")
    anna.look()
    say_the_password_again(anna)
    anna.page.get_by_label("Name").fill("My laptop")
    anna.look()
    anna.press("Make the passkey")
    assert anna.sees("Recovery codes")
    anna.look()
    anna.open("/accounts/2fa/webauthn/")
    assert anna.sees("My laptop")
    anna.look()

    anna.open("/home")
    sign_out(anna)
    anna.open("/accounts/login/")
    anna.look()
    anna.press("Use a passkey instead")
    anna.page.wait_for_url("**/studio")

    sign_out(anna)
    anna.open("/accounts/login/")
    anna.page.get_by_label("Email").fill(anna.email)
    anna.page.get_by_label("Password").fill(PASSWORD)
    anna.press("Sign in")
    anna.page.wait_for_url("**/2fa/authenticate/")
    anna.look()
    anna.press("Use a passkey")
    anna.page.wait_for_url("**/studio")


def test_an_authenticator_app_is_set_up_and_asked_for(someone: Callable[..., Person]) -> None:
    anna = someone()
    anna.join()
    anna.open("/accounts/2fa/totp/activate/")
    say_the_password_again(anna)
    secret = anna.page.locator("code").inner_text()
    assert anna.page.locator(".square-code").evaluate("image => image.naturalWidth > 0")
    anna.page.get_by_label("Authenticator code").fill(code_of(secret))
    anna.press("Turn it on")
    assert anna.sees("Recovery codes")
    recovery = anna.page.locator(".codes code").first.inner_text()

    anna.open("/home")
    sign_out(anna)
    anna.open("/accounts/login/")
    anna.page.get_by_label("Email").fill(anna.email)
    anna.page.get_by_label("Password").fill(PASSWORD)
    anna.press("Sign in")
    anna.page.wait_for_url("**/2fa/authenticate/")
    anna.page.get_by_label("Code").fill(recovery)
    anna.press("Sign in")
    anna.page.wait_for_url("**/studio")


def test_a_workspace_is_deleted_by_its_name_and_another_takes_its_place(
    someone: Callable[..., Person], window: dict[str, Any]
) -> None:
    anna = someone(**window)
    anna.join()
    home = anna.workspace
    anna.press("Try Japandi")  # of the sample room, free
    anna.page.wait_for_url("**/generations/gen_*")
    picture = anna.page.url
    anna.wait_for_the_picture()
    assert anna.sees("none (free sample)")
    anna.open(f"{home}/settings")
    name = anna.page.get_by_label("Name").input_value()
    anna.page.get_by_role("link", name="Delete this workspace").click()
    say_the_password_again(anna)
    assert anna.sees("30 credits that would never expire are lost.")
    anna.look()
    anna.page.get_by_label("Type the name of the workspace").fill("something else")
    anna.press("Delete this workspace for good")
    assert anna.sees("Nothing was deleted")
    anna.look()
    anna.page.get_by_label("Type the name of the workspace").fill(name)
    anna.press("Delete this workspace for good")
    assert anna.sees("was deleted")
    anna.look()
    assert anna.open(picture) == 404
    anna.look()
    anna.open("/home")
    anna.page.wait_for_url("**/studio")
    assert anna.workspace != home
