"""How clients, projects, rooms, photos and the library look outside: what is sent, and what is answered.

Answers that carry addresses of files are given `url_of` in their context: a function from a stored file's name.
"""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.describing import IdOf
from projects.models import AT_THE_END, Photo, Status
from projects.team import NOTE_LENGTH

STATUSES = [status.value for status in Status]
STATES = [state.value for state in Photo.State]


def _id(**options: Any) -> serializers.CharField:
    return serializers.CharField(max_length=40, **options)


class _WithFiles(serializers.Serializer):
    def url_of(self, name: str) -> str | None:
        """A signed address of a stored file; null where there is none."""
        return str(self.context["url_of"](name)) if name else None


# --- Clients ---------------------------------------------------------------------------------------------


class ClientInput(serializers.Serializer):
    """A new client."""

    name = serializers.CharField(max_length=120)
    email = serializers.EmailField(required=False, allow_blank=True, default="")
    phone = serializers.CharField(required=False, allow_blank=True, default="", max_length=40)
    address = serializers.CharField(required=False, allow_blank=True, default="", max_length=240)
    notes = serializers.CharField(required=False, allow_blank=True, default="", max_length=10_000)


class ClientChange(serializers.Serializer):
    """What shall be different; `accent` is a colour like #24584a, readable on white, or "" for none."""

    name = serializers.CharField(required=False, max_length=120)
    email = serializers.EmailField(required=False, allow_blank=True)
    phone = serializers.CharField(required=False, allow_blank=True, max_length=40)
    address = serializers.CharField(required=False, allow_blank=True, max_length=240)
    notes = serializers.CharField(required=False, allow_blank=True, max_length=10_000)
    brand_name = serializers.CharField(required=False, allow_blank=True, max_length=120)
    accent = serializers.CharField(required=False, allow_blank=True, max_length=7)


class LogoInput(serializers.Serializer):
    """A picture, as multipart form data."""

    file = serializers.FileField()


class ClientData(_WithFiles):
    """A client; `brand_name`, `accent` and the logo are what they see."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    email = serializers.CharField()
    phone = serializers.CharField()
    address = serializers.CharField()
    notes = serializers.CharField()
    brand_name = serializers.CharField()
    accent = serializers.CharField()
    logo_url = serializers.SerializerMethodField()
    archived = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()

    def get_logo_url(self, row: Any) -> str | None:
        """Needs no key and works for a day; null without a logo."""
        return self.url_of(row.logo)

    def get_archived(self, row: Any) -> bool:
        """Out of lists and choices."""
        return row.archived_at is not None


# --- Projects --------------------------------------------------------------------------------------------


class ProjectInput(serializers.Serializer):
    """A new project; `client` is a client's id."""

    name = serializers.CharField(max_length=120)
    client = _id(required=False, allow_null=True, default=None)
    address = serializers.CharField(required=False, allow_blank=True, default="", max_length=240)
    deadline = serializers.DateField(required=False, allow_null=True, default=None)


class ProjectChange(serializers.Serializer):
    """What shall be different; `cover` is the id of a photo of its rooms, null for its first one."""

    name = serializers.CharField(required=False, max_length=120)
    client = _id(required=False, allow_null=True)
    address = serializers.CharField(required=False, allow_blank=True, max_length=240)
    deadline = serializers.DateField(required=False, allow_null=True)
    status = serializers.ChoiceField(required=False, choices=STATUSES)
    cover = _id(required=False, allow_null=True)


class ProjectCopy(serializers.Serializer):
    """How the copy is called, and whether it gets the photos of the rooms."""

    name = serializers.CharField(max_length=120)
    with_photos = serializers.BooleanField(required=False, default=True)


class ProjectData(serializers.Serializer):
    """A project; `client` and `cover` are ids."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    client = IdOf(ClientData, source="client.public_id", allow_null=True)
    address = serializers.CharField()
    status = serializers.ChoiceField(choices=STATUSES)
    deadline = serializers.DateField(allow_null=True)
    cover = serializers.SerializerMethodField()
    archived = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()

    def get_cover(self, row: Any) -> str | None:
        """The photo that was chosen to stand for it."""
        return row.cover.public_id if row.cover else None

    def get_archived(self, row: Any) -> bool:
        """Out of the board and the list."""
        return row.archived_at is not None


class TeamMember(serializers.Serializer):
    """A member of the workspace who is on the project; `member` is their id under `/members`."""

    member = serializers.CharField(source="member_id")
    email = serializers.CharField(source="member.user.email")
    name = serializers.CharField(source="member.user.name")
    role = serializers.CharField(source="member.role")
    assigned_at = serializers.DateTimeField()


class Candidate(serializers.Serializer):
    """A member of the workspace who is not on the project."""

    member = serializers.CharField(source="pk")
    email = serializers.CharField(source="user.email")
    name = serializers.CharField(source="user.name")
    role = serializers.CharField()
    mention = serializers.SerializerMethodField()

    def get_mention(self, row: Any) -> str:
        """What to write after an @ to mention them."""
        return str(self.context["names"].get(row.user_id, row.user.email))


class NoteInput(serializers.Serializer):
    """A note to the team. Who stands in it as @name is told so."""

    text = serializers.CharField(max_length=NOTE_LENGTH)


class NoteData(serializers.Serializer):
    """A note; `mentions` are the names as they stand in the text. `by` is null once its author is gone."""

    id = serializers.CharField(source="public_id")
    text = serializers.CharField()
    mentions = serializers.ListField(child=serializers.CharField())
    by = serializers.SerializerMethodField()
    written_at = serializers.DateTimeField()

    def get_by(self, row: Any) -> str | None:
        """An e-mail address."""
        return row.author.email if row.author else None


# --- Rooms and photos ------------------------------------------------------------------------------------


def _place(row: Any) -> int | None:
    return None if row.position == AT_THE_END else int(row.position)


class RoomInput(serializers.Serializer):
    """A new room; `project` is a project's id."""

    project = _id()
    name = serializers.CharField(max_length=120)


class RoomChange(serializers.Serializer):
    """What shall be different; another `project` moves it there, to the end."""

    name = serializers.CharField(required=False, max_length=120)
    project = _id(required=False)


class OrderInput(serializers.Serializer):
    """Where it shall stand among its like: `before` another one, at the end (null), or `by` so many places further."""

    before = _id(required=False, allow_null=True)
    by = serializers.IntegerField(required=False, min_value=-1000, max_value=1000)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One of the two."""
        if len(attrs) != 1:
            raise serializers.ValidationError("Say either `before` or `by`.")
        return attrs


class RoomData(serializers.Serializer):
    """A room; `position` is null as long as nobody has put the rooms of its project in order."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    project = IdOf(ProjectData, source="project.public_id")
    position = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()

    def get_position(self, row: Any) -> int | None:
        """From 0."""
        return _place(row)


class PhotoInput(serializers.Serializer):
    """A new photo of a room, as multipart form data; `room` is a room's id."""

    room = _id()
    file = serializers.FileField()


class UploadedPhotoInput(serializers.Serializer):
    """A new photo of what was uploaded, as JSON; `room` is a room's id, the upload's own if left out."""

    upload = _id()
    room = _id(required=False, allow_null=True, default=None)


class PhotoChange(serializers.Serializer):
    """What shall be different; `name` is what it shows, another `room` moves it there, to the end."""

    name = serializers.CharField(required=False, allow_blank=True, max_length=120)
    room = _id(required=False)


class PhotoData(_WithFiles):
    """A photo; `room` is null for one that was sent along with a request, `problem` says why it is `bad`.

    The addresses need no key and work until `expires_at`.
    """

    id = serializers.CharField(source="public_id")
    room = IdOf(RoomData, source="room.public_id", allow_null=True)
    name = serializers.CharField()
    position = serializers.SerializerMethodField()
    state = serializers.ChoiceField(choices=STATES)
    problem = serializers.SerializerMethodField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    gps_removed = serializers.BooleanField(source="had_gps")
    advice = serializers.ListField(child=serializers.CharField())
    url = serializers.SerializerMethodField()
    thumbnail_url = serializers.SerializerMethodField()
    expires_at = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()

    def get_position(self, row: Any) -> int | None:
        """From 0."""
        return _place(row)

    def get_problem(self, row: Any) -> str | None:
        """A sentence."""
        return row.problem or None

    def get_url(self, row: Any) -> str | None:
        """The photo, straightened and without the place where it was taken."""
        return self.url_of(row.image)

    def get_thumbnail_url(self, row: Any) -> str | None:
        """A small one."""
        return self.url_of(row.thumbnail)

    def get_expires_at(self, row: Any) -> str | None:
        """Null where there are no addresses."""
        return self.context["expires_at"] if row.image else None


# --- The library -----------------------------------------------------------------------------------------


class ProductData(_WithFiles):
    """A piece of furniture; `price` is a decimal as text, null with an empty `currency`."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    price = serializers.DecimalField(max_digits=10, decimal_places=2, allow_null=True)
    currency = serializers.CharField()
    link = serializers.CharField()
    url = serializers.SerializerMethodField()
    thumbnail_url = serializers.SerializerMethodField()
    expires_at = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()

    def get_url(self, row: Any) -> str | None:
        """Its photo; needs no key and works until `expires_at`."""
        return self.url_of(row.photo.image)

    def get_thumbnail_url(self, row: Any) -> str | None:
        """A small one."""
        return self.url_of(row.photo.thumbnail)

    def get_expires_at(self, row: Any) -> str | None:
        """When the addresses end."""
        return self.context["expires_at"] if row.photo.image else None


class RecipeData(serializers.Serializer):
    """A saved look; `products` are ids of pieces of the library, in the order of the tray."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    mode = serializers.CharField()
    style = serializers.CharField()  # type: ignore[assignment]  # a member of the answer; the hint for forms of this name is never read
    prompt = serializers.CharField()
    keep_structure = serializers.BooleanField()
    resolution = serializers.CharField()
    design_level = serializers.CharField()
    variations = serializers.IntegerField()
    products = serializers.SerializerMethodField()
    locked = serializers.BooleanField(source="is_locked")
    created_at = serializers.DateTimeField()

    @extend_schema_field(serializers.ListField(child=IdOf(ProductData)))
    def get_products(self, row: Any) -> list[str]:
        """Of `pieces`, which are loaded with their products."""
        pieces = sorted(row.pieces.all(), key=lambda piece: piece.position)
        return [piece.product.public_id for piece in pieces]
