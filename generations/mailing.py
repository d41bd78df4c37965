"""Mail to members who want it: a picture that ended while its page was left, and the week.

Whether the page was left nobody can know; but who sees the end marks it (`seen_at`), and the mail waits a minute.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Q, Sum
from django.urls import reverse
from procrastinate.contrib.django import app

from accounts import activity, emails, tenancy
from accounts.models import Membership, Notification, Organization, User
from generations.models import Generation, Proposal, ReviewRoom, State
from projects.models import Project

ENDED_TASK = "generations.tell_ended"
WEEK_TASK = "generations.tell_week"
PATIENCE = 60  # seconds in which a page that is open has shown the end
_WISHES = {State.SUCCEEDED: "mail_ready", State.FAILED: "mail_failed"}
WEEK = timedelta(days=7)
_BUSY = 8  # projects that the mail about a week names


def arrange(*, generation: Generation, state: State) -> None:
    """A mail about this end, if who asked on a page wants one; in the transaction that ends it.

    None about each picture of a room set: its end is one event.
    """
    wish = _WISHES.get(state)
    if wish is None or generation.requested_by_id is None or generation.api_key_id is not None:
        return
    if generation.room_set_id is not None:
        return
    wanted = Membership.objects.of(generation.organization).filter(
        user=generation.requested_by_id, **{wish: True}
    )
    if wanted.exists():
        job = app.configure_task(
            ENDED_TASK, queue=emails.QUEUE, schedule_in={"seconds": PATIENCE}, allow_unknown=True
        )
        job.defer(generation_id=generation.pk, organization_id=generation.organization_id)


def note_seen(*, generation: Generation, user: User, now: datetime) -> None:
    """Who asked for it sees how it ended; inside the workspace. Writes once."""
    if generation.has_ended and generation.seen_at is None and generation.requested_by_id == user.pk:
        Generation.objects.of(generation.organization).filter(pk=generation.pk, seen_at=None).update(
            seen_at=now
        )


def tell_ended(*, generation_id: int, organization_id: int) -> None:
    """The mail itself; nothing when the end was seen, the wish is gone, or the picture is."""
    organization = Organization.objects.filter(pk=organization_id, deleted_at=None).first()
    if organization is None:
        return
    with tenancy.enter(organization):
        rows = Generation.objects.of(organization).kept().filter(pk=generation_id, seen_at=None)
        found = rows.select_related("requested_by").first()
        wish = _WISHES.get(State(found.state)) if found else None
        if found is None or wish is None or found.requested_by is None:
            return
        members = Membership.objects.of(organization).filter(user=found.requested_by, **{wish: True})
        if not members.filter(user__is_active=True).exists():
            return
    path = reverse("generation", args=[organization.public_id, found.public_id])
    emails.send(
        to=[found.requested_by.email],
        template="picture_ready" if found.state == State.SUCCEEDED else "picture_failed",
        context={"workspace": organization, "generation": found, "address": _address(path)},
        language=found.requested_by.language,
    )


def arrange_weeks() -> int:
    """A job for each workspace in which somebody wants to read of the week. Returns how many."""
    with tenancy.system("who wants the weekly mail"):
        wanting = Membership.objects.filter(mail_weekly=True, organization__deleted_at=None)
        workspaces = list(wanting.values_list("organization_id", flat=True).distinct())
    for pk in workspaces:
        app.configure_task(WEEK_TASK, queue=emails.QUEUE, allow_unknown=True).defer(organization_id=pk)
    return len(workspaces)


def tell_week(*, organization_id: int, now: datetime) -> None:
    """One mail to each who wants it about the last seven days; none when nothing happened."""
    organization = Organization.objects.filter(pk=organization_id, deleted_at=None).first()
    if organization is None:
        return
    with tenancy.enter(organization):
        week = _week(organization, now)
        unread = dict(
            Notification.objects.of(organization)
            .filter(read_at=None)
            .order_by()
            .values_list("user")
            .annotate(n=Count("pk"))
        )
        members = Membership.objects.of(organization).filter(mail_weekly=True, user__is_active=True)
        people = list(members.order_by("pk").values_list("user", "user__email", "user__language"))
    if not any(week[name] for name in ("made", "failed", "projects", "deadlines")):
        return
    pages = {
        "address": _address(reverse("history", args=[organization.public_id])),
        "told": _address(reverse("told", args=[organization.public_id])),
        "wishes": _address(reverse("notifications", args=[organization.public_id])),
    }
    for pk, address, language in people:
        context = {"workspace": organization, "week": week, "unread": unread.get(pk, 0), **pages}
        emails.send(to=[address], template="week", context=context, language=language)


def _week(organization: Organization, now: datetime) -> dict[str, Any]:
    """What happened in the last seven days; a project with how often something did in it, the busiest first."""
    ended = Generation.objects.of(organization).filter(finished_at__gt=now - WEEK, finished_at__lte=now)
    week = ended.aggregate(
        made=Count("pk", filter=Q(state=State.SUCCEEDED)),
        failed=Count("pk", filter=Q(state=State.FAILED)),
        credits=Sum("credits_settled"),
    )
    events = activity.feed(organization=organization).filter(at__gt=now - WEEK, at__lte=now)
    busy = dict(
        events.exclude(project="")
        .order_by()
        .values_list("project")
        .annotate(n=Count("pk"))
        .order_by("-n")[:_BUSY]
    )
    soon = (
        Project.objects.of(organization)
        .active()
        .filter(deadline__gte=now.date(), deadline__lte=(now + WEEK).date())
    )
    week["deadlines"] = list(soon.order_by("deadline", "pk").values_list("name", "deadline")[:_BUSY])
    open_rooms = ReviewRoom.objects.of(organization).filter(revoked_at=None, round_closed_at=None)
    week["reviews"] = open_rooms.count()
    week["proposals"] = Proposal.objects.of(organization).answerable(now.date()).count()
    names = Project.objects.of(organization).filter(public_id__in=busy).values_list("public_id", "name")
    return week | {
        "projects": sorted(((name, busy[pid]) for pid, name in names), key=lambda one: (-one[1], one[0]))
    }


def _address(path: str) -> str:
    return f"{settings.PUBLIC_BASE_URL}{path}" if settings.PUBLIC_BASE_URL else ""
