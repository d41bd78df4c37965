"""Hundreds of pictures in flight in one worker process: what it takes, and whether it stays on time.

    python -m tests.bench.in_flight --generations 300 --seconds 60

The pictures come from a faulty MeltFlex without faults, in a process of its own, which keeps every call waiting for so
long that all are in flight together, and then gives all of them large pictures at the same moment.
"""

from __future__ import annotations

import argparse
import base64
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg
import requests

from config.local.postgres import EmbeddedPostgres
from tests import real_stack
from tests.bench.report import Goal, Options, Part, Row
from tests.real_stack import ROOT, SAMPLE, Caller, RealStack

MOST_MB = 500  # of the worker process with 1,000 in flight
PER_WORKSPACE = 40  # pictures that the plan "scale" has in flight at once
_SAMPLE_SECONDS = 0.25
_ENDED = ("succeeded", "failed", "canceled")


@dataclass
class Measured:
    """The worst of what was seen."""

    generations: int
    states: dict[str, int]
    most_at_upstream: int = 0
    charged_twice: int = 0
    worker_rss_mb: float = 0.0  # the worker process itself
    worker_rss_at_start_mb: float = 0.0
    children_rss_mb: float = 0.0  # its image processes together
    web_rss_mb: float = 0.0  # all web processes together
    upstream_rss_mb: float = 0.0
    worker_threads: int = 0
    worker_connections: int = 0
    server_connections: int = 0  # everybody's, as PostgreSQL tells
    heartbeat_age: float = 0.0  # seconds; one is due every 5
    late_leases: int = 0  # rows that a sweeper could have taken from their living worker
    seconds: float = 0.0  # from the first request to the last end
    seconds_after_answers: float = 0.0  # from the moment when the upstream answers to the last end
    worker_pids: set[int] = field(default_factory=set)  # more than one means that it was restarted


def part_of(options: Options) -> Part:
    """At 100, 500 and 1,000, a stack for each."""
    part = Part("In flight: generations that wait for the upstream, one worker process")
    for generations in options.pick((100, 500, 1000), (10,)):
        # As long as the upstream may take, or the first would have their pictures before the last are asked for.
        seconds = options.pick(100.0, 15.0)
        measured = measure(
            options.folder / f"stack-{generations}",
            generations=generations,
            seconds=seconds,
            picture_bytes=1_500_000,
        )
        part.rows += [
            Row(f"{generations:,} asked for: {what}", unit, value) for what, unit, value in _rows(measured)
        ]
        if generations == 1000 or options.quick:
            seen = f"{measured.worker_rss_mb:.0f} MB, {measured.most_at_upstream:,} at the upstream at once"
            enough = measured.worker_rss_mb < MOST_MB and measured.most_at_upstream == generations
            what = f"{generations:,} in flight in one worker process below {MOST_MB} MB"
            part.goals.append(Goal(what, seen, enough and _is_whole(measured)))
    part.notes.append(
        "The most that was seen, the moment included when all pictures (1.5 MB) come together. The worker's memory is"
        " that of its own process; its image processes are told apart, and do not grow with what is in flight."
    )
    return part


def _rows(measured: Measured) -> list[tuple[str, str, float]]:
    return [
        ("at the upstream at once", "", measured.most_at_upstream),
        ("worker at start", "MB", measured.worker_rss_at_start_mb),
        ("worker at most", "MB", measured.worker_rss_mb),
        ("its image processes", "MB", measured.children_rss_mb),
        ("web processes together", "MB", measured.web_rss_mb),
        ("database connections of the worker", "", measured.worker_connections),
        ("database connections in all", "", measured.server_connections),
        ("from the answers to the last end", "s", measured.seconds_after_answers),
        ("succeeded", "", measured.states.get("succeeded", 0)),
    ]


def _is_whole(measured: Measured) -> bool:
    """All made, none twice, by the one worker that began."""
    made = measured.states.get("succeeded", 0) == measured.generations
    return made and not measured.charged_twice and len(measured.worker_pids) == 1


def measure(
    folder: Path, *, generations: int, seconds: float, picture_bytes: int, **environ: str
) -> Measured:
    """Run it in this folder."""
    faults = {"latency": [seconds, seconds], "picture_bytes": picture_bytes}
    with (
        upstream(faults) as (address, process),
        real_stack.running(
            folder,
            **{
                "WORKER_CONCURRENCY": str(generations),
                "UPSTREAM_CONCURRENCY": str(generations + 100),
                "MELTFLEX_API_BASE": address,
                "MELTFLEX_API_KEY": "mf_sk_up",
                **environ,
            },
        ) as stack,
        psycopg.connect(EmbeddedPostgres(folder).connection_url("roomwright"), autocommit=True) as database,
    ):
        database.execute("SET app.system = 'on'")
        measured = Measured(generations, {})
        (worker,) = stack.workers()
        measured.worker_rss_at_start_mb = worker.memory_info().rss / 2**20
        callers = [
            stack.provision(f"Crowd {number}", 10 * PER_WORKSPACE, "scale")
            for number in range(-(-generations // PER_WORKSPACE))
        ]
        began = time.monotonic()
        with ThreadPoolExecutor(4) as threads:
            asking = threads.submit(_ask_all, callers, generations)
            while _unended(measured) and time.monotonic() < began + 3 * seconds + 300:
                _look_at_database(measured, database)
                _look_at_workers(measured, stack)
                _look_at_web(measured, stack)
                _look_at_upstream(measured, process.pid)
                if asking.done():
                    asking.result()  # raises what went wrong
                time.sleep(_SAMPLE_SECONDS)
        measured.seconds = time.monotonic() - began
        told = requests.get(f"{address}/_control", timeout=30).json()
        measured.seconds_after_answers = measured.seconds - seconds
        measured.most_at_upstream = told["most_in_work"]
        measured.charged_twice = len(told["charged_twice"])
        return measured


@contextmanager
def upstream(faults: dict[str, Any], *, seed: int = 7) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A faulty MeltFlex in a process of its own; its address and the process."""
    command = [sys.executable, "-m", "tests.contract.faulty_meltflex", "--seed", str(seed)]
    process = subprocess.Popen(
        [*command, "--faults", json.dumps(faults)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip(), process
        finally:
            process.terminate()


def _ask_all(callers: Sequence[Caller], generations: int) -> None:
    image = photo()
    with ThreadPoolExecutor(8) as threads:
        for number, response in enumerate(
            threads.map(
                lambda n: callers[n % len(callers)].api(
                    "POST", "generations", json={"prompt": f"Room {n}", "image": image}
                ),
                range(generations),
            )
        ):
            assert response.status_code in (200, 202), f"{number}: {response.status_code} {response.text}"


def photo() -> str:
    """The sample photo as the API wants it."""
    return f"data:image/jpeg;base64,{base64.b64encode(SAMPLE.read_bytes()).decode()}"


def _unended(measured: Measured) -> int:
    return measured.generations - sum(measured.states.get(state, 0) for state in _ENDED)


def _look_at_upstream(measured: Measured, pid: int) -> None:
    rss = psutil.Process(pid).memory_info().rss / 2**20
    measured.upstream_rss_mb = max(measured.upstream_rss_mb, rss)


def _look_at_workers(measured: Measured, stack: RealStack) -> None:
    workers = stack.workers()
    measured.worker_pids |= {worker.pid for worker in workers}
    for worker in workers:
        _look_at_worker(measured, worker)


def _look_at_web(measured: Measured, stack: RealStack) -> None:
    total = 0
    for process in psutil.Process(stack.process.pid).children(recursive=True):
        with suppress(psutil.Error):
            if "config.wsgi" in " ".join(process.cmdline()):
                total += process.memory_info().rss
    measured.web_rss_mb = max(measured.web_rss_mb, total / 2**20)


def _look_at_worker(measured: Measured, worker: psutil.Process) -> None:
    try:
        children = sum(child.memory_info().rss for child in worker.children(recursive=True))
        rss, threads = worker.memory_info().rss, worker.num_threads()
    except psutil.Error:  # one of them ended while we looked
        return
    measured.worker_rss_mb = max(measured.worker_rss_mb, rss / 2**20)
    measured.children_rss_mb = max(measured.children_rss_mb, children / 2**20)
    measured.worker_threads = max(measured.worker_threads, threads)


def _look_at_database(measured: Measured, database: psycopg.Connection[Any]) -> None:
    rows = database.execute("SELECT state, count(*) FROM generations_generation GROUP BY state").fetchall()
    measured.states = dict(rows)
    age, late, connections, ours = _one(
        database,
        """SELECT (SELECT extract(epoch FROM clock_timestamp() - max(last_heartbeat))
                   FROM procrastinate_workers),
                  (SELECT count(*) FROM generations_generation
                   WHERE state = 'running' AND lease_until < clock_timestamp()),
                  (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
                  (SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'roomwright-worker-%')""",
    )
    measured.heartbeat_age = max(measured.heartbeat_age, float(age or 0))
    measured.late_leases = max(measured.late_leases, late)
    measured.worker_connections = max(measured.worker_connections, ours)
    measured.server_connections = max(measured.server_connections, connections)


def _one(database: psycopg.Connection[Any], query: Any) -> tuple[Any, ...]:
    row = database.execute(query).fetchone()
    assert row is not None
    return tuple(row)


def told(measured: Measured) -> str:
    """One line a number."""
    return "\n".join(
        f"{name:>24}: {value:.1f}" if isinstance(value, float) else f"{name:>24}: {value}"
        for name, value in asdict(measured).items()
    )


def main() -> None:
    """Measure once and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--generations", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long the upstream takes")
    parser.add_argument("--picture-bytes", type=int, default=8_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="in-flight-") as folder:
        measured = measure(
            Path(folder) / "stack",
            generations=options.generations,
            seconds=options.seconds,
            picture_bytes=options.picture_bytes,
        )
    print(told(measured))  # noqa: T201


if __name__ == "__main__":
    main()
