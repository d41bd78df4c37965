"""Image work runs beside us: what hangs, dies or grows there costs its own call and nothing else."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from accounts.errors import Refusal
from projects import image_pool, photos
from projects.image_pool import ImageWorkDied, ImageWorkFailed, ImageWorkTimedOut, run

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module", autouse=True)
def _two_children() -> Iterator[None]:
    image_pool.configure(processes=2)
    yield
    image_pool.shutdown()


def is_running(pid: int) -> bool:
    """Whether any thread of the process lives; a zombie waits only to be counted."""
    try:
        os.kill(pid, 0)
        tasks = list(Path(f"/proc/{pid}/task").glob("*/stat"))
        states = [task.read_text().rpartition(")")[2].split()[0] for task in tasks]
        return not set(states) <= {"Z", "X"}
    except (ProcessLookupError, FileNotFoundError):
        return False


def wait_until_gone(pid: int, seconds: float) -> bool:
    ends = time.monotonic() + seconds
    while is_running(pid) and time.monotonic() < ends:
        time.sleep(0.02)
    return not is_running(pid)


def test_work_runs_in_a_child_that_is_kept() -> None:
    first = run(os.getpid, seconds=10)
    assert first != os.getpid()
    assert run(os.getpid, seconds=10) == first
    assert run(os.getppid, seconds=10) == os.getpid()
    assert run(int, "ff", base=16, seconds=10) == 255


def test_a_childs_refusal_arrives_with_its_sentence() -> None:
    with pytest.raises(photos.UnsupportedImage, match="is a GIF") as refusal:
        run(photos.prepare, b"GIF89a", keep_png=True, seconds=10)
    assert isinstance(refusal.value, Refusal)
    assert "photos.py" in refusal.value.__notes__[0]


def test_a_failure_that_cannot_travel_still_arrives() -> None:
    code = "type('Odd', (Exception,), {'__reduce__': lambda self: (1 / 0,)})('lost')"
    with pytest.raises(RuntimeError, match="Odd: lost"):
        run(exec, f"raise {code}", {}, seconds=10)


def test_a_child_knows_neither_django_nor_too_much_memory_and_steps_back() -> None:
    assert run(eval, "[name for name in __import__('sys').modules if 'django' in name]", seconds=10) == []
    assert run(eval, "__import__('os').nice(0)", seconds=10) >= os.nice(0) + 5
    if sys.platform == "linux":
        with pytest.raises(MemoryError):
            run(bytearray, 4 * 1024**3, seconds=10)
    # The limit leaves room for what the engine needs.
    assert run(eval, "__import__('cv2').flip(__import__('numpy').zeros((4, 4)), 1).shape", seconds=20) == (
        4,
        4,
    )


def test_a_call_that_dies_costs_nobody_else_anything() -> None:
    with ThreadPoolExecutor(2) as threads:
        innocent = threads.submit(run, eval, "__import__('time').sleep(0.5) or 'done'", seconds=10)
        for way in (os.abort, os._exit):
            with pytest.raises(ImageWorkDied):
                run(way, *((3,) if way is os._exit else ()), seconds=10)
        assert innocent.result() == "done"
    assert run(len, b"abc", seconds=10) == 3


def test_a_child_killed_while_idle_is_replaced_unseen() -> None:
    victim = run(os.getpid, seconds=10)
    os.kill(victim, signal.SIGKILL)
    assert wait_until_gone(victim, 10)  # a loaded machine takes its time to bury it
    assert run(os.getpid, seconds=10) != victim


def test_a_call_over_its_time_ends_and_takes_its_child_along() -> None:
    stuck = run(os.getpid, seconds=10)
    started = time.monotonic()
    with pytest.raises(ImageWorkTimedOut) as refusal:
        run(time.sleep, 60, seconds=0.3)
    assert time.monotonic() - started < 1.5
    assert isinstance(refusal.value, ImageWorkFailed)
    assert refusal.value.code == "image_work_failed"
    assert not is_running(stuck)
    assert run(os.getpid, seconds=10) != stuck


def test_many_threads_share_few_children() -> None:
    with ThreadPoolExecutor(16) as threads:
        pids = list(threads.map(lambda _: run(os.getpid, seconds=10), range(100)))
    assert 1 <= len(set(pids)) <= 2


class _Noted:
    """Tells when it is pickled."""

    def __init__(self, pickled: list[float]) -> None:
        self.pickled = pickled

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        self.pickled.append(time.monotonic())
        return str, ("x",)


def test_what_waits_for_a_child_is_not_packed_yet() -> None:
    pickled: list[float] = []
    with ThreadPoolExecutor(4) as threads:
        for _ in range(2):
            threads.submit(run, time.sleep, 0.5, seconds=10)
        time.sleep(0.2)
        waiting = [threads.submit(run, len, _Noted(pickled), seconds=10) for _ in range(2)]
        time.sleep(0.1)
        assert pickled == []
        assert [call.result() for call in waiting] == [1, 1]
    assert len(pickled) == 2


def test_what_cannot_be_packed_costs_no_child() -> None:
    first = run(os.getpid, seconds=10)
    with pytest.raises((AttributeError, TypeError, pickle.PicklingError)):
        run(len, lambda: None, seconds=10)
    assert run(os.getpid, seconds=10) == first


def test_a_child_is_replaced_after_its_share_of_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    image_pool.shutdown()
    monkeypatch.setattr(image_pool, "CALLS_PER_CHILD", 2)
    pids: list[int] = []
    ends = time.monotonic() + 20
    while len(set(pids)) < 4 and time.monotonic() < ends:  # the next is started while the old one goes on
        pids.append(run(os.getpid, seconds=10))
    assert len(set(pids)) == 4
    assert all(pids.count(pid) >= 2 for pid in pids[:-1])
    assert pids == sorted(pids, key=pids.index), "none came back"
    image_pool.shutdown()
    assert wait_until_gone(pids[0], 3)


def test_whoever_takes_the_place_of_another_waits_for_no_import(monkeypatch: pytest.MonkeyPatch) -> None:
    image_pool.shutdown()
    with pytest.raises(photos.UnsupportedImage):
        run(photos.prepare, b"GIF89a", seconds=10)
    monkeypatch.setattr(image_pool, "CALLS_PER_CHILD", 1)
    first = run(os.getpid, seconds=10)
    ends = time.monotonic() + 20
    while run(os.getpid, seconds=10) == first and time.monotonic() < ends:
        time.sleep(0.01)
    assert run(eval, "'PIL.Image' in __import__('sys').modules", seconds=10)
    image_pool.shutdown()


def test_shutdown_ends_the_work_under_way_and_a_later_call_starts_afresh() -> None:
    outcome: list[BaseException] = []

    def work() -> None:
        try:
            run(time.sleep, 60, seconds=90)
        except ImageWorkFailed as error:
            outcome.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(0.3)
    image_pool.shutdown()
    thread.join(3)
    assert [type(error) for error in outcome] == [ImageWorkDied]
    assert run(len, b"abc", seconds=10) == 3


PARENT = """
import os, threading, time
from projects.image_pool import configure, run
if __name__ == "__main__":
    configure(processes=2)
    threading.Thread(target=run, args=(time.sleep, 60), kwargs={"seconds": 60}, daemon=True).start()
    time.sleep(0.3)
    print(run(os.getpid, seconds=10), flush=True)
    time.sleep(60)
"""


def test_children_leave_when_their_parent_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    parent = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert parent.stdout is not None
    with parent.stdout:
        idle = int(parent.stdout.readline())
        children = [idle, *(pid for pid in children_of(parent.pid) if pid != idle)]
        parent.kill()
        parent.wait()
        assert sys.platform != "linux" or len(children) >= 2
        assert all(wait_until_gone(pid, 2.5) for pid in children)


def children_of(parent: int) -> list[int]:
    """The process ids below a process, where the system tells (Linux keeps them by starting thread)."""
    lists = Path(f"/proc/{parent}/task").glob("*/children")
    return [int(pid) for listed in lists for pid in listed.read_text().split()]


def test_a_warmed_pool_has_its_children_and_what_they_need() -> None:
    image_pool.shutdown()
    image_pool.warm(photos.__name__)
    pool = image_pool._current()
    ends = time.monotonic() + 20
    while len(pool._idle) < 2 and time.monotonic() < ends:
        time.sleep(0.01)
    warmed = {child._process.pid for child in pool._idle}
    assert len(warmed) == 2
    assert run(os.getpid, seconds=10) in warmed
    assert run(eval, "'PIL.Image' in __import__('sys').modules", seconds=10)
    image_pool.shutdown()


def test_a_child_that_can_not_be_started_is_no_loss_to_warming(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**arguments: object) -> None:
        raise OSError("no process can be started")

    image_pool.shutdown()
    with monkeypatch.context() as patch:
        patch.setattr(image_pool, "_Child", full)
        image_pool._current().warm([])
    assert run(int, "7", seconds=10) == 7
    image_pool.shutdown()


def test_a_child_whose_replacement_can_not_be_started_goes_on_until_one_can(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried = threading.Event()

    def full(**arguments: object) -> None:
        tried.set()
        raise OSError("no process can be started")

    image_pool.shutdown()
    first = run(os.getpid, seconds=10)
    monkeypatch.setattr(image_pool, "CALLS_PER_CHILD", 1)
    with monkeypatch.context() as patch:
        patch.setattr(image_pool, "_Child", full)
        assert run(os.getpid, seconds=10) == first
        assert tried.wait(10)
        assert run(os.getpid, seconds=10) == first
    ends = time.monotonic() + 20
    while run(os.getpid, seconds=10) == first and time.monotonic() < ends:
        time.sleep(0.01)
    assert run(os.getpid, seconds=10) != first
    image_pool.shutdown()
