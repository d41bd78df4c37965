"""How pictures look outside, their versions and copies with them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from rest_framework import serializers

from accounts.models import Organization
from generations import files, lineage, placing, provenance
from generations.models import Generation, GenerationReference, Picture, Rendition, State
from generations.models.picture import Signature
from generations.renditions import Copy
from generations.serializers import PictureOfGeneration, picture_data

MEDIA = {Rendition.Kind.PNG: "image/png", Rendition.Kind.JPEG: "image/jpeg", Rendition.Kind.WEB: "image/webp"}


class PictureRow(PictureOfGeneration):
    """A picture in a list."""

    generation = serializers.CharField()
    number = serializers.IntegerField(help_text="1 to 3: which of the generation's pictures.")
    room = serializers.CharField(allow_null=True)
    prompt = serializers.CharField()
    mode = serializers.CharField(allow_null=True)
    style = serializers.CharField(allow_null=True)  # type: ignore[assignment]  # not the field's own
    engine = serializers.CharField()
    test = serializers.BooleanField()
    created_at = serializers.DateTimeField()


class Provenance(serializers.Serializer):
    """How the kept file says that a machine altered it."""

    signature = serializers.ChoiceField(Signature.choices)
    source_type = serializers.CharField(help_text="IPTC's digital source type, as the file has it.")
    words = serializers.CharField()


class PictureSource(serializers.Serializer):
    """What it was made from: a photo, or a picture made before."""

    photo = serializers.CharField(allow_null=True)
    picture = serializers.CharField(allow_null=True)
    url = serializers.URLField(allow_null=True, help_text="Null once its file is gone.")


class PictureChild(serializers.Serializer):
    """A version that was made of it."""

    generation = serializers.CharField()
    state = serializers.ChoiceField(State.choices)
    pictures = serializers.ListField(child=serializers.CharField())


class PicturePiece(serializers.Serializer):
    """A piece of furniture in it, and where a preview has put it: fractions of the picture, null elsewhere."""

    number = serializers.IntegerField()
    name = serializers.CharField()
    photo = serializers.CharField()
    product = serializers.CharField(allow_null=True)
    x = serializers.FloatField(allow_null=True)
    y = serializers.FloatField(allow_null=True)
    scale = serializers.FloatField()
    left_out = serializers.CharField(allow_null=True, help_text="Why a preview found no place for it.")


class PictureWhole(PictureRow):
    """A picture with all that is known of it."""

    provenance = Provenance()
    made_from = PictureSource()
    children = PictureChild(many=True)
    pieces = PicturePiece(many=True)


class RenditionData(serializers.Serializer):
    """A copy for downloading; `url` needs no key and works until `expires_at`."""

    kind = serializers.ChoiceField(Rendition.Kind.choices)
    media_type = serializers.CharField()
    url = serializers.URLField()
    filename = serializers.CharField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    expires_at = serializers.DateTimeField()


class Version(serializers.Serializer):
    """A node of the version tree. `parent` is the version it hangs on, `from_picture` the picture of that one."""

    generation = serializers.CharField()
    parent = serializers.CharField(allow_null=True)  # type: ignore[assignment]  # not the field's own
    from_picture = serializers.CharField(allow_null=True)
    state = serializers.ChoiceField(State.choices)
    prompt = serializers.CharField()
    deleted = serializers.BooleanField(help_text="It stays for what hangs on it; its pictures are gone.")
    pictures = serializers.ListField(child=serializers.DictField())
    created_at = serializers.DateTimeField()


class Branch(serializers.Serializer):
    """A photo and everything made of it, parents before children; no photo: what hangs on nothing that is there."""

    photo = serializers.CharField(allow_null=True)
    versions = Version(many=True)


class Lineage(serializers.Serializer):
    """A version tree; `cut`: there are more than 500 versions, and the newest are shown."""

    branches = Branch(many=True)
    versions = serializers.IntegerField()
    cut = serializers.BooleanField()


class ModeData(serializers.Serializer):
    """What can be asked for; `lead_in` begins the prompt that is composed with it."""

    key = serializers.CharField()
    name = serializers.CharField()
    hint = serializers.CharField()
    lead_in = serializers.CharField()
    paints = serializers.BooleanField(help_text="Needs `mask` or `paint`.")


class StyleData(serializers.Serializer):
    """A style that can be chosen."""

    name = serializers.CharField()
    example_url = serializers.URLField(allow_null=True)


# --- Values ----------------------------------------------------------------------------------------------


def picture_row(picture: Picture, organization: Organization, request: HttpRequest) -> dict[str, Any]:
    """A picture in a list; its generation and that one's room should be loaded."""
    made = picture.generation
    return picture_data(picture, organization, request) | {
        "generation": made.public_id,
        "number": picture.position + 1,
        "room": made.room.public_id if made.room else None,
        "prompt": made.prompt,
        "mode": made.mode or None,
        "style": made.style or None,
        "engine": made.engine,
        "test": made.is_test,
        "created_at": picture.created_at,
    }


def picture_whole(
    picture: Picture,
    organization: Organization,
    request: HttpRequest,
    children: list[Generation],
    references: list[GenerationReference],
) -> dict[str, Any]:
    """All of it; the generation's photo and parent should be loaded, the references with photo and product."""
    made = picture.generation
    source = made.photo or made.parent
    says = provenance.statement(generation=made, title=picture.public_id)
    return picture_row(picture, organization, request) | {
        "provenance": {
            "signature": picture.signature,
            "source_type": says.source_type,
            "words": provenance.words_for(picture),
        },
        "made_from": {
            "photo": made.photo.public_id if made.photo else None,
            "picture": made.parent.public_id if made.parent else None,
            "url": files.url(request, source.image) if source and source.image else None,
        },
        "children": [
            {
                "generation": child.public_id,
                "state": child.state,
                "pictures": [one.public_id for one in child.pictures.all()],
            }
            for child in children
        ],
        "pieces": _pieces(picture, references),
    }


def _pieces(picture: Picture, references: list[GenerationReference]) -> list[dict[str, Any]]:
    stand = placing.movables(picture, references) if picture.generation.has_preview else []
    by_number = {one.number: one for one in stand}
    pieces = []
    for row in references:
        one, product = by_number.get(row.position), getattr(row.photo, "product", None)
        x, y = (one.x, one.y) if one else (row.at or (None, None))
        pieces.append(
            {
                "number": row.position,
                "name": row.photo.name,
                "photo": row.photo.public_id,
                "product": product.public_id if product else None,
                "x": x,
                "y": y,
                "scale": row.scale,
                "left_out": (one.why or None) if one else None,
            }
        )
    return pieces


def rendition_data(kind: Rendition.Kind, copy: Copy, request: HttpRequest) -> dict[str, Any]:
    """A copy with its signed address."""
    return {
        "kind": kind.value,
        "media_type": MEDIA[kind],
        "url": files.url(request, copy.file, filename=copy.filename),
        "filename": copy.filename,
        "width": copy.width,
        "height": copy.height,
        "expires_at": files.expires_at(),
    }


def lineage_data(tree: lineage.Tree, organization: Organization, request: HttpRequest) -> dict[str, Any]:
    """A version tree as flat lists."""
    return {
        "branches": [
            {
                "photo": branch.photo.public_id if branch.photo else None,
                "versions": list(_versions(branch, organization, request)),
            }
            for branch in tree.branches
        ],
        "versions": tree.versions,
        "cut": tree.is_cut,
    }


def _versions(
    branch: lineage.Branch, organization: Organization, request: HttpRequest
) -> Iterator[dict[str, Any]]:
    made_in: dict[int, tuple[str, str]] = {}  # of each picture: its own id and its generation's
    for step in branch.steps:
        one = step.generation
        if step.kind != "version" or one is None:
            continue
        pictures: list[Picture] = list(one.pictures.all())
        made_in |= {picture.pk: (picture.public_id, one.public_id) for picture in pictures}
        from_picture, parent = made_in.get(one.parent_id or 0, (None, None))
        yield {
            "generation": one.public_id,
            "parent": parent,
            "from_picture": from_picture,
            "state": one.state,
            "prompt": one.prompt,
            "deleted": one.deleted_at is not None,
            "pictures": [picture_data(picture, organization, request) for picture in pictures],
            "created_at": one.created_at,
        }
