"""What goes to MeltFlex: one JSON object with pictures in base64, made while it is being sent.

The body is never whole in memory. Its length is known beforehand, because the API wants Content-Length and no chunks.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pybase64

from generations.engines.base import Again, EngineError, InputImage

_PIECE = (
    48 * 2**10
)  # bytes of a picture encoded at once; a multiple of three, so that pieces join without padding


class StreamedBody:
    """A file-like object of known length: `fields`, then `image` and `referenceImages` as data URLs.

    Raises EngineError from `read` when a picture can't be read or has changed its size: the upstream then has a
    part of a body, with which it can't have done anything.
    """

    def __init__(
        self, fields: Mapping[str, Any], *, source: InputImage | None, references: Sequence[InputImage]
    ) -> None:
        self._parts = list(_parts(fields, source, references))
        self._length = sum(_length(part) for part in self._parts)
        self._pieces = self._encoded()
        self._ready = memoryview(b"")

    def __len__(self) -> int:
        return self._length

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes, and nothing only at the end; without a size all that is left."""
        if size < 0:
            return bytes(self._ready) + b"".join(self._pieces)
        if not self._ready:
            self._ready = memoryview(next(self._pieces, b""))
        piece, self._ready = self._ready[:size], self._ready[size:]
        return bytes(piece)

    def _encoded(self) -> Iterator[bytes]:
        for part in self._parts:
            if isinstance(part, InputImage):
                yield from _base64(part)
            else:
                yield part


def _parts(
    fields: Mapping[str, Any], source: InputImage | None, references: Sequence[InputImage]
) -> Iterator[bytes | InputImage]:
    yield json.dumps(fields).encode()[:-1]  # the brace is closed at the end; `prompt` is always there
    if source is not None:
        yield b', "image": '
        yield from _data_url(source)
    for number, image in enumerate(references):
        yield b", " if number else b', "referenceImages": ['
        yield from _data_url(image)
    yield b"]}" if references else b"}"


def _data_url(image: InputImage) -> Iterator[bytes | InputImage]:
    yield f'"data:{image.media_type};base64,'.encode()
    yield image
    yield b'"'


def base64_length(size: int) -> int:
    """Characters that so many bytes become."""
    return (size + 2) // 3 * 4


def _length(part: bytes | InputImage) -> int:
    return base64_length(part.size) if isinstance(part, InputImage) else len(part)


def _base64(image: InputImage) -> Iterator[bytes]:
    sent = 0
    try:
        with image.opener() as file:
            while piece := _exactly(file.read, _PIECE):
                sent += len(piece)
                if sent > image.size:
                    break
                yield pybase64.b64encode(piece)
    except GeneratorExit:
        raise
    except Exception as error:  # a storage fails in ways of its own
        raise _unreadable(f"{type(error).__name__}: {error}") from error
    if sent != image.size:
        raise _unreadable(f"the picture was to have {image.size} bytes and has {sent} or more")


def _exactly(read: Any, size: int) -> bytes:
    """`size` bytes, fewer only at the end of the file: a piece in the middle must not need padding."""
    pieces: list[bytes] = []
    while size and (piece := read(size)):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _unreadable(detail: str) -> EngineError:
    return EngineError(
        "internal_error", "Reading the photo failed on our side.", again=Again.SAFE, detail=detail
    )
