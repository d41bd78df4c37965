"""Addresses of clients' and projects' pages."""

from django.urls import path

from accounts import converters  # noqa: F401 — knows `id`
from projects import views

urlpatterns = [
    path("w/<id:workspace>/clients", views.clients, name="clients"),
    path("w/<id:workspace>/projects", views.projects, name="projects"),
    path("w/<id:workspace>/projects/<id:project_id>", views.project, name="project"),
]
