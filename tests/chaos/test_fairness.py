"""A thousand pictures of one workspace delay nobody else's."""

from __future__ import annotations

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from config.local.terminal import say
from tests import real_stack
from tests.chaos import upstream
from tests.chaos.callers import PHOTO
from tests.real_stack import Caller, RealStack

pytestmark = [pytest.mark.slow, pytest.mark.long]

CROWD = 1000
PICTURE_SECONDS = 3.0  # the upstream takes exactly so long
OVERHEAD_SECONDS = 1.0  # of ours, for each picture: preparing the photo, storing, the way to the worker
TRIALS = 3


def ask(caller: Caller) -> str:
    answer = caller.api("POST", "generations", json={"prompt": "Warm oak", "image": PHOTO})
    assert answer.status_code == 202, answer.text
    public_id: str = answer.json()["id"]
    return public_id


def seconds_until_called(stack: RealStack, public_id: str) -> float:
    """From acceptance to the first upstream call."""
    with stack.database() as database:
        for _ in range(1200):
            row = database.execute(
                """SELECT extract(epoch FROM c.began_at - g.created_at)::float FROM generations_generation g
                   JOIN generations_upstreamcall c ON c.generation_id = g.id
                   WHERE g.public_id = %s ORDER BY c.began_at LIMIT 1""",
                [public_id],
            ).fetchone()
            if row:
                return float(row[0])
            time.sleep(0.05)
    raise AssertionError("It was not started within a minute.")


def test_one_picture_starts_within_two_pictures_time_while_a_thousand_wait_elsewhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environ = {"WORKER_CONCURRENCY": "10", "API_REQUESTS_PER_MINUTE": "100000"}
    with upstream.running() as up, real_stack.running(tmp_path / "stack", **environ, **up.environ) as stack:
        up.behave(latency=(PICTURE_SECONDS, PICTURE_SECONDS))
        crowd, other = stack.provision_many(["Agency", "Other"], [100_000, 100_000], plan="scale")
        with ThreadPoolExecutor(8) as threads:
            sessions = [Caller(crowd.address, crowd.key) for _ in range(8)]
            made = list(threads.map(lambda number: ask(sessions[number % 8]), range(CROWD)))
        waited = []
        for trial in range(TRIALS):
            time.sleep(1 + 0.7 * trial)  # at another moment of the ten calls' beat
            waited.append(seconds_until_called(stack, ask(other)))
        with stack.database() as database:
            left = database.execute(
                "SELECT count(*) FROM generations_generation WHERE finished_at IS NULL"
            ).fetchone()
        assert left
        numbers = ", ".join(f"{seconds:.1f}" for seconds in waited)
        with capsys.disabled():
            say(f"\n{len(made)} queued elsewhere, {left[0]} still under way: one of another workspace starts")
            say(f"after {numbers} s, median {statistics.median(waited):.1f} s")
        assert left[0] > CROWD // 2, "the crowd was gone before the question could be asked"
        assert max(waited) <= 2 * (PICTURE_SECONDS + OVERHEAD_SECONDS)
