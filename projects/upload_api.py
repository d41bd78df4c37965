"""The REST API of uploads: a file announced, sent to an address of its own, then taken by `POST /photos`."""

from __future__ import annotations

from typing import Any, BinaryIO, cast

from django.conf import settings
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.converters import id_or_nothing
from accounts.managing import Collection
from projects import uploads
from projects.models import Room
from projects.upload_rows import Upload

MEDIA_TYPES = ("image/jpeg", "image/png", "image/webp", "image/heic", "image/heif", "image/avif")
STATES = ("waiting", "expired", "received", "taken")


class UploadInput(serializers.Serializer[Any]):
    """A file that will come; `room` is a room's id, `sha256` 64 hexadecimal digits, checked if sent."""

    size = serializers.IntegerField(min_value=1)
    content_type = serializers.ChoiceField(choices=MEDIA_TYPES)
    file_name = serializers.CharField(required=False, allow_blank=True, default="", max_length=120)
    sha256 = serializers.RegexField(r"^[0-9a-fA-F]{64}$", required=False, allow_null=True, default=None)
    room = serializers.CharField(required=False, allow_null=True, default=None, max_length=40)


class UploadData(serializers.Serializer[Upload]):
    """An upload: `photo` is what it became, `expires_at` the end of its address."""

    id = serializers.CharField(source="public_id")
    state = serializers.SerializerMethodField()
    room = serializers.SerializerMethodField()
    photo = serializers.SerializerMethodField()
    size = serializers.IntegerField()
    content_type = serializers.CharField(source="media_type")
    file_name = serializers.CharField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    received_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(serializers.ChoiceField(choices=STATES))
    def get_state(self, row: Upload) -> str:
        """How far it is."""
        if row.photo_id is not None:
            return "taken"
        if row.received_at is not None:
            return "received"
        return "expired" if timezone.now() >= row.expires_at else "waiting"

    def get_room(self, row: Upload) -> str | None:
        """Its id."""
        return row.room.public_id if row.room else None

    def get_photo(self, row: Upload) -> str | None:
        """Its id."""
        return row.photo.public_id if row.photo else None


class NewUpload(UploadData):
    """With the address, which is told this once: send the bytes there with this method and these headers."""

    url = serializers.URLField()
    method = serializers.ChoiceField(choices=("PUT",))
    headers = serializers.DictField(child=serializers.CharField())


class Uploads(Collection):
    """Files that come past the API."""

    @extend_schema(summary="Announce an upload", request=UploadInput, responses={201: NewUpload})
    def post(self, request: Request) -> Response:
        """PUT the bytes to `url` within ten minutes, without a key; then `POST /photos` with `upload`."""
        asked = self.checked(UploadInput)
        room = None
        if asked["room"] is not None:
            rooms = Room.objects.of(self.organization)
            room = get_object_or_404(rooms, public_id=id_or_nothing(asked["room"]))
        file = uploads.Announced(
            size=asked["size"],
            media_type=asked["content_type"],
            file_name=asked["file_name"],
            sha256=bytes.fromhex(asked["sha256"]) if asked["sha256"] else None,
        )
        upload, path = uploads.open_upload(
            organization=self.organization, file=file, room=room, by_user=self.person, now=timezone.now()
        )
        base = settings.PUBLIC_BASE_URL
        address = {
            "url": f"{base}{path}" if base else request.build_absolute_uri(path),
            "method": "PUT",
            "headers": {"Content-Type": upload.media_type},
        }
        return Response({**UploadData(upload).data, **address}, status=201)


class UploadDetail(Collection):
    """One upload."""

    @extend_schema(summary="Read an upload", responses={200: UploadData})
    def get(self, request: Request, upload_id: str) -> Response:
        """Kept for a day: how far it is, and the photo that it became."""
        rows = Upload.objects.of(self.organization).select_related("room", "photo")
        return Response(UploadData(get_object_or_404(rows, public_id=upload_id)).data)


class UploadContent(APIView):
    """The address itself, where this instance keeps files by itself."""

    policy = "public: the secret address is the permission"
    authentication_classes = ()
    http_method_names = ["put"]  # and no OPTIONS: it has nothing to tell a stranger

    @extend_schema(exclude=True)  # an opaque address, which may be another server's
    def put(self, request: Request, token: str) -> Response:
        """Read in pieces, and no further than was announced."""
        length = request.META.get("CONTENT_LENGTH") or ""
        uploads.receive(
            token=token,
            content=cast("BinaryIO", request._request),
            length=int(length) if length.isdigit() else None,
            media_type=request.content_type.partition(";")[0].strip().lower(),
            now=timezone.now(),
        )
        return Response(status=204)
