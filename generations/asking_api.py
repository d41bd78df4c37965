"""The REST API of asking again: as it was, or with the furniture elsewhere; and what something would cost."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.managing import Collection
from accounts.models import Scope
from accounts.tenancy import enter
from billing import credits
from generations import asking, asking_shapes, services, timing
from generations.api import GenerationCollection
from generations.ask import LARGEST, SMALLEST, Piece
from generations.models import Generation, GenerationReference, Picture
from generations.page_parts import PriceChanged


class AgainInput(serializers.Serializer):
    """`price`: refuse it with 409 when it costs otherwise."""

    price = serializers.IntegerField(required=False, min_value=0)


class PieceAt(serializers.Serializer):
    """Where the middle of a piece's foot shall be, in fractions of the picture; null lets the engine choose."""

    number = serializers.IntegerField(min_value=0, max_value=9)
    x = serializers.FloatField(min_value=0, max_value=1, required=False, allow_null=True, default=None)
    y = serializers.FloatField(min_value=0, max_value=1, required=False, allow_null=True, default=None)
    scale = serializers.FloatField(min_value=SMALLEST, max_value=LARGEST, required=False, default=1.0)


class PlacementInput(AgainInput):
    """The pieces to be moved, by their numbers; the engine chooses where the others stand."""

    pieces = PieceAt(many=True)


class PriceData(serializers.Serializer):
    """Credits, and seconds as they usually are."""

    price = serializers.IntegerField()
    balance = serializers.IntegerField()
    balance_after = serializers.IntegerField()
    affordable = serializers.BooleanField()
    free = serializers.BooleanField(help_text="A test key: the price is told and nothing is charged.")
    engine = serializers.CharField()
    estimated_seconds = serializers.IntegerField()
    estimated_seconds_p95 = serializers.IntegerField()


class _OnceMore(GenerationCollection):
    http_method_names = ("post", "options")
    errors: ClassVar = {"POST": (402, 410, 411)}

    def again(self, request: Request, generation_id: str, form: Any) -> Response:
        """The checks of every request that spends, then the same ask with other places."""
        with self.turn(request):
            generation = self._asked_again(request, generation_id, form)
        return self.started(request, generation)

    def _asked_again(self, request: Request, generation_id: str, form: Any) -> Generation:
        raw = asking.object_of(self.read(request))
        asked = self.checked(form)
        with enter(self.organization):
            found = asking.to_repeat(organization=self.organization, generation_id=generation_id)
        if found is None:
            raise Http404
        generation, references = found
        places = {each["number"]: each for each in asked.get("pieces", ())}
        ask = asking.once_more(generation, self.piece_of(places), references)
        if asked.get("price", ask.price) != ask.price:
            raise PriceChanged(f"This costs {ask.price} credits, not {asked['price']}.", price=ask.price)
        return self.taken(request, ask, {**raw, "again": generation_id})

    def piece_of(self, places: dict[int, dict[str, Any]]) -> Any:
        """Where each piece shall stand."""
        raise NotImplementedError


class GenerationAgain(_OnceMore):
    """The same, asked for once more."""

    @extend_schema(
        summary="Ask for a generation again",
        request=AgainInput,
        responses={200: asking_shapes.GenerationData, 202: asking_shapes.GenerationData},
    )
    def post(self, request: Request, generation_id: str) -> Response:  # type: ignore[override]  # has one more
        """With all that came along; another generation, at its price."""
        return self.again(request, generation_id, AgainInput)

    def piece_of(self, places: dict[int, dict[str, Any]]) -> Any:
        """Where it stood."""
        return asking.as_it_was


class PicturePlacement(_OnceMore):
    """The same picture with its furniture elsewhere."""

    @extend_schema(
        summary="Ask for a picture again with furniture moved",
        request=PlacementInput,
        responses={200: asking_shapes.GenerationData, 202: asking_shapes.GenerationData},
    )
    def post(self, request: Request, picture_id: str) -> Response:  # type: ignore[override]  # has one more
        """`pieces` of the picture tell what stands where. Another generation, at its price."""
        with enter(self.organization):
            rows = Picture.objects.of(self.organization).filter(generation__deleted_at=None)
            picture: Picture = get_object_or_404(rows.select_related("generation"), public_id=picture_id)
        return self.again(request, picture.generation.public_id, PlacementInput)

    def piece_of(self, places: dict[int, dict[str, Any]]) -> Any:
        """Where the body says, else where the engine chooses."""

        def piece(row: GenerationReference) -> Piece:
            where = places.get(row.position)
            if where is None:
                return Piece(photo=row.photo)
            at = None if where["x"] is None or where["y"] is None else (where["x"], where["y"])
            return Piece(photo=row.photo, at=at, scale=where["scale"])

        return piece


class GenerationPrice(Collection):
    """What a request would cost."""

    scope = Scope.READ
    in_transaction = False

    @extend_schema(
        summary="Read the price of a generation", request=asking_shapes.PriceBody, responses={200: PriceData}
    )
    def post(self, request: Request) -> Response:
        """The body of `POST /generations`, of which nothing is required. Nothing is charged or kept."""
        ask = asking.price_of(asking.object_of(request.data), organization=self.organization)
        now = timezone.now()
        engine, _own = services.engine_for(organization=self.organization, api_key=self.api_key)
        have = credits.balance(organization=self.organization, now=now)
        usual = timing.usual(now=now)[engine]
        is_free = self.api_key is not None and not self.api_key.is_live
        return Response(
            {
                "price": ask.price,
                "balance": have.spendable,
                "balance_after": have.spendable - (0 if is_free else ask.price),
                "affordable": is_free or (have.spendable >= ask.price and not have.debt),
                "free": is_free,
                "engine": engine,
                "estimated_seconds": round(usual.p50 * ask.variations),
                "estimated_seconds_p95": round(usual.p95 * ask.variations),
            }
        )
