"""What most tests of deliveries start from."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import LazySettings

from generations.engines.base import EnginePicture, EngineResult
from tests.fakes import FakeEngine, png


@pytest.fixture
def large_pictures(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, settings: LazySettings, tmp_path: Path
) -> None:
    """A code needs room, and files are counted."""
    settings.MEDIA_ROOT = tmp_path / "media"
    large = EngineResult((EnginePicture(png(1200, 900)),), credits_used=10)
    monkeypatch.setattr(engine, "generate", lambda request: large)
