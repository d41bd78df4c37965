"""Asking for pictures, and the history."""

from django.apps import AppConfig


class GenerationsConfig(AppConfig):
    """Imports projects, billing and accounts."""

    name = "generations"
