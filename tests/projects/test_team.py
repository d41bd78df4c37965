"""Working together on a project: who is on it, what is written, who hears of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import activity, members
from accounts.models import Event, Membership, Role, User
from projects import mentions, services, team
from projects.models import Project
from projects.team_rows import ProjectMember, ProjectNote
from tests import factories
from tests.factories import Studio

NOW = timezone.now()


@pytest.fixture
def project(studio: Studio) -> Project:
    User.objects.filter(pk=studio.owner.pk).update(name="Anna Winter")
    User.objects.filter(pk=studio.colleague.pk).update(name="Ben")
    studio.owner.refresh_from_db()
    studio.colleague.refresh_from_db()
    return services.create_project(organization=studio.organization, name="Lindenstraße 5")


def member_of(studio: Studio, person: User) -> Membership:
    with studio.enter():
        found: Membership = Membership.objects.of(studio.organization).get(user=person)
        return found


def join(studio: Studio, name: str, role: Role = Role.DESIGNER) -> User:
    person = factories.make_person()
    person.name = name
    person.save()
    with studio.enter():
        Membership.objects.create(organization=studio.organization, user=person, role=role)
    return person


def told(studio: Studio, person: User) -> list[str]:
    with studio.enter():
        rows = activity.told_to(organization=studio.organization, user=person)
        return [activity.words_of(one.event) for one in rows]


def page(studio: Studio, project: Project, name: str = "team") -> str:
    return f"/w/{studio.organization.public_id}/projects/{project.public_id}/{name}"


def put_on(studio: Studio, project: Project, person: User) -> bool:
    member = member_of(studio, person)
    return team.assign(project=project, member_id=member.pk, by_user=studio.owner, now=NOW)


# --- On a project ----------------------------------------------------------------------------------------


def test_who_is_put_on_a_project_is_told_and_finds_it_among_theirs(
    studio: Studio, project: Project, colleague_client: Client
) -> None:
    assert put_on(studio, project, studio.colleague)
    assert not put_on(studio, project, studio.colleague), "once"
    assert told(studio, studio.colleague) == ["Anna Winter put Ben on the project Lindenstraße 5"]
    mine = colleague_client.get(f"/w/{studio.organization.public_id}/my-projects").content.decode()
    assert "Lindenstraße 5" in mine
    assert ProcrastinateJob.objects.filter(task_name=activity.MAIL_TASK).count() == 1


def test_who_puts_themselves_on_it_is_told_nothing(studio: Studio, project: Project) -> None:
    put_on(studio, project, studio.owner)
    assert told(studio, studio.owner) == []


def test_who_leaves_the_workspace_is_on_no_project(studio: Studio, project: Project) -> None:
    put_on(studio, project, studio.colleague)
    members.leave(organization=studio.organization, by_user=studio.colleague, now=NOW)
    with studio.enter():
        assert not ProjectMember.objects.exists()


def test_nobody_of_another_workspace_is_put_on_a_project(
    studio: Studio, strange_studio: Studio, project: Project, owner_client: Client
) -> None:
    stranger = member_of(strange_studio, strange_studio.owner)
    with pytest.raises(team.NotOfTheWorkspace):
        team.assign(project=project, member_id=stranger.pk, by_user=studio.owner, now=NOW)
    owner_client.post(page(studio, project, "team/assign"), {"member": stranger.pk})
    with studio.enter():
        assert not ProjectMember.objects.exists()


def test_the_database_refuses_to_put_somebody_on_it_twice(studio: Studio, project: Project) -> None:
    put_on(studio, project, studio.colleague)
    member = member_of(studio, studio.colleague)
    with studio.enter(), pytest.raises(IntegrityError), transaction.atomic():
        ProjectMember.objects.create(
            organization=studio.organization, project=project, member=member, assigned_at=NOW
        )


def test_a_viewer_looks_and_changes_nothing(studio: Studio, project: Project) -> None:
    viewer = factories.browser_of(join(studio, "Vera", Role.VIEWER))
    who = member_of(studio, studio.colleague).pk
    assert viewer.get(page(studio, project)).status_code == 200
    assert viewer.post(page(studio, project), {"text": "Hello"}).status_code == 200
    assert viewer.post(page(studio, project, "team/assign"), {"member": who}).status_code == 403
    assert viewer.post(page(studio, project, f"team/{who}/unassign")).status_code == 403
    with studio.enter():
        assert not ProjectMember.objects.exists()
        assert not ProjectNote.objects.exists()


def test_taking_somebody_off_tells_them(studio: Studio, project: Project, owner_client: Client) -> None:
    put_on(studio, project, studio.colleague)
    who = member_of(studio, studio.colleague).pk
    for _ in range(2):
        owner_client.post(page(studio, project, f"team/{who}/unassign"))
    assert told(studio, studio.colleague)[0] == "Anna Winter took Ben off the project Lindenstraße 5"
    assert len(told(studio, studio.colleague)) == 2


@pytest.mark.parametrize("member", ["", "x", "-1", "9" * 30, "²"])
def test_nonsense_puts_nobody_on_it(
    studio: Studio, project: Project, owner_client: Client, member: str
) -> None:
    answer = owner_client.post(page(studio, project, "team/assign"), {"member": member}, follow=True)
    assert answer.status_code == 200
    with studio.enter():
        assert not ProjectMember.objects.exists()


# --- Notes -----------------------------------------------------------------------------------------------


def test_a_mention_tells_who_is_meant_and_the_note_tells_the_others_on_the_project(
    studio: Studio, project: Project
) -> None:
    third, outsider = join(studio, "Cleo"), join(studio, "Dora")
    for person in (studio.owner, studio.colleague, third):
        put_on(studio, project, person)
    team.write_note(project=project, by_user=studio.owner, text="@ben, the sofa is late.", now=NOW)
    assert told(studio, studio.colleague)[0] == "Anna Winter mentioned you in a note about Lindenstraße 5"
    assert told(studio, third)[0] == "Anna Winter wrote a note about Lindenstraße 5"
    assert told(studio, outsider) == []
    assert told(studio, studio.owner) == []
    with studio.enter():
        feed = activity.feed(organization=studio.organization, project=project.public_id)
        assert feed[0].data["text"] == "@ben, the sofa is late."
        assert feed.filter(kind="note.mentioned").count() == 0


def test_the_field_mentions_without_a_script(studio: Studio, project: Project, owner_client: Client) -> None:
    owner_client.post(page(studio, project), {"text": "The sofa is late", "mention": "Ben"})
    owner_client.post(page(studio, project), {"text": "No such person", "mention": "Nobody"})
    with studio.enter():
        assert ProjectNote.objects.earliest("pk").text == "@Ben The sofa is late"
        assert ProjectNote.objects.latest("pk").text == "No such person"
    assert len(told(studio, studio.colleague)) == 1


def test_a_note_is_shown_escaped_with_its_mentions_set_off(
    studio: Studio, project: Project, owner_client: Client
) -> None:
    evil = join(studio, "<b>Eve</b>")
    assert evil
    owner_client.post(page(studio, project), {"text": "<script>alert(1)</script> @<b>Eve</b> & @Ben"})
    shown = owner_client.get(page(studio, project)).content.decode()
    assert "<script>alert" not in shown
    assert (
        '<span class="mention">@&lt;b&gt;Eve&lt;/b&gt;</span> &amp; <span class="mention">@Ben</span>'
        in shown
    )


def test_a_deleted_note_is_gone_from_bell_and_feed(
    studio: Studio, project: Project, owner_client: Client, colleague_client: Client
) -> None:
    note = team.write_note(project=project, by_user=studio.owner, text="@Ben secret", now=NOW)
    path = page(studio, project, f"notes/{note.public_id}/delete")
    assert colleague_client.post(path).status_code == 404, "not theirs"
    assert owner_client.post(path).status_code == 302
    assert told(studio, studio.colleague) == []
    with studio.enter():
        assert not Event.objects.filter(subject=note.public_id).exists()


def test_a_stranger_finds_none_of_it(studio: Studio, project: Project, stranger_client: Client) -> None:
    note = team.write_note(project=project, by_user=studio.owner, text="Secret", now=NOW)
    for name in ("team", "activity"):
        assert stranger_client.get(page(studio, project, name)).status_code == 404
    for name in ("team", "team/assign", "team/1/unassign", f"notes/{note.public_id}/delete"):
        assert stranger_client.post(page(studio, project, name), {"text": "x"}).status_code == 404


# --- Who is meant by an @ --------------------------------------------------------------------------------

PEOPLE = [(1, "Anna", "anna@x.example"), (2, "Anna Winter", "aw@x.example"), (3, "", "ben@x.example")]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("@Anna", {1}),
        ("@anna winter", {2}),
        ("@Anna Winters", {1}),
        ("@Annabel", set()),
        ("@Anna, @Anna Winter and @ben@x.example!", {1, 2, 3}),
        ("write to ben@x.example", set()),
        ("mail@Anna", set()),
        ("@", set()),
        ("@@Anna", {1}),
        ("nobody", set()),
    ],
)
def test_who_is_meant(text: str, meant: set[int]) -> None:
    assert mentions.found_in(text, mentions.labels(PEOPLE))[0] == meant


def test_of_two_people_with_one_name_the_address_is_meant() -> None:
    labels: dict[int, str] = mentions.labels([(1, "Anna", "a@x.example"), (2, "anna ", "b@x.example")])
    assert labels == {1: "a@x.example", 2: "b@x.example"}


@pytest.mark.parametrize("text", ["ß@Anna", "İ@Anna", "ẞ @Anna"])
def test_letters_that_grow_in_folding_move_nothing(text: str) -> None:
    spelled: Any = mentions.found_in(text, {1: "Anna"})[1]
    assert spelled in ([], ["Anna"])


def test_growing_letters_in_a_name() -> None:
    assert mentions.found_in("Frag @GROẞ bitte", {1: "groß"})[0] == {1}
