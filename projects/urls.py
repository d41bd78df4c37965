"""Addresses of clients' and projects' pages."""

from django.urls import path

from accounts import converters  # noqa: F401 — knows `id`
from projects import team_pages, views

_PROJECT = "w/<id:workspace>/projects/<id:project_id>"

urlpatterns = [
    path("w/<id:workspace>/clients", views.clients, name="clients"),
    path("w/<id:workspace>/projects", views.projects, name="projects"),
    path("w/<id:workspace>/projects/<id:project_id>", views.project, name="project"),
    path("w/<id:workspace>/my-projects", team_pages.my_projects, name="my-projects"),
    path(f"{_PROJECT}/team", team_pages.project_team, name="project-team"),
    path(f"{_PROJECT}/team/assign", team_pages.assign, name="project-assign"),
    path(f"{_PROJECT}/team/<int:member_id>/unassign", team_pages.unassign, name="project-unassign"),
    path(f"{_PROJECT}/notes/<id:note_id>/delete", team_pages.delete_note, name="note-delete"),
    path(f"{_PROJECT}/activity", team_pages.project_activity, name="project-activity"),
]
