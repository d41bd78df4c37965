"""API keys as text: `mf_sk_live_` or `mf_sk_test_`, 30 random base-62 characters, 6 of checksum."""

from __future__ import annotations

import hashlib
import ipaddress
import re
import zlib
from typing import NamedTuple

from accounts.errors import Refusal
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


MOST_NETWORKS = 20


class BadNetworks(Refusal):
    """Give addresses or CIDR blocks with spaces between, for example 203.0.113.7 or 2001:db8::/48; at most 20."""

    code, title, status = "bad_networks", "Bad addresses", 400


def read_networks(text: str) -> str:
    """The blocks that a text of addresses and CIDR blocks names, as they are kept. Raises BadNetworks."""
    found = []
    for word in re.split(r"[\s,;]+", text.strip()):
        if not word:
            continue
        try:
            found.append(str(ipaddress.ip_network(word)))
        except ValueError as error:
            raise BadNetworks(
                f"“{word[:60]}” is no address and no CIDR block (the bits after the slash must be 0).",
                field="allowed_addresses",
            ) from error
    if len(found) > MOST_NETWORKS:
        raise BadNetworks
    return " ".join(dict.fromkeys(found))


def lies_within(address: str, networks: str) -> bool:
    """Whether the address is in one of the kept blocks; anywhere where there are none."""
    if not networks:
        return True
    try:
        here = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(here, ipaddress.IPv6Address) and here.ipv4_mapped is not None:
        here = here.ipv4_mapped  # a server on a dual socket sees IPv4 so
    return any(here in ipaddress.ip_network(block) for block in networks.split())
