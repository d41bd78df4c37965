"""Asking people in: a seat, a mail with the only copy of a link, one acceptance."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts import invitations, members, services, tasks
from accounts.models import Invitation, Membership, Organization, Role, User
from billing import credits
from tests import factories
from tests.factories import NOON, Studio

BEA = "bea@example.com"


def invite(studio: Studio, email: str = BEA, role: Role = Role.DESIGNER, **when: object) -> Invitation:
    return invitations.invite(
        organization=studio.organization,
        by_user=studio.owner,
        email=email,
        role=role,
        base="http://testserver",
        now=when.get("now") or timezone.now(),  # type: ignore[arg-type]
    )


def send(invitation: Invitation) -> str:
    """What the job does; the path of the link in the mail."""
    tasks.mail_invitation(
        organization_id=invitation.organization_id, invitation_id=invitation.pk, base="http://testserver"
    )
    found = re.search(r"http://testserver(/invitations/\w{40})\s", str(mail.outbox[-1].body))
    assert found
    return found[1]


def people(studio: Studio) -> dict[str, str]:
    with studio.enter():
        rows = Membership.objects.of(studio.organization).select_related("user")
        return {row.user.email: row.role for row in rows}


def test_an_invitation_is_mailed_and_its_link_stands_nowhere_but_in_the_mail(
    studio: Studio, owner_client: Client
) -> None:
    where = f"/w/{studio.organization.public_id}/settings/members/invite"
    answer = owner_client.post(where, {"email": "Bea@Example.com", "role": "viewer"}, follow=True)
    assert b"on its way to bea@example.com" in answer.content
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT args::text FROM procrastinate_jobs WHERE task_name = %s", [invitations.MAIL_TASK]
        )
        (job,) = cursor.fetchall()
    assert "bea" not in job[0]
    with studio.enter():
        invitation = Invitation.objects.of(studio.organization).get()
        assert invitation.token_sha256 is None
    link = send(invitation)
    assert mail.outbox[-1].to == [BEA]
    assert studio.organization.name in mail.outbox[-1].subject
    with studio.enter():
        row = str(Invitation.objects.of(studio.organization).values().get())
    assert link.rpartition("/")[2] not in row


def test_a_new_person_joins_with_a_password_and_a_proven_address(studio: Studio) -> None:
    link = send(invite(studio))
    bea = Client()
    page = bea.get(link).content.decode()
    assert "Oak &amp; Linen" in page
    assert BEA in page
    assert bea.post(link, {"name": "Bea", "password": "short"}).status_code == 422
    answer = bea.post(link, {"name": "Bea", "password": "linen-and-oak-7"}, follow=True)
    assert answer.redirect_chain[-1][0] == f"/w/{studio.organization.public_id}/studio"
    assert people(studio)[BEA] == Role.DESIGNER
    assert EmailAddress.objects.filter(email=BEA, verified=True, primary=True).exists()
    assert services.workspaces_of(user=User.objects.get(email=BEA)) == [studio.organization]
    assert Client().get(link).status_code == 410, "a link works once"


def test_an_invited_person_brings_their_free_credits_to_no_workspace_but_their_own(
    studio: Studio, settings: object
) -> None:
    before = studio.balance()
    bea = Client()
    bea.post(send(invite(studio)), {"password": "linen-and-oak-7"})
    assert studio.balance() == before
    bea.post("/workspaces", {"name": "Bea's own"})
    own = Organization.objects.get(name="Bea's own")
    assert credits.balance(organization=own, now=timezone.now()).spendable == 30
    bea.post("/workspaces", {"name": "Bea's second"})
    second = Organization.objects.get(name="Bea's second")
    assert credits.balance(organization=second, now=timezone.now()).spendable == 0


def test_somebody_with_an_account_signs_in_and_joins(studio: Studio) -> None:
    person = factories.make_person(BEA)
    link = send(invite(studio, role=Role.VIEWER))
    window = Client()
    assert b"Sign in" in window.get(link).content
    assert window.post(link, {"password": "linen-and-oak-7"}).status_code == 422
    window.post(f"/accounts/login/?next={link}", {"login": BEA, "password": "secret"})
    assert b"Join as bea@example.com" in window.get(link).content
    answer = window.post(link, follow=True)
    assert answer.redirect_chain[-1][0] == f"/w/{studio.organization.public_id}/generations"
    assert people(studio)[BEA] == Role.VIEWER
    assert EmailAddress.objects.filter(user=person, email=BEA, verified=True).exists()


def test_who_is_signed_in_with_another_address_is_told_and_may_join(studio: Studio) -> None:
    person = factories.make_person("other@example.com")
    window = factories.browser_of(person)
    link = send(invite(studio))
    page = window.get(link).content.decode()
    assert "It is other@example.com who will join" in page
    window.post(link)
    assert "other@example.com" in people(studio)
    assert not EmailAddress.objects.filter(email=BEA).exists(), "nobody owns an address by a forwarded mail"


def test_every_seat_counts_pending_invitations_too_and_the_reason_is_said(
    studio: Studio, owner_client: Client
) -> None:
    Organization.objects.filter(pk=studio.organization.pk).update(seats=3)
    where = f"/w/{studio.organization.public_id}/settings/members/invite"
    first = invite(studio)
    answer = owner_client.post(where, {"email": "carl@example.com", "role": "viewer"})
    assert answer.status_code == 422
    assert b"3 seats, and all are taken" in answer.content
    invitations.revoke(
        organization=studio.organization,
        by_user=studio.owner,
        invitation_id=first.public_id,
        now=timezone.now(),
    )
    assert owner_client.post(where, {"email": "carl@example.com", "role": "viewer"}).status_code == 302


def test_a_plan_that_has_shrunk_lets_nobody_in_and_keeps_the_invitation(studio: Studio) -> None:
    link = send(invite(studio))
    Organization.objects.filter(pk=studio.organization.pk).update(seats=2)
    answer = Client().post(link, {"password": "linen-and-oak-7"})
    assert answer.status_code == 422
    assert b"all are taken" in answer.content
    assert not User.objects.filter(email=BEA).exists()
    Organization.objects.filter(pk=studio.organization.pk).update(seats=3)
    assert Client().post(link, {"password": "linen-and-oak-7"}).status_code == 302


def test_nobody_is_invited_twice_and_no_member_is(studio: Studio) -> None:
    invite(studio)
    with pytest.raises(invitations.AlreadyInvited):
        invite(studio, "BEA@example.com")
    with pytest.raises(invitations.AlreadyMember):
        invite(studio, studio.colleague.email.upper())


def test_the_database_refuses_what_must_never_happen(studio: Studio) -> None:
    invitation = invite(studio)
    copy = {
        "organization": studio.organization,
        "role": "viewer",
        "created_at": NOON,
        "expires_at": NOON,
        "sent_at": NOON,
    }
    attempts: dict[str, Callable[[], object]] = {
        "invitation_one_open_per_address": lambda: Invitation.objects.create(email="BEA@example.com", **copy),
        "invitation_makes_no_owner": lambda: Invitation.objects.filter(pk=invitation.pk).update(role="owner"),
        "invitation_ends_once": lambda: Invitation.objects.filter(pk=invitation.pk).update(
            accepted_at=NOON, revoked_at=NOON
        ),
    }
    for name, make in attempts.items():
        with studio.enter(), pytest.raises(IntegrityError, match=name), transaction.atomic():
            make()


def test_an_old_withdrawn_or_replaced_link_opens_nothing(studio: Studio, owner_client: Client) -> None:
    base = f"/w/{studio.organization.public_id}/settings/invitations"
    first = invite(studio)
    link = send(first)
    newer = send(first)  # sent again by the queue: the newer mail counts
    assert Client().get(link).status_code == 410
    assert Client().get(newer).status_code == 200
    owner_client.post(f"{base}/{first.public_id}/revoke")
    assert Client().get(newer).status_code == 410
    assert Client().post(newer, {"password": "linen-and-oak-7"}).status_code == 410
    old = invite(studio, now=timezone.now() - timedelta(days=13, hours=23))
    link = send(old)
    assert Client().get(link).status_code == 200
    with studio.enter():
        Invitation.objects.filter(pk=old.pk).update(expires_at=timezone.now())
    assert Client().get(link).status_code == 410
    assert invite(studio).pk != old.pk, "one that is too old makes room"


def test_sending_again_asks_for_a_new_mail_and_not_at_once(studio: Studio, owner_client: Client) -> None:
    invitation = invite(studio)
    where = f"/w/{studio.organization.public_id}/settings/invitations/{invitation.public_id}/again"
    assert b"Give it a minute" in owner_client.post(where, follow=True).content
    with studio.enter():
        Invitation.objects.update(sent_at=timezone.now() - timedelta(hours=1))
    assert b"sent again" in owner_client.post(where, follow=True).content
    assert owner_client.post(where.replace(invitation.public_id, "inv_nothing")).status_code == 404


def test_a_workspace_writes_to_no_hundreds_of_strangers(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.invitations.MOST_A_DAY", 2)
    for name in ("a", "b"):
        made = invite(studio, f"{name}@example.com")
        invitations.revoke(
            organization=studio.organization,
            by_user=studio.owner,
            invitation_id=made.public_id,
            now=timezone.now(),
        )
    with pytest.raises(invitations.TooManyInvitations):
        invite(studio, "c@example.com")


def test_a_member_who_opens_an_invitation_again_stays_what_they_are(studio: Studio) -> None:
    link = send(invite(studio, "elsewhere@example.com", role=Role.ADMIN))
    window = factories.browser_of(studio.colleague)
    window.post(link)
    assert people(studio)[studio.colleague.email] == Role.DESIGNER


def test_an_admin_is_needed_to_invite_whatever_page_asks(studio: Studio) -> None:
    with pytest.raises(members.NotAllowed):
        invitations.invite(
            organization=studio.organization,
            by_user=studio.colleague,
            email=BEA,
            role=Role.VIEWER,
            base="",
            now=NOON,
        )
