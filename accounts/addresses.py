"""Which addresses that a user has given may be opened: judged by their text, and by the numbers they lead to.

`accounts.fetching` opens them; the check and the connection read the same parse, so they can't disagree.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import unicodedata
from dataclasses import dataclass
from typing import ClassVar, TypeAlias
from urllib.parse import SplitResult, quote, urlsplit

import idna

from accounts.errors import Refusal

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

MAX_URL_LENGTH = 2048
PORTS = {"http": 80, "https": 443}
UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2028\u2029\ud800-\udfff]")
HOST_NAME = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")

# Names that mean "inside" wherever they are resolved.
INNER_NAMES = ("localhost", "local", "internal", "localdomain", "lan", "home.arpa")

# What `is_global` lets through and no public photo lives behind.
CLOSED_V4 = (
    ipaddress.IPv4Network("100.64.0.0/10"),  # carrier-grade NAT; some clouds keep their metadata here
    ipaddress.IPv4Network("168.63.129.16/32"),  # Azure's platform service, which answers only from inside
    ipaddress.IPv4Network("192.0.0.0/24"),  # protocol assignments; older Pythons call parts of it global
    ipaddress.IPv4Network("192.88.99.0/24"),  # 6to4 relays
)
# IPv6 is allowed by list: only this block is given out to hosts. That alone shuts out every form that carries
# an IPv4 address outside it (mapped, compatible, NAT64), unique local, link-local and site-local.
OPEN_V6 = ipaddress.IPv6Network("2000::/3")
CLOSED_V6 = (
    ipaddress.IPv6Network("2001::/23"),  # Teredo, ORCHID, benchmarking and other protocol blocks
    ipaddress.IPv6Network("2002::/16"),  # 6to4: carries an IPv4 address
    ipaddress.IPv6Network("3fff::/20"),  # documentation; older Pythons call it global
)
LOOPBACK_V6 = ipaddress.IPv6Address("::1")


class FetchRefused(Refusal):
    """That address can't be used as the source of a picture."""

    code: ClassVar[str] = "bad_source"
    title: ClassVar[str] = "Bad source address"
    status: ClassVar[int] = 400


class AddressRefused(FetchRefused):
    """That address leads into a private network; please use one that anybody on the internet can open."""

    title: ClassVar[str] = "Address refused"


@dataclass(frozen=True, slots=True)
class Target:
    """One parsed address; the check and the connection read the same parse, so they can't disagree."""

    secure: bool
    host: str  # ASCII, lower case, without brackets or a trailing dot
    port: int
    resource: str  # path and query, as sent in the request line
    literal: Address | None  # the address, when the host is one in whatever spelling

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS["https" if self.secure else "http"] else f"{host}:{self.port}"


def check_url(url: str, *, allow_loopback: bool) -> None:
    """Judge the text of an address, without any network.

    Passes http and https, on ports 80 and 443, to a public host; `allow_loopback` (development, tests) adds
    127.0.0.0/8, ::1 and `localhost`, on any port. Raises FetchRefused, or AddressRefused if it leads inside.
    """
    parse(url, allow_loopback=allow_loopback)


def parse(url: str, *, allow_loopback: bool) -> Target:
    """The one reading of an address that the check and the connection share. Raises FetchRefused, AddressRefused."""
    parts = _split(url)
    host = _host(parts.hostname or "")
    literal = _literal(host)
    if literal is not None:
        judge(literal, allow_loopback=allow_loopback)
    else:
        _judge_name(host, allow_loopback=allow_loopback)
    # What judge and _judge_name let through as loopback is allowed there.
    loopback = literal.is_loopback if literal else _is_or_is_under(host, "localhost")
    resource = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    if parts.query:
        resource += "?" + quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
    return Target(
        secure=parts.scheme == "https",
        host=host,
        port=_port(parts, any_port=loopback),
        resource=resource,
        literal=literal,
    )


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.hostname, parts.port  # these parse only now
    except ValueError:
        parts = SplitResult("", "", "", "", "")
    for wrong, message in (
        (len(url) > MAX_URL_LENGTH, f"The address is longer than {MAX_URL_LENGTH} characters."),
        # urlsplit drops tabs and newlines in silence and other parsers read a backslash as a slash: two ways
        # to show one address to the check and another to the connection.
        (UNPRINTABLE.search(url), "The address contains a space, a backslash or a control character."),
        (parts.scheme not in PORTS, "The address must be complete and begin with http:// or https://."),
        ("@" in parts.netloc, "The address must not contain a user name or password."),
        (not parts.hostname, "The address names no host."),
        # IPv6 zones and encoded names; brackets around what is no IPv6 address ("IPvFuture").
        ("%" in parts.netloc, "The host name in the address is not valid."),
        (
            "[" in parts.netloc and ":" not in (parts.hostname or ""),
            "The host name in the address is not valid.",
        ),
    ):
        if wrong:
            raise FetchRefused(message)
    return parts


def _host(text: str) -> str:
    """The host as it is looked up: look-alike characters folded, international names in their ASCII form."""
    host = unicodedata.normalize("NFKC", text).lower()
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except idna.IDNAError:
            host = ""
    host = host.removesuffix(".")
    if len(host) > 253 or not (":" in host or HOST_NAME.fullmatch(host)):
        message = "The host name in the address is not valid."
        raise FetchRefused(message)
    return host


def _literal(host: str) -> Address | None:
    """The address that a numeric host stands for, in any spelling that the system's resolver would take."""
    if not (":" in host or re.fullmatch(r"[0-9]+|0x[0-9a-f]*", host.rpartition(".")[2])):
        return None
    try:
        if ":" in host:
            return ipaddress.IPv6Address(host)
        return ipaddress.IPv4Address(socket.inet_aton(host))  # takes 2130706433, 0177.1, 0x7f.0.0.1, 127.1
    except (OSError, ValueError):
        message = "The numeric address in that web address is not valid."
        raise FetchRefused(message) from None


def _judge_name(host: str, *, allow_loopback: bool) -> None:
    if allow_loopback and _is_or_is_under(host, "localhost"):
        return
    if any(_is_or_is_under(host, name) for name in INNER_NAMES) or "." not in host:
        message = f"“{host}” is not a public host name; please use an address that anybody can open."
        raise AddressRefused(message)


def _is_or_is_under(host: str, name: str) -> bool:
    return host == name or host.endswith("." + name)


def _port(parts: SplitResult, *, any_port: bool) -> int:
    port = PORTS[parts.scheme] if parts.port is None else parts.port
    if port not in PORTS.values() and not (any_port and port):
        message = "The address names a port other than 80 and 443."
        raise FetchRefused(message)
    return port


def judge(address: Address, *, allow_loopback: bool) -> None:
    """Raise AddressRefused unless the address is a public one, or plain loopback where that is allowed."""
    if isinstance(address, ipaddress.IPv4Address):
        if allow_loopback and address.is_loopback:
            return
        closed = any(address in network for network in CLOSED_V4)
    else:
        # A mapped ::ffff:127.0.0.1 is deliberately not taken for loopback: nobody writes it in good faith.
        if allow_loopback and address == LOOPBACK_V6:
            return
        closed = address not in OPEN_V6 or any(address in network for network in CLOSED_V6)
    if closed or not address.is_global or address.is_multicast:
        raise AddressRefused
