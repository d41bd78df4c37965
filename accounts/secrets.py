"""Small texts encrypted at rest: AES-256-GCM, bound to the workspace (if they are one's) and to what they are for.

A sealed text is one version byte, the length and the id of the key that sealed it, a nonce of 12 bytes, and the
ciphertext with its tag. Everything before the ciphertext, the purpose and the workspace's public id are
authenticated along with it, so a sealed text copied into another row opens nowhere else.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.views.decorators.debug import sensitive_variables

from accounts.ids import random_base62
from accounts.models import Organization

VERSION = 1
KEY_BYTES = 32
NONCE_BYTES = 12
_KEY_ID = re.compile(r"[0-9A-Za-z_-]{1,32}")


class CannotOpen(Exception):
    """What is sealed does not open: made for another row or purpose, damaged, or its key left the ring."""


class BadRing(Exception):
    """SECRETS_KEYS is missing in production or can't be read. Says which entry, and nothing of its key."""


@dataclass
class Rotation:
    """What a rotation did: `unreadable` names the rows that no key of the ring opens."""

    resealed: int = 0
    current: int = 0  # sealed with the first key already
    unreadable: list[str] = field(default_factory=list)


@sensitive_variables("text")
def seal(text: str, *, organization: Organization | None, purpose: str) -> bytes:
    """Encrypt with the first key of the ring."""
    keys = _ring()
    key_id = next(iter(keys))
    header = bytes([VERSION, len(key_id)]) + key_id.encode() + os.urandom(NONCE_BYTES)
    nonce = header[-NONCE_BYTES:]
    return header + keys[key_id].encrypt(nonce, text.encode(), _bound(header, organization, purpose))


def open(sealed: bytes | memoryview, *, organization: Organization | None, purpose: str) -> str:  # noqa: A001 — always read as secrets.open
    """The text; raises CannotOpen unless it was sealed for this workspace and purpose with a key of the ring."""
    content = bytes(sealed)
    key_id = _key_id(content)
    key = _ring().get(key_id)
    if key is None:
        raise CannotOpen(f"Sealed with the key {key_id!r}, which is not in SECRETS_KEYS.")
    start = 2 + len(key_id) + NONCE_BYTES
    header, ciphertext = content[:start], content[start:]
    try:
        return key.decrypt(header[-NONCE_BYTES:], ciphertext, _bound(header, organization, purpose)).decode()
    except (InvalidTag, ValueError):
        raise CannotOpen("Sealed for another workspace or purpose, or damaged.") from None


def needs_resealing(sealed: bytes | memoryview) -> bool:
    """Whether another key than the first of the ring sealed it."""
    return _key_id(bytes(sealed)) != next(iter(_ring()))


def reseal(sealed: bytes | memoryview, *, organization: Organization | None, purpose: str) -> bytes:
    """The same text under the first key of the ring. Raises CannotOpen."""
    text = open(sealed, organization=organization, purpose=purpose)
    return seal(text, organization=organization, purpose=purpose)


def new_ring_entry() -> str:
    """A fresh `id:base64` for the front of SECRETS_KEYS."""
    return f"k{random_base62(7)}:{base64.b64encode(os.urandom(KEY_BYTES)).decode()}"


def ring_problem() -> str:
    """What is wrong with the key ring, in a sentence; "" when it can be used."""
    try:
        _ring()
    except BadRing as bad:
        return str(bad)
    return ""


def _key_id(sealed: bytes) -> str:
    if len(sealed) < 2 or sealed[0] != VERSION or len(sealed) < 2 + sealed[1] + NONCE_BYTES:
        raise CannotOpen("This is nothing that was sealed here.")
    return sealed[2 : 2 + sealed[1]].decode("ascii", errors="replace")


def _bound(header: bytes, organization: Organization | None, purpose: str) -> bytes:
    # Ids and purposes contain no NUL, so the parts can't run into one another.
    owner = organization.public_id if organization else ""  # of a person, or of the instance
    return header + f"\0{purpose}\0{owner}".encode()


def _ring() -> dict[str, AESGCM]:
    """By id, in the order of the setting."""
    if settings.SECRETS_KEYS:
        return _parsed(settings.SECRETS_KEYS)
    if settings.IN_PRODUCTION:
        raise BadRing("There is no key ring for secrets at rest.")
    return _derived(settings.SECRET_KEY)


@lru_cache(maxsize=4)
@sensitive_variables()
def _parsed(entries: str) -> dict[str, AESGCM]:
    ring: dict[str, AESGCM] = {}
    for number, entry in enumerate(entries.split(","), 1):
        key_id, _, encoded = entry.strip().partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not _KEY_ID.fullmatch(key_id) or len(key) != KEY_BYTES or key_id in ring:
            raise BadRing(f"Entry {number} of SECRETS_KEYS is not a new id, a colon and 32 bytes in base64.")
        ring[key_id] = AESGCM(key)
    return ring


@lru_cache(maxsize=4)
@sensitive_variables()
def _derived(secret: str) -> dict[str, AESGCM]:
    """A clone's ring of one: nothing to set up, and no safer than its SECRET_KEY."""
    derive = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"roomwright secrets at rest")
    return {"development": AESGCM(derive.derive(secret.encode()))}
