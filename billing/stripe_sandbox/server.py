"""HTTP on loopback: the API under /v1, pages for customers, and the control page."""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from billing.stripe_sandbox import html, pages
from billing.stripe_sandbox.control import control
from billing.stripe_sandbox.courier import Courier
from billing.stripe_sandbox.errors import ApiError
from billing.stripe_sandbox.pages import Answer
from billing.stripe_sandbox.world import World

log = logging.getLogger(__name__)
LONGEST_BODY = 1024 * 1024
OURSELVES = re.compile(r"^(127\.0\.0\.1|localhost)(:\d+)?$")
CHECKOUT = re.compile(r"^/c/pay/(cs_\w+)(?:/(3ds))?$")
PORTAL = re.compile(r"^/p/session/(bps_\w+)(?:/(card|cancel|resume))?$")
INVOICE = re.compile(r"^/i/(in_\w+(?:\.txt)?)$")
CONTROL = re.compile(r"^/(?:control/([\w-]+))?$")


class Server(ThreadingHTTPServer):
    """Bound to 127.0.0.1 and nothing else."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, world: World, port: int, courier: Courier | None) -> None:
        self.world = world
        self.courier = courier
        super().__init__(("127.0.0.1", port), Handler)
        world.pages = self.address

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    """One request: into the world, or to a page."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def _handle(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > LONGEST_BODY:
            self.close_connection = True
            self._send(Answer(b"Too long.", 413, kind="text/plain"))
            return
        body = self.rfile.read(length).decode("utf-8", "replace")
        try:
            answer = self._answer(body)
        except Exception as error:  # a mistake of ours: the caller shall read which, and not hang
            log.exception("%s %s", self.command, self.path)
            words = f"The sandbox failed: {type(error).__name__}: {error}"
            answer = _json(500, {"error": {"type": "api_error", "message": words}})
        self._send(answer)

    do_GET = do_POST = do_DELETE = _handle  # noqa: N815 — names that http.server prescribes

    def _answer(self, body: str) -> Answer:
        if not self._is_for_us():
            return Answer(b"Not from there.", 403, kind="text/plain")
        if self.path.startswith("/v1/"):
            return _json(*self.server.world.handle(self.command, self.path, body, dict(self.headers)))
        form = dict(parse_qsl(body, keep_blank_values=True)) if self.command == "POST" else None
        try:
            return self._page(urlsplit(self.path).path, form)
        except ApiError as error:
            return Answer(html.page("Not here", f"<p>{escape(str(error))}</p>", narrow=True), error.status)

    def _is_for_us(self) -> bool:
        """No other site's page may press our buttons, nor come in under a name of its own."""
        origin = self.headers.get("Origin")
        if origin not in (None, "null") and not OURSELVES.match(urlsplit(str(origin)).netloc):
            return False
        return bool(OURSELVES.match(self.headers.get("Host", "")))

    def _page(self, path: str, form: dict[str, str] | None) -> Answer:
        world = self.server.world
        if path == "/style.css":
            return Answer(html.STYLE.encode(), kind="text/css")
        if path == "/favicon.ico":
            return Answer(status=204)
        if found := CHECKOUT.match(path):
            return pages.checkout(world, found[1], found[2] or "", form)
        if found := PORTAL.match(path):
            return pages.portal(world, found[1], found[2] or "", form)
        if found := INVOICE.match(path):
            return pages.invoice(world, found[1])
        if found := CONTROL.match(path):
            return control(world, self.server.courier, found[1] or "", form)
        raise ApiError("There is no such page.", status=404)

    def _send(self, answer: Answer) -> None:
        self.send_response(303 if answer.go else answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header(
            "Content-Security-Policy", "default-src 'none'; style-src 'self'; frame-ancestors 'none'"
        )
        self.send_header("Cache-Control", "no-store")
        if answer.go:
            self.send_header("Location", re.sub(r"[\r\n]", "", answer.go))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 — its name there
        """Silent: requests are not news."""


def _json(status: int, body: dict[str, Any]) -> Answer:
    return Answer(json.dumps(body).encode(), status, kind="application/json")


@contextmanager
def serve(world: World, port: int = 0, *, courier: Courier | None = None) -> Iterator[str]:
    """Serve the world in a thread; gives the base address, `http://127.0.0.1:…`."""
    server = Server(world, port, courier)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.address
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
