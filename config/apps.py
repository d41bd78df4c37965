"""Wiring that needs Django's app registry."""

from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class ConfigApp(AppConfig):
    """Registers the deploy checks."""

    name = "config"

    def ready(self) -> None:
        from config import checks  # noqa: F401 — importing registers them


class OperatorAdminConfig(AdminConfig):
    """The operators' admin, which works across workspaces."""

    default_site = "config.admin.OperatorAdminSite"
