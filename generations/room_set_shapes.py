"""How room sets look outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from rest_framework import serializers

from billing.pricing import LEVELS, MAX_VARIATIONS
from generations.ask import MAX_PIECES, RESOLUTIONS
from generations.engines.preview.styles import STYLES
from generations.models import RoomSet
from generations.modes import MODES
from generations.room_sets import MOST_PHOTOS
from generations.serializers import generation_data
from generations.set_standing import Standing
from generations.timing import Estimate

_PLAIN_MODES = [mode.key for mode in MODES.values() if not mode.paints]


class LookInput(serializers.Serializer):
    """One look for all photos: a recipe, or mode, style and words; what is sent beside a recipe wins."""

    recipe = serializers.CharField(required=False, max_length=40)
    mode = serializers.ChoiceField(_PLAIN_MODES, required=False)
    style = serializers.ChoiceField(list(STYLES), required=False)  # type: ignore[assignment]  # not the field's own
    prompt = serializers.CharField(required=False, max_length=10_000)
    keep_structure = serializers.BooleanField(required=False)
    products = serializers.ListField(
        child=serializers.CharField(max_length=40), max_length=MAX_PIECES, required=False
    )
    resolution = serializers.ChoiceField(RESOLUTIONS, required=False)
    designLevel = serializers.ChoiceField(list(LEVELS), required=False)  # noqa: N815 — the contract's name
    variations = serializers.IntegerField(min_value=1, max_value=MAX_VARIATIONS, required=False)


class RoomSetInput(LookInput):
    """Which photos of the project; without `photos` all of the room, or of the project."""

    project = serializers.CharField(max_length=40)
    room = serializers.CharField(max_length=40, required=False)
    photos = serializers.ListField(
        child=serializers.CharField(max_length=40), max_length=MOST_PHOTOS, required=False
    )
    name = serializers.CharField(max_length=120, required=False)
    price = serializers.IntegerField(
        min_value=0, required=False, help_text="Refuse it with 409 when all of it costs otherwise."
    )


class RepeatInput(serializers.Serializer):
    """`round` makes it safe to send twice: one more than the set's `rounds`."""

    round = serializers.IntegerField(min_value=1, max_value=1000, required=False)
    price = serializers.IntegerField(min_value=0, required=False)


class RoomSetPrice(serializers.Serializer):
    """Credits: of one photo, and of all."""

    photos = serializers.IntegerField()
    each = serializers.IntegerField()
    price = serializers.IntegerField()
    balance = serializers.IntegerField()
    affordable = serializers.BooleanField()


class RoomSetRow(serializers.Serializer):
    """A set in a list; `open` photos have no picture yet and are to come."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    project = serializers.CharField(source="project.public_id", default=None, allow_null=True)
    room = serializers.CharField(source="room.public_id", default=None, allow_null=True)
    recipe = serializers.CharField(source="recipe.public_id", default=None, allow_null=True)
    requested_by = serializers.CharField(source="requested_by.email", default=None, allow_null=True)
    photos = serializers.IntegerField()
    open = serializers.IntegerField()
    rounds = serializers.IntegerField(help_text="Repeats begun so far.")
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class RoomSetWhole(RoomSetRow):
    """How far it is, photo by photo: the last generation of each."""

    done = serializers.IntegerField()
    failed = serializers.IntegerField(help_text="Failed or canceled, and can be repeated.")
    cancelable = serializers.IntegerField()
    repeat_price = serializers.IntegerField()
    generations = serializers.ListField(child=serializers.DictField())


class SetCanceled(serializers.Serializer):
    """How many came to nothing, and cost nothing."""

    canceled = serializers.IntegerField()


def room_set_whole(
    room_set: RoomSet, standing: Standing, estimates: Mapping[int, Estimate], request: HttpRequest
) -> dict[str, Any]:
    """All of it."""
    return dict(RoomSetRow(room_set).data) | {
        "done": standing.done,
        "failed": len(standing.failed),
        "cancelable": len(standing.cancelable),
        "repeat_price": standing.repeat_price,
        "generations": [
            generation_data(each, request, estimates.get(each.pk))
            | {"photo": each.photo and each.photo.public_id}
            for each in standing.generations
        ],
    }
