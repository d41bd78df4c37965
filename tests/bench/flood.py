"""Two hundred callers that wait at the same time for an upstream that takes thirty seconds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import psutil

from config.local.postgres import EmbeddedPostgres
from tests import real_stack
from tests.bench import servers
from tests.bench.accept import INPUTS, PICTURE_BYTES, Inputs, keys_of, made_inputs
from tests.bench.in_flight import upstream
from tests.bench.loads import from_clients
from tests.bench.report import MISSING, Goal, Options, Part, Row
from tests.bench.servers import Target

_OTHERS = (("LiteLLM", servers.litellm), ("nginx", servers.nginx))


def part_of(options: Options) -> Part:
    """Ours, then each of the others: the same callers, rounds and upstream."""
    flood = _Flood(options)
    with ExitStack() as running:
        latency = [flood.seconds, flood.seconds]
        faults = {"picture_bytes": PICTURE_BYTES, "latency": latency}
        address, _ = running.enter_context(upstream(faults))
        flood.inputs = running.enter_context(made_inputs(options))
        folder = options.folder / "stack"
        with real_stack.running(folder, **flood.environ(address)) as stack:
            process = psutil.Process(stack.process.pid)
            flood.come("ours", Target(stack.address, keys_of(stack, -(-flood.clients // 25)), process))
            with servers.naive(address, EmbeddedPostgres(folder), threads=flood.clients) as target:
                flood.come("naive view", target)
        for name, starts in _OTHERS:
            if servers.find(name.lower()) is None:
                flood.miss(name, "not installed")
                continue
            try:
                with starts(address, options.folder) as target:
                    flood.come(name, target)
            except servers.NotStarted:
                flood.miss(name, "did not start")
    return flood.told()


class _Flood:
    """The callers, and what became of their calls."""

    inputs: Inputs

    def __init__(self, options: Options) -> None:
        self.clients, self._rounds = options.pick(200, 10), options.pick(3, 1)
        self.seconds = options.pick(30.0, 3.0)
        self._rates = [Row(f"round trips, {kind}", "1/s", None) for kind in INPUTS]
        self._memory = [Row(f"memory of all its processes at most, {kind}", "MB", None) for kind in INPUTS]
        self._failed: dict[str, int] = {}

    def environ(self, address: str) -> dict[str, str]:
        """Of our stack: room for all callers at once."""
        return {
            "MELTFLEX_API_BASE": address,
            "MELTFLEX_API_KEY": "mf_sk_up",
            "FETCH_ALLOW_LOOPBACK": "true",
            "UPSTREAM_CONCURRENCY": str(self.clients + 100),
            "WORKER_PROCESSES": "2",
            "WORKER_CONCURRENCY": str(self.clients // 2 + 20),
            # Half of a process's threads may wait, and two processes share the callers unevenly.
            "WEB_THREADS": str(2 * self.clients),
        }

    def come(self, name: str, target: Target) -> None:
        """All callers, with each kind of input in turn."""
        for position, kind in enumerate(INPUTS):
            calls = self.inputs.calls(target, kind)
            with _watching(target.rss_mb) as most:
                seen = from_clients(calls, clients=self.clients, seconds=0, rounds=self._rounds)
            self._put(self._rates, position, name, seen.rate)
            self._put(self._memory, position, name, most[0])
            self._failed[name] = self._failed.get(name, 0) + seen.failed

    def miss(self, name: str, reason: str) -> None:
        """It could not be measured."""
        for row in (*self._rates, *self._memory):
            row.beside[name] = f"{MISSING}: {reason}"

    @staticmethod
    def _put(rows: list[Row], position: int, name: str, value: float) -> None:
        if name == "ours":
            rows[position] = replace(rows[position], ours=value)
        else:
            rows[position].beside[name] = value

    def told(self) -> Part:
        """As a part of the report."""
        part = Part(f"{self.clients} in flight, upstream that takes {self.seconds:.0f} s (1.5 MB PNG)")
        part.rows = [*self._rates, *self._memory]
        for row, kind in zip(self._rates, INPUTS, strict=True):
            naive = row.beside["naive view"]
            assert row.ours is not None
            assert isinstance(naive, float)
            what = f"At least the naive view's throughput with {self.clients} in flight, {kind}"
            seen = f"{row.ours:.2f}/s and {naive:.2f}/s"
            part.goals.append(Goal(what, seen, row.ours >= naive and not self._failed["ours"]))
        told = ", ".join(f"{name} {number}" for name, number in self._failed.items())
        part.notes.append(
            f"{self.clients} callers, {self._rounds} calls each, one after the other. Failed calls: {told}."
            f" No more than {self.clients / self.seconds:.2f}/s is possible. Memory of ours is that of web, worker,"
            " image processes and supervisor together: two web processes, as the naive view has, and two workers."
        )
        return part


@contextmanager
def _watching(look: Callable[[], float]) -> Iterator[list[float]]:
    """The most that `look` gives meanwhile, looked at each half second."""
    most, over = [0.0], threading.Event()

    def watch() -> None:
        while not over.wait(0.5):
            most[0] = max(most[0], look())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield most
    finally:
        over.set()
        thread.join()
