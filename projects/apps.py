"""Clients, projects, rooms, photos."""

from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    """Imports accounts alone."""

    name = "projects"

    def ready(self) -> None:
        from projects import happenings, packing  # noqa: F401 — importing registers what they know
