"""A machine that goes wrong at three in the morning: its disk is full, or its clock is. Both for real.

The small disk is a tmpfs, which only root may mount; the wrong clock is a library that is loaded before the C library,
made by a C compiler. Where there is none of these the test says so and is skipped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from pytest_django import DjangoDbBlocker

from tests import database, machines, meltflex_server, real_stack
from tests.factories import data_url
from tests.meltflex_server import MeltFlexServer
from tests.operations.incidents import TOKEN, Operator, ended, eventually, firing, nothing_is_lost
from tests.real_stack import ROOT, SAMPLE, Caller, RealStack

pytestmark = pytest.mark.slow

DISK = 48 * 2**20  # bytes: room for a dozen pictures
BODY = {"prompt": "Oak", "image": data_url(SAMPLE.read_bytes())}


# --- A full disk -----------------------------------------------------------------------------------------


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder)]
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("A full disk is not rehearsed here: only root on Linux may mount a small one.")
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("A full disk is not rehearsed here: this machine lets nobody mount one.")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)


def fill(disk: Path) -> Path:
    """Until nothing more goes on it."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            for size in (2**20, 4096, 1):
                while True:
                    try:
                        file.write(b"\0" * size)
                    except OSError:
                        break
        finally:
            os.fsync(file.fileno())
    assert shutil.disk_usage(disk).free == 0
    return ballast


def held_back(until: threading.Event) -> meltflex_server.Answer:
    """A picture, made when it is wanted."""

    def answer(handler: Any) -> None:
        until.wait(60)
        meltflex_server.picture()(handler)

    return answer


@pytest.mark.usefixtures("django_test_environment")
def test_the_disk_is_full(tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> None:
    with (
        small_disk(tmp_path / "disk") as disk,
        meltflex_server.serving() as upstream,
        django_db_blocker.unblock(),
        database.copied("roomwright_full_disk") as url,
    ):
        environ = {
            "DATABASE_URL": url,
            "MELTFLEX_API_BASE": upstream.base,
            "MELTFLEX_API_KEY": "mf_sk_up",
            "METRICS_TOKEN": TOKEN,
        }
        with real_stack.running_from(ROOT, disk, **environ) as stack:
            _fill_and_empty(stack, upstream, disk)


def _fill_and_empty(stack: RealStack, upstream: MeltFlexServer, disk: Path) -> None:
    caller, operator = stack.provision("Harbour", 1000), Operator(stack)
    assert "DiskFull" not in firing(stack.address)
    ready = threading.Event()
    upstream.answers = [held_back(ready)]
    under_way = caller.api("POST", "generations", json=BODY).json()["id"]
    assert eventually(lambda: len(upstream.bodies) == 1, 60), "it has come as far as the upstream"
    ballast = fill(disk)
    ready.set()
    assert "DiskFull" in firing(stack.address)
    operator.sees("DiskFull", "Free room where files are kept.")

    refused = caller.api("POST", "generations", json=BODY)
    assert refused.status_code >= 500, refused.text
    assert eventually(lambda: ended(caller, under_way) != "", 120)
    assert ended(caller, under_way) == "failed", "its picture could not be kept"
    assert len(caller.api("GET", "generations").json()["results"]) == 1, "what was refused left no trace"
    assert caller.balance() == 1000

    ballast.unlink()  # what the paragraph says: make room
    assert eventually(lambda: "DiskFull" not in firing(stack.address), 30)
    upstream.answers = [meltflex_server.picture()]
    done = caller.api("POST", "generate", json=BODY)
    assert done.status_code == 200, done.text
    nothing_is_lost(stack, caller, balance=990)


# --- A wrong clock ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("A wrong clock is not rehearsed here: it takes Linux and a C compiler.")
    made = tmp_path_factory.mktemp("clock") / "clock.so"
    source = Path(__file__).with_name("clock.c")
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", made, source, "-ldl"], check=True)
    return made


@contextmanager
def machine(stack: RealStack, shim: Path, seconds: int) -> Iterator[RealStack]:
    """One more machine of the same instance, with a web process and a worker, whose clock is off by so much."""
    wrong = stack.environ | {"LD_PRELOAD": str(shim), "CLOCK_SHIFT": str(seconds)}
    with machines.machine(wrong, stack.log.with_name(f"machine{seconds}.log")) as started:
        yield started


def slowly(handler: Any) -> None:
    """Long enough for a sweeper to look at it twice."""
    time.sleep(11)
    meltflex_server.picture()(handler)


@pytest.mark.parametrize("seconds", [600, -600], ids=["ten minutes ahead", "ten minutes behind"])
def test_the_clock_of_one_machine_is_wrong(
    stack: RealStack, upstream: MeltFlexServer, shim: Path, seconds: int
) -> None:
    right = stack.provision(f"Harbour{seconds}", 1000)
    upstream.answers, upstream.bodies = [slowly], []
    with machine(stack, shim, seconds) as wrong:
        assert "ClockWrong" in firing(wrong.address)
        assert "ClockWrong" not in firing(stack.address)
        Operator(wrong).sees("ClockWrong", "This machine&#x27;s clock minus the database&#x27;s.")

        # Leases: both machines' workers have pictures in hand, and nobody ends another one's.
        there = Caller(wrong.address, right.key)
        names = [door.api("POST", "generations", json=BODY).json()["id"] for door in (right, there) * 4]
        assert eventually(lambda: all(ended(right, name) for name in names), 240)
        assert [ended(right, name) for name in names] == ["succeeded"] * 8
        assert len(upstream.bodies) == 8, "each was sent once"

        # Signed addresses of either open at the other.
        for made, read in ((right, wrong), (there, stack)):
            url = made.api("GET", f"generations/{names[0]}").json()["pictures"][0]["url"]
            path = "/" + url.split("/", 3)[3]
            assert requests.get(f"{read.address}{path}", timeout=30).status_code == 200

        # Limits a minute are told as less than a minute; deadlines end a call, and give its credits back.
        assert 1 <= int(there.api("GET", "credits").headers["RateLimit"].rpartition("t=")[2]) <= 60
        upstream.answers = [meltflex_server.picture()]
        before = right.balance()
        waited = there.api("POST", "generate", json=BODY)
        assert waited.status_code in (200, 504), waited.text
        assert eventually(lambda: right.balance() == before - (10 if waited.status_code == 200 else 0), 60)
    nothing_is_lost(stack, right, balance=right.balance())
    assert "ClockWrong" not in firing(stack.address)
    paid = sum(
        1 for each in right.api("GET", "generations").json()["results"] if each["state"] == "succeeded"
    )
    assert right.balance() == 1000 - 10 * paid
