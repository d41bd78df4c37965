"""The `Prefer` header (RFC 7240), as far as this API honours it: `wait` and `respond-async`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_WAIT = 60  # seconds; a proxy between us and the caller may cut longer silences

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_QUOTED = r'"(?:[^"\\]|\\.)*"?'
# What stands between two commas, or two semicolons, that are in no quotes.
_BETWEEN_COMMAS = re.compile(rf'(?:[^",]|{_QUOTED})+')
_BETWEEN_SEMICOLONS = re.compile(rf'(?:[^";]|{_QUOTED})+')
_SECONDS = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class Preferences:
    """What a caller would like. `wait` is in seconds, at most MAX_WAIT; None when none is asked for."""

    wait: int | None = None
    respond_async: bool = False


def parse(header: str) -> Preferences:
    """Read the header's value. What is unknown or malformed is ignored, as the RFC wants it; the first one counts."""
    found: dict[str, str] = {}
    for name, value in _preferences(header):
        found.setdefault(name, value)
    wait = found.get("wait", "")
    return Preferences(
        wait=min(int(wait), MAX_WAIT) if _SECONDS.fullmatch(wait) else None,
        respond_async=found.get("respond-async") == "",
    )


def _preferences(header: str) -> Iterator[tuple[str, str]]:
    """Lower-case names with their values, "" where there is none; parameters are left out: ours have none."""
    for text in _BETWEEN_COMMAS.findall(header):
        first = _BETWEEN_SEMICOLONS.match(text)
        name, _, value = (first.group() if first else "").partition("=")
        if _TOKEN.fullmatch(name.strip()):
            yield name.strip().lower(), _unquoted(value.strip())


def _unquoted(word: str) -> str:
    if len(word) >= 2 and word.startswith('"') and word.endswith('"'):
        return re.sub(r"\\(.)", r"\1", word[1:-1])
    return word
