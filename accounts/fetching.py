"""The guarded door: the only place that opens an address a user has given.

An address is judged twice. `check_url` reads the text and needs no network, so it runs when work is accepted.
`fetch` and `post` judge it again, resolve the name once, judge every number they got and connect to those very
ones, so a name that changes its answer in between (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from typing import ClassVar
from urllib.parse import urljoin

import certifi
from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from accounts.addresses import Address as Address
from accounts.addresses import AddressRefused as AddressRefused
from accounts.addresses import FetchRefused as FetchRefused
from accounts.addresses import Target, judge, parse
from accounts.addresses import check_url as check_url
from accounts.deadline import Deadline

MAX_REDIRECTS = 3
MAX_ADDRESSES = 4  # of one name; a browser gives up on dead ones about as soon
USER_AGENT = "Roomwright/1"
REDIRECTS = frozenset({301, 302, 303, 307, 308})


class FetchFailed(FetchRefused):
    """The picture could not be fetched from that address."""

    title: ClassVar[str] = "Fetch failed"


class FetchTooLarge(FetchFailed):
    """The file at that address is too large."""

    title: ClassVar[str] = "File too large"


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
            target = parse(url, allow_loopback=allow_loopback)
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


@dataclass(frozen=True)
class Answer:
    """What came back of a POST: the status, the beginning of the body, and `Retry-After` as it was sent."""

    status: int
    body: bytes
    retry_after: str


def post(
    url: str,
    *,
    body: bytes,
    headers: Mapping[str, str],
    allow_loopback: bool,
    seconds: float = 15.0,
    most: int = 1024,
) -> Answer:
    """Send `body` to the address, within `seconds` in all; of the answer at most `most` bytes are read.

    No redirect is followed: whoever gives an address for deliveries gives the final one.
    Raises FetchRefused, AddressRefused or FetchFailed.
    """
    with _Deadline(seconds) as deadline:
        target = parse(url, allow_loopback=allow_loopback)
        addresses = _resolve(target, allow_loopback=allow_loopback, deadline=deadline)
        with _answered("POST", target, addresses, headers, body, deadline) as response:
            beginning = b""
            with suppress(
                OSError, HTTPException, HTTPError
            ):  # the status has arrived, and that is what counts
                beginning = response.read(most, decode_content=False)
            return Answer(response.status, beginning[:most], response.headers.get("Retry-After", ""))


def _resolve(target: Target, *, allow_loopback: bool, deadline: _Deadline) -> list[Address]:
    """The addresses of the host, each judged; one bad address refuses the whole name."""
    if target.literal is not None:
        return [target.literal]
    found = _look_up(target.host, target.port, seconds=deadline.remaining())
    addresses: list[Address] = []
    for text in found:
        address = ipaddress.ip_address(text)
        # A name with a public and a private address is broken or an attack; no need to know which.
        judge(address, allow_loopback=allow_loopback)
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


def _get(target: Target, addresses: list[Address], *, max_bytes: int, deadline: _Deadline) -> bytes | str:
    """One request: the body, or the text of a redirect's target."""
    with _answered("GET", target, addresses, {"Accept": "image/*"}, b"", deadline) as response:
        location = response.headers.get("Location")
        if response.status in REDIRECTS and location:
            with suppress(UnicodeError):  # header bytes arrive read as Latin-1; most servers mean UTF-8
                location = location.encode("latin-1").decode()
            return location
        if response.status != 200:
            message = f"The server at that address answered with status {response.status}."
            raise FetchFailed(message)
        return _read(response, max_bytes=max_bytes, deadline=deadline)


@contextmanager
def _answered(
    method: str,
    target: Target,
    addresses: list[Address],
    headers: Mapping[str, str],
    body: bytes,
    deadline: _Deadline,
) -> Iterator[BaseHTTPResponse]:
    """One request on a connection to one of these addresses, and its answer with the body still to be read."""
    connection = HTTPConnection(target.host, target.port, timeout=deadline.remaining())
    try:
        # With a socket given, urllib3 speaks and decodes HTTP but opens and resolves nothing itself.
        connection.sock = plain = _connect(addresses, target.port, deadline=deadline)
        deadline.guard(plain)
        plain.settimeout(deadline.remaining())
        if target.secure:  # the certificate is checked against the name although we connected to a number
            connection.sock = _tls().wrap_socket(plain, server_hostname=target.host)
        ours = {"Host": target.authority, "User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
        connection.request(
            method, target.resource, body=body or None, headers={**ours, **headers}, preload_content=False
        )
        yield connection.getresponse()
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
