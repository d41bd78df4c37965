"""Who belongs to a workspace: roles, leaving, handing over; an owner always stays."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import members, services
from accounts.models import AuditEntry, Membership, Organization, Role
from tests import factories
from tests.factories import NOON, Studio


def membership(studio: Studio, person: object) -> Membership:
    with studio.enter():
        found: Membership = Membership.objects.of(studio.organization).get(user=person)
        return found


def role_of(studio: Studio, person: object) -> str:
    return membership(studio, person).role


def settings_of(studio: Studio, page: str) -> str:
    return f"/w/{studio.organization.public_id}/settings/{page}"


def actions(studio: Studio) -> list[str]:
    with studio.enter():
        rows = AuditEntry.objects.of(studio.organization).order_by("pk")
        return list(rows.values_list("action", flat=True))


def test_the_database_keeps_an_owner_whatever_the_code_does(studio: Studio) -> None:
    mine = membership(studio, studio.owner)
    for change in ("delete", "demote"):
        with (
            pytest.raises(IntegrityError, match="without an owner"),
            transaction.atomic(),
            studio.enter(),
        ):
            if change == "delete":
                Membership.objects.filter(pk=mine.pk).delete()
            else:
                Membership.objects.filter(pk=mine.pk).update(role=Role.VIEWER)
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert role_of(studio, studio.owner) == Role.OWNER


def test_the_last_owner_can_neither_leave_nor_become_less(studio: Studio, owner_client: Client) -> None:
    mine = membership(studio, studio.owner)
    with pytest.raises(members.LastOwner):
        members.leave(organization=studio.organization, by_user=studio.owner, now=NOON)
    answer = owner_client.post(settings_of(studio, f"members/{mine.pk}/role"), {"role": "admin"}, follow=True)
    assert b"only one" in answer.content
    answer = owner_client.post(settings_of(studio, "leave"), follow=True)
    assert b"only one" in answer.content
    assert role_of(studio, studio.owner) == Role.OWNER


def test_an_owner_changes_roles_and_the_log_says_so(studio: Studio, owner_client: Client) -> None:
    theirs = membership(studio, studio.colleague)
    owner_client.post(settings_of(studio, f"members/{theirs.pk}/role"), {"role": "admin"})
    assert role_of(studio, studio.colleague) == Role.ADMIN
    assert actions(studio)[-1] == "member.role_changed"


def test_an_admin_touches_no_owner_and_makes_none(studio: Studio) -> None:
    with studio.enter():
        Membership.objects.filter(user=studio.colleague).update(role=Role.ADMIN)
    owner = membership(studio, studio.owner)
    for role in (Role.VIEWER, Role.ADMIN):
        with pytest.raises(members.NotAllowed):
            members.change_role(
                organization=studio.organization,
                by_user=studio.colleague,
                member_id=owner.pk,
                role=role,
                now=NOON,
            )
    with pytest.raises(members.NotAllowed):
        members.remove(
            organization=studio.organization, by_user=studio.colleague, member_id=owner.pk, now=NOON
        )
    theirs = membership(studio, studio.colleague)
    with pytest.raises(members.NotAllowed):
        members.change_role(
            organization=studio.organization,
            by_user=studio.colleague,
            member_id=theirs.pk,
            role=Role.OWNER,
            now=NOON,
        )


def test_a_designer_manages_nobody_and_a_stranger_finds_no_page(
    studio: Studio, colleague_client: Client, stranger_client: Client
) -> None:
    theirs = membership(studio, studio.owner)
    assert colleague_client.get(settings_of(studio, "members")).status_code == 200
    for page in (
        f"members/{theirs.pk}/remove",
        f"members/{theirs.pk}/role",
        f"members/{theirs.pk}/transfer",
        "members/invite",
        "invitations/inv_x/again",
        "invitations/inv_x/revoke",
    ):
        assert colleague_client.post(settings_of(studio, page)).status_code == 403, page
        assert stranger_client.post(settings_of(studio, page)).status_code == 404, page
    for page in ("members", "leave"):
        assert stranger_client.get(settings_of(studio, page)).status_code == 404
    assert stranger_client.get(f"/w/{studio.organization.public_id}/enter").status_code == 404


def test_a_member_of_another_workspace_is_out_of_reach(
    studio: Studio, strange_studio: Studio, owner_client: Client
) -> None:
    theirs = membership(strange_studio, strange_studio.colleague)
    assert owner_client.post(settings_of(studio, f"members/{theirs.pk}/remove")).status_code == 404
    assert role_of(strange_studio, strange_studio.colleague) == Role.DESIGNER


def test_a_removed_member_finds_nothing_any_more(
    studio: Studio, owner_client: Client, colleague_client: Client
) -> None:
    where = f"/w/{studio.organization.public_id}/studio"
    assert colleague_client.get(where).status_code == 200
    theirs = membership(studio, studio.colleague)
    owner_client.post(settings_of(studio, f"members/{theirs.pk}/remove"))
    assert colleague_client.get(where).status_code == 404
    assert actions(studio)[-1] == "member.removed"


def test_who_leaves_comes_to_a_workspace_of_their_own(studio: Studio, colleague_client: Client) -> None:
    answer = colleague_client.post(settings_of(studio, "leave"), follow=True)
    assert answer.status_code == 200
    assert [w != studio.organization for w in services.workspaces_of(user=studio.colleague)] == [True]
    assert actions(studio)[-1] == "member.left"


def test_a_workspace_is_handed_over_after_the_password_was_asked_for(studio: Studio) -> None:
    client = factories.browser_of(studio.owner)
    theirs = membership(studio, studio.colleague)
    where = settings_of(studio, f"members/{theirs.pk}/transfer")
    asked = client.get(where).headers["Location"]
    client.post(asked, {"password": "secret"})
    assert client.get(where).status_code == 200
    client.post(where)
    assert role_of(studio, studio.colleague) == Role.OWNER
    assert role_of(studio, studio.owner) == Role.ADMIN


def test_an_old_sign_in_is_asked_for_the_password_first(studio: Studio, owner_client: Client) -> None:
    theirs = membership(studio, studio.colleague)
    where = settings_of(studio, f"members/{theirs.pk}/transfer")
    answer = owner_client.post(where)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/accounts/reauthenticate/")
    assert role_of(studio, studio.owner) == Role.OWNER


def test_a_person_opens_and_switches_workspaces_and_starts_where_they_were(
    studio: Studio, owner_client: Client
) -> None:
    answer = owner_client.post("/workspaces", {"name": "Second"}, follow=True)
    second = Organization.objects.get(name="Second")
    assert answer.redirect_chain[-1][0] == f"/w/{second.public_id}/studio"
    assert owner_client.get("/home").headers["Location"] == f"/w/{second.public_id}/studio"
    page = owner_client.get(f"/w/{studio.organization.public_id}/settings").content.decode()
    assert f"/w/{second.public_id}/enter" in page
    owner_client.get(f"/w/{studio.organization.public_id}/enter")
    assert owner_client.get("/home").headers["Location"] == f"/w/{studio.organization.public_id}/studio"


def test_nobody_opens_workspaces_without_end(
    studio: Studio, owner_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.services.MOST_WORKSPACES", 1)
    answer = owner_client.post("/workspaces", {"name": "Second"})
    assert answer.status_code == 422
    assert b"very many" in answer.content


def test_a_workspace_gets_another_name(studio: Studio, owner_client: Client) -> None:
    owner_client.post(settings_of(studio, "name"), {"name": "Pine & Wool"})
    studio.organization.refresh_from_db()
    assert studio.organization.name == "Pine & Wool"


def test_the_members_page_asks_the_same_number_of_questions_for_many(
    studio: Studio, owner_client: Client
) -> None:
    where = settings_of(studio, "members")
    owner_client.get(where)
    with CaptureQueriesContext(connection) as few:
        owner_client.get(where)
    for _ in range(8):
        person = factories.make_person()
        with studio.enter():
            Membership.objects.create(organization=studio.organization, user=person, role=Role.VIEWER)
    with CaptureQueriesContext(connection) as many:
        assert owner_client.get(where).content.count(b'<li class="row">') == 10
    assert len(many) == len(few)
