"""Load: calls that come at a rate whatever becomes of earlier ones, or from clients that wait for each answer."""

from __future__ import annotations

import http.client
import itertools
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.bench.report import percentile

_PATIENCE = 180.0  # seconds for one answer
_PIECE = 2**18


@dataclass(frozen=True)
class Call:
    """One request, ready to be sent; `wanted` are statuses that count as done."""

    address: str
    body: bytes
    headers: Mapping[str, str]
    wanted: tuple[int, ...] = (200,)


@dataclass(frozen=True)
class Answer:
    """What came of a call; `seconds` from the moment when it was due to the last byte."""

    seconds: float
    status: int  # 0: no answer at all
    generation: str
    ok: bool


@dataclass(frozen=True)
class Seen:
    """All answers of one load, and how long it took, in seconds."""

    answers: Sequence[Answer]
    seconds: float

    @property
    def good(self) -> list[Answer]:
        """Those that were answered as wanted."""
        return [answer for answer in self.answers if answer.ok]

    @property
    def failed(self) -> int:
        """How many were not."""
        return len(self.answers) - len(self.good)

    @property
    def rate(self) -> float:
        """Good answers a second."""
        return len(self.good) / self.seconds

    def milliseconds(self, percent: float) -> float:
        """A percentile of the good answers."""
        return 1000 * percentile([answer.seconds for answer in self.good] or [float("inf")], percent)


def send(call: Call, due: float) -> Answer:
    """On a connection of its own; read to the end and thrown away, piece by piece."""
    where = urlsplit(call.address)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=_PATIENCE)
    try:
        connection.request("POST", where.path, call.body, dict(call.headers))
        response = connection.getresponse()
        length = 0
        while piece := response.read(_PIECE):
            length += len(piece)
        whole = response.getheader("Content-Length") in (None, str(length))
        generation = response.getheader("X-Generation-Id") or ""
        return Answer(
            time.perf_counter() - due, response.status, generation, whole and response.status in call.wanted
        )
    except (OSError, http.client.HTTPException):
        return Answer(time.perf_counter() - due, 0, "", ok=False)
    finally:
        connection.close()


def at_rate(calls: Sequence[Call], *, rate: float, seconds: float) -> Seen:
    """`rate` calls a second, evenly, taken in turn from `calls`; a slow answer delays none of them."""
    count = max(1, round(rate * seconds))
    began = time.perf_counter() + 0.1

    def one(number: int, call: Call) -> Answer:
        due = began + number / rate
        time.sleep(max(0.0, due - time.perf_counter()))
        return send(call, due)

    with ThreadPoolExecutor(count if count < 400 else 400) as threads:
        answers = list(threads.map(one, range(count), itertools.cycle(calls)))
    return Seen(answers, time.perf_counter() - began)


def from_clients(calls: Sequence[Call], *, clients: int, seconds: float, rounds: int = 0) -> Seen:
    """So many clients, each sending its next call when it has the answer; for `seconds`, or for `rounds` each."""
    answers: list[Answer] = []
    lock = threading.Lock()
    began = time.perf_counter()

    def client(number: int) -> None:
        done = 0
        while (done < rounds) if rounds else (time.perf_counter() < began + seconds):
            answer = send(calls[number % len(calls)], time.perf_counter())
            done += 1
            with lock:
                answers.append(answer)
            if not answer.ok:
                time.sleep(0.1)

    with ThreadPoolExecutor(clients) as threads:
        list(threads.map(client, range(clients)))
    return Seen(answers, time.perf_counter() - began)
