"""What happened in a workspace: written by the verb that does it, in its transaction; read as a feed and as a bell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from procrastinate.contrib.django import app

from accounts import emails, lifecycle, tenancy
from accounts.models import Event, Membership, Notification, Organization, TenantQuerySet, User

MAIL_TASK = "accounts.mail_event"
KEPT = timedelta(days=365)
_AT_ONCE = 1000  # old events of one transaction


@dataclass(frozen=True)
class Kind:
    """How events of one kind read: `words` with %(who)s and any key of their data, and the path they lead to.

    A function is asked for the words where they depend on the event.
    `wish` names the column of Membership (`mail_…`) that lets who is told have a mail as well; "" never mails.
    `in_feed` is off for what only those who are told shall read, as another event tells the others.
    """

    words: str | Promise | Callable[[Event], str | Promise]
    address: Callable[[Event], str] | None = None
    wish: str = ""
    in_feed: bool = True


_KINDS: dict[str, Kind] = {}


def register(name: str, kind: Kind) -> None:
    """Upper apps say here, in a module imported by their `ready()`, what their kinds of events are called."""
    if _KINDS.setdefault(name, kind) is not kind:
        raise ValueError(f"The kind of event {name} is registered twice.")


def kinds() -> list[str]:
    """The names of every kind that may happen, in order."""
    return sorted(_KINDS)


def record(
    *,
    organization: Organization,
    kind: str,
    subject: str,
    now: datetime,
    by_user: User | None = None,
    by_user_id: int | None = None,
    by_name: str = "",
    project: str = "",
    data: Mapping[str, Any] | None = None,
    notify: Iterable[int] = (),
) -> Event:
    """Write an event inside the caller's transaction and workspace, and tell these users (primary keys) of it.

    Only active members are told, and never who did it. `by_user_id` stands for `by_user` where only that is at hand;
    `by_name` names somebody who has no account.
    """
    actor_id = by_user.pk if by_user is not None else by_user_id
    if kind not in _KINDS:
        raise ValueError(f"Nobody has registered the kind of event {kind}.")
    event = Event.objects.create(
        organization=organization,
        kind=kind,
        subject=subject,
        project=project,
        actor_id=actor_id,
        actor_name=by_name[:120],
        in_feed=_KINDS[kind].in_feed,
        data=dict(data or {}),
        at=now,
    )
    lifecycle.event_recorded.happened(event=event)
    wanted = set(notify) - {actor_id}
    if wanted:
        _tell(event, wanted, wish=_KINDS[kind].wish)
    return event


def _tell(event: Event, wanted: set[int], *, wish: str) -> None:
    organization = event.organization
    members = Membership.objects.of(organization).filter(user__in=wanted, user__is_active=True)
    told = list(members.order_by("user"))
    Notification.objects.bulk_create(
        Notification(organization=organization, user_id=member.user_id, event=event) for member in told
    )
    for member in told:
        if wish and getattr(member, wish):
            job = app.configure_task(MAIL_TASK, queue=emails.QUEUE, allow_unknown=True)
            job.defer(event_id=event.pk, organization_id=organization.pk, user_id=member.user_id)


def mail(*, event_id: int, organization_id: int, user_id: int) -> None:
    """The event to one member; nothing when the wish, the event or the member is gone, or it was read already."""
    organization = Organization.objects.filter(pk=organization_id, deleted_at=None).first()
    if organization is None:
        return
    with tenancy.enter(organization):
        rows = Notification.objects.of(organization).filter(event=event_id, user=user_id, read_at=None)
        found = rows.select_related("event__actor", "event__organization", "user").first()
        wish = _KINDS[found.event.kind].wish if found and found.event.kind in _KINDS else ""
        if found is None or not wish:
            return
        members = Membership.objects.of(organization).filter(user=user_id, user__is_active=True)
        if not members.filter(**{wish: True}).exists():
            return
    with translation.override(found.user.language or settings.LANGUAGE_CODE):
        sentence = words_of(found.event)
    base, where = settings.PUBLIC_BASE_URL, address_of(found.event)
    wishes = reverse("notifications", args=[organization.public_id])
    emails.send(
        to=[found.user.email],
        template="event",
        context={
            "workspace": organization,
            "sentence": sentence,
            "text": found.event.data.get("text", ""),
            "address": f"{base}{where}" if base and where else "",
            "wishes": f"{base}{wishes}" if base else "",
        },
        language=found.user.language or settings.LANGUAGE_CODE,
    )


# --- Reading: asked inside the workspace -----------------------------------------------------------------


def feed(*, organization: Organization, project: str = "") -> TenantQuerySet:
    """What happened, newest first: in one project, or in the whole workspace."""
    rows = Event.objects.of(organization).filter(in_feed=True)
    if project:
        rows = rows.filter(project=project)
    return rows.select_related("actor", "organization").order_by("-pk")


def told_to(*, organization: Organization, user: User) -> TenantQuerySet:
    """What the member was told, newest first."""
    rows = Notification.objects.of(organization).filter(user=user)
    return rows.select_related("event__actor", "event__organization").order_by("-pk")


def unread(*, organization: Organization, user: User | int) -> int:
    """How many notifications the member has not read; one query."""
    return int(Notification.objects.of(organization).filter(user=user, read_at=None).count())


def mark_read(*, organization: Organization, user: User, notification: int, now: datetime) -> bool:
    """Mark one as read; False if it is none of the member's, or was read before."""
    with tenancy.enter(organization):
        rows = Notification.objects.of(organization).filter(user=user, read_at=None, pk=notification)
        return bool(rows.update(read_at=now))


def mark_read_until(*, organization: Organization, user: User, newest: int, now: datetime) -> int:
    """Mark everything up to the notification `newest` as read: what came after the page was made stays unread."""
    with tenancy.enter(organization):
        rows = Notification.objects.of(organization).filter(user=user, read_at=None, pk__lte=newest)
        return int(rows.update(read_at=now))


# --- Forgetting ------------------------------------------------------------------------------------------


def forget(*, organization: Organization, subject: str) -> None:
    """Remove what was written and told about something that its maker has deleted; in the caller's transaction."""
    Event.objects.of(organization).filter(subject=subject).delete()


def forget_old(*, now: datetime) -> int:
    """Remove events older than a year with what was told of them. Returns how many."""
    removed = 0
    while True:
        with tenancy.system("retention"):
            old = list(
                Event.objects.filter(at__lt=now - KEPT).order_by("at").values_list("pk", flat=True)[:_AT_ONCE]
            )
            Event.objects.filter(pk__in=old).delete()
        removed += len(old)
        if len(old) < _AT_ONCE:
            return removed


# --- Words -----------------------------------------------------------------------------------------------


def words_of(event: Event) -> str:
    """The event as a sentence; expects `actor` to be loaded."""
    kind = _KINDS.get(event.kind)
    if kind is None:
        return event.kind
    who = event.actor.get_short_name() if event.actor else event.actor_name or str(_("Roomwright"))
    words = kind.words(event) if callable(kind.words) else kind.words
    return str(words) % {**event.data, "who": who}


def address_of(event: Event) -> str:
    """The path of the page it happened on; "" where there is none."""
    kind = _KINDS.get(event.kind)
    return kind.address(event) if kind and kind.address else ""
