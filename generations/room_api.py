"""The REST API of rooms and their photos: what is added, changed, moved, put in order and removed."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.converters import id_or_nothing
from accounts.managing import WorkingView
from accounts.rest import InOrder, NewestFirst, StorableJSONParser
from accounts.serializers import listed
from accounts.tenancy import enter
from generations import expanding, removal
from generations.serializers import files_for
from projects import arranging, services, uploads
from projects import serializers as shapes
from projects.models import Photo, Project, Room
from projects.services import IncomingImage

_SORTS = ("new", "position")
_SORT = OpenApiParameter(
    "sort", str, enum=_SORTS, description="`position`: as they were put in order. Newest first unless said."
)


class _Places(WorkingView):
    def rooms(self) -> QuerySet[Room]:
        """With what their answer needs."""
        rows: QuerySet[Room] = Room.objects.of(self.organization)
        return rows.select_related("project", "organization")

    def photos(self) -> QuerySet[Photo]:
        """With what their answer needs."""
        rows: QuerySet[Photo] = Photo.objects.of(self.organization).of_rooms()
        return rows.select_related("room", "organization")

    def room(self, room_id: str) -> Room:
        found: Room = get_object_or_404(self.rooms(), public_id=room_id)
        return found

    def photo(self, photo_id: str) -> Photo:
        found: Photo = get_object_or_404(self.photos(), public_id=photo_id)
        return found

    def project_named(self, project_id: str) -> Project:
        """404 for one that is none of the workspace's."""
        rows = Project.objects.of(self.organization).select_related("organization")
        found: Project = self.named("project", rows, project_id)
        return found

    def room_named(self, room_id: str) -> Room:
        """404 for one that is none of the workspace's."""
        found: Room = self.named("room", self.rooms(), room_id)
        return found

    def photo_data(self, photo: Photo) -> dict[str, Any]:
        """As the API shows it."""
        shown: dict[str, Any] = shapes.PhotoData(photo, context=files_for(self.request)).data
        return shown

    def pages(self) -> NewestFirst:
        """As `?sort=` says."""
        return InOrder() if self.words("sort") == "position" else NewestFirst()

    def placed(self, beside: Any, place: Any, shift: Any, **moved: Any) -> None:
        """Put it where the body says; 404 for a neighbour that is none."""
        asked = self.checked(shapes.OrderInput)
        if "by" in asked:
            shift(by=asked["by"], **moved)
        else:
            before = asked["before"]
            place(before=self.named("before", beside, before) if before is not None else None, **moved)


# --- Rooms -----------------------------------------------------------------------------------------------


class RoomCollection(_Places):
    """Rooms of the workspace's projects."""

    expandable = {"project": expanding.projects}

    @extend_schema(
        summary="List rooms",
        parameters=[OpenApiParameter("project", str, description="Of this project."), _SORT],
        responses={200: listed(shapes.RoomData)},
    )
    def get(self, request: Request) -> Response:
        """By cursor."""
        rows = self.rooms()
        if project := self.words("project"):
            rows = rows.filter(project__public_id=id_or_nothing(project))
        return self.page(rows, lambda row: shapes.RoomData(row).data)

    @extend_schema(summary="Create a room", request=shapes.RoomInput, responses={201: shapes.RoomData})
    def post(self, request: Request) -> Response:
        """The last of its project."""
        asked = self.checked(shapes.RoomInput)
        made = services.create_room(
            project=self.project_named(asked["project"]),
            name=asked["name"],
            by_user=self.person,
            now=timezone.now(),
        )
        return self.created(shapes.RoomData(self.room(made.public_id)).data, "api-room", made.public_id)


class RoomDetail(_Places):
    """One room."""

    expandable = {"project": expanding.projects}

    @extend_schema(summary="Read a room", responses={200: shapes.RoomData})
    def get(self, request: Request, room_id: str) -> Response:
        """As it stands."""
        return Response(shapes.RoomData(self.room(room_id)).data)

    @extend_schema(summary="Change a room", request=shapes.RoomChange, responses={200: shapes.RoomData})
    def patch(self, request: Request, room_id: str) -> Response:
        """What is named changes. What was paid before stays with the project before."""
        room, asked = self.room(room_id), self.checked(shapes.RoomChange)
        arranging.change_room(
            room=room,
            name=asked.get("name", room.name),
            project=self.project_named(asked["project"]) if "project" in asked else room.project,
            by_user=self.person,
            now=timezone.now(),
        )
        return Response(shapes.RoomData(self.room(room_id)).data)

    @extend_schema(summary="Delete a room", responses={204: None})
    def delete(self, request: Request, room_id: str) -> Response:
        """With its photos; pictures made there stay in the history."""
        removal.delete_room(room=self.room(room_id), by_user=self.person, now=timezone.now())
        return Response(status=204)


class RoomPlace(_Places):
    """Where a room stands among those of its project."""

    @extend_schema(summary="Put a room in order", request=shapes.OrderInput, responses={200: shapes.RoomData})
    def post(self, request: Request, room_id: str) -> Response:
        """Before another one, at the end, or so many places further."""
        room = self.room(room_id)
        beside = self.rooms().filter(project=room.project_id)
        self.placed(beside, arranging.place_room, arranging.shift_room, room=room)
        return Response(shapes.RoomData(self.room(room_id)).data)


# --- Photos ----------------------------------------------------------------------------------------------


class PhotoCollection(_Places):
    """Photos of the workspace's rooms."""

    expandable = {"room": expanding.rooms}
    in_transaction = False  # a new photo is stored and decoded before its row is written
    parser_classes = (MultiPartParser, StorableJSONParser)

    @extend_schema(
        summary="List photos",
        parameters=[
            OpenApiParameter("room", str, description="Of this room."),
            OpenApiParameter("project", str, description="Of the rooms of this project."),
            _SORT,
        ],
        responses={200: listed(shapes.PhotoData)},
    )
    def get(self, request: Request) -> Response:
        """By cursor."""
        with enter(self.organization):
            rows = self.photos()
            if room := self.words("room"):
                rows = rows.filter(room__public_id=id_or_nothing(room))
            if project := self.words("project"):
                rows = rows.filter(room__project__public_id=id_or_nothing(project))
            return self.page(rows, self.photo_data)

    @extend_schema(
        summary="Add a photo",
        request={"multipart/form-data": shapes.PhotoInput, "application/json": shapes.UploadedPhotoInput},
        responses={201: shapes.PhotoData},
    )
    def post(self, request: Request) -> Response:
        """Straightened, and where it was taken removed, before it is kept. JSON takes an upload (`POST /uploads`)."""
        made = (
            self.of_upload() if (request.content_type or "").startswith("application/json") else self.sent()
        )
        with enter(self.organization):
            return self.created(self.photo_data(self.photo(made.public_id)), "api-photo", made.public_id)

    def sent(self) -> Photo:
        """The photo that came with the request."""
        asked = self.checked(shapes.PhotoInput)
        with enter(self.organization):
            room = self.room_named(asked["room"])
        return services.add_photo(
            organization=self.organization,
            room=room,
            image=IncomingImage(content=asked["file"].read()),
            by_user=self.person,
        )

    def of_upload(self) -> Photo:
        """The photo that an upload becomes."""
        asked, room = self.checked(shapes.UploadedPhotoInput), None
        if asked["room"] is not None:
            with enter(self.organization):
                room = self.room_named(asked["room"])
        return uploads.take(
            organization=self.organization,
            upload_id=id_or_nothing(asked["upload"]),
            room=room,
            by_user=self.person,
        )


class PhotoDetail(_Places):
    """One photo."""

    expandable = {"room": expanding.rooms}

    @extend_schema(summary="Read a photo", responses={200: shapes.PhotoData})
    def get(self, request: Request, photo_id: str) -> Response:
        """With fresh addresses of its files."""
        return Response(self.photo_data(self.photo(photo_id)))

    @extend_schema(summary="Change a photo", request=shapes.PhotoChange, responses={200: shapes.PhotoData})
    def patch(self, request: Request, photo_id: str) -> Response:
        """What is named changes. Pictures made of it stay where they are."""
        photo, asked = self.photo(photo_id), self.checked(shapes.PhotoChange)
        arranging.change_photo(
            photo=photo,
            name=asked.get("name", photo.name),
            room=self.room_named(asked["room"]) if "room" in asked else photo.room,
        )
        return Response(self.photo_data(self.photo(photo_id)))

    @extend_schema(summary="Delete a photo", responses={204: None})
    def delete(self, request: Request, photo_id: str) -> Response:
        """Out of its room, and for good unless a picture was made of it."""
        removal.delete_photo(photo=self.photo(photo_id), by_user=self.person, now=timezone.now())
        return Response(status=204)


class PhotoPlace(_Places):
    """Where a photo stands among those of its room."""

    @extend_schema(
        summary="Put a photo in order", request=shapes.OrderInput, responses={200: shapes.PhotoData}
    )
    def post(self, request: Request, photo_id: str) -> Response:
        """Before another one, at the end, or so many places further."""
        photo = get_object_or_404(self.photos().exclude(room=None), public_id=photo_id)
        beside = self.photos().filter(room=photo.room_id)
        self.placed(beside, arranging.place_photo, arranging.shift_photo, photo=photo)
        return Response(self.photo_data(self.photo(photo_id)))
