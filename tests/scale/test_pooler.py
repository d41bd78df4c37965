"""The product behind a real PgBouncer in transaction mode, with two sessions of the server for all that it does."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg
import pytest

from tests import meltflex_server, real_stack
from tests.chaos.audit import Books
from tests.factories import data_url
from tests.meltflex_server import MeltFlexServer
from tests.operations.incidents import ended, eventually, nothing_is_lost
from tests.real_stack import ROOT, SAMPLE, Caller, RealStack
from tests.scale.conftest import environ_of
from tests.scale.pooler import Pooler

pytestmark = pytest.mark.slow

BODY = {"prompt": "Oak", "image": data_url(SAMPLE.read_bytes())}
WORKSPACES = 6


@pytest.fixture(scope="module")
def stack(
    pooler: Pooler, upstream: MeltFlexServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RealStack]:
    folder = tmp_path_factory.mktemp("pooled") / "data"
    more = environ_of(folder, upstream, **pooler.environ) | {"WEB_PROCESSES": "2", "WORKER_PROCESSES": "2"}
    with real_stack.running_from(ROOT, folder, **more) as running:
        yield running


class Spy:
    """Asks through the pooler, again and again and as nobody, what the server's two sessions show."""

    QUESTION = """SELECT coalesce(current_setting('app.organization', true), ''),
                         coalesce(current_setting('app.system', true), ''),
                         (SELECT count(*) FROM generations_generation), current_setting('TimeZone')"""

    def __init__(self, pooler: Pooler) -> None:
        self.seen: set[tuple[Any, ...]] = set()
        self.looks = 0
        self._pooler, self._stop = pooler, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def _look(self) -> None:
        with psycopg.connect(self._pooler.url, autocommit=True, prepare_threshold=None) as connection:
            while not self._stop.is_set():
                row = connection.execute(self.QUESTION).fetchone()
                assert row is not None
                self.seen.add(tuple(row))
                self.looks += 1
                time.sleep(0.002)

    def __enter__(self) -> Spy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


@contextmanager
def session_that_forgets(pooler: Pooler) -> Iterator[None]:
    """What we never do: a setting of the session and not of the transaction, left behind in both sessions."""
    ours = [psycopg.connect(pooler.url, prepare_threshold=None) for _ in range(2)]
    for on in (True, False):
        for connection in ours:  # both at once, so that each has a session of its own
            connection.execute("SELECT set_config('app.system', %s, false)", ["on" if on else ""])
        for connection in ours:
            connection.commit()
        if on:
            yield
    for connection in ours:
        connection.close()


def test_the_spy_would_see_a_setting_that_outlives_its_transaction(stack: RealStack, pooler: Pooler) -> None:
    stack.provision("Seen", 10).api("POST", "generations", json=BODY)
    with session_that_forgets(pooler), Spy(pooler) as spy:
        assert eventually(lambda: any(system == "on" for _o, system, *_rest in spy.seen), 10)
    assert max(count for _o, _s, count, _zone in spy.seen) > 0, "and with it every workspace's rows"


def test_nobody_sees_another_workspace_through_two_sessions(
    stack: RealStack, pooler: Pooler, upstream: MeltFlexServer
) -> None:
    upstream.answers, upstream.keeps_bodies = [meltflex_server.picture()], False
    names = [f"Harbour {number}" for number in range(WORKSPACES)]
    callers = stack.provision_many(names, [500] * WORKSPACES)
    made: dict[str, set[str]] = {caller.key: set() for caller in callers}

    def ask(number: int) -> None:
        mine = callers[number % WORKSPACES]
        caller = Caller(mine.address, mine.key)  # a thread's own connection
        with caller:
            if number % 4 == 0:
                answer = caller.api("POST", "generations", json={**BODY, "prompt": mine.key[-8:]})
                assert answer.status_code == 202, answer.text
                made[mine.key].add(answer.json()["id"])
                return
            found = caller.api("GET", "generations").json()["results"]
            assert {each["prompt"] for each in found} <= {mine.key[-8:]}, "rows of somebody else"
            others = [name for key, names in made.items() if key != mine.key for name in list(names)[-1:]]
            for name in others:
                assert caller.api("GET", f"generations/{name}").status_code == 404
            assert caller.api("GET", "credits").status_code == 200

    with Spy(pooler) as spy, ThreadPoolExecutor(24) as pool:
        list(pool.map(ask, range(480)))
        for caller in callers:
            assert eventually(lambda c=caller: all(ended(c, n) for n in made[c.key]), 180)  # type: ignore[misc]
    assert spy.looks > 500
    assert {row[:3] for row in spy.seen} == {("", "", 0)}, "a session kept somebody's name"
    assert {row[3] for row in spy.seen} == {"UTC"}
    for caller in callers:
        listed = caller.api("GET", "generations?limit=100").json()["results"]
        assert {each["id"] for each in listed} == made[caller.key]
        assert caller.balance() == 500 - 10 * len(made[caller.key])
    nothing_is_lost(stack, callers[0], balance=callers[0].balance())
    pools = [row for row in pooler.ask("SHOW POOLS") if row["database"].startswith("roomwright_scale")]
    assert all(row["pool_mode"] == "transaction" for row in pools)
    assert sum(row["sv_active"] + row["sv_idle"] + row["sv_used"] for row in pools) <= 2


def test_who_waits_is_woken_and_does_not_look_for_itself(stack: RealStack, upstream: MeltFlexServer) -> None:
    """LISTEN goes past the pooler: without it a waiting call would notice after up to 5 s."""

    def answer(handler: Any) -> None:
        time.sleep(1.0)
        meltflex_server.picture()(handler)

    upstream.answers = [answer]
    caller = stack.provision("Waiting", 500)
    late = []
    for _ in range(7):
        made = caller.api("POST", "generate", json=BODY)
        arrived = time.time()
        assert made.status_code == 200, made.text
        row = caller.api("GET", f"generations/{made.headers['X-Generation-Id']}").json()
        late.append(arrived - datetime.fromisoformat(row["finished_at"]).timestamp())
    assert statistics.median(late) < 1.5, late


def test_killed_workers_and_a_pooler_that_restarts_lose_nothing(
    stack: RealStack, pooler: Pooler, upstream: MeltFlexServer, database_url: str
) -> None:
    def answer(handler: Any) -> None:
        time.sleep(0.5)
        meltflex_server.picture()(handler)

    upstream.answers = [answer]
    caller = stack.provision("Storm", 5000)
    names: list[str] = []

    def ask(_number: int) -> None:
        for _ in range(20):
            try:
                told = Caller(caller.address, caller.key).api("POST", "generations", json=BODY)
            except OSError:
                continue
            if told.status_code == 202:
                names.append(told.json()["id"])
                return
            assert told.status_code in (429, 503), told.text
            time.sleep(0.5)

    with ThreadPoolExecutor(8) as pool:
        asking = [pool.submit(ask, number) for number in range(80)]
        time.sleep(3)
        assert stack.kill_workers() == 2
        time.sleep(3)
        pooler.stop()
        time.sleep(2)
        pooler.start()
        for each in asking:
            each.result()
    assert len(names) == 80
    assert eventually(lambda: all(ended(caller, name) for name in names), 240)
    with psycopg.connect(database_url, autocommit=True) as database:
        database.execute("SET app.system = 'on'")
        books = Books(database)
        found = [*books.ends(), *books.holds(), *books.upstream_calls()]
    assert [finding.what for finding in found if finding.wrong] == []
    good = sum(ended(caller, name) == "succeeded" for name in names)
    assert good >= 40, "a worker's killing may cost what it had in hand, and no more"
    nothing_is_lost(stack, caller, balance=5000 - 10 * good)


def test_a_session_that_stood_still_in_a_transaction_counts_as_gone(stack: RealStack, pooler: Pooler) -> None:
    """The server ends it; through a pooler that looks like a broken connection, which is repeated too."""
    connection = psycopg.connect(pooler.url, prepare_threshold=None)
    connection.execute("SELECT set_config('idle_in_transaction_session_timeout', '300ms', true)")
    time.sleep(1.5)
    with pytest.raises((psycopg.OperationalError, psycopg.errors.IdleInTransactionSessionTimeout)):
        connection.execute("SELECT 1")
    connection.close()


def test_a_pooler_alone_is_refused(stack: RealStack, pooler: Pooler) -> None:
    """Where nobody names the server itself, the deploy's check does."""
    assert stack.try_manage("check", "--database", "default").returncode == 0
    alone = RealStack(stack.address, stack.environ | {"DATABASE_DIRECT_URL": ""}, stack.process, stack.log)
    told = alone.try_manage("check", "--database", "default")
    assert told.returncode != 0
    assert "roomwright.E013" in told.stderr
