"""The REST API of room sets: one look over many photos, asked for, watched and repeated as one thing."""

from __future__ import annotations

import uuid
from hashlib import sha256
from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.converters import id_or_nothing
from accounts.models import Role, Scope
from accounts.serializers import listed
from accounts.tenancy import enter
from billing import credits
from generations import asking, contract, room_sets, set_standing, timing
from generations import room_set_shapes as shapes
from generations.api import SpendingView
from generations.models import RoomSet
from generations.modes import name_of
from generations.room_sets import Choice, PhotosChanged
from generations.services import KeyReused
from projects.models import Photo, Project, Room

_RELATED = ("organization", "project__client", "room", "recipe", "requested_by")
_LOOK = tuple(shapes.LookInput().fields)


class SetView(SpendingView):
    """What all of them share."""

    errors: ClassVar = {"POST": (402, 410, 411)}

    def answer(self, room_set: RoomSet, *, status: int = 200) -> Response:
        """How far it is."""
        with enter(self.organization):
            rows = RoomSet.objects.of(self.organization).select_related(*_RELATED)
            room_set = rows.get(pk=room_set.pk)
            standing = set_standing.standing(room_set=room_set)
            found = timing.estimates(standing.generations, organization=self.organization, now=timezone.now())
            data = shapes.room_set_whole(room_set, standing, found, self.request._request)
        return Response(data, status=status)

    def find(self, set_id: str) -> RoomSet:
        """The set of this workspace, else 404."""
        with enter(self.organization):
            rows = RoomSet.objects.of(self.organization).select_related(*_RELATED)
            found: RoomSet = get_object_or_404(rows, public_id=set_id)
        return found

    def key(self, request: Request) -> str:
        """What makes a repeated request one. Raises KeyReused for one that came with another body."""
        sent = self.idempotency_key(request)
        if not sent:
            return f"api:{uuid.uuid4().hex}"
        key = f"api:{sha256(sent.encode()).hexdigest()[:40]}:"
        whole = key + contract.sha256(asking.object_of(request.data))[:40]
        with enter(self.organization):
            there = RoomSet.objects.of(self.organization).filter(idempotency_key__startswith=key)
            if there.exclude(idempotency_key=whole).exists():
                raise KeyReused
        return whole

    def choice(self, asked: dict[str, Any]) -> Choice:
        """What is asked for, at what it costs now."""
        organization = self.organization
        look = asking.read(
            {name: asked[name] for name in _LOOK if name in asked},
            organization=organization,
            needs_source=False,
        )
        if not look.prompt:
            raise contract.MissingPrompt
        with enter(organization):
            projects = Project.objects.of(organization).select_related("organization", "client")
            project = self.named("project", projects, asked["project"])
            rooms = Room.objects.of(organization).filter(project=project)
            room = self.named("room", rooms, asked["room"]) if "room" in asked else None
            photos = self.photos(project, room, asked.get("photos"))
        recipe = asking.recipe_of(asked, organization)
        words = asked.get("prompt") or ""
        name = recipe.name if recipe else name_of(mode=look.mode, style=look.style, words=words)
        return Choice(
            project=project,
            room=room,
            recipe=recipe,
            photos=photos,
            look=look,
            name=asked.get("name") or name,
            agreed=asked.get("price", look.price * len(photos)),
        )

    def photos(self, project: Project, room: Room | None, ids: list[str] | None) -> list[Photo]:
        """All of the room or project, or those named, room by room. Raises PhotosChanged."""
        rows = Photo.objects.of(self.organization).of_rooms().exclude(state=Photo.State.BAD)
        rows = rows.filter(room__project=project).select_related("room", "organization")
        if room is not None:
            rows = rows.filter(room=room)
        if ids is not None:
            rows = rows.filter(public_id__in=[id_or_nothing(each) for each in ids])
        found = list(rows.order_by("room__position", "room", "position", "pk")[: room_sets.MOST_PHOTOS + 1])
        if ids is not None and len(found) < len(set(ids)):
            raise PhotosChanged("One of `photos` is no photo of this project and room.", field="photos")
        return found


class RoomSets(SetView):
    """One look over many photos."""

    @extend_schema(
        summary="List room sets",
        parameters=[OpenApiParameter("project", str, description="A project's id.")],
        responses={200: listed(shapes.RoomSetRow)},
    )
    def get(self, request: Request) -> Response:
        """Newest first."""
        with enter(self.organization):
            rows = RoomSet.objects.of(self.organization).select_related(*_RELATED)
            if project := request.query_params.get("project"):
                rows = rows.filter(project__public_id=id_or_nothing(project))
            return self.page(rows, lambda row: shapes.RoomSetRow(row).data)

    @extend_schema(
        summary="Start a room set",
        parameters=[OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER)],
        request=shapes.RoomSetInput,
        responses={201: shapes.RoomSetWhole, 200: shapes.RoomSetWhole},
    )
    def post(self, request: Request) -> Response:
        """All of it or nothing: its price is held as one sum. 200 for a repeated request."""
        with self.turn(request):
            self.read(request)
        choice = self.choice(self.checked(shapes.RoomSetInput))
        begun, is_new = room_sets.begin(
            choice=choice,
            by_user=self.person,
            key=self.key(request),
            now=timezone.now(),
            api_key=self.api_key,
        )
        self.is_replay = not is_new
        response = self.answer(begun, status=201 if is_new else 200)
        response["Location"] = request.build_absolute_uri(reverse("api-room-set", args=[begun.public_id]))
        return response


class RoomSetPrice(SetView):
    """What a set would cost."""

    scope, role = Scope.READ, Role.VIEWER
    http_method_names = ("post", "options")

    @extend_schema(
        summary="Read the price of a room set",
        request=shapes.RoomSetInput,
        responses={200: shapes.RoomSetPrice},
    )
    def post(self, request: Request) -> Response:
        """The body of `POST /room-sets`. Nothing is charged or kept."""
        choice = self.choice(self.checked(shapes.RoomSetInput))
        have = credits.balance(organization=self.organization, now=timezone.now())
        return Response(
            {
                "photos": len(choice.photos),
                "each": choice.look.price,
                "price": choice.price,
                "balance": have.spendable,
                "affordable": have.spendable >= choice.price and not have.debt,
            }
        )


class RoomSetDetail(SetView):
    """One set."""

    http_method_names = ("get", "head", "options")

    @extend_schema(summary="Read a room set", responses={200: shapes.RoomSetWhole})
    def get(self, request: Request, set_id: str) -> Response:
        """How far it is, photo by photo."""
        return self.answer(self.find(set_id))


class RoomSetCancellation(SetView):
    """The rest of a set, canceled."""

    http_method_names = ("post", "options")

    @extend_schema(summary="Cancel the rest of a room set", request=None, responses={200: shapes.SetCanceled})
    def post(self, request: Request, set_id: str) -> Response:
        """What has not begun comes to nothing, and costs nothing."""
        room_set = self.find(set_id)
        number = room_sets.cancel_rest(room_set=room_set, by_user=self.person, now=timezone.now())
        return Response({"canceled": number})


class RoomSetRepeat(SetView):
    """A set once more where it failed."""

    http_method_names = ("post", "options")

    @extend_schema(
        summary="Repeat what failed of a room set",
        request=shapes.RepeatInput,
        responses={202: shapes.RoomSetWhole, 200: shapes.RoomSetWhole},
    )
    def post(self, request: Request, set_id: str) -> Response:
        """For those photos alone that failed or were canceled. 200 where this round was begun before."""
        with self.turn(request):
            self.read(request)
        room_set, asked = self.find(set_id), self.checked(shapes.RepeatInput)
        with enter(self.organization):
            price = set_standing.standing(room_set=room_set).repeat_price
        is_new = room_sets.repeat(
            room_set=room_set,
            round_=asked.get("round", room_set.rounds + 1),
            agreed=asked.get("price", price),
            by_user=self.person,
            now=timezone.now(),
            api_key=self.api_key,
        )
        self.is_replay = not is_new
        return self.answer(room_set, status=202 if is_new else 200)
