"""What lists of generations and pictures can be narrowed to over the API: the filters of the gallery."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from accounts.converters import id_or_nothing
from accounts.models import Organization
from generations import gallery
from generations.gallery import Wanted
from generations.models import State
from generations.models.generation import GenerationQuerySet


class GalleryFilters(serializers.Serializer):
    """Each narrows; together they narrow further."""

    q = serializers.CharField(
        required=False, max_length=200, allow_blank=True, help_text="Words of the prompt, or how they begin."
    )
    room = serializers.CharField(required=False, max_length=40, allow_blank=True, help_text="A room's id.")
    project = serializers.CharField(
        required=False, max_length=40, allow_blank=True, help_text="A project's id."
    )
    client = serializers.CharField(
        required=False, max_length=40, allow_blank=True, help_text="A client's id."
    )
    starred = serializers.BooleanField(required=False, help_text="`true`: favourites alone.")
    engine = serializers.ChoiceField(
        ["preview", "photoreal"], required=False, help_text="Sketches of the preview engine, or the others."
    )
    test = serializers.BooleanField(
        required=False, help_text="What test keys have made: that alone, or all without it."
    )
    mode = serializers.CharField(required=False, max_length=24, help_text="A key of `GET /modes`.")
    style = serializers.CharField(  # type: ignore[assignment]  # not the field's own
        required=False, max_length=40, help_text="A name of `GET /styles`."
    )
    person = serializers.CharField(
        required=False, max_length=254, help_text="The e-mail address of who asked for it."
    )
    since = serializers.DateField(required=False, help_text="The first day that counts, UTC.")
    until = serializers.DateField(required=False, help_text="The last day that counts, UTC.")


class GenerationFilters(GalleryFilters):
    """With the state, which pictures have not: they are there or not."""

    state = serializers.ChoiceField(State.choices, required=False)


_KINDS: dict[type[serializers.Field[Any, Any, Any, Any]], Any] = {
    serializers.BooleanField: bool,
    serializers.DateField: OpenApiTypes.DATE,
}


def parameters_of(filters: type[serializers.Serializer]) -> list[OpenApiParameter]:
    """The query that these filters read, as the description of the API has it."""
    return [
        OpenApiParameter(
            name,
            _KINDS.get(type(field), str),
            enum=list(field.choices) if isinstance(field, serializers.ChoiceField) else None,
            description=str(field.help_text or ""),
        )
        for name, field in filters().fields.items()
    ]


_TESTS = {None: "", True: "only", False: "without"}


def generations_wanted(
    rows: GenerationQuerySet, organization: Organization, asked: dict[str, Any]
) -> GenerationQuerySet:
    """Those of the generations that the checked filters leave; asked inside the workspace."""
    wanted = Wanted(
        words=asked.get("q", ""),
        client=id_or_nothing(asked.get("client")),
        starred=asked.get("starred", False),
        engine=asked.get("engine", ""),
        test=_TESTS[asked.get("test")],
        mode=asked.get("mode", ""),
        style=asked.get("style", ""),
        person=asked.get("person", ""),
        since=asked.get("since"),
        until=asked.get("until"),
    )
    rows = gallery.narrowed(rows, organization, wanted)
    for place in (asked.get("room"), asked.get("project")):
        rows = gallery.narrowed(rows, organization, Wanted(place=place or ""))
    return rows.filter(state=asked["state"]) if asked.get("state") else rows
