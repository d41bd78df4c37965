"""What the product needs from anything that makes pictures. Knows no rows, no settings, no HTTP server."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Protocol


@dataclass(frozen=True)
class InputImage:
    """A prepared image: oriented, free of metadata, JPEG or PNG.

    `opener` gives a fresh binary file of `size` bytes, so that nothing is in memory until it is sent. `url` is a
    public address of the same bytes, or "" when the instance has none.
    """

    opener: Callable[[], BinaryIO]
    size: int
    media_type: str
    url: str = ""

    @classmethod
    def of_bytes(cls, content: bytes, media_type: str, url: str = "") -> InputImage:
        """An image that is in memory already."""
        return cls(partial(BytesIO, content), len(content), media_type, url)

    def read(self) -> bytes:
        """All of it."""
        with self.opener() as file:
            return file.read()

    def __reduce__(self) -> tuple[Any, ...]:
        """It crosses into a child process as bytes, read at that moment."""
        return InputImage.of_bytes, (self.read(), self.media_type, self.url)


@dataclass(frozen=True)
class Reference:
    """A piece of furniture to place; `name` may be empty.

    `at` is where a person put it: the middle of its foot as fractions of the picture (x from the left, y from the
    top), None when the engine chooses. `scale` makes it larger or smaller than its name says. Only the preview
    engine heeds the two.
    """

    image: InputImage
    name: str = ""
    at: tuple[float, float] | None = None
    scale: float = 1.0


@dataclass(frozen=True)
class EngineRequest:
    """One call. `resolution` is "512", "1K", "2K" or "" (the engine's own choice).

    With `mask` the source carries its region to change in solid red. `seconds_left` bounds the whole call. In
    `folder` the engine may leave its pictures as files; whoever asks removes it. Without one they come in memory.
    """

    prompt: str
    source: InputImage
    references: tuple[Reference, ...] = ()
    resolution: str = ""
    design_level: str = "quick"
    mask: bool = False
    variations: int = 1
    seconds_left: float = 120.0
    folder: Path | None = None


@dataclass(frozen=True)
class EnginePicture:
    """One PNG, in memory or as a file; `notes` is what the engine has to say about it, JSON-ready."""

    png: bytes = b""
    path: Path | None = None
    notes: Mapping[str, Any] = field(default_factory=dict)

    def open(self) -> BinaryIO:
        """A fresh binary file of it."""
        return self.path.open("rb") if self.path else BytesIO(self.png)

    @property
    def size(self) -> int:
        """Bytes."""
        return self.path.stat().st_size if self.path else len(self.png)


@dataclass(frozen=True)
class EngineResult:
    """At least one picture, at most `variations`; `credits_used` is what the engine says it charged us."""

    pictures: tuple[EnginePicture, ...]
    credits_used: int = 0


class Again(enum.Enum):
    """Whether sending the same call again can help, and whether it is safe."""

    SAFE = "safe"  # it surely did nothing: nothing was sent, or it was turned away at the door
    ONCE = "once"  # it failed and says it charged nothing: one more try at most
    NO = "no"  # the same call would fail the same way
    UNKNOWN = "unknown"  # it may have run and may have been charged: never sent again in silence


class EngineError(Exception):
    """A call that gave no picture.

    `code` is our word for it and `message` our sentence to the customer; `detail` is for the operator alone
    and may quote the upstream. `retry_after` is in seconds, where the upstream named one.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        again: Again,
        detail: str = "",
        status_code: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail or message}")
        self.code = code
        self.message = message
        self.again = again
        self.detail = detail
        self.status_code = status_code
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[Any, ...]:
        """Exceptions are pickled by their positional arguments alone, and this one comes out of child processes."""
        return _rebuild, (
            self.code,
            self.message,
            self.again,
            self.detail,
            self.status_code,
            self.retry_after,
        )


def _rebuild(
    code: str, message: str, again: Again, detail: str, status_code: int | None, retry_after: float | None
) -> EngineError:
    return EngineError(
        code, message, again=again, detail=detail, status_code=status_code, retry_after=retry_after
    )


class Engine(Protocol):
    """`repeatable`: a call whose outcome is unknown may be made again, because it costs nothing."""

    name: str
    repeatable: bool

    def generate(self, request: EngineRequest) -> EngineResult:
        """Make the pictures, or raise EngineError. Blocks; holds no database connection."""
        ...
