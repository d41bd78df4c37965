"""Clients, projects, rooms, photos."""

from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    """Imports accounts alone."""

    name = "projects"
