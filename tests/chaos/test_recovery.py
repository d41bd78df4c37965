"""From `kill -9` to running again or refunded: at most a minute, over fifty interrupted generations."""

from __future__ import annotations

import base64
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from config.local.terminal import say
from tests import real_stack
from tests.chaos import upstream
from tests.fakes import jpeg
from tests.real_stack import SAMPLE, Caller, RealStack

pytestmark = [pytest.mark.slow, pytest.mark.long]

INTERRUPTED = 50
BATCH = 10  # half of them wait for MeltFlex, half are made by the preview engine, which is free to run again
LIMIT_SECONDS = 60.0


@dataclass(frozen=True)
class Callers:
    """`paid` has its pictures made by MeltFlex, `free` by the preview engine."""

    stack: RealStack
    paid: Caller
    free: Caller


@pytest.fixture(scope="module")
def callers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callers]:
    folder = tmp_path_factory.mktemp("recovery") / "stack"
    # One image process, so that previews stand in line for it and are surely under way when the blow comes.
    environ = {"WORKER_PROCESSES": "2", "WORKER_CONCURRENCY": "10", "IMAGE_PROCESSES": "1"}
    with upstream.running() as up, real_stack.running(folder, **environ, **up.environ) as stack:
        up.behave(latency=(90.0, 90.0))
        (paid,) = stack.provision_many(["Paid"], [10_000], plan="scale")
        (free,) = stack.provision_many(["Free"], [0], plan="scale", live=False)
        yield Callers(stack, paid, free)


def data_url(content: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(content).decode()


def ask(caller: Caller, photo: bytes) -> str:
    body = {"prompt": "Japandi, light oak", "image": data_url(photo)}
    public_id: str = caller.api("POST", "generations", json=body).json()["id"]
    return public_id


def rows(database: psycopg.Connection[Any], ids: list[str]) -> dict[str, tuple[str, int, int]]:
    """State, attempt and number of calls of each."""
    found = database.execute(
        """SELECT public_id, state, attempt, (SELECT count(*) FROM generations_upstreamcall c
           WHERE c.generation_id = g.id) FROM generations_generation g WHERE public_id = ANY(%s)""",
        [ids],
    )
    return {public_id: (state, attempt, calls) for public_id, state, attempt, calls in found}


def interrupt(callers: Callers, database: psycopg.Connection[Any]) -> dict[str, float]:
    """Kill every worker in the middle of a batch; seconds until each of it was running again or refunded."""
    calling = [ask(callers.paid, jpeg()) for _ in range(BATCH // 2)]
    deadline = time.monotonic() + 60
    while not all(calls for _, _, calls in rows(database, calling).values()):
        assert time.monotonic() < deadline, rows(database, calling)
        time.sleep(0.05)
    rendering = [ask(callers.free, SAMPLE.read_bytes()) for _ in range(BATCH)]
    while sum(state == "running" for state, _, _ in rows(database, rendering).values()) < BATCH // 2:
        assert time.monotonic() < deadline, rows(database, rendering)
        time.sleep(0.02)
    assert callers.stack.kill_workers() == 2
    killed = time.monotonic()
    before = rows(database, calling + rendering)
    open_ = {public_id: row[1] for public_id, row in before.items() if row[0] == "running"}
    took: dict[str, float] = {}
    while len(took) < len(open_):
        for public_id, (state, attempt, _) in rows(database, list(open_)).items():
            if public_id not in took and (state not in ("running", "queued") or attempt > open_[public_id]):
                took[public_id] = time.monotonic() - killed
        assert time.monotonic() - killed < 3 * LIMIT_SECONDS, rows(database, list(open_))
        time.sleep(0.05)
    return took


def wait_for_the_end(database: psycopg.Connection[Any]) -> None:
    """Of everything, so that the next batch finds idle workers."""
    deadline = time.monotonic() + 120
    unended = "SELECT count(*) FROM generations_generation WHERE finished_at IS NULL"
    while (left := database.execute(unended).fetchone()) and left[0]:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_what_a_killed_worker_had_in_hand_runs_again_or_is_refunded_within_a_minute(
    callers: Callers, capsys: pytest.CaptureFixture[str]
) -> None:
    measured: list[float] = []
    with callers.stack.database() as database:
        while len(measured) < INTERRUPTED:
            took = list(interrupt(callers, database).values())
            measured += took
            with capsys.disabled():
                say(f"\nkilled with {len(took)} under way: the last one after {max(took):.1f} s")
            wait_for_the_end(database)
    with capsys.disabled():
        median, longest = statistics.median(measured), max(measured)
        say(f"\n{len(measured)} interrupted: p50 {median:.1f} s, longest {longest:.1f} s")
    assert longest <= LIMIT_SECONDS
    assert "adds up" in callers.stack.manage("check_ledger")
    assert callers.paid.balance() == 10_000
