"""A MeltFlex on loopback: answers as the contract says, or as badly as it is told to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.factories import data_url
from tests.fakes import png

Answer = Callable[["_Handler"], None]


def say(status: int, body: Any, **headers: str) -> Answer:
    """A whole answer."""

    def answer(handler: _Handler) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def picture(**more: Any) -> Answer:
    """What success looks like."""
    return say(200, {"success": True, "image": data_url(png(), "image/png"), "creditsUsed": 10, **more})


def hang_up(handler: _Handler) -> None:
    """Takes the request, then cuts the connection without a word."""
    handler.close_connection = True
    handler.connection.close()


def cut(handler: _Handler) -> None:
    """Promises more than it sends."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    handler.wfile.write(b'{"success": true, "image": "data:image/png;base64,')
    hang_up(handler)


def drip(handler: _Handler) -> None:
    """Sends a byte now and then, for ever."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    try:
        for _ in range(100):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.1)
    except OSError:
        pass


def drip_headers(handler: _Handler) -> None:
    """Never comes to the end of its headers."""
    try:
        for _ in range(100):
            handler.wfile.write(b"H" if _ else b"HTTP/1.1 200 OK\r\nX-")
            handler.wfile.flush()
            time.sleep(0.1)
    except OSError:
        pass


def drop(handler: _Handler, size: int) -> None:
    """Read so many bytes in pieces and forget them."""
    while size and (piece := handler.rfile.read1(min(size, 65536))):
        size -= len(piece)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: MeltFlexServer

    def do_POST(self) -> None:
        size = int(self.headers["Content-Length"])
        if self.server.keeps_bodies:
            self.server.bodies.append(json.loads(self.rfile.read(size)))
        else:
            drop(self, size)
        self.server.sizes.append(size)
        self.server.headers.append({name.lower(): value for name, value in self.headers.items()})
        answers = self.server.answers
        (answers.pop(0) if len(answers) > 1 else answers[0])(self)

    def do_GET(self) -> None:
        self.server.headers.append({name.lower(): value for name, value in self.headers.items()})
        (self.server.credits if self.path == "/api/v1/credits" else say(404, {"error": "Not found"}))(self)

    def log_message(self, *args: Any) -> None:
        pass


class MeltFlexServer(ThreadingHTTPServer):
    """`answers` are given in turn, the last one for ever; `bodies`, if kept, and `headers` are what came.

    `credits` answers GET /api/v1/credits.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[Answer] = [picture()]
        self.credits: Answer = say(200, {"email": "studio@example.com", "balance": 500})
        self.keeps_bodies = True
        self.bodies: list[dict[str, Any]] = []
        self.sizes: list[int] = []
        self.headers: list[dict[str, str]] = []

    @property
    def base(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Broken pipes are part of the play."""


@contextmanager
def serving() -> Iterator[MeltFlexServer]:
    """A running server."""
    server = MeltFlexServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
