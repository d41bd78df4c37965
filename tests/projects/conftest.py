"""Fixtures of clients, projects, rooms and photos."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def images_made_here(worker: object, settings: Any, tmp_path: Path) -> None:
    """Photos are prepared in this process and stored in a folder of the test's own."""
    settings.MEDIA_ROOT = tmp_path / "media"
