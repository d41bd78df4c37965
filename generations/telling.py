"""The event of a generation's end, for the feed and for webhooks: ids and facts, no prompt and no address of a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.activity import Kind
from accounts.models import Event
from generations.models import Generation, Picture, State
from projects.models import Room

_KINDS = {
    State.SUCCEEDED: ("generation.succeeded", _("A picture that %(who)s asked for is ready")),
    State.FAILED: ("generation.failed", _("A picture that %(who)s asked for failed")),
    State.CANCELED: ("generation.canceled", _("A picture that %(who)s asked for was canceled")),
}


def _page(event: Event) -> str:
    return reverse("generation", args=[event.organization.public_id, event.subject])


for _name, _words in _KINDS.values():
    activity.register(_name, Kind(_words, _page, in_feed=False))  # a program may ask for thousands


@dataclass(frozen=True)
class Told:
    """How it ended: `code` and `message` are "" where nothing went wrong, `settled` is in credits."""

    state: State
    code: str
    message: str
    settled: int
    pictures: Sequence[Picture]


def tell(*, generation: Generation, told: Told, now: datetime) -> None:
    """Write it in the transaction that ends the generation."""
    organization = generation.organization
    rooms = Room.objects.of(organization).filter(pk=generation.room_id)
    room, project = (
        rooms.values_list("public_id", "project__public_id").first() if generation.room_id else None
    ) or (None, "")
    activity.record(
        organization=organization,
        kind=_KINDS[told.state][0],
        subject=generation.public_id,
        project=project,
        by_user_id=generation.requested_by_id,
        now=now,
        data={
            "generation": generation.public_id,
            "url": settings.PUBLIC_BASE_URL + reverse("api-generation", args=[generation.public_id]),
            "state": told.state.value,
            "test": generation.is_test,
            "room": room,
            "error": {"code": told.code, "message": told.message} if told.code else None,
            "credits": {
                "held": generation.credits_held,
                "settled": told.settled,
                "released": generation.credits_held - told.settled,
            },
            "pictures": [
                {"id": each.public_id, "width": each.width, "height": each.height} for each in told.pictures
            ],
        },
    )
