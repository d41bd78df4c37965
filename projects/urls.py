"""Addresses of clients' and projects' pages."""

from django.urls import path

from projects import views

urlpatterns = [
    path("w/<str:workspace>/clients", views.clients, name="clients"),
    path("w/<str:workspace>/projects", views.projects, name="projects"),
    path("w/<str:workspace>/projects/<str:project_id>", views.project, name="project"),
]
