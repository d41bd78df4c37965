"""API keys as text: `mf_sk_live_` or `mf_sk_test_`, 30 random base-62 characters, 6 of checksum."""

from __future__ import annotations

import hashlib
import re
import zlib
from typing import NamedTuple

from accounts.ids import BASE62, random_base62

_SHAPE = re.compile(r"mf_sk_(live|test)_([0-9A-Za-z]{30})([0-9A-Za-z]{6})")
PREFIX_LENGTH = (
    len("mf_sk_live_") + 6
)  # long enough to tell a few keys apart, far too short to guess the rest


class NewKey(NamedTuple):
    """`text` is shown once and kept nowhere."""

    text: str
    prefix: str
    sha256: bytes


def _checksum(payload: str) -> str:
    number, digits = zlib.crc32(payload.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = BASE62[digit] + digits
    return digits


def fingerprint(text: str) -> bytes:
    """SHA-256; fast on purpose: 178 random bits need no slow hash."""
    return hashlib.sha256(text.encode()).digest()


def generate(*, live: bool) -> NewKey:
    """A new key with 178 bits of randomness."""
    payload = f"mf_sk_{'live' if live else 'test'}_{random_base62(30)}"
    text = payload + _checksum(payload)
    return NewKey(text, text[:PREFIX_LENGTH], fingerprint(text))


def is_well_formed(text: str) -> bool:
    """Whether this can be a key at all: shape and checksum, without asking the database."""
    match = _SHAPE.fullmatch(text)
    return match is not None and _checksum(text[:-6]) == match[3]
