"""A program that is told of events: an HTTP server on loopback that keeps what it gets."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Message:
    """One request as it came in."""

    headers: dict[str, str]
    body: bytes
    path: str

    @property
    def id(self) -> str:
        """The same however often it is sent."""
        return self.headers["webhook-id"]


@dataclass
class Receiver:
    """What came in, and what is answered after so many seconds: all may be set at any time."""

    url: str = ""
    status: int = 204
    seconds: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver under an address of its own."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.messages.append(
                Message({name.lower(): value for name, value in self.headers.items()}, body, self.path)
            )
            time.sleep(receiver.seconds)
            self.send_response(receiver.status)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            if receiver.status != 204:
                self.send_header("Content-Length", "6")
            self.end_headers()
            if receiver.status != 204:
                self.wfile.write(b"answer")

        def log_message(self, *args: Any) -> None:
            pass

    with _Server(("127.0.0.1", 0), Handler) as server:
        receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
