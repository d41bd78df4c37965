"""The supervisor keeps its programs alive, and leaves none behind however it ends itself."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from config.local.errors import LocalStackError
from config.local.net import free_port, local_name, refuse_taken_port, wanted_port
from config.local.postgres import REPOSITORY, STACK_MARK
from config.local.processes import Child, State, kill_marked
from config.local.stack import commands, stop_seconds

# A program with a child of its own, as the web server and the worker have; both wait for ever.
PARENT = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)'])"

# A supervisor of two such programs, with the real Stack's watching over them, but no database.
SUPERVISOR = f"""
import sys, time
from config.local import postgres, stack
postgres.use_default = lambda: None
stack.manage = lambda *arguments, environ: ""
stack.commands = lambda host, port: {{name: [sys.executable, "-c", {PARENT!r}] for name in ("web", "worker")}}
with stack.Stack(host="127.0.0.1", port=int(sys.argv[1])):
    print("started", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def mark() -> Iterator[str]:
    word = os.urandom(8).hex()
    yield word
    kill_marked(word)


def environ(mark: str) -> dict[str, str]:
    return {**os.environ, STACK_MARK: mark}


def marked(mark: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(STACK_MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def eventually(true: Callable[[], object], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.02)
    return False


def tend_until(child: Child, true: Callable[[], object], seconds: float = 10) -> float:
    """Do the supervisor's work until something is true; returns how many seconds that took."""
    started = time.monotonic()

    def done() -> object:
        child.tend()
        return true()

    assert eventually(done, seconds)
    return time.monotonic() - started


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_port_in_use_is_refused_with_the_way_out() -> None:
    port = free_port()
    refuse_taken_port("127.0.0.1", port)
    server = subprocess.Popen([sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)])
    try:
        assert eventually(lambda: _listens(port))
        with pytest.raises(LocalStackError, match=f"PORT={port + 1}"):
            refuse_taken_port("127.0.0.1", port)
    finally:
        server.kill()
        server.wait()


def test_a_port_that_is_no_number_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "http")
    with pytest.raises(LocalStackError, match="PORT=http"):
        wanted_port()


@pytest.mark.parametrize(
    ("bound", "reached"),
    [("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("localhost", "localhost"), ("::1", "[::1]")],
)
def test_a_server_bound_to_all_addresses_is_reached_by_one(bound: str, reached: str) -> None:
    assert local_name(bound) == reached


def test_a_stack_has_one_worker_or_as_many_as_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORKER_PROCESSES", raising=False)
    assert list(commands("127.0.0.1", 8000)) == ["web", "worker"]
    monkeypatch.setenv("WORKER_PROCESSES", "3")
    assert list(commands("127.0.0.1", 8000)) == ["web", "worker", "worker-2", "worker-3"]


@pytest.mark.parametrize(
    ("environ", "patient"),
    [
        ({}, False),
        ({"MELTFLEX_API_KEY": "mf_sk_live_x"}, True),
        ({"MELTFLEX_API_KEY": "mf_sk_live_x", "DEFAULT_ENGINE": "preview"}, False),
        ({"DEFAULT_ENGINE": "meltflex"}, True),
    ],
)
def test_stopping_waits_for_calls_that_are_paid_for(environ: dict[str, str], patient: bool) -> None:
    assert (stop_seconds(environ) > 120) is patient


@pytest.mark.slow
@pytest.mark.parametrize("exit_code", [0, 1])
def test_a_program_that_ends_is_started_again_whatever_it_says(
    mark: str, tmp_path: Path, exit_code: int
) -> None:
    log = tmp_path / "log"
    program = f"import sys; print('here', flush=True); sys.exit({exit_code})"
    child = Child("web", [sys.executable, "-c", program], environ=environ(mark), log=log)
    assert tend_until(child, lambda: child.deaths == 2) < 5
    child.kill()
    assert log.read_text().count("here") >= 2


@pytest.mark.slow
def test_a_killed_program_runs_again_within_five_seconds_and_its_children_are_gone(
    mark: str, tmp_path: Path
) -> None:
    child = Child("worker", [sys.executable, "-c", PARENT], environ=environ(mark), log=tmp_path / "log")
    tend_until(child, lambda: len(marked(mark)) == 2)
    before = {process.pid for process in marked(mark)}
    assert child.process
    child.process.send_signal(signal.SIGKILL)
    assert tend_until(child, lambda: len({p.pid for p in marked(mark)} - before) == 2) < 5
    assert not before & {process.pid for process in marked(mark)}
    child.kill()
    assert eventually(lambda: not marked(mark))


@pytest.mark.slow
def test_a_program_that_keeps_dying_is_not_started_in_a_storm(mark: str, tmp_path: Path) -> None:
    child = Child("web", ["false"], environ=environ(mark), log=tmp_path / "log")
    deadline = time.monotonic() + 4
    while time.monotonic() < deadline:
        child.tend()
        time.sleep(0.02)
    assert 2 <= child.deaths <= 4


def a_supervisor(data_dir: Path) -> tuple[subprocess.Popen[str], str]:
    """A running supervisor and its mark."""
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(free_port())],
        cwd=REPOSITORY,
        env={**os.environ, "DATA_DIR": str(data_dir), "DATABASE_URL": "postgresql://unused/db"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert any(line == "started\n" for line in process.stdout)
    word = State(data_dir).read()["mark"]
    assert eventually(lambda: len(marked(word)) == 4)
    return process, word


@pytest.mark.slow
def test_an_orderly_stop_leaves_nothing(tmp_path: Path) -> None:
    supervisor, word = a_supervisor(tmp_path)
    supervisor.send_signal(signal.SIGINT)
    supervisor.communicate(timeout=30)
    assert not marked(word)
    assert not State(tmp_path).path.exists()


@pytest.mark.slow
def test_a_killed_supervisor_takes_its_programs_with_it(tmp_path: Path) -> None:
    supervisor, word = a_supervisor(tmp_path)
    supervisor.kill()
    supervisor.communicate()
    assert eventually(lambda: not marked(word), 5)


@pytest.mark.slow
def test_the_next_start_clears_what_was_left_when_even_the_guard_was_killed(tmp_path: Path) -> None:
    supervisor, word = a_supervisor(tmp_path)
    guards = [p for p in psutil.Process(supervisor.pid).children() if "config.local.guard" in p.cmdline()]
    assert len(guards) == 1
    guards[0].kill()
    supervisor.kill()
    supervisor.communicate()
    assert len(marked(word)) == 4
    second, other = a_supervisor(tmp_path)
    assert not marked(word)
    assert len(marked(other)) == 4
    second.send_signal(signal.SIGINT)
    second.communicate(timeout=30)


@pytest.mark.slow
def test_a_second_stack_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    first, _ = a_supervisor(tmp_path)
    second = subprocess.run(
        [sys.executable, "-c", SUPERVISOR, str(free_port())],
        cwd=REPOSITORY,
        env={**os.environ, "DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=30)
    assert second.returncode != 0
    assert "already runs" in second.stderr


def test_clearing_touches_nothing_without_the_mark(tmp_path: Path) -> None:
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        state = State(tmp_path)
        state.write({"mark": "of another stack", "processes": [[bystander.pid, 12345.0]]})
        state.clear()
        assert bystander.poll() is None
        assert not state.path.exists()
    finally:
        bystander.kill()
        bystander.wait()
