"""Which pages there are, and how the windows are that they are looked at through."""

from __future__ import annotations

from tests.journeys.people import ROOM, Person

PHONE = {"viewport": {"width": 390, "height": 844}}
DESK = {"viewport": {"width": 1440, "height": 900}}
OUTSIDE = [
    "/",
    "/styles",
    "/pricing",
    "/developers",
    "/help",
    "/terms",
    "/privacy",
    "/styleguide",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/nothing",
    "/r/nothing",
]
OF_THE_PERSON = [
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/logout/",
    "/accounts/2fa/",
    "/accounts/2fa/webauthn/",
    "/accounts/sessions/",
    "/accounts/3rdparty/",
    "/accounts/reauthenticate/",
    "/profile",
    "/profile/exports",
    "/workspaces",
]
OF_THE_WORKSPACE = [
    "studio",
    "generations",
    "projects",
    "clients",
    "credits",
    "credits/buy",
    "plan",
    "library",
    "recipes",
    "settings",
    "settings/members",
    "settings/notifications",
    "settings/audit-log",
    "settings/exports",
    "settings/budgets",
    "settings/api-keys",
    "settings/meltflex-key",
    "settings/leave",
]


def a_room_with_a_photo(person: Person) -> str:
    """A client, a project, a room and its photo; the address of the room."""
    page = person.page
    person.open(f"{person.workspace}/clients")
    page.get_by_label("Name").fill("Mrs Winter")
    person.press("Add the client")
    page.get_by_text("Mrs Winter").wait_for()
    person.open(f"{person.workspace}/projects")
    page.get_by_label("Name").fill("A flat with a rather long name in the Lindenstraße")
    page.get_by_label("Client").select_option("Mrs Winter")
    person.press("Start the project")
    page.wait_for_url("**/projects/prj_*")
    page.get_by_label("Room name").fill("Living room")
    person.press("Add the room")
    page.wait_for_url("**/rooms/room_*")
    page.get_by_label("A photo of the room").set_input_files(ROOM)
    person.press("Add the photo")
    page.get_by_role("link", name="Redesign", exact=True).wait_for()
    return page.url


def review_pages(person: Person, room: str) -> list[str]:
    """Of the project of a room: where review rooms are listed and made; its client's page is in test_review."""
    person.open(room)
    project = person.page.locator(".crumbs a[href*='/projects/prj_']").first.get_attribute("href")
    return [f"{project}/reviews", f"{project}/reviews/new"]
