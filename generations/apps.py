"""Asking for pictures, and the history."""

from django.apps import AppConfig


class GenerationsConfig(AppConfig):
    """Imports projects, billing and accounts."""

    name = "generations"

    def ready(self) -> None:
        from accounts import rest
        from generations import (
            closing,  # noqa: F401 — importing registers what it does when a workspace is deleted
            files,
            happenings,  # noqa: F401 — importing registers what its events are called
            naming,  # noqa: F401 — importing registers what it names
            packing,  # noqa: F401 — importing registers what it packs
            proposal_sending,  # noqa: F401 — importing registers its kinds of events
            review_telling,  # noqa: F401 — importing registers its kinds of events
            telling,  # noqa: F401 — importing registers what it tells of
            upstream_keys,  # noqa: F401 — importing registers what it seals
        )

        rest.without_expiring.append(files.without_signatures)
