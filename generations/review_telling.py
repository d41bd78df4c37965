"""What happens in review rooms, written down and told to the members: in the app at once, by mail within a minute.

Mail waits a little, so that five decisions are one mail; `told_event` is the last event that a mail has told of.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.functional import Promise, lazystr
from django.utils.translation import gettext_lazy as _
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from accounts import activity, emails, tenancy
from accounts.activity import Kind
from accounts.models import Event, Membership, Organization, Role, User
from generations.models import Decision, ReviewRoom

MAIL_TASK = "generations.mail_review"
TOGETHER = 45  # seconds in which what a client does becomes one mail
MOST_LINES = 100  # of one mail
_DECIDED = {
    Decision.Outcome.APPROVED: _("%(who)s approved %(what)s in “%(room)s”"),
    Decision.Outcome.DECLINED: _("%(who)s declined %(what)s in “%(room)s”"),
    Decision.Outcome.MAYBE: _("%(who)s said maybe to %(what)s in “%(room)s”"),
}


def _address(event: Event) -> str:
    return reverse("review", args=[event.organization.public_id, event.subject])


def _decided(event: Event) -> str | Promise:
    return _DECIDED[Decision.Outcome(event.data["outcome"])]


# What clients do; members do the others.
BY_CLIENTS = {
    "review.opened": Kind(_("Somebody opened “%(room)s” for the first time"), _address),
    "review.commented": Kind(_("%(who)s wrote about %(what)s in “%(room)s”: %(text)s"), _address),
    "review.decided": Kind(_decided, _address),
    "review.handed_back": Kind(_("%(who)s is done with round %(round)s of “%(room)s”"), _address),
    "review.link_asked": Kind(_("%(who)s asked for a new link to “%(room)s”"), _address),
}
BY_MEMBERS = {
    "review.made": Kind(_("%(who)s made the review room “%(room)s”"), _address),
    "review.answered": Kind(_("%(who)s answered about %(what)s in “%(room)s”: %(text)s"), _address),
    "review.round_started": Kind(_("%(who)s started round %(round)s of “%(room)s”"), _address),
    "review.round_closed": Kind(_("%(who)s closed round %(round)s of “%(room)s”"), _address),
    "review.revoked": Kind(_("%(who)s revoked the review room “%(room)s”"), _address),
}
for _name, _kind in (BY_CLIENTS | BY_MEMBERS).items():
    activity.register(_name, _kind)


def tell(
    *, room: ReviewRoom, kind: str, now: datetime, by_user: User | None = None, by_name: str = "", **data: Any
) -> None:
    """Write the event in the caller's transaction, ring the members' bell, and have mail sent of what a client did."""
    activity.record(
        organization=room.organization,
        kind=kind,
        subject=room.public_id,
        project=room.project.public_id,
        now=now,
        by_user=by_user,
        by_name=by_name,
        data={"room": room.title, **data},
        notify=_members(room),
    )
    if kind in BY_CLIENTS:
        _mail_later(room)


def _members(room: ReviewRoom) -> list[int]:
    """Who can work on it, and who made it."""
    roles = [role for role in Role if role.includes(Role.DESIGNER)]
    members = Membership.objects.of(room.organization)
    told = members.filter(Q(role__in=roles) | Q(user=room.created_by_id))
    return list(told.values_list("user", flat=True))


def _mail_later(room: ReviewRoom) -> None:
    job = app.configure_task(
        MAIL_TASK,
        queue=emails.QUEUE,
        queueing_lock=f"review:{room.pk}",
        schedule_in={"seconds": TOGETHER},
        allow_unknown=True,
    )
    try:
        with (
            transaction.atomic()
        ):  # a second one is refused by a constraint, which must not end our transaction
            job.defer(room_id=room.pk, organization_id=room.organization_id)
    except AlreadyEnqueued:
        pass  # that one will tell of this too


def mail(*, room_id: int, organization_id: int, address: str) -> None:
    """One mail about all that clients did since the last one, to members who wish it. `address` begins links."""
    organization = Organization.objects.filter(pk=organization_id, deleted_at=None).first()
    if organization is None:
        return
    with tenancy.enter(organization):
        room = ReviewRoom.objects.of(organization).filter(pk=room_id).first()
        if room is None:
            return
        rows = Event.objects.of(organization).filter(
            subject=room.public_id, kind__in=BY_CLIENTS, pk__gt=room.told_event
        )
        events = list(rows.select_related("actor", "organization").order_by("pk"))
    if not events:
        return
    path = reverse("review", args=[organization.public_id, room.public_id])
    context = {
        "room": room,
        "lines": _lines(events[:MOST_LINES]),
        "more": len(events) - MOST_LINES,
        "address": f"{address}{path}" if address else "",
    }
    emails.send_to_members(
        organization=organization,
        role=Role.DESIGNER,
        template="review_news",
        context=context,
        wish="mail_reviews",
        also=[room.created_by_id] if room.created_by_id else [],
    )
    with tenancy.enter(organization):
        mine = ReviewRoom.objects.of(organization).filter(pk=room.pk, told_event__lt=events[-1].pk)
        mine.update(told_event=events[-1].pk)


def _lines(events: Iterable[Event]) -> list[Promise]:
    """Sentences that are put into words by each mail in its own language."""
    return [lazystr(_Words(event)) for event in events]


class _Words:
    def __init__(self, event: Event) -> None:
        self.event = event

    def __str__(self) -> str:
        return activity.words_of(self.event)
