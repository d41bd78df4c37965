"""Which pages there are, and how the windows are that they are looked at through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import Resolver404, resolve

from config.local.postgres import REPOSITORY

if TYPE_CHECKING:
    from tests.journeys.people import Person

ROOM = REPOSITORY / "static" / "samples" / "room.jpg"

PHONE = {"viewport": {"width": 390, "height": 844}}
DESK = {"viewport": {"width": 1440, "height": 900}}
OUTSIDE = [
    "/",
    "/styles",
    "/pricing",
    "/developers",
    "/api/docs",
    "/api/changelog",
    "/help",
    "/terms",
    "/privacy",
    "/verify",
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
    "/profile/delete",
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
    "deliveries",
    "deliveries/new",
    "deliveries/profiles",
    "my-projects",
    "activity",
    "notifications",
    "settings",
    "settings/members",
    "settings/notifications",
    "settings/audit-log",
    "settings/exports",
    "settings/budgets",
    "settings/api-keys",
    "settings/webhooks",
    "settings/meltflex-key",
    "settings/brand",
    "settings/leave",
]


# Pages that one comes to by doing something first: test_accessible.py goes there. By the names of their addresses.
REACHED = {
    "account_confirm_email",
    "account_email_verification_sent",
    "account_inactive",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "mfa_activate_totp",
    "mfa_deactivate_totp",
    "mfa_add_webauthn",
    "mfa_generate_recovery_codes",
    "mfa_view_recovery_codes",
    "mfa_reauthenticate",
    "mfa_authenticate",
    "socialaccount_login_cancelled",
    "socialaccount_login_error",
    "invitation",
    "news-stop",
    "workspace-delete",
    "member-transfer",
    "project",
    "room",
    "room-versions",
    "generation",
    "versions",
    "compare",
    "share",
    "shared",
}
# Pages that journeys of their own look at with axe, by the name of the journey's file.
LOOKED_AT = {
    "test_agency.py": {
        *("client", "change-client", "change-project", "duplicate-project", "change-room", "change-photo"),
        *("new-room-set", "room-set"),
    },
    "test_review.py": {
        *("reviews", "new-review", "review", "review-settings", "review-guest", "review-guest-item"),
        *("project-preview", "review-preview", "review-preview-item"),
    },
    "test_webhooks.py": {"webhook", "webhook-delivery"},
    "test_delivery.py": {"delivery", "delivered", "original"},
    "test_proposal.py": {
        *("proposals", "proposal", "proposal-preview", "proposal-settings", "proposal-read"),
    },
    "test_accessible.py": {"project-activity", "project-team"},  # as parts of `review_pages`
}
# Addresses that show no page of their own: they act and lead to one that is looked at, or answer with something else.
NO_PAGE = {
    "api-reference": "Swagger UI, in colours of its own",
    "healthz": "for load balancers",
    "readyz": "for load balancers",
    "robots": "for programs",
    "domains-ask": "for proxies",
    "brand-logo": "a file",
    "brand-colours": "a file",
    "metrics": "for programs",
    "sitemap": "for programs",
    "manifest": "for browsers",
    "favicon": "a picture",
    "try-style": "leads to the studio",
    "language": "acts, leads back",
    "home": "leads to the studio",
    "switch": "leads to the studio",
    "stripe-webhook": "for Stripe",
    "file": "a file",
    "shared-file": "a file",
    "download": "a file",
    "export-fetch": "a file",
    "person-export-fetch": "a file",
    "credits-csv": "a file",
    "mfa_download_recovery_codes": "a file",
    "mfa_login_webauthn": "JSON for the sign-in page",
    "add-photo": "JSON for the studio",
    "progress": "a part of the page of a generation",
    "room-set-progress": "a part of the page of a room set",
    "review-guest-file": "a file",
    "proposal-brand": "a file",
    "delivered-archive": "a file",
    "delivered-file": "a file",
    "delivery-archive": "a file",
    "original-file": "a file",
    "proposal-file": "a file",
    "proposal-pdf": "a file",
    "proposal-read-brand": "a file",
    "told-go": "leads to where it happened",
    "review-guest-download": "a file",
    "star": "a part of the page of a generation",
    "plan-done": "leads on from Stripe; test_buying.py sees it",
    "account_set_password": "leads to the change of the password for who has one; only other sites’ people have none",
    "account_confirm_login_code": "signing in by a code is off",
    "socialaccount_signup": "needs another site, which a clone has not",
    "mfa_reauthenticate_webauthn": "asks for a passkey; test_account.py sees its twin",
    "mfa_remove_webauthn": "needs a passkey: the same parts as the page of passkeys",
    "mfa_edit_webauthn": "needs a passkey: the same parts as the page of passkeys",
}
# Forms of pages above that post to an address of their own; a refused one shows the page that it stands on.
POSTED = {
    *(
        "api-key-revoke",
        "workspace-rename",
        "member-invite",
        "member-role",
        "member-remove",
        "invitation-again",
    ),
    *("invitation-revoke", "session-end", "buy-pack", "top-up", "refund-pack", "plan-choose", "plan-upgrade"),
    *("plan-downgrade", "plan-resume", "portal", "sample", "change-product", "remove-product", "save-recipe"),
    *("remove-recipe", "lock-recipe", "revoke-link", "cancel", "ask-again", "delete-generation", "restyle"),
    *("place", "meltflex-key-check", "meltflex-key-remove"),
    *(
        "archive-client",
        "delete-client",
        "client-budget",
        "archive-project",
        "delete-project",
        "project-status",
    ),
    *(
        "choose-cover",
        "cover-picture",
        "place-photo",
        "place-room",
        "delete-photo",
        "delete-room",
        "cancel-room-set",
    ),
    *("repeat-room-set", "review-answer", "review-link", "review-next", "review-revoke", "review-send"),
    *("review-settle", "review-turn", "review-guest-again", "review-guest-comment", "review-guest-decide"),
    *("webhook-test", "webhook-rotate", "webhook-replay", "webhook-on", "webhook-off", "webhook-remove"),
    *("webhook-again", "delete-test-data", "change-delivery", "delivered-pin", "original-settings"),
    "remove-export-profile",
    *("domain-add", "domain-check", "domain-remove"),
    *("review-guest-done", "review-guest-pin"),
    *("note-delete", "project-assign", "project-unassign", "proposal-delete", "proposal-link"),
    *("proposal-link-revoke", "proposal-send", "proposal-version", "proposal-withdraw"),
    *("told-all-read", "told-read"),
}


# What docs/tour.md says of pages whose own heading would say too little, by the names of their addresses.
CAPTIONS = {
    "verify": "What the file of a picture says of itself, for anybody who has one",
    "deliveries": "Deliveries: pictures handed over by a link",
    "new-delivery": "A new delivery: pictures, and the profile of their files",
    "export-profiles": "How files look that leave the workspace, and what they disclose",
    "delivery": "A delivery, with its link and its files",
    "delivered": "A delivery as who has the link sees it",
    "original-settings": "The public page of a picture’s original",
    "original": "A picture beside its unaltered photo, public",
    "my-projects": "The projects of one member",
    "activity": "What happened in the workspace",
    "notifications": "The bell: what one was told of",
    "webhooks": "Outgoing webhooks",
    "webhook": "One endpoint: what it listens to, what was sent to it",
    "webhook-delivery": "One message to an endpoint, with every attempt",
    "client": "A client: budget, brand, projects",
    "change-client": "What is known of a client, and their brand",
    "project": "A project: rooms, photos, pictures, sets",
    "change-project": "A project’s facts",
    "duplicate-project": "A project once more",
    "change-room": "A room’s name and place",
    "change-photo": "A photo’s name, room and cover",
    "new-room-set": "One look over all photos: the sum before the click",
    "room-set": "A room set as one thing",
    "project-activity": "What happened in a project",
    "project-team": "The team of a project, and its notes",
    "reviews": "The review rooms of a project",
    "new-review": "A new review room: pictures, rounds, what the client may see",
    "review": "A review room as the team sees it",
    "review-settings": "The switches of a review room",
    "review-guest": "A review room as the client sees it, without an account",
    "review-guest-item": "One picture before the client: compare, comment, decide",
    "project-preview": "A project as its client sees it",
    "review-preview": "The client’s page of a review room, for a member to look at",
    "review-preview-item": "The client’s page of a picture, for a member to look at",
    "proposals": "The proposals of a project",
    "proposal": "A proposal as the team sees it",
    "proposal-preview": "A proposal before it is sent, as the client will see it",
    "proposal-read": "A proposal as the client reads and accepts it",
    "proposal-settings": "How the workspace presents itself in proposals",
}


def name_of(path: str) -> str:
    """What the URLconf calls the page at this path; "" for one that leads nowhere."""
    try:
        return resolve(path.partition("?")[0]).url_name or ""
    except Resolver404:
        return ""


def listed() -> list[str]:
    """The names of all pages that are opened by their address alone."""
    of_workspace = [f"/w/ws_any/{name}" for name in OF_THE_WORKSPACE]
    names = [name_of(path) for path in [*OUTSIDE, *of_workspace, *OF_THE_PERSON]]
    return list(dict.fromkeys(name for name in names if name))


def shown_in_the_tour() -> list[str]:
    """The names of all pages, in the order in which docs/tour.md shows those that its journey does not narrate."""
    work = [name for names in LOOKED_AT.values() for name in sorted(names)]
    return list(dict.fromkeys([*listed(), *work, *sorted(REACHED)]))


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
    return [f"{project}/{name}" for name in ("reviews", "reviews/new", "activity", "team")]
