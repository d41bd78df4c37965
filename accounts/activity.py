"""What happened in a workspace: written by the verb that does it, in its transaction; read as a feed and as a bell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Event, Membership, Notification, Organization, User


@dataclass(frozen=True)
class Kind:
    """How events of one kind read: `words` with %(who)s and any key of their data, and the path they lead to.

    A function is asked for the words where they depend on the event.
    """

    words: str | Promise | Callable[[Event], str | Promise]
    address: Callable[[Event], str] | None = None


_KINDS: dict[str, Kind] = {}


def register(name: str, kind: Kind) -> None:
    """Upper apps say here, in a module imported by their `ready()`, what their kinds of events are called."""
    if _KINDS.setdefault(name, kind) is not kind:
        raise ValueError(f"The kind of event {name} is registered twice.")


def record(
    *,
    organization: Organization,
    kind: str,
    subject: str,
    now: datetime,
    by_user: User | None = None,
    by_name: str = "",
    project: str = "",
    data: Mapping[str, Any] | None = None,
    notify: Iterable[int] = (),
) -> Event:
    """Write an event inside the caller's transaction and workspace, and tell these users (primary keys) of it.

    Only active members are told, and never who did it. `by_name` names somebody who has no account.
    """
    if kind not in _KINDS:
        raise ValueError(f"Nobody has registered the kind of event {kind}.")
    event = Event.objects.create(
        organization=organization,
        kind=kind,
        subject=subject,
        project=project,
        actor=by_user,
        actor_name=by_name[:120],
        data=dict(data or {}),
        at=now,
    )
    wanted = set(notify) - {by_user.pk if by_user else None}
    if wanted:
        members = Membership.objects.of(organization).filter(user__in=wanted, user__is_active=True)
        Notification.objects.bulk_create(
            Notification(organization=organization, user_id=user, event=event)
            for user in members.order_by("user").values_list("user", flat=True)
        )
    return event


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
