"""Engines by name, made from the settings."""

from __future__ import annotations

from django.conf import settings

from generations.engines.base import Engine
from generations.engines.meltflex import MeltFlexEngine
from generations.engines.pooled import PooledPreviewEngine


def get(name: str, *, key: str = "") -> Engine:
    """The engine of this name; KeyError for a name that is none. `key` is used instead of the instance's."""
    if name == "preview":
        return PooledPreviewEngine()
    if name == "meltflex":
        return MeltFlexEngine(
            base=settings.MELTFLEX_API_BASE,
            key=key or settings.MELTFLEX_API_KEY,
            extensions=settings.MELTFLEX_EXTENSIONS,
        )
    raise KeyError(name)
