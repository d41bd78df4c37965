"""The guarded door: the only place that opens an address a user has given.

An address is judged twice. `check_url` reads the text and needs no network, so it runs when work is accepted.
`fetch` judges it again, resolves the name once, judges every number it got and connects to those very ones,
so a name that changes its answer in between (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import ssl
import threading
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from typing import ClassVar, TypeAlias
from urllib.parse import SplitResult, quote, urljoin, urlsplit

import certifi
import idna
from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from accounts.errors import Refusal
from projects.deadline import Deadline

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

MAX_URL_LENGTH = 2048
MAX_REDIRECTS = 3
MAX_ADDRESSES = 4  # of one name; a browser gives up on dead ones about as soon
USER_AGENT = "Roomwright/1"
PORTS = {"http": 80, "https": 443}
REDIRECTS = frozenset({301, 302, 303, 307, 308})
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


class FetchFailed(FetchRefused):
    """The picture could not be fetched from that address."""

    title: ClassVar[str] = "Fetch failed"


class FetchTooLarge(FetchFailed):
    """The file at that address is too large."""

    title: ClassVar[str] = "File too large"


@dataclass(frozen=True, slots=True)
class _Target:
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
    _parse(url, allow_loopback=allow_loopback)


def fetch(
    url: str, *, allow_loopback: bool, max_bytes: int = 15 * 1024 * 1024, seconds: float = 20.0
) -> bytes:
    """Download what `url` holds, at most `max_bytes` after content decoding, within `seconds` in all.

    `seconds` covers name resolution, TLS, every redirect and a server that drips single bytes. Up to three
    redirects are followed, each judged from the start like a new address; https to http too, since plain http
    is accepted to begin with and no cookie, credential or referrer is ever sent. Environment proxies are not
    used: a proxy would resolve the name again, out of our sight.
    Raises FetchRefused, AddressRefused, FetchFailed or FetchTooLarge.
    """
    with _Deadline(seconds) as deadline:
        for _ in range(MAX_REDIRECTS + 1):
            target = _parse(url, allow_loopback=allow_loopback)
            addresses = _resolve(target, allow_loopback=allow_loopback, deadline=deadline)
            answer = _get(target, addresses, max_bytes=max_bytes, deadline=deadline)
            if isinstance(answer, bytes):
                return answer
            url = _onward(url, answer)
    message = f"That address redirects more than {MAX_REDIRECTS} times."
    raise FetchFailed(message)


def _onward(url: str, location: str) -> str:
    """Where a redirect leads."""
    try:
        return urljoin(url, location)
    except ValueError:  # brackets that hold no IPv6 address; a bug in nobody's code but the server's
        message = "That address redirects to one that is not valid."
        raise FetchFailed(message) from None


def _parse(url: str, *, allow_loopback: bool) -> _Target:
    parts = _split(url)
    host = _host(parts.hostname or "")
    literal = _literal(host)
    if literal is not None:
        _judge(literal, allow_loopback=allow_loopback)
    else:
        _judge_name(host, allow_loopback=allow_loopback)
    # What _judge and _judge_name let through as loopback is allowed there.
    loopback = literal.is_loopback if literal else _is_or_is_under(host, "localhost")
    resource = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    if parts.query:
        resource += "?" + quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
    return _Target(
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


def _judge(address: Address, *, allow_loopback: bool) -> None:
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


def _resolve(target: _Target, *, allow_loopback: bool, deadline: _Deadline) -> list[Address]:
    """The addresses of the host, each judged; one bad address refuses the whole name."""
    if target.literal is not None:
        return [target.literal]
    found = _look_up(target.host, target.port, seconds=deadline.remaining())
    addresses: list[Address] = []
    for text in found:
        address = ipaddress.ip_address(text)
        # A name with a public and a private address is broken or an attack; no need to know which.
        _judge(address, allow_loopback=allow_loopback)
        if address not in addresses:
            addresses.append(address)
    return addresses[:MAX_ADDRESSES]


def _look_up(host: str, port: int, *, seconds: float) -> list[str]:
    """Ask the system's resolver, in a thread of its own because getaddrinfo knows no timeout."""
    found: list[str] = []

    def ask() -> None:
        with suppress(OSError, UnicodeError):
            found.extend(str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))

    thread = threading.Thread(target=ask, name="fetch-resolve", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise _timed_out()
    if not found:
        message = f"The host “{host}” could not be found."
        raise FetchFailed(message)
    return found


class _Deadline(Deadline):
    def remaining(self) -> float:
        """Seconds left; raises FetchFailed when there are none."""
        left = self.left()
        if left <= 0:
            raise _timed_out()
        return left


def _get(target: _Target, addresses: list[Address], *, max_bytes: int, deadline: _Deadline) -> bytes | str:
    """One request: the body, or the text of a redirect's target."""
    connection = HTTPConnection(target.host, target.port, timeout=deadline.remaining())
    try:
        # With a socket given, urllib3 speaks and decodes HTTP but opens and resolves nothing itself.
        connection.sock = plain = _connect(addresses, target.port, deadline=deadline)
        deadline.guard(plain)
        plain.settimeout(deadline.remaining())
        if target.secure:  # the certificate is checked against the name although we connected to a number
            connection.sock = _tls().wrap_socket(plain, server_hostname=target.host)
        headers = {
            "Host": target.authority,
            "User-Agent": USER_AGENT,
            "Accept": "image/*",
            "Accept-Encoding": "identity",
        }
        connection.request("GET", target.resource, headers=headers, preload_content=False)
        response = connection.getresponse()
        location = response.headers.get("Location")
        if response.status in REDIRECTS and location:
            with suppress(UnicodeError):  # header bytes arrive read as Latin-1; most servers mean UTF-8
                location = location.encode("latin-1").decode()
            return location
        if response.status != 200:
            message = f"The server at that address answered with status {response.status}."
            raise FetchFailed(message)
        return _read(response, max_bytes=max_bytes, deadline=deadline)
    except (OSError, HTTPException, HTTPError, ValueError) as error:
        deadline.remaining()
        message = "The connection to that address failed or broke off."
        raise FetchFailed(message) from error
    finally:
        deadline.release()
        connection.close()


def _connect(addresses: list[Address], port: int, *, deadline: _Deadline) -> socket.socket:
    """A connected socket to the first address that answers; each gets a share of the time that is left."""
    for position, address in enumerate(addresses):
        share = deadline.remaining() / (len(addresses) - position)
        connection = socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6)
        try:
            connection.settimeout(share)
            connection.connect((str(address), port))
            return connection
        except OSError:
            connection.close()
    raise ConnectionError


def _tls() -> ssl.SSLContext:
    """Trust the machine's store and certifi's, since a slim container often has no store of its own."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _read(response: BaseHTTPResponse, *, max_bytes: int, deadline: _Deadline) -> bytes:
    message = f"The file at that address is larger than {max_bytes / 1024 / 1024:.0f} MB."
    announced = response.headers.get("Content-Length", "")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > max_bytes:
        raise FetchTooLarge(message)
    body = bytearray()
    # The cap counts decoded bytes: a server may compress although we asked it not to.
    while chunk := response.read(64 * 1024, decode_content=True):
        body += chunk
        if len(body) > max_bytes:
            raise FetchTooLarge(message)
        deadline.remaining()
    # A connection that the deadline cut looks like a body that simply ended.
    deadline.remaining()
    return bytes(body)


def _timed_out() -> FetchFailed:
    return FetchFailed("The server at that address took too long to answer.")
