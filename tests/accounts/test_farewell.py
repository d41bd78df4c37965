"""The end of an account: said before, out of everything at once, nameless in what has to stay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts import farewell, members, services, tenancy
from accounts.models import AuditEntry, Invitation, Membership, Role, User
from tests import factories
from tests.factories import Studio

PAGE = "/profile/delete"


@pytest.fixture(autouse=True)
def _own_storage(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def colleague(studio: Studio) -> User:
    """Belongs to a workspace of somebody else's, and to none of their own."""
    studio.colleague.name = "Bea"
    studio.colleague.save()
    EmailAddress.objects.create(
        user=studio.colleague, email=studio.colleague.email, verified=True, primary=True
    )
    return studio.colleague


def signed_in(person: User) -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": person.email, "password": "secret"})
    client.post("/accounts/reauthenticate/", {"password": "secret"})
    return client


def close(person: User) -> None:
    farewell.close_account(user=person, typed=person.email, now=timezone.now())


def test_the_page_wants_the_password_and_the_address_and_says_what_it_means(
    studio: Studio, colleague: User
) -> None:
    assert "/accounts/reauthenticate/" in factories.browser_of(colleague).get(PAGE)["Location"]
    client = signed_in(colleague)
    page = client.get(PAGE).content.decode()
    assert "You leave these workspaces: Oak &amp; Linen." in page
    assert "stay with them, and so do their credits" in page
    refused = client.post(PAGE, {"email": "someone@example.com"})
    assert refused.status_code == 422
    assert b"Nothing was deleted." in refused.content
    answer = client.post(PAGE, {"email": f" {colleague.email.upper()}"}, follow=True)
    assert answer.redirect_chain[-1][0] == "/"
    assert b"Your account was deleted." in answer.content
    assert client.get("/profile").status_code == 302


def test_a_deleted_person_is_nobody_nowhere_and_can_not_sign_in(studio: Studio, colleague: User) -> None:
    address, phone = colleague.email, signed_in(colleague)
    unlisted = factories.browser_of(colleague)
    phone.get("/profile")
    close(colleague)
    colleague.refresh_from_db()
    assert colleague.email.endswith("@deleted.invalid")
    assert (colleague.name, str(colleague), colleague.is_active) == ("", "Deleted account", False)
    assert not EmailAddress.objects.filter(email=address).exists()
    assert not UserSession.objects.filter(user=colleague).exists()
    for client in (phone, unlisted, signed_in(colleague)):
        assert client.get("/profile").status_code == 302
    with studio.enter():
        assert not Membership.objects.of(studio.organization).filter(user=colleague).exists()
        line = AuditEntry.objects.of(studio.organization).get(action="member.left")
    assert line.actor == colleague
    log = factories.browser_of(studio.owner).get(f"/w/{studio.organization.public_id}/settings/audit-log")
    assert b"Deleted account" in log.content
    assert address not in log.content.decode()
    assert [each.to for each in mail.outbox] == [[address]]
    assert mail.outbox[0].subject == "Your account was deleted"


def test_what_they_made_stays_with_the_workspace(studio: Studio, colleague: User) -> None:
    _key, text = services.issue_api_key(
        organization=studio.organization, by_user=colleague, name="Robot", live=False, now=timezone.now()
    )
    close(colleague)
    found = services.find_api_key(text)
    assert found is not None
    assert str(found.created_by) == "Deleted account"


def test_the_only_owner_of_a_workspace_has_to_hand_it_over_first(studio: Studio, colleague: User) -> None:
    with pytest.raises(farewell.OnlyOwner, match="Oak & Linen"):
        close(studio.owner)
    page = signed_in(studio.owner).get(PAGE).content.decode()
    assert f"/w/{studio.organization.public_id}/settings/delete" in page
    assert "Delete my account for good" not in page
    refused = signed_in(studio.owner).post(PAGE, {"email": studio.owner.email})
    assert refused.status_code == 422
    studio.owner.refresh_from_db()
    assert studio.owner.is_active
    with studio.enter():
        taker = Membership.objects.of(studio.organization).get(user=colleague)
    members.transfer(
        organization=studio.organization, by_user=studio.owner, member_id=taker.pk, now=timezone.now()
    )
    close(studio.owner)
    studio.owner.refresh_from_db()
    assert studio.owner.deleted_at is not None


def test_twice_is_as_good_as_once(studio: Studio, colleague: User) -> None:
    stale = User.objects.get(pk=colleague.pk)
    close(colleague)
    name = User.objects.get(pk=colleague.pk).email
    close(stale)
    assert User.objects.get(pk=colleague.pk).email == name
    assert len(mail.outbox) == 1


def test_an_invitation_that_they_accepted_names_them_no_more(studio: Studio) -> None:
    bea = factories.make_person("bea@example.com")
    with studio.enter():
        Invitation.objects.create(
            organization=studio.organization,
            email=bea.email,
            role=Role.VIEWER,
            created_at=timezone.now(),
            expires_at=timezone.now(),
            sent_at=timezone.now(),
            accepted_at=timezone.now(),
            accepted_by=bea,
        )
    close(bea)
    with studio.enter():
        assert not Invitation.objects.of(studio.organization).filter(email="bea@example.com").exists()


def test_the_database_keeps_a_deleted_person_out_and_nameless(studio: Studio, colleague: User) -> None:
    close(colleague)
    with (
        pytest.raises(IntegrityError, match="was deleted"),
        transaction.atomic(),
        tenancy.enter(studio.organization),
    ):
        Membership.objects.create(organization=studio.organization, user=colleague, role=Role.VIEWER)
    for name, value in {
        "name": "Bea",
        "is_active": True,
        "email": "bea@example.com",
        "is_staff": True,
    }.items():
        with pytest.raises(IntegrityError, match="user_deleted_is_nameless"), transaction.atomic():
            User.objects.filter(pk=colleague.pk).update(**{name: value})


def test_free_credits_are_not_given_to_an_address_again(
    studio: Studio, colleague: User, settings: Any
) -> None:
    settings.FREE_CREDITS = 30
    address = colleague.email
    close(colleague)
    again = User.objects.create_user(address, "secret")
    EmailAddress.objects.create(user=again, email=address, verified=True, primary=True)
    services.confirm_person(user=again, now=timezone.now())
    client = factories.browser_of(again)
    home = client.get("/home")["Location"]
    why = f"{address} had an account here before. Its free credits were given to that one"
    for page in (home, home.replace("/studio", "/credits")):
        shown = client.get(page).content.decode()
        assert "0 credits" in shown
        assert why in shown, "nobody is left to wonder where they are"
    other = User.objects.create_user("other@example.com", "secret")
    EmailAddress.objects.create(user=other, email=other.email, verified=True, primary=True)
    services.confirm_person(user=other, now=timezone.now())
    client = factories.browser_of(other)
    home = client.get("/home")["Location"]
    assert b"30 credits" in client.get(home).content
    assert b"had an account here before" not in client.get(home.replace("/studio", "/credits")).content
