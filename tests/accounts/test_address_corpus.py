"""Addresses that attackers are known to try, each through the whole of `fetch`: refused, and nothing is connected to.

`test_fetch.py` has what the door's rules are; this is the list that has to hold whatever they become. Add a line for
each new trick that is heard of.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import quote

import pytest

from accounts import fetching
from accounts.addresses import Address
from accounts.fetching import FetchRefused, fetch
from tests.accounts.test_fetch import Handler, serving

PUBLIC = "93.184.216.34"  # what every public name of the corpus resolves to

# --- Written into the address ----------------------------------------------------------------------------

SPELLINGS_OF_THIS_MACHINE = [
    "http://127.0.0.1/",
    "http://127.0.0.1:80/",
    "http://127.0.0.1:443/",
    "http://127.255.255.254/",
    "http://127.1/",
    "http://127.0.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7F.0x00.0x00.0x01/",
    "http://0x7f.1/",
    "http://0177.0.0.01/",
    "http://017700000001/",
    "http://0177.0x0.0.1/",
    "http://0x7f.0.0.01/",
    "http://00000177.0.0.1/",
    "http://127.0.0.1./",
    "http://127.0.0.1../",
    "http://0/",
    "http://0.0.0.0/",
    "http://00.0.0.0/",
    "http://0x0/",
    "http://localhost/",
    "http://LocalHost/",
    "http://localhost./",
    "http://a.localhost/",
    "http://localhost.localdomain/",
    "http://[::1]/",
    "http://[0000:0000:0000:0000:0000:0000:0000:0001]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[0:0:0:0:0:ffff:127.0.0.1]/",
    "http://[::127.0.0.1]/",
    "http://[::ffff:0:127.0.0.1]/",
    "http://[::ffff:0:7f00:1]/",
    "http://ip6-localhost/",
    "http://ip6-loopback/",
]

OTHER_SCRIPTS = [
    "http://127。0。0。1/",  # ideographic full stops
    "http://127．0．0．1/",
    "http://127｡0｡0｡1/",
    "http://①②⑦.⓪.⓪.①/",
    "http://１２７.０.０.１/",  # full-width digits
    "http://２１３０７０６４３３/",
    "http://０ｘ７ｆ.1/",
    "http://𝟏𝟐𝟕.𝟎.𝟎.𝟏/",  # mathematical digits
    "http://١٢٧.٠.٠.١/",  # Arabic-Indic digits: no resolver takes them, and neither do we
    "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/",
    "http://ｌｏｃａｌｈｏｓｔ/",
    "http://local\u00adhost/",  # a soft hyphen that mapping drops
    "http://local\u200bhost/",
    "http://ⓜⓔⓣⓐⓓⓐⓣⓐ.google.internal/",
    "http://１６９.254.169.254/",
]

CLOUD_METADATA = [
    "http://169.254.169.254/latest/meta-data/iam/security-credentials/",
    "http://169.254.169.254./",
    "http://2852039166/",
    "http://0xa9fea9fe/",
    "http://0251.0376.0251.0376/",
    "http://0251.254.169.254/",
    "http://169.254.43518/",
    "http://169.16689662/",
    "http://[::ffff:169.254.169.254]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[64:ff9b::169.254.169.254]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[64:ff9b:1::a9fe:a9fe]/",
    "http://[2002:a9fe:a9fe::]/",
    "http://[fd00:ec2::254]/",
    "http://[fd20:ce::254]/",
    "http://[fe80::a9fe:a9fe]/",
    "http://169.254.170.2/v2/credentials",
    "http://169.254.170.23/v1/credentials",
    "http://100.100.100.200/latest/meta-data/",
    "http://192.0.0.192/",
    "http://168.63.129.16/metadata",
    "http://metadata.google.internal/computeMetadata/v1/",
    "http://metadata/",
    "http://metadata.goog.internal/",
    "http://instance-data/",
    "http://instance-data.ec2.internal/",
    "http://169.254.0.23/",
    "http://169.254.10.10/",
]

INNER_RANGES = [
    "http://10.0.0.1/",
    "http://10.255.255.255/",
    "http://167772161/",
    "http://0xa000001/",
    "http://012.0.0.1/",
    "http://172.16.0.1/",
    "http://172.31.255.254/",
    "http://192.168.0.1/",
    "http://3232235521/",
    "http://0xc0a80001/",
    "http://192.168.1/",
    "http://100.64.0.1/",
    "http://100.127.255.254/",
    "http://192.0.2.10/",
    "http://198.18.0.1/",
    "http://198.51.100.7/",
    "http://203.0.113.9/",
    "http://192.88.99.1/",
    "http://224.0.0.251/",
    "http://239.255.255.250/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://4294967295/",
    "http://[fc00::1]/",
    "http://[fd12:3456:789a::1]/",
    "http://[fe80::1]/",
    "http://[febf::1]/",
    "http://[fec0::1]/",
    "http://[ff02::1]/",
    "http://[ff05::1:3]/",
    "http://[2001:db8::1]/",
    "http://[2001::1]/",
    "http://[2001:0:a00:1::]/",
    "http://[2001:10::1]/",
    "http://[2002:a00:1::1]/",
    "http://[2002:c0a8:101::1]/",
    "http://[64:ff9b::10.0.0.1]/",
    "http://[64:ff9b:1::1]/",
    "http://[::10.0.0.1]/",
    "http://[::ffff:192.168.1.1]/",
    "http://[100::1]/",
    "http://[3fff::1]/",
    "http://[5f00::1]/",
    "http://printer.local/",
    "http://nas.lan/",
    "http://router.home.arpa/",
    "http://intranet/",
    "http://kubernetes.default.svc.cluster.local/",
    "http://vault.service.internal/",
    "http://postgres/",
    "http://db:443/",
]

ZONES_AND_BRACKETS = [
    "http://[fe80::1%25eth0]/",
    "http://[fe80::1%eth0]/",
    "http://[::1%25lo]/",
    "http://[::1%lo]/",
    "http://[::1",
    "http://::1/",
    "http://[::1]]/",
    "http://[127.0.0.1]/",
    "http://[v1.7f000001]/",
    "http://[::ffff:127.0.0.1%25lo]/",
]

TWO_READINGS = [  # one parser sees a public host, another an inner one
    "http://example.com@127.0.0.1/",
    "http://127.0.0.1@example.com/",
    "http://example.com:80@127.0.0.1/",
    "http://example.com%40127.0.0.1/",
    "http://user:pass@169.254.169.254/",
    "http://@127.0.0.1/",
    "http://example.com\\@127.0.0.1/",
    "http://127.0.0.1\\@example.com/",
    "http://127.0.0.1\\.example.com/",
    "http:\\\\127.0.0.1\\",
    "http://example.com#@127.0.0.1:8080@/\\",
    "http://127.0.0.1 example.com/",
    "http://127.0.0.1\texample.com/",
    "http://127.0.0.1%09.example.com/",
    "http://127.0.0.1%00.example.com/",
    "http://127.0.0.1\0.example.com/",
    "http://%31%32%37%2e%30%2e%30%2e%31/",
    "http://127.0.0.1%2f@example.com/",
    "http://exa\nmple.com/\r\nHost: 127.0.0.1",
    "http://example.com/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "http:127.0.0.1/",
    "http:/127.0.0.1/",
    "http:///127.0.0.1/",
    "http://////127.0.0.1/",
    " http://127.0.0.1/",
    "\thttp://127.0.0.1/",
    "http://127.0.0.1?@example.com/",
    "http://127.0.0.1;example.com/",
    "http://[::ffff:127.0.0.1]@example.com/",
    "//127.0.0.1/",
]

PORTS_AND_SCHEMES = [
    "http://example.com:22/",
    "http://example.com:25/",
    "http://example.com:5432/",
    "http://example.com:6379/",
    "http://example.com:8000/",
    "http://example.com:0/",
    "http://example.com:65536/",
    "http://example.com:-80/",
    "http://example.com:+80x/",
    "https://example.com:8443/",
    "file:///etc/passwd",
    "file://127.0.0.1/etc/passwd",
    "FILE:///proc/self/environ",
    "ftp://example.com/a.jpg",
    "sftp://example.com/",
    "gopher://127.0.0.1:6379/_INFO",
    "dict://127.0.0.1:11211/stat",
    "ldap://127.0.0.1/",
    "tftp://127.0.0.1/a",
    "netdoc:///etc/passwd",
    "jar:http://127.0.0.1!/",
    "php://filter/resource=/etc/passwd",
    "data:image/png;base64,AAAA",
    "javascript:alert(1)",
    "unix:/var/run/docker.sock",
    "http+unix://%2Fvar%2Frun%2Fdocker.sock/",
    "ws://127.0.0.1/",
    "about:blank",
    "blob:http://127.0.0.1/x",
    "view-source:http://127.0.0.1/",
    "urn:x",
    "smb://127.0.0.1/share",
    "\\\\127.0.0.1\\share",
    "hxxp://example.com/",
]

WRITTEN = [
    *SPELLINGS_OF_THIS_MACHINE,
    *OTHER_SCRIPTS,
    *CLOUD_METADATA,
    *INNER_RANGES,
    *ZONES_AND_BRACKETS,
    *TWO_READINGS,
    *PORTS_AND_SCHEMES,
]

# --- Told by the resolver: names anybody may register ----------------------------------------------------

RESOLVED = {
    "127.0.0.1.nip.example": ["127.0.0.1"],
    "localtest.example": ["127.0.0.1", "::1"],
    "zero.example": ["0.0.0.0"],
    "ten.example": ["10.0.0.5"],
    "metadata.example": ["169.254.169.254"],
    "azure.example": ["168.63.129.16"],
    "alibaba.example": ["100.100.100.200"],
    "home.example": ["192.168.178.1"],
    "v6-loopback.example": ["::1"],
    "v6-mapped.example": ["::ffff:10.0.0.1"],
    "v6-nat64.example": ["64:ff9b::a00:1"],
    "v6-6to4.example": ["2002:a00:1::1"],
    "v6-teredo.example": ["2001:0:53aa:64c:0:0:f5ff:fffe"],
    "v6-local.example": ["fd00:ec2::254"],
    "v6-link.example": ["fe80::1%eth0"],
    "both.example": [PUBLIC, "10.0.0.1"],
    "both-the-other-way.example": ["10.0.0.1", PUBLIC],
    "public-v4-private-v6.example": [PUBLIC, "fc00::7"],
    "broadcast.example": ["255.255.255.255"],
    "multicast.example": ["224.0.0.1"],
    "xn--lcalhost-54a.example": ["127.0.0.1"],
    "trailing-dot.example.": ["127.0.0.1"],
}


class Escaped(AssertionError):
    """A connection would have been opened to where none may lead."""


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    """What stands behind every public name of the corpus."""
    with serving() as port:
        yield port


@pytest.fixture
def outside(server: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """An internet in which public names lead to one server, and any other connection is an escape. Its log."""
    opened: list[str] = []

    def getaddrinfo(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        numbers = RESOLVED.get(host) or RESOLVED.get(f"{host}.") or [PUBLIC]
        return [
            (socket.AF_INET6 if ":" in number else socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, port))
            for number in numbers
        ]

    def connect(addresses: list[Address], port: int, **_: Any) -> socket.socket:
        opened.extend(str(address) for address in addresses)
        if {str(address) for address in addresses} != {PUBLIC}:
            raise Escaped(f"{addresses} port {port}")
        return socket.create_connection(("127.0.0.1", server), timeout=5)

    monkeypatch.setattr(socket, "getaddrinfo", _only_for_names(getaddrinfo))
    monkeypatch.setattr(fetching, "_connect", connect)
    return opened


def _only_for_names(answer: Any) -> Any:
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *more: Any, **named: Any) -> Any:
        return real(host, port, *more, **named) if host == "127.0.0.1" else answer(host, port)

    return getaddrinfo


def test_the_corpus_is_as_long_as_it_claims() -> None:
    assert len(set(WRITTEN)) == len(WRITTEN) >= 150
    assert len(RESOLVED) >= 20


def test_a_public_picture_is_fetched_so_the_refusals_below_mean_something(outside: list[str]) -> None:
    assert fetch("http://rooms.example/room", allow_loopback=False) == b"a room"
    assert outside == [PUBLIC]


@pytest.mark.parametrize("url", WRITTEN)
def test_a_known_trick_is_refused_before_anything_is_connected(url: str, outside: list[str]) -> None:
    with pytest.raises(FetchRefused) as refusal:
        fetch(url, allow_loopback=False)
    assert refusal.value.status == 400
    assert outside == []


@pytest.mark.parametrize("host", RESOLVED)
def test_a_name_that_leads_inside_is_refused_before_anything_is_connected(
    host: str, outside: list[str]
) -> None:
    with pytest.raises(FetchRefused):
        fetch(f"http://{host}/room.jpg", allow_loopback=False)
    assert outside == []


@pytest.mark.parametrize("url", WRITTEN)
def test_a_public_server_can_redirect_to_none_of_them(url: str, outside: list[str]) -> None:
    """One connection, to the public server; where it leads to is judged as any other address."""
    told = urljoin_safe(url)
    with suppress(FetchRefused):
        assert fetch(f"http://rooms.example/to/{told}", allow_loopback=False) == b"a room"
    assert set(outside) == {PUBLIC}


def urljoin_safe(url: str) -> str:
    """The address as the path of one that redirects to it."""
    return quote(url.replace("\r", "").replace("\n", "").replace("\0", ""), safe="")


@pytest.mark.parametrize("host", RESOLVED)
def test_a_public_server_can_redirect_to_no_name_that_leads_inside(host: str, outside: list[str]) -> None:
    with pytest.raises(FetchRefused):
        fetch(f"http://rooms.example/to/{quote(f'https://{host}/', safe='')}", allow_loopback=False)
    assert outside == [PUBLIC]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_kind_of_redirect_leads_inside(
    status: int, outside: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def give_to(self: Any, location: str) -> None:
        self.give(status, b"", Location="http://169.254.169.254/latest/meta-data/")

    monkeypatch.setattr(Handler, "give_to", give_to)
    with pytest.raises(FetchRefused):
        fetch("http://rooms.example/to/inside", allow_loopback=False)
    assert outside == [PUBLIC]


def test_a_chain_of_redirects_is_judged_at_every_step(outside: list[str]) -> None:
    last = quote("http://[::ffff:a9fe:a9fe]/", safe="")
    between = quote(f"http://other.example/to/{last}", safe="")
    with pytest.raises(FetchRefused):
        fetch(f"http://rooms.example/to/{between}", allow_loopback=False)
    assert outside == [PUBLIC, PUBLIC]


def test_the_server_of_the_corpus_is_a_real_one() -> None:
    assert issubclass(Handler, BaseHTTPRequestHandler)
