"""Credits and Stripe; knows nothing of pictures."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """Registers what billing does at turns of a workspace's life."""

    name = "billing"

    def ready(self) -> None:
        from billing import (  # noqa: F401 — importing registers them
            budgets,
            closing,
            packing,
            topups,
            welcome,
        )
