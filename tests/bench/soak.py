"""Half an hour at 70 % of what the machine can do: does anything grow?

    make soak MINUTES=30

First the capacity is measured, by callers that wait for each answer; then calls come at 70 % of it. Memory of every
kind of process, database connections and the time of answers are looked at all the while; the first tenth of it is for
warming up, and what is left is compared third by third.
"""

from __future__ import annotations

import statistics
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

from tests import real_stack
from tests.bench.accept import PICTURE_BYTES, Inputs, keys_of, made_inputs
from tests.bench.in_flight import upstream
from tests.bench.loads import Answer, at_rate, from_clients
from tests.bench.report import Goal, Options, Part, Row, percentile
from tests.bench.servers import Target
from tests.real_stack import RealStack

SHARE = 0.7  # of the capacity
_EVERY = 5.0  # seconds between two looks
_MOST_GROWTH = {"memory": 1.10, "connections": 1.10, "latency": 1.25}  # last third by the first
_KINDS = {"web": "config.wsgi", "worker": "manage.py worker", "image processes": "spawn_main"}


@dataclass
class Looks:
    """What was seen, one value a look."""

    memory: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in _KINDS})  # MB
    connections: list[float] = field(default_factory=list)


def part_of(options: Options) -> Part:
    """One stack, one upstream that takes a second."""
    minutes = options.pick(options.minutes, 0.5)
    faults = {"picture_bytes": PICTURE_BYTES, "latency": [1.0, 1.0]}
    with upstream(faults) as (address, _), made_inputs(options) as inputs:
        environ = {
            "MELTFLEX_API_BASE": address,
            "MELTFLEX_API_KEY": "mf_sk_up",
            "FETCH_ALLOW_LOOPBACK": "true",
            "UPSTREAM_CONCURRENCY": "100",
            "WORKER_CONCURRENCY": "40",
        }
        with real_stack.running(options.folder / "stack", **environ) as stack:
            target = Target(stack.address, keys_of(stack, 8))
            calls = inputs.calls(target, "URL")
            capacity = from_clients(calls, clients=24, seconds=options.pick(60.0, 8.0)).rate
            looks, over = Looks(), threading.Event()
            watching = threading.Thread(target=_watch, args=(stack, looks, over))
            watching.start()
            try:
                answers = _load(inputs, target, rate=SHARE * capacity, seconds=60 * minutes)
            finally:
                over.set()
                watching.join()
    return _part(capacity, minutes, looks, answers)


def _load(inputs: Inputs, target: Target, *, rate: float, seconds: float) -> list[Answer]:
    """In pieces of a minute, so that its own threads and results do not pile up."""
    calls, began = inputs.calls(target, "URL"), time.monotonic()
    answers: list[Answer] = []
    while (left := seconds - (time.monotonic() - began)) > 1:
        answers += at_rate(calls, rate=rate, seconds=min(60.0, left)).answers
    return answers


def _watch(stack: RealStack, looks: Looks, over: threading.Event) -> None:
    with stack.database() as database:
        while not over.wait(_EVERY):
            totals = dict.fromkeys(_KINDS, 0.0)
            for process in psutil.Process(stack.process.pid).children(recursive=True):
                with suppress(psutil.Error):
                    said = " ".join(process.cmdline())
                    for kind, word in _KINDS.items():
                        if word in said:
                            totals[kind] += process.memory_info().rss / 2**20
            for kind, total in totals.items():
                looks.memory[kind].append(total)
            row = database.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
            ).fetchone()
            assert row is not None
            looks.connections.append(row[0])


def _part(capacity: float, minutes: float, looks: Looks, answers: list[Answer]) -> Part:
    rate = SHARE * capacity
    part = Part(
        f"Soak: {minutes:g} minutes at {rate:.2g} requests/s, {SHARE:.0%} of a capacity of {capacity:.2g}"
    )
    good = [1000 * answer.seconds for answer in answers if answer.ok]
    series = {f"memory of {kind}": ("memory", "MB", values) for kind, values in looks.memory.items()}
    series["database connections"] = ("connections", "", looks.connections)
    series["round trip"] = ("latency", "ms", good)
    for what, (kind, unit, values) in series.items():
        first, last = _thirds(values)
        part.rows.append(Row(f"{what}, last third", unit, last, {"first third": first}))
        met = last <= _MOST_GROWTH[kind] * first
        goal = f"No growth of {what} (last third at most {_MOST_GROWTH[kind]:.2f} × the first)"
        part.goals.append(Goal(goal, f"{first:.0f} and {last:.0f} {unit}".rstrip(), met))
    failed = len(answers) - len(good)
    part.goals.append(Goal("No call fails", f"{failed} of {len(answers)}", failed == 0))
    part.notes.append(
        f"Medians of each third, after a tenth for warming up. Round trip p50 {percentile(good, 50):.0f} ms, p99"
        f" {percentile(good, 99):.0f} ms, of which the upstream takes 1,000. Image processes are replaced after 500"
        " calls."
    )
    return part


def _thirds(values: list[float]) -> tuple[float, float]:
    """Medians of the first and of the last third of what came after warming up."""
    warm = values[len(values) // 10 :]
    third = max(1, len(warm) // 3)
    return statistics.median(warm[:third]), statistics.median(warm[-third:])
