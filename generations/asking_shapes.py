"""How asking for pictures looks outside: what is taken, and generations as they are answered."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from accounts.serializers import listed
from billing.pricing import LEVELS, MAX_VARIATIONS
from generations.ask import MAX_PIECES, RESOLUTIONS
from generations.contract import MAX_PROMPT
from generations.engines.preview.styles import STYLES
from generations.models import State
from generations.modes import MODES
from generations.serializers import PictureOfGeneration

_PICTURE = "data:image/jpeg;base64,/9j/4AAQSkZJRgABAQAAAQABAAD/…"


class ReferenceProduct(serializers.Serializer):
    """What a piece of furniture is called."""

    name = serializers.CharField(required=False, allow_blank=True, allow_null=True)


class MeltFlexBody(serializers.Serializer):
    """The body of MeltFlex's own call; `image` or `imageUrl` is required."""

    prompt = serializers.CharField(max_length=MAX_PROMPT, help_text="How the room shall look.")
    image = serializers.CharField(
        required=False, allow_null=True, allow_blank=True, help_text="The photo, as a base64 data URL."
    )
    imageUrl = serializers.CharField(  # noqa: N815 — MeltFlex's own name
        required=False,
        allow_null=True,
        allow_blank=True,
        help_text="Its public address; wins if both are sent.",
    )
    referenceImages = serializers.ListField(  # noqa: N815
        child=serializers.CharField(), required=False, allow_null=True, max_length=MAX_PIECES
    )
    referenceImageUrls = serializers.ListField(  # noqa: N815
        child=serializers.CharField(), required=False, allow_null=True, max_length=MAX_PIECES
    )
    referenceProducts = ReferenceProduct(many=True, required=False, allow_null=True)  # noqa: N815
    resolution = serializers.ChoiceField(RESOLUTIONS, required=False, allow_null=True)
    designLevel = serializers.ChoiceField(list(LEVELS), required=False, allow_null=True)  # noqa: N815
    mask = serializers.BooleanField(
        required=False, allow_null=True, help_text="Only what is painted solid red changes."
    )
    variations = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=MAX_VARIATIONS
    )
    room = serializers.CharField(
        required=False, allow_null=True, help_text="The id of a room to file it under."
    )


@extend_schema_serializer(
    examples=[OpenApiExample("A photo", value={"prompt": "Japandi, light oak floor", "image": _PICTURE})]
)
class GenerateBody(MeltFlexBody):
    """What MeltFlex's call takes."""


class _Choices(serializers.Serializer):
    photo = serializers.CharField(
        required=False, allow_null=True, help_text="A photo of the workspace as the source, by its id."
    )
    picture = serializers.CharField(
        required=False, allow_null=True, help_text="A picture made before as the source, by its id."
    )
    mode = serializers.ChoiceField(list(MODES), required=False, allow_null=True, allow_blank=True)
    style = serializers.ChoiceField(list(STYLES), required=False, allow_null=True, allow_blank=True)  # type: ignore[assignment]  # not the field's own
    keep_structure = serializers.BooleanField(required=False, default=True)
    recipe = serializers.CharField(required=False, allow_null=True, help_text="A saved look, by its id.")
    products = serializers.ListField(
        child=serializers.CharField(), required=False, allow_null=True, max_length=MAX_PIECES
    )
    paint = serializers.CharField(
        required=False,
        allow_null=True,
        allow_blank=True,
        help_text="The photo with red strokes, as a data URL.",
    )


@extend_schema_serializer(
    examples=[
        OpenApiExample("A photo", value={"prompt": "Japandi, light oak floor", "image": _PICTURE}),
        OpenApiExample(
            "A photo of the workspace, as in the studio",
            value={"photo": "photo_2hWm6vXpJt0Qz9cLrYb4Ks", "style": "japandi", "variations": 2},
        ),
    ]
)
class GenerationBody(_Choices, MeltFlexBody):
    """One source: `image`, `imageUrl`, `photo` or `picture`; and `prompt`, `mode`, `style` or `recipe`."""

    prompt = serializers.CharField(
        max_length=MAX_PROMPT, required=False, allow_blank=True, help_text="How the room shall look."
    )
    deadline = serializers.JSONField(
        required=False, help_text="Seconds from now (60 to 86400), or a time: failed if not made by then."
    )


class PriceBody(_Choices, MeltFlexBody):
    """The same, of which nothing is required."""

    prompt = serializers.CharField(max_length=MAX_PROMPT, required=False, allow_blank=True)


class GeneratedData(serializers.Serializer):
    """What MeltFlex's call answers with."""

    success = serializers.BooleanField()
    image = serializers.CharField(help_text="A PNG, as a base64 data URL.")
    images = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text="All, where more was asked than MeltFlex knows.",
    )
    count = serializers.IntegerField(required=False)
    creditsUsed = serializers.IntegerField()  # noqa: N815


class GenerationError(serializers.Serializer):
    """Why it failed."""

    code = serializers.CharField()
    message = serializers.CharField()


class QueueData(serializers.Serializer):
    """Its place in the workspace's line, and the estimate."""

    position = serializers.IntegerField(allow_null=True)
    estimated_seconds = serializers.IntegerField()
    estimated_seconds_p95 = serializers.IntegerField()
    measured = serializers.BooleanField()


class CreditsOfGeneration(serializers.Serializer):
    """Set aside, taken for good, given back."""

    held = serializers.IntegerField()
    settled = serializers.IntegerField()
    released = serializers.IntegerField()


_EXAMPLE: dict[str, Any] = {
    "id": "gen_6Yw2kUq0oBvTt1nXcZsH4e",
    "url": "https://rooms.example/api/v1/generations/gen_6Yw2kUq0oBvTt1nXcZsH4e",
    "state": "succeeded",
    "prompt": "Japandi, light oak floor",
    "resolution": None,
    "designLevel": "quick",
    "mask": False,
    "variations": 1,
    "room": "room_3fLp9sWc2KxVd7mQjRb0Ta",
    "engine": "preview",
    "test": True,
    "error": None,
    "queue": None,
    "cancelable": False,
    "credits": {"held": 0, "settled": 0, "released": 0},
    "pictures": [
        {
            "id": "pic_8RzGq5yNwE1uJkD3hXvM7c",
            "url": "https://rooms.example/files/…/picture.png",
            "thumbnail_url": "https://rooms.example/files/…/thumbnail.jpg",
            "expires_at": "2026-11-24T12:00:00Z",
            "kept_until": "2026-12-23T12:00:41Z",
            "removed_at": None,
            "width": 1536,
            "height": 1024,
            "bytes": 2411724,
            "starred": False,
            "plan": {},
        }
    ],
    "deadline": None,
    "created_at": "2026-11-23T12:00:00Z",
    "queued_at": "2026-11-23T12:00:00Z",
    "started_at": "2026-11-23T12:00:01Z",
    "finished_at": "2026-11-23T12:00:41Z",
}


@extend_schema_serializer(examples=[OpenApiExample("Finished", value=_EXAMPLE, response_only=True)])
class GenerationData(serializers.Serializer):
    """A generation; ended means succeeded, failed or canceled."""

    id = serializers.CharField()
    url = serializers.URLField()
    state = serializers.ChoiceField(State.choices)
    prompt = serializers.CharField()
    resolution = serializers.ChoiceField(RESOLUTIONS, allow_null=True)
    designLevel = serializers.ChoiceField(list(LEVELS))  # noqa: N815
    mask = serializers.BooleanField()
    variations = serializers.IntegerField()
    room = serializers.CharField(allow_null=True)
    engine = serializers.CharField()
    test = serializers.BooleanField()
    error = GenerationError(allow_null=True)
    queue = QueueData(allow_null=True)
    cancelable = serializers.BooleanField()
    credits = CreditsOfGeneration()
    pictures = PictureOfGeneration(many=True)
    deadline = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    queued_at = serializers.DateTimeField(allow_null=True)
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)


GenerationPage = listed(GenerationData)


class LinkData(serializers.Serializer):
    """A link, whose address nobody knows any more."""

    id = serializers.CharField()
    picture = serializers.CharField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)


class NewLink(LinkData):
    """With its address, which is told this once."""

    url = serializers.URLField()


class LinkList(serializers.Serializer):
    """The open ones."""

    results = LinkData(many=True)
