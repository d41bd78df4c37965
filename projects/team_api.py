"""The REST API of working together on a project: who is on it, notes, what happened there."""

from __future__ import annotations

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import activity
from accounts.activity_api import happened_data
from accounts.managing import WorkingView
from accounts.models import Membership
from accounts.serializers import listed
from accounts.workspace_shapes import HappenedData
from projects import serializers as shapes
from projects import team
from projects.models import Project
from projects.team_rows import ProjectMember, ProjectNote


class _OfProject(WorkingView):
    def find(self, project_id: str) -> Project:
        rows = Project.objects.of(self.organization).select_related("organization")
        found: Project = get_object_or_404(rows, public_id=project_id)
        return found


class ProjectTeam(_OfProject):
    """Who is on the project."""

    @extend_schema(summary="List who is on a project", responses={200: listed(shapes.TeamMember)})
    def get(self, request: Request, project_id: str) -> Response:
        """Newest first."""
        rows = ProjectMember.objects.of(self.organization).filter(project=self.find(project_id))
        return self.page(rows.select_related("member__user"), lambda row: shapes.TeamMember(row).data)


class ProjectCandidates(_OfProject):
    """Who could be put on it, and how everybody is mentioned."""

    @extend_schema(summary="List who is not on a project yet", responses={200: listed(shapes.Candidate)})
    def get(self, request: Request, project_id: str) -> Response:
        """Members of the workspace, newest first."""
        names = team.names_to_mention(organization=self.organization)
        rows = team.not_on(self.find(project_id))
        return self.page(rows, lambda row: shapes.Candidate(row, context={"names": names}).data)


class ProjectTeamMember(_OfProject):
    """A member on a project, or not."""

    @extend_schema(summary="Put a member on a project", request=None, responses={204: None})
    def put(self, request: Request, project_id: str, member_id: int) -> Response:
        """They are told. Twice is once; 404 for who is no member of the workspace."""
        get_object_or_404(Membership.objects.of(self.organization), pk=member_id)
        team.assign(
            project=self.find(project_id), member_id=member_id, by_user=self.person, now=timezone.now()
        )
        return Response(status=204)

    @extend_schema(summary="Take a member off a project", responses={204: None})
    def delete(self, request: Request, project_id: str, member_id: int) -> Response:
        """They are told. 404 for who is not on it."""
        if not team.unassign(
            project=self.find(project_id), member_id=member_id, by_user=self.person, now=timezone.now()
        ):
            raise Http404
        return Response(status=204)


class ProjectNotes(_OfProject):
    """What members write to each other about a project; no client ever sees it."""

    @extend_schema(summary="List the notes about a project", responses={200: listed(shapes.NoteData)})
    def get(self, request: Request, project_id: str) -> Response:
        """Newest first."""
        rows = team.notes_of(self.find(project_id))
        return self.page(rows, lambda row: shapes.NoteData(row).data)

    @extend_schema(
        summary="Write a note about a project", request=shapes.NoteInput, responses={201: shapes.NoteData}
    )
    def post(self, request: Request, project_id: str) -> Response:
        """Who is mentioned (@name) is told so, the others on the project that there is one."""
        note = team.write_note(
            project=self.find(project_id),
            by_user=self.person,
            text=self.checked(shapes.NoteInput)["text"],
            now=timezone.now(),
        )
        return self.created(shapes.NoteData(note).data, "api-project-note", project_id, note.public_id)


class ProjectNoteDetail(_OfProject):
    """One note."""

    def note(self, project_id: str, note_id: str) -> ProjectNote:
        """Of this project, else 404."""
        rows = ProjectNote.objects.of(self.organization).select_related("organization", "author")
        found: ProjectNote = get_object_or_404(rows, public_id=note_id, project__public_id=project_id)
        return found

    @extend_schema(summary="Read a note", responses={200: shapes.NoteData})
    def get(self, request: Request, project_id: str, note_id: str) -> Response:
        """As it was written."""
        return Response(shapes.NoteData(self.note(project_id, note_id)).data)

    @extend_schema(summary="Delete a note", responses={204: None})
    def delete(self, request: Request, project_id: str, note_id: str) -> Response:
        """With what was told of it. 403 for somebody else's, unless an admin asks."""
        team.delete_note(note=self.note(project_id, note_id), by_user=self.person)
        return Response(status=204)


class ProjectActivity(_OfProject):
    """What happened in a project."""

    @extend_schema(summary="List what happened in a project", responses={200: listed(HappenedData)})
    def get(self, request: Request, project_id: str) -> Response:
        """Newest first."""
        project = self.find(project_id)
        rows = activity.feed(organization=self.organization, project=project.public_id)
        return self.page(rows, happened_data)
