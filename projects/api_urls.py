"""Addresses of the API of working together. Projects and their things are above: they know files and budgets."""

from django.urls import path

from accounts import converters  # noqa: F401 — knows `id`
from projects import brand_api, team_api, upload_api

_ONE = "projects/<id:project_id>"

urlpatterns = [
    path("uploads", upload_api.Uploads.as_view(), name="api-uploads"),
    path("uploads/<id:upload_id>", upload_api.UploadDetail.as_view(), name="api-upload"),
    path("incoming/<id:token>", upload_api.UploadContent.as_view(), name="api-upload-content"),
    path(f"{_ONE}/team", team_api.ProjectTeam.as_view(), name="api-project-team"),
    path(f"{_ONE}/team/candidates", team_api.ProjectCandidates.as_view(), name="api-project-candidates"),
    path(
        f"{_ONE}/team/<int:member_id>", team_api.ProjectTeamMember.as_view(), name="api-project-team-member"
    ),
    path(f"{_ONE}/notes", team_api.ProjectNotes.as_view(), name="api-project-notes"),
    path(f"{_ONE}/notes/<id:note_id>", team_api.ProjectNoteDetail.as_view(), name="api-project-note"),
    path(f"{_ONE}/activity", team_api.ProjectActivity.as_view(), name="api-project-activity"),
    path("brand", brand_api.BrandDetail.as_view(), name="api-brand"),
    path("brand/logo", brand_api.BrandLogo.as_view(), name="api-brand-logo"),
]
