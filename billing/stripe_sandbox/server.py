"""HTTP on loopback: the API under /v1, the pages under everything else."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from billing.stripe_sandbox.world import World

log = logging.getLogger(__name__)
LONGEST_BODY = 1024 * 1024


class Server(ThreadingHTTPServer):
    """Bound to 127.0.0.1 and nothing else."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, world: World, port: int) -> None:
        self.world = world
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
            self._send(413, "application/json", b"{}")
            return
        body = self.rfile.read(length).decode("utf-8", "replace")
        if self.path.startswith("/v1/"):
            status, answer = self._ask_the_world(body)
            self._send(status, "application/json", json.dumps(answer).encode())
            return
        self._send(404, "text/plain", b"Not here.")

    def _ask_the_world(self, body: str) -> tuple[int, dict[str, Any]]:
        try:
            return self.server.world.handle(self.command, self.path, body, dict(self.headers))
        except Exception as error:  # a mistake of ours: the caller shall read which, and not hang
            log.exception("%s %s", self.command, self.path)
            message = f"The sandbox failed: {type(error).__name__}: {error}"
            return 500, {"error": {"type": "api_error", "message": message}}

    do_GET = do_POST = do_DELETE = _handle  # noqa: N815 — names that http.server prescribes

    def _send(self, status: int, kind: str, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 — its name there
        """Silent: requests are not news."""


@contextmanager
def serve(world: World, port: int = 0) -> Iterator[str]:
    """Serve the world in a thread; gives the base address, `http://127.0.0.1:…`."""
    server = Server(world, port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.address
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
