"""`make chaos SEED=7 GENERATIONS=2000`: break everything under load, then count pictures and credits.

Prints what it did and each number; exits non-zero when one of them is not what it must be.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from config.local.run import stop_like_an_interrupt
from config.local.terminal import say
from tests import real_stack
from tests.chaos import audit, plan, upstream
from tests.chaos.audit import Finding
from tests.chaos.blows import Blows
from tests.chaos.callers import Callers
from tests.chaos.plan import Plan
from tests.real_stack import Caller, RealStack

WORKERS, CONCURRENCY = 4, 8
CALLERS = 24
UNDER_WAY = (
    0.12  # of all: when so many are accepted and not ended the callers pause, to be there for every blow
)
DRAIN_SECONDS = 240

_began = time.monotonic()


def tell(text: str) -> None:
    """A line with the time since the beginning."""
    say(f"{time.monotonic() - _began:6.1f} s  {text}")


class Watch:
    """Looks at the states twice a second, through every restart of the database."""

    def __init__(self, stack: RealStack) -> None:
        self.ended = self.not_ended = 0
        self._stack = stack
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        told = time.monotonic()
        while not self._stop.is_set():
            try:
                with self._stack.database() as database:
                    while not self._stop.wait(0.3):
                        self._count(database)
                        if time.monotonic() - told > 15:
                            told = time.monotonic()
                            tell(f"ended {self.ended}, under way {self.not_ended}")
            except psycopg.Error:
                self._stop.wait(0.3)

    def _count(self, database: psycopg.Connection[tuple[object, ...]]) -> None:
        row = database.execute(
            """SELECT count(*) FILTER (WHERE finished_at IS NOT NULL), count(*) FILTER (WHERE finished_at IS NULL)
               FROM generations_generation"""
        ).fetchone()
        assert row
        self.ended, self.not_ended = int(str(row[0])), int(str(row[1]))

    def wait_until_none_is_under_way(self, seconds: float) -> bool:
        """False when that took too long."""
        ends = time.monotonic() + seconds
        time.sleep(1)  # what was accepted this moment
        while self.not_ended and time.monotonic() < ends:
            time.sleep(0.2)
        return not self.not_ended


@contextmanager
def moods(chaos: Plan, up: upstream.Upstream, watch: Watch) -> Iterator[None]:
    """The upstream changes its mood at the plan's marks."""
    over = threading.Event()

    def change() -> None:
        for mood in chaos.moods:
            while watch.ended < mood.at:
                if over.wait(0.2):
                    return
            tell(f"upstream: {mood.name} (mark {mood.at})")
            up.behave(**mood.faults)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def act(chaos: Plan, stack: RealStack, up: upstream.Upstream, keys: list[Caller]) -> list[Finding]:
    """All of the plan; then what came of it."""
    watch = Watch(stack)
    enough = max(60, int(UNDER_WAY * len(chaos.asks)))
    callers = Callers(keys, chaos.asks, threads=CALLERS, held_back=lambda: watch.not_ended > enough)
    blows = Blows(stack, seed=chaos.seed, ended=lambda: watch.ended, tell=tell)
    dealing = threading.Thread(target=blows.deal, args=(chaos.blows,), daemon=True)
    try:
        with moods(chaos, up, watch):
            dealing.start()
            callers.start()
            callers.finish()
            tell("every ask is answered")
            drained = watch.wait_until_none_is_under_way(DRAIN_SECONDS)
            tell("none is under way" if drained else f"STUCK: {watch.not_ended} are still under way")
            dealing.join(timeout=5)
    finally:
        blows.stop()
    last = _last_act(chaos, up, keys, watch)
    watch.stop()
    findings = _audit(stack, up, callers, last)
    missing = [blow.kind for blow in chaos.blows][len(blows.dealt) :]
    return [audit.none_of("blows that were not dealt", missing), *findings]


def _last_act(chaos: Plan, up: upstream.Upstream, keys: list[Caller], watch: Watch) -> Callers:
    """The upstream refuses our key: everything asked for from now on is given back."""
    tell("upstream: refuses our key")
    up.behave(broke_keys=[upstream.KEY])
    callers = Callers(keys, chaos.last_asks, threads=CALLERS, held_back=lambda: False)
    callers.start()
    callers.finish()
    watch.wait_until_none_is_under_way(DRAIN_SECONDS)
    return callers


def _audit(stack: RealStack, up: upstream.Upstream, callers: Callers, last: Callers) -> list[Finding]:
    ids = [public_id for them in (callers, last) for found in them.ids.values() for public_id in found]
    seen = up.seen()
    with stack.database() as database:
        books = audit.Books(database)
        refused = {public_id for found in last.ids.values() for public_id in found}
        return [
            audit.fact("answers to callers", dict(callers.answers + last.answers)),
            audit.fact("what the upstream did", seen["outcomes"]),
            *books.ends(),
            *books.holds(),
            _command(stack, "check_ledger"),
            *books.upstream_calls(),
            *books.against(seen["calls"], seen["charged"]),
            *books.files(Path(stack.environ["DATA_DIR"]) / "media"),
            _command(stack, "check_files"),
            *books.leftovers(),
            *books.answers(ids, callers.finished | last.finished),
            audit.none_of(
                "accepted with a refused key and yet not given back",
                (i for i in refused if books.generations.get(i, {}).get("credits_settled") != 0),
            ),
            audit.none_of("other things that callers met", callers.problems + last.problems),
        ]


def _command(stack: RealStack, name: str) -> Finding:
    """What an operator would be told."""
    done = stack.try_manage(name)
    said = (done.stdout + done.stderr).strip()
    return Finding(name, said.splitlines()[-1][:100], () if done.returncode == 0 else (said,))


def main() -> int:
    """The exit code."""
    stop_like_an_interrupt()
    seed = int(os.environ.get("SEED") or "1")
    generations = int(os.environ.get("GENERATIONS") or "2000")
    chaos = plan.make(seed, generations)
    tell(f"seed {seed}: {plan.summary(chaos)}")
    environ = {
        "WORKER_PROCESSES": str(WORKERS),
        "WORKER_CONCURRENCY": str(CONCURRENCY),
        "IMAGE_PROCESSES": "1",
        "WEB_PROCESSES": "1",
        "UPSTREAM_CONCURRENCY": str(WORKERS * CONCURRENCY),
        "API_REQUESTS_PER_MINUTE": "100000",
    }
    with _folder() as folder, upstream.running(seed) as up:
        with real_stack.running(Path(folder) / "stack", **environ, **up.environ) as stack:
            names = [f"Studio {number:02}" for number in range(plan.WORKSPACES)]
            keys = stack.provision_many(names, chaos.credits)
            tell(f"{len(keys)} workspaces, {WORKERS} workers, {CONCURRENCY} generations each")
            findings = act(chaos, stack, up, keys)
        if keep := os.environ.get("KEEP_LOG"):
            shutil.copy(Path(folder) / "stack.log", keep)
    return _report(seed, findings)


def _folder() -> tempfile.TemporaryDirectory[str]:
    """Gone afterwards; the server's last process may still be writing its log into it."""
    return tempfile.TemporaryDirectory(prefix="roomwright-chaos-", ignore_cleanup_errors=True)


def _report(seed: int, findings: list[Finding]) -> int:
    wrong = [finding for finding in findings if finding.wrong]
    tell("what came of it:\n")
    for finding in findings:
        say(str(finding))
    for finding in wrong:
        say("\n  ".join([f"\n{finding.what}:", *finding.wrong[:10]]))
    verdict = f"{len(wrong)} numbers are WRONG" if wrong else "as it must be"
    say(f"\nseed {seed}: {verdict}, after {time.monotonic() - _began:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
