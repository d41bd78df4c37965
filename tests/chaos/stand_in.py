"""A MeltFlex that misbehaves as it is told to; a program of its own: `python -m tests.chaos.stand_in PORT SEED`."""

from __future__ import annotations

import io
import json
import random
import socket
import struct
import sys
import threading
import time
import zlib
from base64 import b64encode
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from PIL import Image


def png(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), (200, 150, 100)).save(buffer, "PNG")
    return buffer.getvalue()


def huge() -> bytes:
    """20,000 × 20,000 pixels by its header."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", 20_000, 20_000, 1, 0, 0, 0, 0)
    data = zlib.compress(b"\0" * 2501 * 20_000, 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


SMALL, LARGE, HUGE = png(64, 48), png(1600, 1200), huge()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_PUT(self) -> None:
        self.server.knobs = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.say(200, {})

    def do_GET(self) -> None:
        self.say(200, {"counts": self.server.counts, "prompts": self.server.prompts})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        prompt, server = body["prompt"], self.server
        with server.lock:
            arrivals = server.prompts[prompt]
            rng = random.Random(f"{server.seed}:{prompt}:{len(arrivals)}")
            fault = self.choose(rng)
            charged = fault not in ("429", "401", "402", "500") and (fault != "503" or rng.random() < 0.5)
            arrivals.append({"fault": fault, "charged": charged, "at": time.time()})
            server.counts[fault] += 1
        if fault in ("429", "401", "402"):
            self.say(int(fault), {"error": fault}, **({"Retry-After": "1"} if fault == "429" else {}))
            return
        time.sleep(rng.uniform(*server.knobs.get("latency", (0.2, 2.0))))
        self.play(fault, rng)

    def choose(self, rng: random.Random) -> str:
        dice = rng.random()
        for fault, chance in self.server.knobs.get("faults", {}).items():
            dice -= chance
            if dice < 0:
                return str(fault)
        return "none"

    def play(self, fault: str, rng: random.Random) -> None:
        if fault in ("500", "503"):
            self.say(int(fault), {"error": "Generation failed"})
            return
        if fault == "reset_before":
            self.hang_up()
            return
        picture = LARGE if rng.random() < 0.02 else SMALL
        picture = {"not_png": b"GIF89a", "huge": HUGE}.get(fault, picture)
        url = "data:image/png;base64," + b64encode(picture).decode()
        answer: dict[str, Any] = {"success": True, "image": url, "creditsUsed": 10}
        if fault == "wrong_credits":
            answer["creditsUsed"] = rng.choice([0, 11, 500, -3, "ten"])
        if fault == "text":
            self.raw(200, b"<html>ok</html>")
        elif fault == "cut":
            content = json.dumps(answer).encode()
            self.head(200, len(content) + 100)
            self.wfile.write(content)
            self.hang_up()
        elif fault == "drip":
            self.head(200, 1_000_000)
            for _ in range(60):
                self.wfile.write(b" ")
                self.wfile.flush()
                time.sleep(0.2)
            self.hang_up()
        else:
            self.say(200, answer)
            if fault == "reset_after":
                self.hang_up()

    def say(self, status: int, answer: Any, **headers: str) -> None:
        self.raw(status, json.dumps(answer).encode(), **headers)

    def raw(self, status: int, content: bytes, **headers: str) -> None:
        self.head(status, len(content), **headers)
        self.wfile.write(content)

    def head(self, status: int, length: int, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def hang_up(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.rfile.close()
        self.wfile.flush()
        self.connection.close()

    def log_message(self, *args: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int, seed: str) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.seed = seed
        self.knobs: dict[str, Any] = {}
        self.lock = threading.Lock()
        self.prompts: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.counts: dict[str, int] = defaultdict(int)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Broken pipes are part of the play."""


if __name__ == "__main__":
    Server(int(sys.argv[1]), sys.argv[2]).serve_forever()
