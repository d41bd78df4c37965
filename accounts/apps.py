"""The lowest app: people, workspaces, who may do what."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Imports no other app of ours."""

    name = "accounts"

    def ready(self) -> None:
        from accounts import (
            domains,  # noqa: F401 — importing registers what becomes of hosts of deleted workspaces
            second_factors,  # noqa: F401 — importing registers what it seals
            webhooks,  # noqa: F401 — importing registers what it does with events, secrets and workspaces
        )
