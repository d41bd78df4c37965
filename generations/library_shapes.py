"""What is sent about pieces of the library and saved looks; how they are answered is in `projects.serializers`."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from billing.pricing import LEVELS, MAX_VARIATIONS
from generations.ask import MAX_PIECES, RESOLUTIONS
from generations.engines.preview.styles import STYLES
from generations.forms import CURRENCIES
from generations.modes import MODES


class ProductChange(serializers.Serializer):
    """What shall be different; a `price` of null takes it away."""

    name = serializers.CharField(max_length=120, required=False)
    price = serializers.DecimalField(
        max_digits=10, decimal_places=2, min_value=0, required=False, allow_null=True
    )
    currency = serializers.ChoiceField(choices=CURRENCIES, required=False)
    link = serializers.URLField(max_length=2048, required=False, allow_blank=True)


class ProductInput(ProductChange):
    """A new piece: its photo as `file` of multipart form data, or `image_url`, a public address."""

    name = serializers.CharField(max_length=120)
    file = serializers.FileField(required=False)
    image_url = serializers.CharField(max_length=2048, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One of the two."""
        if ("file" in attrs) == ("image_url" in attrs):
            raise serializers.ValidationError("Send either `file` or `image_url`.")
        return attrs


class RecipeChange(serializers.Serializer):
    """What shall be different; `products` are ids of pieces of the library, as they shall lie in the tray."""

    name = serializers.CharField(max_length=120, required=False)
    mode = serializers.ChoiceField(choices=list(MODES), required=False, allow_blank=True)
    style = serializers.ChoiceField(choices=list(STYLES), required=False, allow_blank=True)  # type: ignore[assignment]  # as above
    prompt = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    keep_structure = serializers.BooleanField(required=False)
    resolution = serializers.ChoiceField(choices=RESOLUTIONS, required=False, allow_blank=True)
    design_level = serializers.ChoiceField(choices=list(LEVELS), required=False)
    variations = serializers.IntegerField(min_value=1, max_value=MAX_VARIATIONS, required=False)
    products = serializers.ListField(
        child=serializers.CharField(max_length=40), required=False, max_length=MAX_PIECES
    )


class RecipeInput(RecipeChange):
    """A new one."""

    name = serializers.CharField(max_length=120)
