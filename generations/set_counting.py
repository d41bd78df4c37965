"""A room set counts its generations as they end."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Case, Count, DateTimeField, F, Q, Value, When

from accounts import activity
from generations.models import Generation, RoomSet, State


def note_end(*, generation: Generation, now: datetime) -> None:
    """One less is open; the last one finishes the set. In the transaction that ends the generation, which is locked.

    Order of locks: generation, this, credit account.
    """
    if generation.room_set_id is None:
        return
    rows = RoomSet.objects.of(generation.organization).filter(pk=generation.room_set_id)
    last = When(open=1, then=Value(now, DateTimeField()))
    rows.update(finished_at=Case(last, default=None, output_field=DateTimeField()), open=F("open") - 1)
    for room_set in rows.filter(open=0).select_related("organization", "project"):
        _tell(room_set, now)


def _tell(room_set: RoomSet, now: datetime) -> None:
    made = Generation.objects.of(room_set.organization).filter(room_set=room_set, state=State.SUCCEEDED)
    done = made.aggregate(photos=Count("photo", filter=Q(photo__isnull=False), distinct=True))["photos"]
    activity.record(
        organization=room_set.organization,
        kind="room_set.finished",
        subject=room_set.public_id,
        project=room_set.project.public_id if room_set.project else "",
        now=now,
        data={"name": room_set.name, "done": done, "photos": room_set.photos},
        notify=[room_set.requested_by_id] if room_set.requested_by_id else [],
    )
