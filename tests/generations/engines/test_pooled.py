"""The preview engine in its own process: the same picture, left where the worker wants it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from generations.engines.base import EngineRequest
from generations.engines.pooled import PooledPreviewEngine
from projects import image_pool
from tests.generations.engines.rooms import empty_room, png


@pytest.fixture(autouse=True)
def _one_child() -> Iterator[None]:
    image_pool.configure(processes=1)
    yield
    image_pool.shutdown()


@pytest.mark.slow
def test_its_pictures_are_files_where_a_folder_is_given(tmp_path: Path) -> None:
    source = png(empty_room())
    engine = PooledPreviewEngine()
    kept = engine.generate(EngineRequest(prompt="Japandi", source=source, variations=2, folder=tmp_path))
    in_memory = engine.generate(EngineRequest(prompt="Japandi", source=source, variations=2))
    assert [picture.path for picture in kept.pictures] == [tmp_path / "1.png", tmp_path / "2.png"]
    assert [picture.png for picture in kept.pictures] == [b"", b""]
    for file, memory in zip(kept.pictures, in_memory.pictures, strict=True):
        with file.open() as content:
            assert (content.read(), file.notes) == (memory.png, memory.notes)
