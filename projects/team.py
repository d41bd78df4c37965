"""Verbs of working together on a project: put members on it, write to them, read what happened."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts import activity, tenancy
from accounts.activity import Kind
from accounts.errors import Refusal
from accounts.models import Event, Membership, Organization, Role, TenantQuerySet, User
from projects import mentions
from projects.models import Project
from projects.team_rows import ProjectMember, ProjectNote

NOTE_LENGTH = 4000
_EXCERPT = 300  # characters of a note that its event carries


class NotOfTheWorkspace(Refusal):
    """This person is no member of the workspace any more. Choose somebody else."""

    code, title, status = "not_a_member", "Not a member", 409


class NotYourNote(Refusal):
    """Only who wrote a note, or an admin, can delete it."""

    code, title, status = "not_your_note", "Not your note", 403


def _address(event: Event) -> str:
    return reverse("project-team", args=[event.organization.public_id, event.project])


activity.register(
    "project.assigned",
    Kind(_("%(who)s put %(member)s on the project %(project)s"), _address, wish="mail_assigned"),
)
activity.register(
    "project.unassigned", Kind(_("%(who)s took %(member)s off the project %(project)s"), _address)
)
activity.register("note.written", Kind(_("%(who)s wrote a note about %(project)s"), _address))
activity.register(
    "note.mentioned",
    Kind(
        _("%(who)s mentioned you in a note about %(project)s"),
        _address,
        wish="mail_mentions",
        in_feed=False,  # the note itself is in it
    ),
)


# --- Reading: inside the workspace -----------------------------------------------------------------------


def of_project(project: Project) -> list[ProjectMember]:
    """Who is on it, in the order of joining."""
    rows = ProjectMember.objects.of(project.organization).filter(project=project)
    return list(rows.select_related("member__user").order_by("pk"))


def users_on(project: Project) -> set[int]:
    """The users (primary keys) who are on the project: whom to tell of what happens there."""
    rows = ProjectMember.objects.of(project.organization).filter(project=project)
    return set(rows.values_list("member__user", flat=True))


def not_on(project: Project) -> TenantQuerySet:
    """Members who are not on it."""
    taken = ProjectMember.objects.of(project.organization).filter(project=project).values("member")
    rows = Membership.objects.of(project.organization).exclude(pk__in=taken)
    return rows.filter(user__is_active=True).select_related("user")


def to_assign(project: Project) -> list[Membership]:
    """The same in the order of joining."""
    return list(not_on(project).order_by("pk"))


def projects_of(*, organization: Organization, user: User) -> TenantQuerySet:
    """The projects that the member is on, newest first."""
    mine = ProjectMember.objects.of(organization).filter(member__user=user)
    rows = Project.objects.of(organization).filter(pk__in=mine.values("project"))
    return rows.select_related("client").order_by("-pk")


def notes_of(project: Project) -> TenantQuerySet:
    """What was written about it, newest first."""
    rows = ProjectNote.objects.of(project.organization).filter(project=project)
    return rows.select_related("author").order_by("-pk")


def names_to_mention(*, organization: Organization) -> dict[int, str]:
    """What to write after an @ for each user (primary key) of the workspace."""
    members = Membership.objects.of(organization).filter(user__is_active=True)
    people = members.order_by("pk").values_list("user", "user__name", "user__email")
    return mentions.labels(list(people))


# --- Writing ---------------------------------------------------------------------------------------------


def assign(*, project: Project, member_id: int, by_user: User, now: datetime) -> bool:
    """Put a member on the project and tell them; False if they were on it. Raises NotOfTheWorkspace."""
    organization = project.organization
    with tenancy.enter(organization):
        # Locked, so that one who is leaving in this moment is gone, or goes with this row.
        rows = Membership.objects.of(organization).select_related("user").filter(pk=member_id)
        member = cast("Membership | None", rows.select_for_update(of=("self",), no_key=True).first())
        if member is None:
            raise NotOfTheWorkspace
        try:
            with transaction.atomic():
                ProjectMember.objects.create(
                    organization=organization,
                    project=project,
                    member=member,
                    assigned_by=by_user,
                    assigned_at=now,
                )
        except IntegrityError:
            return False
        _record(project, "project.assigned", by_user, now, member=member, notify={member.user_id})
    return True


def unassign(*, project: Project, member_id: int, by_user: User, now: datetime) -> bool:
    """Take a member off the project and tell them; False if they were not on it."""
    with tenancy.enter(project.organization):
        rows = ProjectMember.objects.of(project.organization).filter(project=project, member=member_id)
        found = rows.select_related("member__user").first()
        if found is None or not rows.delete()[0]:
            return False
        member = found.member
        _record(project, "project.unassigned", by_user, now, member=member, notify={member.user_id})
    return True


def write_note(*, project: Project, by_user: User, text: str, also: str = "", now: datetime) -> ProjectNote:
    """A note to the others. Who is mentioned (@name) is told so, the others on the project that there is one.

    `also` is somebody to mention whose name need not stand in the text; what is no name is ignored.
    """
    organization = project.organization
    with tenancy.enter(organization):
        names = names_to_mention(organization=organization)
        extra = also.strip().removeprefix("@").strip()
        is_somebody = extra.casefold() in {name.casefold() for name in names.values()}
        if is_somebody and f"@{extra}".casefold() not in text.casefold():
            text = f"@{extra} {text}"
        mentioned, spelled = mentions.found_in(text, names)
        note: ProjectNote = ProjectNote.objects.create(
            organization=organization,
            project=project,
            author=by_user,
            text=text[:NOTE_LENGTH],
            mentions=spelled,
            written_at=now,
        )
        said = {"project": project.name, "text": _excerpt(text)}
        for kind, whom in (
            ("note.written", users_on(project) - mentioned),
            ("note.mentioned", mentioned - {by_user.pk}),
        ):
            if kind == "note.written" or whom:
                activity.record(
                    organization=organization,
                    kind=kind,
                    subject=note.public_id,
                    project=project.public_id,
                    by_user=by_user,
                    data=said,
                    notify=whom,
                    now=now,
                )
    return note


def delete_note(*, note: ProjectNote, by_user: User) -> None:
    """Take it back, with what was told of it. Raises NotYourNote."""
    organization = note.organization
    with tenancy.enter(organization):
        member = Membership.objects.of(organization).filter(user=by_user).first()
        if note.author_id != by_user.pk and not (member and member.may(Role.ADMIN)):
            raise NotYourNote
        ProjectNote.objects.of(organization).filter(pk=note.pk).delete()
        activity.forget(organization=organization, subject=note.public_id)


def _excerpt(text: str) -> str:
    return text if len(text) <= _EXCERPT else text[: _EXCERPT - 1].rstrip() + "…"


def _record(
    project: Project, kind: str, by_user: User, now: datetime, *, member: Membership, notify: set[int]
) -> None:
    activity.record(
        organization=project.organization,
        kind=kind,
        subject=project.public_id,
        project=project.public_id,
        by_user=by_user,
        data={"project": project.name, "member": member.user.get_short_name()},
        notify=notify,
        now=now,
    )
