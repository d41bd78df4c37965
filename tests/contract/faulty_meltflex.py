"""A MeltFlex that keeps the documented contract and breaks in every way that it can, by a seed and no clock.

    python -m tests.contract.faulty_meltflex --port 0 --seed 7 --faults '{"chances": {"reset_after": 0.1}}'

prints its address as its first line. What befalls a call is drawn from seed, prompt and how-many-th call of that prompt
it is, so that a run is the same in whatever order calls arrive. `GET /_control` tells what happened; `PUT /_control`
changes faults. It imports nothing of ours and has no body whole in memory: it shares two cores with what is tested.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import random
import re
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from math import isqrt
from typing import Any

from tests.contract.faults import OUTCOMES, TURNED_AWAY, Faults, png

BODY_BYTES = 15 * 2**20
_PIECE = 256 * 2**10
_HEAD = 64 * 2**10  # of a body, in which its fields are looked for; as much of its end is kept as well
_COSTS = {"cost_zero": 0, "cost_odd": 7, "cost_huge": 999_999, "cost_text": "many"}
_LEVELS = {"lite": -2, "pro": 5}


class Book:
    """What happened; numbers of `charged` are by prompt and after refunds."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()  # by prompt, those that were not turned away for being too many
        self.charged: Counter[str] = Counter()
        self.in_work = self.most_in_work = self.open = self.most_open = 0
        self.over_limit = self.chunked = self.credits = 0

    def told(self) -> dict[str, Any]:
        """As JSON can say it."""
        return {
            "outcomes": dict(self.outcomes),
            "calls": dict(self.calls),
            "charged": {prompt: n for prompt, n in self.charged.items() if n},
            "charged_calls": sum(self.charged.values()),
            "charged_twice": sorted(prompt for prompt, n in self.charged.items() if n > 1),
            "credits": self.credits,
            "most_in_work": self.most_in_work,
            "most_open": self.most_open,
            "in_work": self.in_work,
            "over_limit": self.over_limit,
            "chunked": self.chunked,
        }


@dataclass(frozen=True)
class _Call:
    """What is known of one request to /generate before it is decided upon."""

    key: str
    prompt: str
    variations: int
    level: str

    @property
    def price(self) -> int:
        return (10 + _LEVELS.get(self.level, 0)) * self.variations


class FaultyMeltFlex:
    """Runs in an event loop: `await start(port)` gives its address."""

    def __init__(self, *, seed: int = 0, faults: Faults | None = None) -> None:
        self.seed, self.book = seed, Book()
        self.set(faults or Faults())

    def set(self, faults: Faults) -> None:
        """From now on these."""
        self.faults, self._since = faults, time.monotonic()
        self._url = _data_url(self._picture(faults.picture_bytes))
        self._bomb = _data_url(png(20_000))
        self._answers: dict[tuple[str, int, int], bytes] = {}

    def _picture(self, size: int) -> bytes:
        side = max(32, isqrt(size // 3))
        noise = random.Random(self.seed).randbytes(side * side * 3) if size else b"\x99" * (side * side * 3)
        return png(side, noise)

    async def start(self, port: int) -> str:
        """Listen on loopback."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, backlog=1024, limit=_HEAD)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    # --- HTTP, as little as is needed ---------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        book = self.book
        book.open += 1
        book.most_open = max(book.most_open, book.open)
        try:
            await self._answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            book.outcomes["caller_gone"] += 1
        finally:
            book.open -= 1
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])}
        body = _Body(reader, int(headers.get("content-length", 0)))
        key = headers.get("authorization", "").removeprefix("Bearer ")
        if path == "/_control":
            await self._control(method, body, writer)
        elif path == "/api/v1/credits" and method == "GET":
            refused = self._refused(key)
            await _say(writer, *(refused or (200, self._credits())))
        elif path != "/api/v1/generate":
            await _say(writer, 404, {"error": "Not found"})
        elif method != "POST":
            await _say(writer, 405, {"error": "Method not allowed"})
        elif "content-length" not in headers:
            self.book.chunked += 1
            await _say(writer, 411, {"error": "Content-Length is required"})
        else:
            await self._generate(key, body, writer)

    async def _control(self, method: str, body: _Body, writer: asyncio.StreamWriter) -> None:
        if method == "PUT":
            await body.drop()
            change = json.loads(body.head)
            if change.pop("forget", False):
                self.book.__init__()  # type: ignore[misc]
            self.set(replace(self.faults, **change))
        await _say(writer, 200, {**self.book.told(), "faults": asdict(self.faults), "seed": self.seed})

    def _credits(self) -> dict[str, Any]:
        spent = self.book.credits
        return {
            "email": "operator@example.com",
            "balance": 1_000_000 - spent,
            "totalEarned": 1_000_000,
            "totalSpent": spent,
            "costs": {"generate": 10},
        }

    # --- The contract -------------------------------------------------------------------------------------

    async def _generate(self, key: str, body: _Body, writer: asyncio.StreamWriter) -> None:
        await body.begin()
        book = self.book
        call = _Call(
            key,
            body.text("prompt"),
            int(body.find(rb'"variations": ?([123])', b"1")),
            body.text("designLevel"),
        )
        if body.size > BODY_BYTES:
            book.over_limit += 1
        refused = self._refused(key)
        too_many = self._too_many()
        if not call.prompt or refused or too_many or body.size > BODY_BYTES:
            await body.drop()  # whatever is said, it is said to somebody who has finished speaking
            call = replace(call, prompt=call.prompt or body.text("prompt"))  # it may come after the pictures
        answer = refused or self._invalid(call, body) or too_many
        if answer:
            book.outcomes[f"{answer[0]}"] += 1
            await _say(writer, *answer)
            return
        book.in_work += 1
        book.most_in_work = max(book.most_in_work, book.in_work)
        try:
            await self._work(call, body, writer)
        finally:
            book.in_work -= 1

    def _refused(self, key: str) -> tuple[int, dict[str, Any]] | None:
        if not key.startswith("mf_sk_") or key in self.faults.refused_keys:
            return 401, {"error": "Invalid API key"}
        if key in self.faults.broke_keys:
            return 402, _INSUFFICIENT
        return None

    def _too_many(self) -> tuple[int, dict[str, Any]] | None:
        faults, passed = self.faults, time.monotonic() - self._since
        burst = faults.burst_every and passed % faults.burst_every < faults.burst_lasts
        if burst or (faults.at_once and self.book.in_work >= faults.at_once):
            return 429, {"error": "Rate limited"}
        return None

    def _invalid(self, call: _Call, body: _Body) -> tuple[int, dict[str, Any]] | None:
        if body.size > BODY_BYTES:
            return 413, {"error": "Body too large"}
        if not body.head.lstrip().startswith(b"{"):
            return 400, {"error": "Invalid JSON"}
        if not call.prompt.strip():
            return 400, {"error": "Missing field", "message": "prompt is required"}
        if not body.find(rb'("image"|"imageUrl"):'):
            return 400, {"error": "Missing field", "message": "image or imageUrl is required"}
        return None

    async def _work(self, call: _Call, body: _Body, writer: asyncio.StreamWriter) -> None:
        book = self.book
        book.calls[call.prompt] += 1
        draw = random.Random(f"{self.seed}:{call.prompt}:{book.calls[call.prompt]}")
        outcome, seconds = self._drawn(draw.random()), draw.uniform(*self.faults.latency)
        book.outcomes[outcome] += 1
        if outcome == "reset_before":
            _reset(writer)
            return
        await body.drop()
        if outcome in TURNED_AWAY:
            status, said, more = _REFUSALS[outcome]
            await _say(writer, status, said, more)
            return
        book.charged[call.prompt] += 1  # before processing, and whoever hangs up meanwhile
        book.credits += call.price
        await asyncio.sleep(seconds)
        if outcome == "failed":
            book.charged[call.prompt] -= 1
            book.credits -= call.price
            await _say(writer, 500, {"error": "Generation failed", "message": "Credits refunded"})
        else:
            await self._deliver(outcome, call, writer)

    def _drawn(self, number: float) -> str:
        for outcome in OUTCOMES:
            number -= self.faults.chances.get(outcome, 0.0)
            if number < 0:
                return outcome
        return "success"

    async def _deliver(self, outcome: str, call: _Call, writer: asyncio.StreamWriter) -> None:
        kind = (outcome, call.variations, call.price)
        content = self._answers.get(kind) or self._success(call, outcome)
        self._answers[kind] = content  # made once: hundreds are sent at the same time
        if outcome == "unavailable":
            await _say(writer, 503, {"error": "Service unavailable"})
        elif outcome == "reset_after":
            _reset(writer)
        elif outcome == "cut":
            await _send(writer, 200, content[: len(content) // 2], length=len(content))
        elif outcome == "drip":
            await self._drip(writer, len(content))
        elif outcome == "no_json":
            await _send(writer, 200, b"<html>It works!</html>")
        else:
            await _send(writer, 200, content)

    def _success(self, call: _Call, outcome: str) -> bytes:
        url = {"no_png": '"data:text/plain;base64,aGVsbG8="', "bomb": self._bomb}.get(outcome, self._url)
        cost = json.dumps(_COSTS.get(outcome, call.price))
        several = f', "images": [{", ".join([url] * call.variations)}], "count": {call.variations}'
        more = several if call.variations > 1 else ""
        return f'{{"success": true, "image": {url}, "creditsUsed": {cost}{more}}}'.encode()

    async def _drip(self, writer: asyncio.StreamWriter, length: int) -> None:
        ends = time.monotonic() + self.faults.drip_lasts
        await _send(writer, 200, b"{", length=length)
        while time.monotonic() < ends:
            await asyncio.sleep(0.2)
            writer.write(b" ")
            await writer.drain()
        _reset(writer)


class _Body:
    """A request's body: its beginning and its end are kept, the rest is dropped as it comes."""

    def __init__(self, reader: asyncio.StreamReader, size: int) -> None:
        self._reader, self.size, self._left = reader, size, size
        self.head = self.tail = b""

    async def begin(self) -> None:
        """Read the beginning."""
        while self._left and len(self.head) < _HEAD:
            self.head += await self._piece()

    async def drop(self) -> None:
        """Read the rest."""
        while self._left:
            piece = await self._piece()
            if len(self.head) < _HEAD:
                self.head += piece
            self.tail = (self.tail + piece)[-_HEAD:]

    async def _piece(self) -> bytes:
        piece = await self._reader.read(min(self._left, _HEAD))
        if not piece:
            raise asyncio.IncompleteReadError(b"", self._left)
        self._left -= len(piece)
        return piece

    def find(self, pattern: bytes, otherwise: bytes = b"") -> bytes:
        """The first group where it is in what was kept."""
        found = re.search(pattern, self.head) or re.search(pattern, self.tail)
        return found[1] if found else otherwise

    def text(self, name: str) -> str:
        """A field that is a string, "" when there is none."""
        found = self.find(rb'"%s" ?: ?("(?:[^"\\]|\\.)*+")' % name.encode())
        return str(json.loads(found)) if found else ""


_INSUFFICIENT = {"error": "Insufficient credits", "message": "You need 10 credits.", "required": 10}
_REFUSALS: dict[str, tuple[int, dict[str, Any], str]] = {
    "busy": (429, {"error": "Rate limited"}, "Retry-After: 1\r\n"),
    "busy_silent": (429, {"error": "Rate limited"}, ""),
    "unauthorized": (401, {"error": "Invalid API key"}, ""),
    "broke": (402, _INSUFFICIENT, ""),
}


def _data_url(content: bytes) -> str:
    return f'"data:image/png;base64,{base64.b64encode(content).decode()}"'


async def _say(writer: asyncio.StreamWriter, status: int, body: dict[str, Any], more: str = "") -> None:
    await _send(writer, status, json.dumps(body).encode(), more=more)


async def _send(
    writer: asyncio.StreamWriter, status: int, content: bytes, *, length: int | None = None, more: str = ""
) -> None:
    size = len(content) if length is None else length
    fields = f"Content-Type: application/json\r\nContent-Length: {size}\r\nConnection: close\r\n{more}"
    writer.write(f"HTTP/1.1 {status} So\r\n{fields}\r\n".encode())
    view = memoryview(content)
    for at in range(
        0, len(content), _PIECE
    ):  # in pieces, or each connection would hold a copy of the picture
        writer.write(view[at : at + _PIECE])
        await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    plain = writer.get_extra_info("socket")
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


# --- As a thread, as a process ---------------------------------------------------------------------------


@contextmanager
def serving(*, seed: int = 0, faults: Faults | None = None) -> Iterator[tuple[FaultyMeltFlex, str]]:
    """The server in a thread of this process, and its address."""
    server, loop = FaultyMeltFlex(seed=seed, faults=faults), asyncio.new_event_loop()
    address = loop.run_until_complete(server.start(0))
    thread = threading.Thread(target=loop.run_forever, name="faulty-meltflex", daemon=True)
    thread.start()
    try:
        yield server, address
    finally:
        asyncio.run_coroutine_threadsafe(_end(server), loop).result(timeout=10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end(server: FaultyMeltFlex) -> None:
    server._server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--faults", type=json.loads, default={}, help="fields of Faults, as JSON")
    options = parser.parse_args()

    async def serve() -> None:
        server = FaultyMeltFlex(seed=options.seed, faults=Faults(**options.faults))
        print(await server.start(options.port), flush=True)  # noqa: T201
        await asyncio.Event().wait()

    with suppress(KeyboardInterrupt):
        asyncio.run(serve())


if __name__ == "__main__":
    main()
