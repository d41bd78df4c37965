"""The guarded door opens public addresses, and nothing that leads inside."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote

import pytest

from accounts import fetching
from accounts.fetching import AddressRefused, FetchFailed, FetchRefused, FetchTooLarge, check_url, fetch

PUBLIC = [
    "http://example.com",
    "https://example.com/room.jpg",
    "https://EXAMPLE.com:443/room.jpg?size=large#top",
    "http://example.com:80/",
    "http://example.com:443/odd-but-public",
    "https://my_bucket.s3.amazonaws.com/a%20b.jpg?X-Amz-Date=2026&sig=%2F",
    "https://example.com./room.jpg",
    "https://bücher.example/wohnzimmer.jpg",
    "https://例え.jp/部屋.jpg",
    "https://93.184.216.34/room.jpg",
    "https://1572395042/room.jpg",
    "https://[2606:2800:220:1:248:1893:25c8:1946]/room.jpg",
    "https://localhost.example.com/not-the-local-one",
    "https://internal.example.com/",
    "https://cdn.example.com/" + "a" * 1900,
]

MALFORMED = [
    "",
    "room.jpg",
    "example.com/room.jpg",
    "//example.com/room.jpg",
    "ftp://example.com/room.jpg",
    "file:///etc/passwd",
    "gopher://example.com/",
    "data:image/png;base64,AAAA",
    "javascript:alert(1)",
    "http://",
    "http:///room.jpg",
    "https://user@example.com/",
    "https://user:password@example.com/",
    "https://@example.com/",
    "https://example.com@127.0.0.1/",
    "https://example.com:22/",
    "https://example.com:8080/",
    "https://example.com:0/",
    "https://example.com:65536/",
    "https://example.com:port/",
    "http://127.0.0.1\\@example.com/",
    "https://example.com/a room.jpg",
    "https://exam\tple.com/",
    "https://example.com/\r\nHost: inside",
    "https://example.com/\0",
    " https://example.com/",
    "https://%31%32%37.0.0.1/",
    "https://exa$mple.com/",
    "https://..example.com/",
    "https://" + "a" * 64 + ".com/",
    "https://" + ".".join(["a" * 60] * 5) + ".com/",
    "https://[::1/",
    "https://[example.com]/",
    "https://[v1.fe80::a]/",
    "https://[fe80::1%25eth0]/",
    "https://[fe80::1%eth0]/",
    "https://1.2.3.4.5/",
    "https://999.1.1.1/",
    "https://4294967296/",
    "https://1.2.3.0x/",
    "https://example.com/" + "a" * 2048,
]

INSIDE = [
    # this machine
    "http://127.0.0.1/",
    "http://127.0.0.1:8000/",
    "http://127.8.9.10/",
    "http://127.1/",
    "http://2130706433/",
    "http://017700000001/",
    "http://0177.0.0.1/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://0X7F.0.0.1/",
    "http://127.0.0.1./",
    "http://127。0。0。1/",
    "http://①②⑦.0.0.1/",
    "http://0.0.0.0/",
    "http://0/",
    "http://[::1]/",
    "http://[::]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://localhost/",
    "http://LOCALHOST/",
    "http://localhost./",
    "http://photos.localhost/",
    "http://localhost.localdomain/",
    # addresses that carry another one
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::ffff:10.0.0.1]/",
    "http://[::ffff:8.8.8.8]/",
    "http://[::127.0.0.1]/",
    "http://[::ffff:0:127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b::169.254.169.254]/",
    "http://[64:ff9b:1::10.0.0.1]/",
    "http://[2002:7f00:1::]/",
    "http://[2002:a9fe:a9fe::1]/",
    "http://[2001:0:7f00:1::1]/",
    # other inner ranges
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.1.1/",
    "http://0300.0250.1.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://2852039166/latest/meta-data/",
    "http://0xa9fea9fe/",
    "http://168.63.129.16/machine",
    "http://100.64.0.1/",
    "http://100.100.100.200/latest/meta-data/",
    "http://192.0.0.192/",
    "http://192.0.2.1/",
    "http://192.88.99.1/",
    "http://198.18.0.1/",
    "http://203.0.113.1/",
    "http://224.0.0.1/",
    "http://239.255.255.255/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://[fe80::1]/",
    "http://[fec0::1]/",
    "http://[fc00::1]/",
    "http://[fd00:ec2::254]/",
    "http://[ff02::1]/",
    "http://[2001:db8::1]/",
    "http://[2001:20::1]/",
    "http://[3fff::1]/",
    "http://[5f00::1]/",
    "http://[100::1]/",
    # names that only mean something inside
    "http://metadata.google.internal/",
    "http://printer.local/",
    "http://router.lan/",
    "http://nas.home.arpa/",
    "http://postgres/",
    "http://metadata/",
]


@pytest.mark.parametrize("url", PUBLIC)
def test_a_public_address_is_accepted(url: str) -> None:
    check_url(url, allow_loopback=False)


@pytest.mark.parametrize("url", MALFORMED)
@pytest.mark.parametrize("allow_loopback", [False, True])
def test_a_malformed_address_is_refused_with_a_reason(url: str, allow_loopback: bool) -> None:
    with pytest.raises(FetchRefused) as refusal:
        check_url(url, allow_loopback=allow_loopback)
    assert type(refusal.value) is FetchRefused
    assert refusal.value.code == "bad_source"
    assert refusal.value.message.endswith(".")


@pytest.mark.parametrize("url", INSIDE)
def test_an_address_that_leads_inside_is_refused(url: str) -> None:
    with pytest.raises(FetchRefused) as refusal:
        check_url(url, allow_loopback=False)
    assert isinstance(refusal.value, AddressRefused)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000/",
        "http://127.9.9.9/",
        "http://2130706433:8000/",
        "http://[::1]:8000/",
        "http://localhost:8000/",
        "http://rooms.localhost:8000/",
    ],
)
def test_development_opens_its_own_machine_on_any_port(url: str) -> None:
    check_url(url, allow_loopback=True)


def opens_own_machine(url: str) -> bool:
    return any(
        name in url.lower() for name in ("127.", "localhost", "2130706433", "0177", "0x7f", "::1]", ":1]")
    )


@pytest.mark.parametrize(
    "url",
    [url for url in INSIDE if not opens_own_machine(url) and "。" not in url and "①" not in url]
    + [
        "http://[::ffff:127.0.0.1]/",
        "http://[::127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
    ],
)
def test_development_opens_no_other_inner_range(url: str) -> None:
    with pytest.raises(AddressRefused):
        check_url(url, allow_loopback=True)


# What the resolver answers.

Resolver = Callable[..., list[Any]]


def answers(*rounds: list[str]) -> tuple[Resolver, list[str]]:
    """A resolver that gives the first list of addresses to the first question, and so on; and its log."""
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        numbers = rounds[min(len(asked), len(rounds)) - 1]
        return [
            (socket.AF_INET6 if ":" in number else socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, port))
            for number in numbers
        ]

    return getaddrinfo, asked


@pytest.mark.parametrize(
    "numbers",
    [
        ["127.0.0.1"],
        ["10.1.2.3"],
        ["169.254.169.254"],
        ["100.64.0.1"],
        ["0.0.0.0"],
        ["::1"],
        ["::ffff:10.0.0.1"],
        ["64:ff9b::a00:1"],
        ["fe80::1%eth0"],
        ["fd00:ec2::254"],
        ["93.184.216.34", "10.0.0.1"],
        ["10.0.0.1", "93.184.216.34"],
    ],
)
def test_a_public_name_with_an_inner_address_is_refused(
    numbers: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver, _ = answers(numbers)
    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    with pytest.raises(AddressRefused):
        fetch("https://rooms.example.com/a.jpg", allow_loopback=False)


def test_development_still_refuses_a_name_that_points_into_the_network(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolver, _ = answers(["192.168.0.10"])
    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    with pytest.raises(AddressRefused):
        fetch("http://rooms.example.com/a.jpg", allow_loopback=True)


def test_a_name_that_changes_its_answer_is_asked_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver, asked = answers(["93.184.216.34", "2606:2800:220:1::1"], ["127.0.0.1"])
    opened: list[str] = []

    def connect(addresses: list[fetching.Address], port: int, **_: Any) -> socket.socket:
        opened.extend(f"{address} {port}" for address in addresses)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    monkeypatch.setattr(fetching, "_connect", connect)
    with pytest.raises(FetchFailed):
        fetch("https://rooms.example.com/a.jpg", allow_loopback=False)
    assert asked == ["rooms.example.com"]
    assert opened == ["93.184.216.34 443", "2606:2800:220:1::1 443"]


def test_an_unknown_host_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def getaddrinfo(*_: Any, **__: Any) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with pytest.raises(FetchFailed, match=r"rooms\.example\.com"):
        fetch("https://rooms.example.com/a.jpg", allow_loopback=False)


def test_a_resolver_that_hangs_counts_against_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: done.wait(5) and [])
    started = time.monotonic()
    with pytest.raises(FetchFailed, match="too long"):
        fetch("https://rooms.example.com/a.jpg", allow_loopback=False, seconds=0.2)
    assert time.monotonic() - started < 1
    done.set()


# A server on this machine.


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen: ClassVar[list[dict[str, str]]] = []

    def do_GET(self) -> None:
        self.seen.append({"path": self.path, **{name.lower(): value for name, value in self.headers.items()}})
        name, _, argument = self.path.strip("/").partition("/")
        with suppress(ConnectionError):
            getattr(self, f"give_{name}", self.give_room)(argument)
        self.close_connection = True

    def give(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content_Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def give_room(self, _: str) -> None:
        self.give(200, b"a room", Set_Cookie="who=me")

    def give_status(self, status: str) -> None:
        self.give(int(status), b"no room")

    def give_to(self, location: str) -> None:
        self.give(302, b"elsewhere", Location=unquote(location), Set_Cookie="who=me")

    def give_hops(self, left: str) -> None:
        self.give(307, Location=f"/hops/{int(left) - 1}" if int(left) > 1 else "/room")

    def give_big(self, size: str) -> None:
        self.give(200, b"x" * int(size))

    def give_liar(self, _: str) -> None:
        self.give(200, b"tiny", Content_Length=str(10**12))

    def give_endless(self, _: str) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while True:
            self.wfile.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")

    def give_unpacking(self, _: str) -> None:
        self.give(200, gzip.compress(b"\0" * 8_000_000), Content_Encoding="gzip")

    def give_packed(self, _: str) -> None:
        self.give(200, gzip.compress(b"a room"), Content_Encoding="gzip")

    def give_drip(self, _: str) -> None:
        self.send_response(200)
        self.end_headers()
        for _step in range(60):
            self.wfile.write(b"x")
            time.sleep(0.05)

    def give_drip_headers(self, _: str) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        for _step in range(60):
            self.wfile.write(b"x")
            time.sleep(0.05)

    def give_silence(self, _: str) -> None:
        time.sleep(1.5)

    def give_nonsense(self, _: str) -> None:
        self.wfile.write(b"\x16\x03\x01 this is not HTTP\r\n\r\n")

    def give_half(self, _: str) -> None:
        self.give(200, b"half of it", Content_Length="1000")

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # refused handshakes are expected
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving() as port:
        yield port


@pytest.fixture
def base(port: int) -> str:
    Handler.seen.clear()
    return f"http://127.0.0.1:{port}"


def test_a_picture_is_fetched_without_cookies_credentials_or_proxies(
    base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert fetch(f"{base}/to//room", allow_loopback=True) == b"a room"
    first, second = Handler.seen
    assert first["user-agent"] == second["user-agent"] == "Roomwright/1"
    assert first["accept-encoding"] == "identity"
    assert first["host"] == base.removeprefix("http://")
    assert not {"cookie", "authorization", "referer"} & second.keys()


def test_the_path_is_sent_as_bytes_that_http_allows(base: str) -> None:
    fetch(f'{base}/raum/größe"<x>?q=ü&sig=%2F%zz#part', allow_loopback=True)
    assert Handler.seen[0]["path"] == "/raum/gr%C3%B6%C3%9Fe%22%3Cx%3E?q=%C3%BC&sig=%2F%zz"


def test_production_does_not_open_its_own_machine(base: str) -> None:
    with pytest.raises(AddressRefused):
        fetch(f"{base}/room", allow_loopback=False)
    assert Handler.seen == []


@pytest.mark.parametrize("spelling", ["127.0.0.1", "localhost", "2130706433", "0x7f.1"])
def test_any_spelling_of_this_machine_works_in_development(spelling: str, port: int) -> None:
    assert fetch(f"http://{spelling}:{port}/room", allow_loopback=True) == b"a room"


@pytest.mark.parametrize("status", [201, 204, 304, 401, 403, 404, 410, 429, 500, 503])
def test_any_status_but_200_is_named(base: str, status: int) -> None:
    with pytest.raises(FetchFailed, match=f"status {status}"):
        fetch(f"{base}/status/{status}", allow_loopback=True)


def test_three_redirects_are_followed_and_a_fourth_is_not(base: str) -> None:
    assert fetch(f"{base}/hops/3", allow_loopback=True) == b"a room"
    with pytest.raises(FetchFailed, match="more than 3 times"):
        fetch(f"{base}/hops/4", allow_loopback=True)


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "//169.254.169.254/latest/meta-data/",
        "http://[::ffff:a9fe:a9fe]/",
        "http://0xa9fea9fe/",
        "http://10.0.0.1/",
        "https://metadata.google.internal/",
    ],
)
def test_a_redirect_that_leads_inside_is_refused(base: str, location: str) -> None:
    with pytest.raises(AddressRefused):
        fetch(f"{base}/to/{location}", allow_loopback=True)
    assert len(Handler.seen) == 1


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://example.com/a.jpg", "https://me:pw@example.com/"]
)
def test_a_redirect_to_what_is_not_a_web_address_is_refused(base: str, location: str) -> None:
    with pytest.raises(FetchRefused):
        fetch(f"{base}/to/{location}", allow_loopback=True)


def test_a_file_above_the_limit_is_refused_and_one_at_it_is_not(base: str) -> None:
    assert len(fetch(f"{base}/big/1000000", allow_loopback=True, max_bytes=1_000_000)) == 1_000_000
    with pytest.raises(FetchTooLarge):
        fetch(f"{base}/big/1000001", allow_loopback=True, max_bytes=1_000_000)


@pytest.mark.parametrize("path", ["liar", "endless", "unpacking"])
def test_a_body_is_cut_off_at_the_limit_whatever_it_says_of_itself(base: str, path: str) -> None:
    with pytest.raises(FetchTooLarge, match="larger than 1 MB"):
        fetch(f"{base}/{path}", allow_loopback=True, max_bytes=1024 * 1024)


def test_a_body_that_is_compressed_against_our_wish_is_unpacked(base: str) -> None:
    assert fetch(f"{base}/packed", allow_loopback=True) == b"a room"


@pytest.mark.parametrize("path", ["drip", "drip_headers", "silence"])
def test_a_slow_server_meets_the_deadline(base: str, path: str) -> None:
    started = time.monotonic()
    with pytest.raises(FetchFailed, match="too long"):
        fetch(f"{base}/{path}", allow_loopback=True, seconds=0.4)
    assert time.monotonic() - started < 1


@pytest.mark.parametrize("path", ["nonsense", "half"])
def test_a_broken_answer_is_a_failed_fetch(base: str, path: str) -> None:
    with pytest.raises(FetchFailed, match="broke off"):
        fetch(f"{base}/{path}", allow_loopback=True)


def test_a_closed_port_is_a_failed_fetch() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(FetchFailed):
            fetch(f"http://127.0.0.1:{free.getsockname()[1]}/", allow_loopback=True)


def test_no_connection_is_left_open_behind(base: str) -> None:
    threads = threading.active_count()
    for path in ("room", "to//room", "status/404", "half"):
        with suppress(FetchFailed):
            fetch(f"{base}/{path}", allow_loopback=True)
    ends = time.monotonic() + 2
    while threading.active_count() > threads and time.monotonic() < ends:
        time.sleep(0.01)
    assert threading.active_count() <= threads


# Certificates: the name is checked although the connection goes to a number.

CERTIFICATE = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgTs7+KmiSZ2FCNSYf
WOoolLnI8G9r6w6ahplOGJzysPehRANCAAQETbAEzvyCq/PuJNwV3yXGkO5kMKHm
LXV/fO5M5IilwNCDJSU5VKm96nDwkeQe0BinoVOsdutgWzeVu7DKH1VE
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBlTCCATugAwIBAgIULp3gOv+2nB3Msb5hzTgjnPRwxCQwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzAzMjcwMFoYDzIxMjYxMDMw
MDMyNzAwWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQETbAEzvyCq/PuJNwV3yXGkO5kMKHmLXV/fO5M5IilwNCDJSU5VKm9
6nDwkeQe0BinoVOsdutgWzeVu7DKH1VEo2kwZzAdBgNVHQ4EFgQU3KRrCU6G7rWv
QAsh0BxlX3E7nJowHwYDVR0jBBgwFoAU3KRrCU6G7rWvQAsh0BxlX3E7nJowFAYD
VR0RBA0wC4IJbG9jYWxob3N0MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwID
SAAwRQIhAO1kq83RcJTn76dEEPcEW42ZZgxDMTXSLCgJvQ5Ich0vAiBqF5k8FUjQ
0+wM6a+nBu87f9m/V/i8F8V6aTYIdkW5mw==
-----END CERTIFICATE-----
"""  # for `localhost` only, signed by itself, made for this test and trusted nowhere


@pytest.fixture
def secure_port(tmp_path: Path) -> Iterator[int]:
    file = tmp_path / "localhost.pem"
    file.write_text(CERTIFICATE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with serving(context) as port:
        yield port


def trust_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = CERTIFICATE[CERTIFICATE.index("-----BEGIN CERTIFICATE") :]
    monkeypatch.setattr(fetching, "_tls", lambda: ssl.create_default_context(cadata=certificate))


def test_https_is_spoken_with_the_name_in_the_address(
    secure_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust_the_test(monkeypatch)
    assert fetch(f"https://localhost:{secure_port}/room", allow_loopback=True) == b"a room"


def test_a_certificate_for_another_name_is_not_accepted(
    secure_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust_the_test(monkeypatch)
    with pytest.raises(FetchFailed):
        fetch(f"https://127.0.0.1:{secure_port}/room", allow_loopback=True)


def test_a_certificate_that_nobody_vouches_for_is_not_accepted(secure_port: int) -> None:
    with pytest.raises(FetchFailed):
        fetch(f"https://localhost:{secure_port}/room", allow_loopback=True)
    assert fetching._tls().verify_mode == ssl.CERT_REQUIRED
    assert fetching._tls().check_hostname


def test_a_slow_handshake_meets_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        with pytest.raises(FetchFailed, match="too long"):
            fetch(f"https://127.0.0.1:{silent.getsockname()[1]}/", allow_loopback=True, seconds=0.3)
        assert time.monotonic() - started < 1
