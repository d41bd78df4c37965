"""The REST API of clients, projects, rooms and photos: list and create."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.converters import id_or_nothing
from accounts.models import TenantQuerySet
from accounts.rest import NewestFirst
from accounts.tenancy import TenantAPIView, enter
from projects import services
from projects.models import Client, Photo, Project, Room
from projects.services import IncomingImage


class ClientInput(serializers.Serializer):
    """A new client."""

    name = serializers.CharField(max_length=120)
    email = serializers.EmailField(required=False, allow_blank=True, default="")
    phone = serializers.CharField(required=False, allow_blank=True, default="", max_length=40)
    address = serializers.CharField(required=False, allow_blank=True, default="", max_length=240)
    notes = serializers.CharField(required=False, allow_blank=True, default="", max_length=10_000)


class ProjectInput(serializers.Serializer):
    """A new project; `client` is a client's id."""

    name = serializers.CharField(max_length=120)
    client = serializers.CharField(required=False, allow_null=True, default=None)
    address = serializers.CharField(required=False, allow_blank=True, default="", max_length=240)
    deadline = serializers.DateField(required=False, allow_null=True, default=None)


class RoomInput(serializers.Serializer):
    """A new room; `project` is a project's id."""

    project = serializers.CharField()
    name = serializers.CharField(max_length=120)


class PhotoInput(serializers.Serializer):
    """A new photo of a room, as multipart form data; `room` is a room's id."""

    room = serializers.CharField()
    file = serializers.FileField()


def client_data(client: Client) -> dict[str, Any]:
    """A client as the API shows it."""
    return {
        "id": client.public_id,
        "name": client.name,
        "email": client.email,
        "phone": client.phone,
        "address": client.address,
        "notes": client.notes,
        "archived": client.archived_at is not None,
        "created_at": client.created_at,
    }


def project_data(project: Project) -> dict[str, Any]:
    """A project as the API shows it."""
    return {
        "id": project.public_id,
        "name": project.name,
        "client": project.client.public_id if project.client else None,
        "address": project.address,
        "status": project.status,
        "deadline": project.deadline,
        "archived": project.archived_at is not None,
        "created_at": project.created_at,
    }


def room_data(room: Room) -> dict[str, Any]:
    """A room as the API shows it."""
    return {
        "id": room.public_id,
        "name": room.name,
        "project": room.project.public_id,
        "created_at": room.created_at,
    }


def photo_data(photo: Photo) -> dict[str, Any]:
    """A photo as the API shows it."""
    return {
        "id": photo.public_id,
        "room": photo.room.public_id if photo.room else None,
        "state": photo.state,
        "problem": photo.problem or None,
        "width": photo.width,
        "height": photo.height,
        "gps_removed": photo.had_gps,
        "advice": photo.advice,
        "created_at": photo.created_at,
    }


class _Collection(TenantAPIView):
    def page(self, request: Request, rows: TenantQuerySet, shape: Any) -> Response:
        """One page of rows."""
        pages = NewestFirst()
        found = pages.paginate_queryset(rows, request, view=self) or []
        return pages.get_paginated_response([shape(row) for row in found])

    def checked(self, form: type[serializers.Serializer], request: Request) -> dict[str, Any]:
        """The validated input, or a 400 that names the fields."""
        asked = form(data=request.data)
        asked.is_valid(raise_exception=True)
        data: dict[str, Any] = asked.validated_data
        return data


class ClientCollection(_Collection):
    """Clients of the workspace."""

    @extend_schema(summary="List clients", responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        """Newest first."""
        return self.page(request, Client.objects.of(self.organization), client_data)

    @extend_schema(summary="Create a client", request=ClientInput, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request) -> Response:
        """A new client."""
        client = services.create_client(organization=self.organization, **self.checked(ClientInput, request))
        return Response(client_data(client), status=201)


class ProjectCollection(_Collection):
    """Projects of the workspace."""

    @extend_schema(summary="List projects", responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        """Newest first."""
        return self.page(
            request, Project.objects.of(self.organization).select_related("client"), project_data
        )

    @extend_schema(summary="Create a project", request=ProjectInput, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request) -> Response:
        """A new project, for a client of the same workspace."""
        asked = self.checked(ProjectInput, request)
        if client_id := asked.pop("client"):
            asked["client"] = get_object_or_404(
                Client.objects.of(self.organization), public_id=id_or_nothing(client_id)
            )
        project = services.create_project(
            organization=self.organization, by_user=self.person, now=timezone.now(), **asked
        )
        return Response(project_data(project), status=201)


class RoomCollection(_Collection):
    """Rooms of the workspace's projects."""

    @extend_schema(summary="List rooms", responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        """Newest first; `?project=` narrows."""
        rooms = Room.objects.of(self.organization).select_related("project")
        if project_id := request.query_params.get("project"):
            rooms = rooms.filter(project__public_id=id_or_nothing(project_id))
        return self.page(request, rooms, room_data)

    @extend_schema(summary="Create a room", request=RoomInput, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request) -> Response:
        """A new room of a project."""
        asked = self.checked(RoomInput, request)
        projects = Project.objects.of(self.organization).select_related("organization")
        project = get_object_or_404(projects, public_id=id_or_nothing(asked["project"]))
        room = services.create_room(
            project=project, name=asked["name"], by_user=self.person, now=timezone.now()
        )
        return Response(room_data(room), status=201)


class PhotoCollection(_Collection):
    """Photos of the workspace's rooms."""

    in_transaction = False  # a new photo is stored and decoded before its row is written
    parser_classes = (MultiPartParser,)

    @extend_schema(summary="List photos", responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        """Newest first; `?room=` narrows."""
        with enter(self.organization):
            photos = Photo.objects.of(self.organization).of_rooms().select_related("room")
            if room_id := request.query_params.get("room"):
                photos = photos.filter(room__public_id=id_or_nothing(room_id))
            return self.page(request, photos, photo_data)

    @extend_schema(summary="Upload a photo", request=PhotoInput, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request) -> Response:
        """Straightened, and where it was taken removed, before it is kept."""
        asked = self.checked(PhotoInput, request)
        with enter(self.organization):
            rooms = Room.objects.of(self.organization).select_related("organization")
            room = get_object_or_404(rooms, public_id=id_or_nothing(asked["room"]))
        photo = services.add_photo(
            organization=self.organization,
            room=room,
            image=IncomingImage(content=asked["file"].read()),
            by_user=self.person,
        )
        return Response(photo_data(photo), status=201)
