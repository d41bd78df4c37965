"""What comes from MeltFlex: JSON with pictures in base64, spooled to a file and taken apart without loading it.

All of it is untrusted. Whatever is wrong with an answer ends as `bad_answer` of unknown outcome, since a broken answer
may well have been charged; and whatever its size, only its skeleton and one piece of a picture are in memory.
"""

from __future__ import annotations

import binascii
import json
import mmap
import re
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pybase64

from generations.engines.base import Again, EngineError, EnginePicture, EngineResult

MAX_CREDITS_USED = 1_000_000
_SKELETON_BYTES = 64 * 2**10  # an answer without its long strings: a hundred bytes when it is honest
_LONG = 1024  # characters above which a string is left in the file
_PIECE = 256 * 2**10  # characters of base64 decoded at once
_PREFIX = re.compile(rb"data:image\\?/png;base64,")
# Possessive: in linear time, and without remembering where it could have gone another way.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
# How JSON may write what base64 consists of: many writers escape the slash, some the plus and equals signs.
_ESCAPE = re.compile(rb"\\(?:/|u00(2[bf]|3d))", re.IGNORECASE)
_LONGEST_ESCAPE = 6

# So many answers are taken apart at once in one process; each maps its file into memory.
_places = threading.BoundedSemaphore(2)


def bad_answer(detail: str) -> EngineError:
    """An answer that is none."""
    return EngineError(
        "bad_answer", "The design service answered with no picture.", again=Again.UNKNOWN, detail=detail
    )


def read_answer(path: Path, *, variations: int, folder: Path) -> EngineResult:
    """The pictures of a 200's body in `path`, written as PNG files into `folder`. Raises EngineError alone."""
    if not path.stat().st_size:
        raise bad_answer("an empty body")
    with (
        _places,
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text,
    ):
        answer, strings = _parse(text)
        several = answer.get("images")
        said = several if isinstance(several, list) and several else [answer.get("image")]
        pictures = []
        for number, value in enumerate(said[:variations], start=1):
            picture = folder / f"{number}.png"
            with picture.open("wb") as out:
                for piece in _png(text, strings.get(value) if isinstance(value, str) else None):
                    out.write(piece)
            pictures.append(EnginePicture(path=picture))
    return EngineResult(tuple(pictures), credits_used=_credits_used(answer.get("creditsUsed")))


@dataclass(frozen=True)
class _Span:
    """Where the characters of a string are, its quotes left out."""

    start: int
    end: int


def _parse(text: mmap.mmap) -> tuple[dict[str, Any], dict[str, _Span]]:
    """The answer with a stand-in for each data URL and long string, and where each of those is in the file."""
    nonce = secrets.token_hex(16)  # or an answer could name a stand-in that it did not get from us
    strings: dict[str, _Span] = {}
    skeleton, at = bytearray(), 0
    while (quote := text.find(b'"', at)) >= 0:
        end = _end_of_string(text, quote)
        _grow(skeleton, text, at, quote)
        if end - quote > _LONG or text[quote + 1 : quote + 6] == b"data:":
            name = f"{nonce}{len(strings)}"
            strings[name] = _Span(quote + 1, end - 1)
            skeleton += f'"{name}"'.encode()
        else:
            _grow(skeleton, text, quote, end)
        at = end
    _grow(skeleton, text, at, len(text))
    return _loaded(bytes(skeleton), text), strings


def _end_of_string(text: mmap.mmap, quote: int) -> int:
    """The place after the string that begins with this quote."""
    close = text.find(b'"', quote + 1)
    # As a rule nothing in it is escaped, and looking for single bytes takes a tenth of the time.
    if close >= 0 and text.find(b"\\", quote + 1, close) < 0:
        return close + 1
    # Matched at this place, never searched for: a search would begin anew at every quote of a hostile file.
    found = _STRING.match(text, quote)
    if found is None:
        raise bad_answer(f"no JSON: {text[:2000]!r}")
    return found.end()


def _grow(skeleton: bytearray, text: mmap.mmap, start: int, end: int) -> None:
    if len(skeleton) + end - start > _SKELETON_BYTES:
        raise bad_answer(f"more than {_SKELETON_BYTES} bytes beside its pictures: {text[:2000]!r}")
    skeleton += text[start:end]


def _loaded(skeleton: bytes, text: mmap.mmap) -> dict[str, Any]:
    try:
        answer = json.loads(skeleton)
    except (ValueError, RecursionError) as error:
        raise bad_answer(f"no JSON: {text[:2000]!r}") from error
    if not isinstance(answer, dict):
        raise bad_answer("JSON, but no object")
    return answer


def _png(text: mmap.mmap, span: _Span | None) -> Iterator[bytes]:
    """The bytes behind a PNG data URL, piece by piece."""
    prefix = _PREFIX.match(text, span.start, span.end) if span else None
    if span is None or prefix is None:
        raise bad_answer("no PNG data URL in the answer")
    rest, padded = b"", False
    try:
        for piece in _unescaped(text, prefix.end(), span.end):
            if padded:  # and something comes after what ends it
                raise _not_base64()
            rest += piece
            whole = len(rest) // 4 * 4
            padded = b"=" in rest[:whole]
            yield pybase64.b64decode(rest[:whole], validate=True)
            rest = rest[whole:]
    except binascii.Error as error:
        raise _not_base64() from error
    if rest:
        raise _not_base64()


def _not_base64() -> EngineError:
    return bad_answer("the data URL is not base64")


def _unescaped(text: mmap.mmap, at: int, end: int) -> Iterator[bytes]:
    while at < end:
        piece = text[at : min(at + _PIECE, end)]
        if at + len(piece) < end and (cut := piece.rfind(b"\\", -_LONGEST_ESCAPE)) > 0:
            piece = piece[:cut]  # an escape is never cut in two
        at += len(piece)
        yield _ESCAPE.sub(_meant, piece) if b"\\" in piece else piece


def _meant(escape: re.Match[bytes]) -> bytes:
    return bytes.fromhex(escape[1].decode()) if escape[1] else b"/"


def _credits_used(said: object) -> int:
    """What the upstream says, where that can be: it is untrusted input, and no reason to lose the picture."""
    plausible = isinstance(said, int) and not isinstance(said, bool) and 0 <= said <= MAX_CREDITS_USED
    return said if plausible and isinstance(said, int) else 0
