"""The REST API of pictures: found again, read with their versions, downloaded; what can be chosen for new ones."""

from __future__ import annotations

from django.db.models import Prefetch
from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.managing import Collection
from accounts.rest import NewestFirst
from accounts.serializers import listed, whole
from accounts.tenancy import enter
from generations import lineage, renditions, reviews
from generations import picture_shapes as shapes
from generations.api_filters import GalleryFilters, generations_wanted, parameters_of
from generations.models import Generation, GenerationReference, Picture, Rendition
from generations.modes import MODES
from generations.page_parts import style_choices
from projects.models import Project, Room

MOST_CHILDREN = 100


class PicturePages(NewestFirst):
    """As many as a page of the gallery has, and some more."""

    page_size = 30


class Pictures(Collection):
    """The gallery."""

    def pages(self) -> PicturePages:
        """As many as a page of the gallery has."""
        return PicturePages()

    @extend_schema(
        summary="List pictures",
        parameters=[
            *parameters_of(GalleryFilters),
            OpenApiParameter("approved", bool, description="`true`, with `project`: approved by the client."),
        ],
        responses={200: listed(shapes.PictureRow)},
    )
    def get(self, request: Request) -> Response:
        """Newest first; those whose files are there."""
        asked, organization = self.filters(GalleryFilters), self.organization
        rows = Picture.objects.of(organization).kept().filter(generation__deleted_at=None)
        if set(asked) - {"starred"}:
            made = Generation.objects.of(organization).kept()
            rows = rows.filter(
                generation__in=generations_wanted(made, organization, asked | {"starred": False})
            )
        if asked.get("starred"):
            rows = rows.starred()
        if request.query_params.get("approved") == "true" and asked.get("project"):
            projects = Project.objects.of(organization).select_related("organization")
            project = get_object_or_404(projects, public_id=asked["project"])
            rows = rows.filter(pk__in=reviews.approved_pictures(project=project).values("pk"))
        return self.page(
            rows.select_related("generation__room"),
            lambda row: shapes.picture_row(row, organization, request._request),
        )


class OnePicture(Collection):
    """Base of those that read one picture."""

    def find(self, picture_id: str) -> Picture:
        """The picture of this workspace, whatever became of its files; else 404. Inside the workspace."""
        rows = Picture.objects.of(self.organization).filter(generation__deleted_at=None)
        related = (
            "organization",
            "generation__organization",
            "generation__room",
            "generation__photo",
            "generation__parent",
        )
        found: Picture = get_object_or_404(rows.select_related(*related), public_id=picture_id)
        return found


class PictureDetail(OnePicture):
    """One picture."""

    @extend_schema(summary="Read a picture", responses={200: shapes.PictureWhole})
    def get(self, request: Request, picture_id: str) -> Response:
        """With what it was made from, what was made of it, and how its file is marked."""
        picture, organization = self.find(picture_id), self.organization
        made = Generation.objects.of(organization).kept().filter(parent=picture).order_by("pk")
        pictures = Picture.objects.order_by("position")
        children = list(made.prefetch_related(Prefetch("pictures", pictures))[:MOST_CHILDREN])
        references = GenerationReference.objects.of(organization).filter(generation=picture.generation)
        pieces = list(references.select_related("photo__product").order_by("position"))
        return Response(shapes.picture_whole(picture, organization, request._request, children, pieces))


class PictureRendition(OnePicture):
    """A copy for downloading."""

    in_transaction = False

    @extend_schema(summary="Download a picture", responses={200: shapes.RenditionData})
    def get(self, request: Request, picture_id: str, kind: str) -> Response:
        """`png`, `jpeg` or `web` (WebP, at most 1600 pixels), in the shape of the photo; made when first asked for."""
        if kind not in Rendition.Kind.values:
            raise Http404
        with enter(self.organization):
            picture = self.find(picture_id)
        if picture.removed_at is not None:
            raise Http404
        wanted = Rendition.Kind(kind)
        copy = renditions.copy_of(picture=picture, kind=wanted)
        return Response(shapes.rendition_data(wanted, copy, request._request))


class PictureRenditions(OnePicture):
    """Every copy that can be downloaded."""

    in_transaction = False

    @extend_schema(
        summary="List the copies of a picture that can be downloaded",
        operation_id="listPictureRenditions",
        responses={200: whole(shapes.RenditionData)},
    )
    def get(self, request: Request, picture_id: str) -> Response:
        """All three, made now if nobody has asked for them before."""
        with enter(self.organization):
            picture = self.find(picture_id)
        if picture.removed_at is not None:
            raise Http404
        copies = [(kind, renditions.copy_of(picture=picture, kind=kind)) for kind in Rendition.Kind]
        return Response(
            {"results": [shapes.rendition_data(kind, copy, request._request) for kind, copy in copies]}
        )


class RoomLineage(Collection):
    """The version tree of a room."""

    @extend_schema(summary="Read the versions of a room", responses={200: shapes.Lineage})
    def get(self, request: Request, room_id: str) -> Response:
        """Its photos, what was made of each, and what was made of that."""
        rooms = Room.objects.of(self.organization).select_related("organization")
        tree = lineage.tree_of_room(room=get_object_or_404(rooms, public_id=room_id))
        return Response(shapes.lineage_data(tree, self.organization, request._request))


class GenerationLineage(Collection):
    """The version tree that a generation is part of."""

    @extend_schema(summary="Read the versions around a generation", responses={200: shapes.Lineage})
    def get(self, request: Request, generation_id: str) -> Response:
        """Everything made from the photo that it began with."""
        rows = Generation.objects.of(self.organization).kept().select_related("organization")
        tree = lineage.tree_of(generation=get_object_or_404(rows, public_id=generation_id))
        return Response(shapes.lineage_data(tree, self.organization, request._request))


# --- What can be chosen ----------------------------------------------------------------------------------


class Modes(Collection):
    """What can be asked for."""

    @extend_schema(summary="List modes", operation_id="listModes", responses={200: whole(shapes.ModeData)})
    def get(self, request: Request) -> Response:
        """In the order of the studio."""
        rows = [
            {
                "key": mode.key,
                "name": str(mode.name),
                "hint": str(mode.hint),
                "lead_in": mode.lead_in,
                "paints": mode.paints,
            }
            for mode in MODES.values()
        ]
        return Response({"results": rows})


class Styles(Collection):
    """Styles that can be chosen."""

    @extend_schema(summary="List styles", operation_id="listStyles", responses={200: whole(shapes.StyleData)})
    def get(self, request: Request) -> Response:
        """Each with an example picture, where there is one."""
        rows = [
            {"name": name, "example_url": request.build_absolute_uri(sample) if sample else None}
            for name, sample in style_choices()
        ]
        return Response({"results": rows})
