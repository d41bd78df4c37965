"""Clients, projects, rooms, photos."""

from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    """Imports accounts alone."""

    name = "projects"

    def ready(self) -> None:
        from projects import (
            happenings,  # noqa: F401 — importing registers its kinds of events
            packing,  # noqa: F401 — importing registers what it packs
            team,  # noqa: F401 — importing registers its kinds of events
        )
