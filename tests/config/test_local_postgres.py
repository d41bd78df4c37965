"""The embedded PostgreSQL survives what happens to a laptop, and leaves nothing running."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from config.local import locks, postgres, watcher
from config.local.errors import LocalStackError
from config.local.placement import Account, can_reach
from config.local.postgres import REPOSITORY, EmbeddedPostgres

USER_PROGRAM = """
import os, sys, time
from config.local import postgres
postgres.use_default()
print("ready", flush=True)
time.sleep(float(sys.argv[1]))
"""


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    made = EmbeddedPostgres(tmp_path / "data")
    yield made
    made.destroy()


def a_user(cluster: EmbeddedPostgres, seconds: float = 60) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", USER_PROGRAM, str(seconds)],
        cwd=REPOSITORY,
        env={**os.environ, "DATA_DIR": str(cluster.data_dir), "DATABASE_URL": ""},
        stdout=subprocess.PIPE,
        text=True,
    )


def answer(cluster: EmbeddedPostgres, sql: str) -> object:
    with psycopg.connect(cluster.connection_url()) as connection:
        row = connection.execute(sql.encode()).fetchone()
    return row[0] if row else None


def eventually(true: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.05)
    return False


def servers(cluster: EmbeddedPostgres) -> list[int]:
    """Process ids of the postmasters of the cluster, counted by their command line."""
    data = str(cluster.placement.data)
    return [p.pid for p in psutil.process_iter(["cmdline"]) if data in (p.info["cmdline"] or [])]


def postmaster(cluster: EmbeddedPostgres) -> int:
    return int((cluster.placement.data / "postmaster.pid").read_text().splitlines()[0])


def test_the_tests_have_a_cluster_whose_role_is_bound_by_row_level_security() -> None:
    cluster = postgres.for_tests()
    where = cluster.placement
    assert (
        answer(cluster, "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user") is False
    )
    assert answer(cluster, "SELECT current_setting('listen_addresses')") == ""
    assert where.sockets.stat().st_mode & 0o077 == 0
    with psycopg.connect(cluster.connection_url()) as connection:
        assert connection.info.user == "roomwright"


def test_a_running_server_costs_a_command_next_to_nothing() -> None:
    cluster = postgres.for_tests()
    started = time.perf_counter()
    for _ in range(20):
        cluster.hold()
        cluster.ensure_running()
    assert (time.perf_counter() - started) / 20 < 0.03


def test_a_foreign_database_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "unused"))
    postgres.use_default({"DATABASE_URL": "postgresql://elsewhere/db"})
    assert not (tmp_path / "unused").exists()


def test_a_private_folder_is_out_of_reach_for_a_lent_account(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    inside = private / "open"
    inside.mkdir(mode=0o755)
    assert not can_reach(inside, Account(uid=os.geteuid() + 12345, gid=54321))
    assert can_reach(inside, Account(uid=os.geteuid(), gid=os.getegid()))


def test_a_socket_folder_that_is_open_to_others_is_refused(tmp_path: Path) -> None:
    cluster = EmbeddedPostgres(tmp_path / ("long" * 25))
    sockets = cluster.placement.sockets
    sockets.mkdir(parents=True)
    sockets.chmod(0o777)
    try:
        with pytest.raises(LocalStackError, match="open to others"):
            cluster.placement.own(sockets)
    finally:
        cluster.destroy()


@pytest.mark.slow
def test_data_survive_a_killed_server(cluster: EmbeddedPostgres) -> None:
    cluster.ensure_running()
    with psycopg.connect(cluster.connection_url()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS n")
    os.kill(postmaster(cluster), signal.SIGKILL)
    cluster.ensure_running()
    assert answer(cluster, "SELECT n FROM kept") == 42


@pytest.mark.slow
@pytest.mark.parametrize("owner", ["a program of the same user", "ourselves"])
def test_a_pid_file_from_before_a_power_loss_may_name_a_living_program(
    cluster: EmbeddedPostgres, owner: str
) -> None:
    cluster.ensure_running()
    pidfile = cluster.placement.data / "postmaster.pid"
    stale = pidfile.read_text().splitlines()
    os.kill(postmaster(cluster), signal.SIGKILL)
    assert eventually(lambda: not cluster.is_running())
    lent = cluster.placement.account
    foreign = subprocess.Popen(["sleep", "60"], user=lent.uid if lent else None)
    try:
        pid = os.getpid() if owner == "ourselves" else foreign.pid
        pidfile.write_text("\n".join([str(pid), *stale[1:]]) + "\n")
        cluster.ensure_running()
        assert answer(cluster, "SELECT 1") == 1
        assert foreign.poll() is None
    finally:
        foreign.kill()
        foreign.wait()


def answers_after_all(cluster: EmbeddedPostgres) -> bool:
    """Whether it runs; the watcher of a killed user may just be stopping it, since nobody here holds it."""
    cluster.ensure_running()
    try:
        return answer(cluster, "SELECT 1") == 1
    except psycopg.OperationalError:
        return False


@pytest.mark.slow
def test_a_cluster_whose_making_was_killed_is_made_again(cluster: EmbeddedPostgres) -> None:
    for moment in (0.15, 0.3, 0.45, 0.6):
        program = a_user(cluster)
        time.sleep(moment)
        top = psutil.Process(program.pid)
        for process in [*top.children(recursive=True), top]:
            with suppress(psutil.NoSuchProcess):  # it ended by itself when the one before it was killed
                process.kill()
        program.communicate()
    assert eventually(lambda: answers_after_all(cluster))
    drafts = list(cluster.placement.home.glob("pgdata-18.*"))
    assert drafts == []


@pytest.mark.slow
def test_eight_programs_at_once_share_one_server(cluster: EmbeddedPostgres) -> None:
    programs = [a_user(cluster, seconds=1) for _ in range(8)]
    assert [program.communicate(timeout=60)[0] for program in programs] == ["ready\n"] * 8
    assert [program.returncode for program in programs] == [0] * 8
    assert answer(cluster, "SELECT 1") == 1
    assert len(servers(cluster)) == 1


@pytest.mark.slow
def test_the_server_stays_for_the_last_user_and_goes_after_it(cluster: EmbeddedPostgres) -> None:
    users = [a_user(cluster) for _ in range(3)]
    for user in users:
        assert user.stdout
        assert user.stdout.readline() == "ready\n"
    for user in users[:2]:
        user.kill()
        user.communicate()
    time.sleep(watcher.GRACE_SECONDS + 1)
    assert cluster.is_running()
    users[2].kill()
    users[2].communicate()
    assert eventually(lambda: not cluster.is_running(), watcher.GRACE_SECONDS + 3)
    assert eventually(lambda: locks.is_free(cluster.placement.control / "watcher"))


@pytest.mark.slow
def test_who_comes_while_the_watcher_stops_the_server_gets_a_new_one(cluster: EmbeddedPostgres) -> None:
    for pause in (watcher.GRACE_SECONDS - 0.1, watcher.GRACE_SECONDS + 0.1, watcher.GRACE_SECONDS + 0.3):
        user = a_user(cluster, seconds=0)
        assert user.communicate(timeout=30)[0] == "ready\n"
        time.sleep(pause)
    last = a_user(cluster)
    assert last.stdout
    assert last.stdout.readline() == "ready\n"
    assert answer(cluster, "SELECT 1") == 1
    last.kill()
    last.communicate()


@pytest.mark.slow
def test_the_last_holder_stops_it_at_once_and_the_watcher_goes_too(cluster: EmbeddedPostgres) -> None:
    cluster.hold()
    cluster.ensure_running()
    cluster.stop_if_last()
    assert not cluster.is_running()
    assert eventually(lambda: locks.is_free(cluster.placement.control / "watcher"), 1)


@pytest.mark.slow
def test_a_folder_that_was_deleted_means_a_fresh_cluster(cluster: EmbeddedPostgres) -> None:
    cluster.ensure_running()
    with psycopg.connect(cluster.connection_url()) as connection:
        connection.execute("CREATE TABLE old ()")
    cluster.stop()
    first = cluster.placement.home
    shutil.rmtree(cluster.data_dir)
    try:
        cluster.ensure_running()
        assert answer(cluster, "SELECT to_regclass('old')") is None
    finally:
        if first != cluster.placement.home:
            shutil.rmtree(first)
