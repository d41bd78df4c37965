"""From the request to the picture at ten requests a second, with an upstream that answers at once: what is ours of it.

Overhead is the whole round trip less what the same upstream takes when it is called directly, less the picture work of
that very generation (decode, thumbnail, signature, and the wait for a free image process), which our own traces tell.
"""

from __future__ import annotations

import base64
import json
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import psutil

from config.local.postgres import EmbeddedPostgres
from tests import real_stack
from tests.bench import servers
from tests.bench.in_flight import upstream
from tests.bench.loads import Call, Seen, at_rate, from_clients
from tests.bench.report import MISSING, Goal, Options, Part, Row, percentile
from tests.bench.servers import Target
from tests.collector import Collector, collecting
from tests.real_stack import SAMPLE, RealStack

RATE = 10.0  # requests a second
PICTURE_BYTES = 1_500_000
P50, P99 = 25.0, 100.0  # milliseconds of overhead that are allowed
_WORKSPACES = 8
_EXPORT_SECONDS = 7.0  # after which a process has told of all its spans
INPUTS = ("URL", "8 MB base64")

_NOTE = """Times count from the moment when a call was due, so that a slow target does not slow its own load down.
Processor time is that of the target's own processes, image processes included, without PostgreSQL and the
upstream. The naive view looks its key up, takes credits by one `F()` update and hands the upstream's answer on;
nginx and LiteLLM charge nothing. None of them fetches, decodes, keeps, signs or shows a picture, which is why
picture work is told apart and overhead is compared without it. Ours is traced in this run, as it is where an
operator wants traces."""


@dataclass
class Inputs:
    """The bodies of both kinds; `calls` makes calls of them."""

    bodies: dict[str, bytes]

    def calls(self, target: Target, kind: str, path: str = "generate", *, wanted: int = 200) -> list[Call]:
        """One for each key of the target."""
        return [
            Call(
                f"{target.address}/api/v1/{path}",
                self.bodies[kind],
                {"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
                (wanted,),
            )
            for key in target.keys
        ]


def part_of(options: Options) -> Part:
    """Ours, then each of the others, one after the other, on the same upstream."""
    with ExitStack() as running:
        address, _ = running.enter_context(upstream({"picture_bytes": PICTURE_BYTES}))
        inputs = running.enter_context(made_inputs(options))
        collector = running.enter_context(collecting())
        folder = options.folder / "stack"
        environ = {
            "MELTFLEX_API_BASE": address,
            "MELTFLEX_API_KEY": "mf_sk_up",
            "FETCH_ALLOW_LOOPBACK": "true",
            "UPSTREAM_CONCURRENCY": "100",
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        }
        direct = Target(address, ("mf_sk_up",))
        part = Part(
            f"Accept and round trip at {RATE:.0f} requests/s, upstream that answers at once (1.5 MB PNG)"
        )
        with real_stack.running(folder, **environ) as stack:
            loads = _Loads(part, inputs, options)
            loads.floor = {kind: loads.at_rate(direct, kind) for kind in INPUTS}
            loads.measure_ours(_ours(stack), collector)
            cluster = EmbeddedPostgres(folder)
            with servers.naive(address, cluster, threads=64) as target:
                loads.measure_other("naive view", target)
        for name, starts in (("LiteLLM", servers.litellm), ("nginx", servers.nginx)):
            if servers.find(name.lower()) is None:
                loads.miss(name, "not installed")
                continue
            try:
                with starts(address, options.folder) as target:
                    loads.measure_other(name, target)
            except servers.NotStarted:
                loads.miss(name, "did not start")
        return loads.told()


@contextmanager
def made_inputs(options: Options) -> Iterator[Inputs]:
    """A small photo behind an address, and one of 6 MB in the body itself, which base64 makes 8."""
    folder = options.folder / "photos"
    folder.mkdir()
    (folder / "room.jpg").write_bytes(SAMPLE.read_bytes())
    large = base64.b64encode(servers.phone_photo(megabytes=6.0)).decode()
    with servers.serving_files(folder) as address:
        bodies: dict[str, Any] = {
            "URL": {"imageUrl": f"{address}/room.jpg"},
            "8 MB base64": {"image": f"data:image/jpeg;base64,{large}"},
        }
        yield Inputs(
            {name: json.dumps({"prompt": "Warm oak", **body}).encode() for name, body in bodies.items()}
        )


def _ours(stack: RealStack) -> Target:
    return Target(stack.address, keys_of(stack, _WORKSPACES), psutil.Process(stack.process.pid))


def keys_of(stack: RealStack, workspaces: int) -> list[str]:
    """Live keys of so many workspaces with the largest plan, which never run out."""
    names = [f"Bench {number}" for number in range(workspaces)]
    callers = stack.provision_many(names, [10_000_000] * workspaces, plan="scale")
    return [caller.key for caller in callers]


class _Loads:
    """Runs each cell and gathers its numbers into rows."""

    def __init__(self, part: Part, inputs: Inputs, options: Options) -> None:
        self._part, self._inputs = part, inputs
        self._seconds, self._closed = options.pick(40.0, 5.0), options.pick(15.0, 4.0)
        self.floor: dict[str, Seen] = {}
        self._rows: dict[str, Row] = {}
        self._failed: dict[str, int] = defaultdict(int)

    def at_rate(self, target: Target, kind: str, path: str = "generate", *, wanted: int = 200) -> Seen:
        calls = self._inputs.calls(target, kind, path, wanted=wanted)
        at_rate(calls, rate=4, seconds=2)  # it is warm
        return at_rate(calls, rate=RATE, seconds=self._seconds)

    def measure_ours(self, target: Target, collector: Collector) -> None:
        for kind in INPUTS:
            accepted = self.at_rate(target, kind, "generations", wanted=202)
            self._put_times(f"accept (`POST /generations`), {kind}", accepted)
            time.sleep(2)  # what was accepted is made
            whole = self.at_rate(target, kind)
            self._put_times(f"round trip (`POST /generate`), {kind}", whole)
            time.sleep(_EXPORT_SECONDS)
            self._split(kind, whole, picture_seconds(collector))
            self._closed_loop(target, kind)
            self._failed["ours"] += accepted.failed + whole.failed

    def _split(self, kind: str, whole: Seen, pictures: dict[str, float]) -> None:
        """What the pictures took, what is left as ours, and whether that is little enough."""
        floor = self.floor[kind].milliseconds(50)
        known = [answer for answer in whole.good if answer.generation in pictures]
        assert known, "no trace of any generation came"
        work = [1000 * pictures[answer.generation] for answer in known]
        over = [1000 * answer.seconds - floor - took for answer, took in zip(known, work, strict=True)]
        for percent in (50, 99):
            self._put(f"of it picture work, {kind}, p{percent}", "ms", percentile(work, percent))
        p50, p99 = percentile(over, 50), percentile(over, 99)
        self._put(f"overhead without picture work, {kind}, p50", "ms", p50)
        self._put(f"overhead without picture work, {kind}, p99", "ms", p99)
        what = f"Overhead without picture work at {RATE:.0f} requests/s, {kind}:"
        what += f" p50 <= {P50:.0f} ms, p99 <= {P99:.0f} ms"
        seen = f"{p50:.0f} and {p99:.0f} ms of {len(known)} answers, {whole.failed} failed"
        self._part.goals.append(Goal(what, seen, p50 <= P50 and p99 <= P99 and not whole.failed))

    def measure_other(self, name: str, target: Target) -> None:
        for kind in INPUTS:
            whole = self.at_rate(target, kind)
            self._put_times(f"round trip (`POST /generate`), {kind}", whole, name)
            for percent in (50, 99):
                over = whole.milliseconds(percent) - self.floor[kind].milliseconds(50)
                self._put(f"overhead without picture work, {kind}, p{percent}", "ms", over, name)
            self._closed_loop(target, kind, name)
            self._failed[name] += whole.failed
        self._put("memory of all its processes after that", "MB", target.rss_mb(), name)

    def miss(self, name: str, reason: str) -> None:
        for row in self._rows.values():
            row.beside[name] = f"{MISSING}: {reason}"

    def _closed_loop(self, target: Target, kind: str, name: str = "") -> None:
        before = target.cpu_seconds()
        seen = from_clients(self._inputs.calls(target, kind), clients=8, seconds=self._closed)
        used = target.cpu_seconds() - before
        self._put(f"round trips, 8 clients, {kind}", "1/s", seen.rate, name)
        self._put(f"processor time a round trip, {kind}", "ms", 1000 * used / max(len(seen.good), 1), name)

    def _put_times(self, what: str, seen: Seen, name: str = "") -> None:
        for percent in (50, 99):
            self._put(f"{what}, p{percent}", "ms", seen.milliseconds(percent), name)

    def _put(self, what: str, unit: str, value: float, name: str = "") -> None:
        if name:
            self._rows.setdefault(what, Row(what, unit, None)).beside[name] = value
        else:
            self._rows[what] = Row(what, unit, value, {})

    def told(self) -> Part:
        self._part.rows = list(self._rows.values())
        floors = ", ".join(f"{kind} {seen.milliseconds(50):.1f} ms" for kind, seen in self.floor.items())
        failed = ", ".join(f"{name} {number}" for name, number in self._failed.items())
        self._part.notes += [
            f"The upstream itself, called directly, p50: {floors}. Failed calls: {failed}.",
            _NOTE,
        ]
        return self._part


def picture_seconds(collector: Collector) -> dict[str, float]:
    """By generation, of those whose traces have come: what image processes were waited for."""
    found: dict[str, float] = defaultdict(float)
    for span in collector.spans():
        generation = span.attributes.get("roomwright.generation")
        if generation and span.name.startswith("image work"):
            found[str(generation)] += span.seconds
    return found
