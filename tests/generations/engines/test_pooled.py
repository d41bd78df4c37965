"""The preview engine in its own process: the same picture, left where the worker wants it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from generations.engines import pooled
from generations.engines.base import Again, EngineError, EngineRequest
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


def _die(request: EngineRequest) -> None:
    os._exit(1)


def _hang(request: EngineRequest) -> None:
    time.sleep(60)


def _devour(request: EngineRequest) -> None:
    bytearray(image_pool.MEMORY_LIMIT)


@pytest.mark.slow  # new children, and one that has to be waited for
@pytest.mark.parametrize(
    ("trouble", "seconds", "code", "again"),
    [
        (_die, 20.0, "engine_failed", Again.ONCE),
        (_hang, 3.0, "engine_timeout", Again.NO),
    ],
)
def test_a_child_that_dies_or_hangs_fails_its_own_call(
    trouble: object, seconds: float, code: str, again: Again, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pooled, "_generate", trouble)
    with pytest.raises(EngineError) as caught:
        PooledPreviewEngine().generate(
            EngineRequest(prompt="oak", source=png(empty_room(64, 48)), seconds_left=seconds)
        )
    assert (caught.value.code, caught.value.again) == (code, again)
    monkeypatch.undo()
    answer = PooledPreviewEngine().generate(EngineRequest(prompt="oak", source=png(empty_room(64, 48))))
    assert answer.pictures[0].png  # and the next call has a new child


def test_a_picture_that_needs_too_much_memory_fails_its_own_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "generations.engines.preview.PreviewEngine.generate", lambda self, request: _devour(request)
    )
    monkeypatch.setattr(image_pool, "MEMORY_LIMIT", 2**62)
    with pytest.raises(EngineError, match="engine_failed") as caught:
        pooled._generate(EngineRequest(prompt="oak", source=png(empty_room(64, 48))))
    assert caught.value.again is Again.NO
