"""Stand-ins with the interfaces of the real ones."""

from __future__ import annotations

import io
from collections.abc import Callable

from PIL import Image

from generations.engines.base import EngineError, EnginePicture, EngineRequest, EngineResult


def png(width: int = 64, height: int = 48, colour: tuple[int, int, int] = (200, 150, 100)) -> bytes:
    """A plain PNG."""
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(buffer, "PNG")
    return buffer.getvalue()


def jpeg(width: int = 64, height: int = 48) -> bytes:
    """A plain JPEG."""
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), (90, 120, 150)).save(buffer, "JPEG")
    return buffer.getvalue()


def same_picture(one: bytes, other: bytes) -> bool:
    """Two whole PNGs with the same pixels, whatever else they say."""
    with Image.open(io.BytesIO(one)) as first, Image.open(io.BytesIO(other)) as second:
        return first.format == second.format == "PNG" and first.tobytes() == second.tobytes()


class FakeEngine:
    """Gives plain pictures. `failing` is raised instead; `gives` is how many pictures come of each call."""

    name = "fake"

    def __init__(self) -> None:
        self.calls: list[EngineRequest] = []
        self.failing: list[EngineError] = []
        self.gives: int | None = None
        self.repeatable = False
        self.during: Callable[[], object] = lambda: None

    def generate(self, request: EngineRequest) -> EngineResult:
        """One call; `during` runs in the middle of it."""
        self.calls.append(request)
        self.during()
        if self.failing:
            raise self.failing.pop(0)
        number = self.gives if self.gives is not None else request.variations
        return EngineResult(tuple(EnginePicture(png()) for _ in range(number)), credits_used=10 * number)
