"""The REST API of projects: what is done with them. Who works on them is in `projects.team_api`."""

from __future__ import annotations

from django.db.models import DateField, QuerySet, Value
from django.db.models.functions import Coalesce
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.converters import id_or_nothing
from accounts.managing import WorkingView, merged
from accounts.rest import ByDay, ByWords, NewestFirst
from accounts.serializers import listed
from accounts.tenancy import enter
from generations import expanding
from projects import arranging, duplicating, services, team
from projects import serializers as shapes
from projects.models import Client, Photo, Project

_SORTS = ("new", "name", "deadline", "client")
_NEVER = "9999-12-31"
_FACTS = ("name", "client", "address", "deadline")


class _Projects(WorkingView):
    expandable = {"client": expanding.clients}

    def rows(self) -> QuerySet[Project]:
        """With what their answer needs."""
        rows: QuerySet[Project] = Project.objects.of(self.organization)
        return rows.select_related("client", "organization", "cover")

    def find(self, project_id: str) -> Project:
        found: Project = get_object_or_404(self.rows(), public_id=project_id)
        return found

    def answer(self, project_id: str) -> Response:
        """As it stands now."""
        return Response(shapes.ProjectData(self.find(project_id)).data)

    def client_named(self, client_id: str | None) -> Client | None:
        """For null nobody; 404 for one that is none of the workspace's."""
        if client_id is None:
            return None
        found: Client = self.named("client", Client.objects.of(self.organization), client_id)
        return found


class ProjectCollection(_Projects):
    """Projects of the workspace."""

    @extend_schema(
        summary="List projects",
        parameters=[
            OpenApiParameter("q", str, description="Words of the name, the address or the client's name."),
            OpenApiParameter("client", str, description="Of this client."),
            OpenApiParameter("status", str, enum=shapes.STATUSES),
            OpenApiParameter("archived", bool, description="Only archived ones, or only others."),
            OpenApiParameter("mine", bool, description="`true`: those to which the caller is assigned."),
            OpenApiParameter("sort", str, enum=_SORTS, description="Newest first unless said otherwise."),
        ],
        responses={200: listed(shapes.ProjectData)},
    )
    def get(self, request: Request) -> Response:
        """By cursor."""
        rows = self.rows().found_by(self.words("q"))  # type: ignore[attr-defined]  # of ProjectQuerySet
        if client := self.words("client"):
            rows = rows.filter(client__public_id=id_or_nothing(client))
        if status := self.words("status"):
            rows = rows.filter(status=status)
        if (archived := self.flag("archived")) is not None:
            rows = rows.filter(archived_at__isnull=not archived)
        if self.flag("mine"):
            mine = team.projects_of(organization=self.organization, user=self.person)
            rows = rows.filter(pk__in=mine.order_by().values("pk"))
        # What has no deadline comes last; what is for nobody first.
        never = Value(_NEVER, output_field=DateField())
        rows = rows.annotate(due=Coalesce("deadline", never), for_whom=Coalesce("client__name", Value("")))
        return self.page(rows, lambda row: shapes.ProjectData(row).data)

    def pages(self) -> NewestFirst:
        """As `?sort=` says."""
        orders = {"name": ByWords("name"), "deadline": ByDay("due"), "client": ByWords("for_whom")}
        return orders.get(self.words("sort"), NewestFirst())

    @extend_schema(
        summary="Create a project", request=shapes.ProjectInput, responses={201: shapes.ProjectData}
    )
    def post(self, request: Request) -> Response:
        """A new project, for a client of the same workspace."""
        asked = self.checked(shapes.ProjectInput)
        asked["client"] = self.client_named(asked["client"])
        project = services.create_project(
            organization=self.organization, by_user=self.person, now=timezone.now(), **asked
        )
        data = shapes.ProjectData(self.find(project.public_id)).data
        return self.created(data, "api-project", project.public_id)


class ProjectDetail(_Projects):
    """One project."""

    @extend_schema(summary="Read a project", responses={200: shapes.ProjectData})
    def get(self, request: Request, project_id: str) -> Response:
        """As it stands."""
        return self.answer(project_id)

    @extend_schema(
        summary="Change a project", request=shapes.ProjectChange, responses={200: shapes.ProjectData}
    )
    def patch(self, request: Request, project_id: str) -> Response:
        """What is named changes; all or nothing. Another client: what was paid before stays with the one before."""
        project, asked = self.find(project_id), self.checked(shapes.ProjectChange)
        by_user, now = self.person, timezone.now()
        if "client" in asked:
            asked["client"] = self.client_named(asked["client"])
        if set(asked) & set(_FACTS):
            facts = merged(project, asked, _FACTS)
            arranging.change_project(project=project, by_user=by_user, now=now, **facts)
        if "status" in asked:
            arranging.set_status(project=project, status=asked["status"], by_user=by_user, now=now)
        if "cover" in asked:
            arranging.choose_cover(project=project, photo=self.cover_named(asked["cover"]))
        return self.answer(project_id)

    def cover_named(self, photo_id: str | None) -> Photo | None:
        """For null none; 404 for one that is none of the workspace's."""
        if photo_id is None:
            return None
        found: Photo = self.named("cover", Photo.objects.of(self.organization).of_rooms(), photo_id)
        return found

    @extend_schema(summary="Delete a project", responses={204: None})
    def delete(self, request: Request, project_id: str) -> Response:
        """For good. 409 while it has a room or a proposal."""
        arranging.delete_project(project=self.find(project_id), by_user=self.person, now=timezone.now())
        return Response(status=204)


class ProjectArchive(_Projects):
    """Out of the board and the list."""

    archived = True

    @extend_schema(summary="Archive a project", request=None, responses={200: shapes.ProjectData})
    def post(self, request: Request, project_id: str) -> Response:
        """Rooms, photos and pictures stay as they are. Twice is once."""
        arranging.archive_project(
            project=self.find(project_id), archived=self.archived, by_user=self.person, now=timezone.now()
        )
        return self.answer(project_id)


class ProjectRestore(ProjectArchive):
    """Back into the list."""

    archived = False

    @extend_schema(
        summary="Take a project out of the archive", request=None, responses={200: shapes.ProjectData}
    )
    def post(self, request: Request, project_id: str) -> Response:
        """Twice is once."""
        return super().post(request, project_id)


class ProjectDuplicate(_Projects):
    """A project once more."""

    in_transaction = False  # files are copied before any row is written

    @extend_schema(
        summary="Duplicate a project", request=shapes.ProjectCopy, responses={201: shapes.ProjectData}
    )
    def post(self, request: Request, project_id: str) -> Response:
        """The same client, address, rooms and photos, without what was made of them. 409 past 500 photos."""
        asked = self.checked(shapes.ProjectCopy)
        with enter(self.organization):
            project = self.find(project_id)
        made = duplicating.duplicate_project(
            project=project, by_user=self.person, now=timezone.now(), **asked
        )
        with enter(self.organization):
            data = shapes.ProjectData(self.find(made.public_id)).data
        return self.created(data, "api-project", made.public_id)
