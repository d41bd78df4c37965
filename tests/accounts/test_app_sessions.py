"""An app signs in without a browser: its session stands where a key would, for as long as the person lets it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.usersessions.models import UserSession
from django.conf import LazySettings
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import devices, members, services, tenancy
from accounts.models import Membership, Role, User
from billing import plans
from tests import factories
from tests.factories import Studio

pytestmark = pytest.mark.django_db

ANNA = {"email": "anna@example.com", "password": "linen-and-oak-7"}
PHONE = "Roomwright/1.0 (iPhone of Anna)"


class Phone:
    """An app on a phone: no cookies, the session's token in each request."""

    def __init__(self, workspace: str = "") -> None:
        self.token, self.workspace = "", workspace

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        named = {"X-Workspace": self.workspace} if self.workspace else {}
        token = {"X-Session-Token": self.token} if self.token else {}
        options = {} if body is None else {"data": body, "content_type": "application/json"}
        asked = {"User-Agent": PHONE, **token, **named, **headers}
        return getattr(Client(), method)(path, headers=asked, **options)

    def auth(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """A call of allauth's; keeps the token that it may answer."""
        answer = self.send(method, f"/_allauth/app/v1/{path}", body, **headers)
        self.token = answer.json().get("meta", {}).get("session_token", self.token)
        return answer

    def api(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        return self.send(method, f"/api/v1/{path}", body, **headers)

    def sign_in(self, person: User) -> Phone:
        answer = self.auth("post", "auth/login", {"email": person.email, "password": "secret"})
        assert answer.status_code == 200, answer.json()
        return self


def a_phone_of(person: User, workspace: str = "") -> Phone:
    return Phone(workspace).sign_in(person)


def signed_up() -> Phone:
    phone = Phone()
    answer = phone.auth("post", "auth/signup", ANNA)
    assert answer.status_code == 200, answer.json()
    return phone


# --- Signing in ------------------------------------------------------------------------------------------


def test_an_app_signs_up_and_uses_the_api_with_its_session() -> None:
    phone = signed_up()
    assert phone.token.startswith("rw_app_")
    me = phone.api("get", "me").json()
    assert (me["email"], me["api_key"], len(me["workspaces"])) == ("anna@example.com", None, 1)
    assert me["workspaces"][0]["role"] == "owner"
    assert phone.api("post", "projects", {"name": "Flat"}).status_code == 201
    assert [each["name"] for each in phone.api("get", "projects").json()["results"]] == ["Flat"]


def test_the_mail_of_a_sign_up_in_an_app_leads_to_a_page_that_proves_the_address(
    settings: LazySettings,
) -> None:
    phone = signed_up()
    link = re.search(r"http://testserver(/accounts/confirm-email/(\S+?)/)\s", str(mail.outbox[-1].body))
    assert link
    assert phone.api("get", "credits").json()["balance"] == 0
    proven = phone.auth("post", "auth/email/verify", {"key": link[2]})
    assert proven.status_code == 200, proven.json()
    assert phone.api("get", "credits").json()["balance"] == settings.FREE_CREDITS
    assert Client().get(link[1]).status_code in (200, 302)


def test_the_mail_of_a_reset_asked_for_in_an_app_leads_to_a_page_that_changes_the_password() -> None:
    phone = signed_up()
    mail.outbox.clear()
    assert Phone().auth("post", "auth/password/request", {"email": ANNA["email"]}).status_code == 200
    link = re.search(r"http://testserver(/accounts/password/reset/key/([^/\s]+)/)", str(mail.outbox[-1].body))
    assert link
    assert Client().get(link[1], follow=True).status_code == 200
    changed = Phone().auth("post", "auth/password/reset", {"key": link[2], "password": "new-linen-8888"})
    assert changed.status_code == 401, "changed, and not signed in by it"
    assert phone.api("get", "me").status_code == 401, "a changed password ends every session"
    again = Phone().auth("post", "auth/login", {"email": ANNA["email"], "password": "new-linen-8888"})
    assert again.status_code == 200


@pytest.mark.parametrize("how", ["X-Session-Token", "Authorization"])
def test_the_token_goes_into_either_header(studio: Studio, how: str) -> None:
    phone = a_phone_of(studio.owner)
    value = f"Bearer {phone.token}" if how == "Authorization" else phone.token
    assert Client().get("/api/v1/me", headers={how: value}).json()["email"] == studio.owner.email
    session = Client().get("/_allauth/app/v1/auth/session", headers={how: value})
    assert session.json()["data"]["user"]["email"] == studio.owner.email


@pytest.mark.parametrize("token", ["rw_app_", "rw_app_x", "x" * 32, "rw_app_" + "a" * 32 + "." + "b" * 43])
def test_a_token_that_was_never_given_out_opens_nothing(studio: Studio, token: str) -> None:
    answer = Client().get("/api/v1/me", headers={"X-Session-Token": token})
    assert (answer.status_code, answer.json()["code"]) == (401, "session_ended")
    assert answer["WWW-Authenticate"] == "Bearer"


def test_the_cookie_of_a_page_is_no_token_and_a_cookie_alone_opens_nothing(studio: Studio) -> None:
    browser = factories.browser_of(studio.owner)
    assert browser.get("/api/v1/me").status_code == 401
    assert browser.post("/api/v1/projects", {"name": "Planted"}).status_code == 401
    assert browser.get("/_allauth/app/v1/auth/session").status_code == 401
    cookie = browser.cookies["sessionid"].value
    assert Client().get("/api/v1/me", headers={"X-Session-Token": cookie}).status_code == 401


def test_a_half_finished_sign_in_opens_nothing(studio: Studio) -> None:
    TOTP.activate(studio.owner, generate_totp_secret())
    phone = Phone()
    answer = phone.auth("post", "auth/login", {"email": studio.owner.email, "password": "secret"})
    assert answer.status_code == 401
    assert {"id": "mfa_authenticate", "is_pending": True}.items() <= next(
        flow for flow in answer.json()["data"]["flows"] if flow["id"] == "mfa_authenticate"
    ).items()
    assert phone.token
    assert phone.api("get", "me").status_code == 401


def test_a_signed_out_or_revoked_token_is_refused_at_once(studio: Studio) -> None:
    phone, tablet = a_phone_of(studio.owner), a_phone_of(studio.owner)
    listed = phone.api("get", "sessions").json()["results"]
    assert [(each["user_agent"], each["address"]) for each in listed] == [(PHONE, "127.0.0.1")] * 2
    other = next(each for each in listed if not each["current"])
    assert phone.api("delete", f"sessions/{other['id']}").status_code == 204
    assert tablet.api("get", "me").json()["code"] == "session_ended"
    assert phone.auth("delete", "auth/session").status_code == 401
    assert phone.api("get", "me").json()["code"] == "session_ended"


def test_a_session_of_an_app_is_ended_on_the_page_of_sessions(studio: Studio) -> None:
    phone, browser = a_phone_of(studio.owner), factories.browser_of(studio.owner)
    assert PHONE in browser.get("/accounts/sessions/").content.decode()
    mine = UserSession.objects.filter(user_agent=PHONE)
    mine.update(
        created_at=timezone.now() - timedelta(days=3), last_seen_at=timezone.now() - timedelta(hours=2)
    )
    assert "last used 2\xa0hours ago" in browser.get("/accounts/sessions/").content.decode()
    number = mine.get().pk
    assert browser.post(f"/profile/sessions/{number}/end").status_code == 302
    assert phone.api("get", "me").status_code == 401


def test_who_changes_the_password_in_an_app_stays_signed_in_there_alone(studio: Studio) -> None:
    phone, tablet = a_phone_of(studio.owner), a_phone_of(studio.owner)
    old = phone.token
    change = {"current_password": "secret", "new_password": "linen-and-oak-7"}
    changed = phone.auth("post", "account/password/change", change)
    assert changed.status_code == 200, changed.json()
    assert phone.token != old
    assert phone.api("get", "me").status_code == 200
    assert tablet.api("get", "me").status_code == 401
    phone.token = old
    assert phone.api("get", "me").status_code == 401


def test_an_app_learns_what_this_instance_offers(db: None) -> None:
    offered = Phone().auth("get", "config").json()["data"]
    assert offered["account"]["login_methods"] == ["email"]
    assert {"totp", "webauthn", "recovery_codes"} == set(offered["mfa"]["supported_types"])
    assert (
        Phone().auth("get", "auth/webauthn/login").json()["data"]["request_options"]["publicKey"]["challenge"]
    )


def test_an_authenticator_and_recovery_codes_finish_a_sign_in(studio: Studio) -> None:
    secret = generate_totp_secret()
    TOTP.activate(studio.owner, secret)
    RecoveryCodes.activate(studio.owner)
    codes = Authenticator.objects.get(user=studio.owner, type="recovery_codes").wrap().get_unused_codes()
    wait = {"email": studio.owner.email, "password": "secret"}
    counter = next(yield_hotp_counters_from_time())
    for code in (format_hotp_value(hotp_value(secret, counter)), codes[0]):
        phone = Phone()
        assert phone.auth("post", "auth/login", wait).status_code == 401
        done = phone.auth("post", "auth/2fa/authenticate", {"code": code})
        assert done.status_code == 200, done.json()
        assert phone.api("get", "me").json()["email"] == studio.owner.email


def test_nobody_ends_or_sees_sessions_of_others(studio: Studio, strange_studio: Studio) -> None:
    mine, theirs = a_phone_of(studio.owner), a_phone_of(strange_studio.owner)
    number = mine.api("get", "sessions").json()["results"][0]["id"]
    assert theirs.api("delete", f"sessions/{number}").status_code == 404
    assert len(theirs.api("get", "sessions").json()["results"]) == 1
    assert mine.api("get", "me").status_code == 200
    keyed = studio.api().get("sessions")
    assert (keyed.status_code, keyed.json()["code"]) == (403, "session_needed")


def test_somebody_who_was_locked_out_is_refused_at_once(studio: Studio) -> None:
    phone = a_phone_of(studio.owner)
    User.objects.filter(pk=studio.owner.pk).update(is_active=False)
    assert phone.api("get", "me").status_code == 401


def test_a_session_that_is_used_lives_on_and_one_that_is_not_ends(studio: Studio) -> None:
    phone, now = a_phone_of(studio.owner), timezone.now()
    device = devices.find(phone.token)
    assert device is not None
    ends = Session.objects.get(pk=device.session.session_key).expire_date
    assert abs(ends - now - devices.LASTS) < timedelta(minutes=1)
    later = now + devices.LASTS / 2
    devices.touch(device=device, address="192.0.2.7", user_agent="Roomwright/2.0", now=later)
    found = devices.find(phone.token)
    assert found is not None
    assert (found.row.ip, found.row.user_agent, found.row.last_seen_at) == (
        "192.0.2.7",
        "Roomwright/2.0",
        later,
    )
    assert Session.objects.get(pk=found.session.session_key).expire_date == later + devices.LASTS
    Session.objects.filter(pk=found.session.session_key).update(expire_date=now)
    assert phone.api("get", "me").json()["code"] == "session_ended"


# --- The active workspace --------------------------------------------------------------------------------


def test_who_has_several_workspaces_names_one(studio: Studio, strange_studio: Studio) -> None:
    with tenancy.enter(strange_studio.organization):
        Membership.objects.create(
            organization=strange_studio.organization, user=studio.owner, role=Role.VIEWER
        )
    phone = a_phone_of(studio.owner)
    refused = phone.api("get", "projects")
    assert (refused.status_code, refused.json()["code"]) == (400, "workspace_needed")
    both = [studio.organization.public_id, strange_studio.organization.public_id]
    assert [each["id"] for each in refused.json()["workspaces"]] == both
    me = phone.api("get", "me").json()
    assert ([each["id"] for each in me["workspaces"]], me["organization"]) == (both, None)
    for workspace in both:
        phone.workspace = workspace
        assert phone.api("get", "organization").json()["id"] == workspace
    assert phone.api("get", "me").json()["role"] == "viewer"


def test_a_workspace_that_is_not_the_persons_is_not_there(studio: Studio, strange_studio: Studio) -> None:
    for workspace in (strange_studio.organization.public_id, "ws_nowhere", "'; --"):
        phone = a_phone_of(studio.owner, workspace)
        for path in ("me", "projects", "credits"):
            assert phone.api("get", path).status_code == 404
        assert phone.api("post", "projects", {"name": "Planted"}).status_code == 404
    key = studio.api()
    there = {"authorization": f"Bearer {key.key}", "X-Workspace": strange_studio.organization.public_id}
    assert Client().get("/api/v1/projects", headers=there).status_code == 404
    there["X-Workspace"] = studio.organization.public_id
    assert Client().get("/api/v1/projects", headers=there).status_code == 200


def test_who_was_removed_from_the_workspace_is_out_at_once(studio: Studio) -> None:
    phone = a_phone_of(studio.colleague, studio.organization.public_id)
    assert phone.api("get", "projects").status_code == 200
    with studio.enter():
        member = Membership.objects.of(studio.organization).get(user=studio.colleague)
    members.remove(
        organization=studio.organization, by_user=studio.owner, member_id=member.pk, now=timezone.now()
    )
    assert phone.api("get", "projects").status_code == 404


@pytest.mark.parametrize(
    ("role", "reads", "writes", "manages"),
    [
        (Role.VIEWER, 200, 403, 403),
        (Role.DESIGNER, 200, 201, 403),
        (Role.ADMIN, 200, 201, 200),
        (Role.OWNER, 200, 201, 200),
    ],
)
def test_an_app_may_do_what_the_person_may(
    studio: Studio, role: Role, reads: int, writes: int, manages: int
) -> None:
    person = factories.make_person()
    with studio.enter():
        Membership.objects.create(organization=studio.organization, user=person, role=role)
    phone = a_phone_of(person)
    assert phone.api("get", "projects").status_code == reads
    made = phone.api("post", "projects", {"name": "Flat"})
    assert made.status_code == writes
    if writes == 403:
        assert made.json()["code"] == "role_needed"
    assert phone.api("get", "members").status_code == manages


def test_an_app_needs_no_plan_with_api_access_but_a_live_key_does(studio: Studio) -> None:
    live = studio.api()
    plans.apply_plan(organization=studio.organization, plan="free")
    assert live.get("projects").json()["code"] == "api_access_needed"
    assert a_phone_of(studio.owner).api("get", "projects").status_code == 200


# --- Pictures, keys, counting ----------------------------------------------------------------------------


def test_a_picture_asked_for_in_an_app_is_the_persons_and_spends_credits(studio: Studio) -> None:
    phone = a_phone_of(studio.owner)
    made = phone.api("post", "generations", factories.body(), **{"Idempotency-Key": "one"})
    assert made.status_code == 202, made.json()
    again = phone.api("post", "generations", factories.body(), **{"Idempotency-Key": "one"})
    assert again.json()["id"] == made.json()["id"]
    assert again["Idempotent-Replayed"] == "true"
    (generation,) = studio.generations()
    assert (generation.requested_by, generation.api_key, generation.is_test) == (studio.owner, None, False)
    assert studio.balance() == 90


def test_words_for_test_keys_are_a_prompt_like_any_other_in_an_app(studio: Studio) -> None:
    prompt = "simulate:insufficient_credits"
    assert a_phone_of(studio.owner).api("post", "generations", factories.body(prompt)).status_code == 202


def test_the_limit_on_spending_holds_for_each_session(studio: Studio, settings: LazySettings) -> None:
    settings.API_REQUESTS_PER_MINUTE = 1
    phone, tablet = a_phone_of(studio.owner), a_phone_of(studio.owner)
    first = phone.api("post", "generations", factories.body())
    assert (first.status_code, '"generate";r=0' in first["RateLimit"]) == (202, True)
    refused = phone.api("post", "generations", factories.body())
    assert (refused.status_code, refused.json()["violated-policies"]) == (429, ["generate"])
    assert tablet.api("post", "generations", factories.body()).status_code == 202


def test_requests_of_apps_count_for_their_workspace_and_address(
    studio: Studio, settings: LazySettings
) -> None:
    settings.API_QUOTAS = {**settings.API_QUOTAS, "workspace": 1}
    phone = a_phone_of(studio.owner)
    assert '"workspace";r=0' in phone.api("get", "projects")["RateLimit"]
    assert phone.api("get", "projects").json()["violated-policies"] == ["workspace"]
    assert '"address"' in phone.api("get", "me")["RateLimit"]


def test_guessed_tokens_are_counted_as_guessed_keys_are(studio: Studio, settings: LazySettings) -> None:
    settings.API_QUOTAS = {**settings.API_QUOTAS, "failed": 2}
    guesses = [Client().get("/api/v1/me", headers={"X-Session-Token": f"rw_app_{n}"}) for n in range(3)]
    assert [answer.status_code for answer in guesses] == [401, 401, 429]


def test_an_admin_makes_and_revokes_keys_in_an_app(studio: Studio) -> None:
    phone = a_phone_of(studio.owner)
    made = phone.api("post", "api-keys", {"name": "Site", "live": True, "scopes": ["read", "manage"]})
    assert made.status_code == 201, made.json()
    assert made.json()["created_by"] == studio.owner.email
    assert phone.api("delete", f"api-keys/{made.json()['id']}").status_code == 204


# --- Workspaces of the person ----------------------------------------------------------------------------


def test_an_app_opens_joins_and_leaves_workspaces(
    studio: Studio, django_capture_on_commit_callbacks: Any
) -> None:
    from accounts import invitations

    phone = signed_up()
    opened = phone.api("post", "workspaces", {"name": "Second"})
    assert opened.status_code == 201
    now = timezone.now()
    made = invitations.invite(
        organization=studio.organization,
        by_user=studio.owner,
        email=ANNA["email"],
        role=Role.DESIGNER,
        base="http://testserver",
        now=now,
    )
    invitations.mail(
        organization_id=studio.organization.pk, invitation_id=made.pk, base="http://testserver", now=now
    )
    token = re.search(r"/invitations/(\S+)", str(mail.outbox[-1].body))
    assert token
    joined = phone.api("post", "memberships", {"invitation": token[1]})
    assert (joined.status_code, joined.json()["id"]) == (201, studio.organization.public_id)
    assert joined.json()["role"] == "designer"
    again = phone.api("post", "memberships", {"invitation": token[1]})
    assert (again.status_code, again.json()["code"]) == (410, "invitation_over")
    mine = phone.api("get", "workspaces").json()["results"]
    assert {each["id"] for each in mine} >= {opened.json()["id"], studio.organization.public_id}
    assert phone.api("delete", f"memberships/{studio.organization.public_id}").status_code == 204
    assert phone.api("delete", f"memberships/{studio.organization.public_id}").status_code == 404
    alone = services.workspaces_of(user=User.objects.get(email=ANNA["email"]))
    assert phone.api("delete", f"memberships/{alone[0].public_id}").json()["code"] == "last_owner"
