"""The whole product on one machine: database, web and worker processes under one supervisor."""

import hashlib
import http.client
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from config.local import locks, postgres, sandbox
from config.local.errors import LocalStackError
from config.local.net import get, local_name, refuse_taken_port
from config.local.postgres import REPOSITORY, STACK_MARK
from config.local.processes import Child, State, identity, kill_marked
from config.local.terminal import complain, say, step, tail

READY_SECONDS = 90
STOP_SECONDS = 20  # how long web and worker may take to finish what they are at
PAID_STOP_SECONDS = 130  # a call that was paid for takes up to two minutes, and is lost if it is cut off
PATIENCE_SECONDS = 2  # whoever stops it is told after this long what is being waited for
TICK_SECONDS = 0.1
DATABASE_TICKS = 20  # look after the database every so many ticks


class AlreadyRunningError(LocalStackError):
    """A stack already runs on this data folder."""


class Stack:
    """Use it as a context manager: inside the block everything runs, after it nothing does.

    With `log_dir` the processes' output goes to files there, else it is passed on to ours. `with_stripe`: where no
    Stripe is named, the sandbox is one of the processes.
    """

    def __init__(
        self, *, host: str, port: int, log_dir: Path | None = None, with_stripe: bool = False
    ) -> None:
        self.host = host
        self.port = port
        self.log_dir = log_dir
        self.data_dir = postgres.data_dir()
        self.state = State(self.data_dir)
        self.mark = os.urandom(16).hex()
        self.children: list[Child] = []
        self.with_stripe = with_stripe and sandbox.is_wanted()
        self.stripe: sandbox.Sandbox | None = None
        self._over = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise, name="supervisor")
        self._guard: subprocess.Popen[bytes] | None = None
        self._lock: int | None = None

    @property
    def address(self) -> str:
        return f"http://{local_name(self.host)}:{self.port}"

    def __enter__(self) -> Self:
        """Start everything. Raises AlreadyRunningError or LocalStackError; then nothing of it runs."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self._lock = locks.open_lock(self.state.lock)
        if not locks.take(self._lock, wait=False):
            os.close(self._lock)
            raise AlreadyRunningError(f"A stack already runs on {self.data_dir}")
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        with step("stopping"):
            self._stop()

    def environ(self) -> dict[str, str]:
        """The environment of everything that belongs to this stack."""
        ours = {"PORT": str(self.port), "DATA_DIR": str(self.data_dir), STACK_MARK: self.mark}
        stripe = self.stripe.environ() if self.stripe else {}
        return {**os.environ, "PYTHONUNBUFFERED": "1", **stripe, **ours}

    def _start(self) -> None:
        self.state.clear()
        refuse_taken_port(self.host, self.port)
        if self.with_stripe:
            self.stripe = sandbox.prepare(self.data_dir)
        if self.log_dir:
            self.log_dir.mkdir(parents=True, exist_ok=True)
        self._write_state()
        self._start_guard()
        with step("database"):
            postgres.use_default()
        with step("migrations"):
            manage("migrate", "--no-input", environ=self.environ())
        self.children = [
            self._child(name, command) for name, command in commands(self.host, self.port).items()
        ]
        if self.stripe:
            self.children.append(self._child("stripe", self.stripe.command(self.address)))
        self._supervisor.start()

    def _child(self, name: str, command: list[str]) -> Child:
        log = self.log_dir / f"{name}.log" if self.log_dir else None
        if log:
            log.unlink(missing_ok=True)
        return Child(name, command, environ=self.environ(), log=log)

    def _supervise(self) -> None:
        ticks = 0
        while not self._over.wait(TICK_SECONDS if ticks else 0):
            try:
                self._look_after(database=ticks % DATABASE_TICKS == 0)
            except (LocalStackError, OSError) as error:  # no memory for a process, a full disk: it may pass
                complain(f"supervisor: {error}")
            ticks += 1

    def _look_after(self, *, database: bool) -> None:
        changed = [child.tend() for child in self.children]
        if any(changed):
            self._write_state()
        if database:
            self._start_guard()
            postgres.use_default()

    def _write_state(self) -> None:
        running = [identity(child.process) for child in self.children if child.process]
        about = {
            "host": self.host,
            "port": self.port,
            "serving": self.log_dir is None,
            "database": database_mark(),
        }
        self.state.write({**about, "mark": self.mark, "processes": running})

    def _start_guard(self) -> None:
        if self._guard and self._guard.poll() is None:
            return
        self._guard = subprocess.Popen(
            [sys.executable, "-m", "config.local.guard", self.mark],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _stop(self) -> None:
        """Ask, wait, kill. A second interrupt cuts the waiting short."""
        self._over.set()
        with suppress(KeyboardInterrupt):
            if self._supervisor.is_alive():
                self._supervisor.join()
            for child in self.children:
                child.terminate()
            self._wait_until_over(stop_seconds())
        for child in self.children:
            child.kill()
        kill_marked(self.mark)
        self.state.path.unlink(missing_ok=True)
        if self._guard and self._guard.stdin:
            self._guard.stdin.close()
            self._guard.wait()
        if not os.environ.get("DATABASE_URL"):
            postgres.default().stop_if_last()
        if self._lock is not None:
            os.close(self._lock)

    def _wait_until_over(self, seconds: float) -> None:
        began, told = time.monotonic(), False
        while (waited := time.monotonic() - began) < seconds and not all(c.is_over() for c in self.children):
            if waited > PATIENCE_SECONDS and not told:
                told = True
                say("  finishing the pictures that are being made; Ctrl-C again gives them up")
            time.sleep(0.05)


def stop_seconds(environ: Mapping[str, str] = os.environ) -> int:
    """How long an orderly stop may take: until MeltFlex has answered, where it makes the pictures."""
    engine = environ.get("DEFAULT_ENGINE") or ("meltflex" if environ.get("MELTFLEX_API_KEY") else "preview")
    return PAID_STOP_SECONDS if engine == "meltflex" else STOP_SECONDS


def wait_until_ready(address: str, children: Sequence[Child] = ()) -> None:
    """Return when /readyz says 200. Raises LocalStackError with its last answer if that takes too long."""
    deadline = time.monotonic() + READY_SECONDS
    answer = "no answer"
    while time.monotonic() < deadline and not any(child.deaths > 5 for child in children):
        with suppress(OSError, http.client.HTTPException):
            status, answer = get(address, "/readyz")
            if status == 200:
                return
        time.sleep(TICK_SECONDS)
    logs = [child.log for child in children if child.log and child.deaths]
    message = "\n".join([f"The stack did not get ready: {answer.strip()[:300]}", *map(tail, logs)])
    raise LocalStackError(message)


def commands(host: str, port: int) -> dict[str, list[str]]:
    """The programs of a stack by their short names."""
    processes = os.environ.get("WEB_PROCESSES") or "2"
    threads = os.environ.get("WEB_THREADS") or "64"
    web = ["--interface", "wsgi", "--host", host, "--port", str(port), "--no-ws", "--workers", processes]
    web += ["--blocking-threads", threads, "--backpressure", str(2 * int(threads))]
    web += [
        "--log-level",
        "error",
        "--workers-kill-timeout",
        "30",
        "--respawn-failed-workers",
        "--respawn-interval",
        "0.5",
    ]
    worker = [sys.executable, str(REPOSITORY / "manage.py"), "worker"]
    more = range(2, int(os.environ.get("WORKER_PROCESSES") or "1") + 1)
    return {
        "web": [sys.executable, "-m", "granian", *web, "config.wsgi:application"],
        "worker": worker,
        **{f"worker-{number}": worker for number in more},
    }


def manage(*arguments: str, environ: Mapping[str, str]) -> str:
    """Run a management command and return its standard output; raises LocalStackError if it fails."""
    command = [sys.executable, str(REPOSITORY / "manage.py"), *arguments]
    done = subprocess.run(
        command,
        cwd=REPOSITORY,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        end = "\n".join((done.stdout + done.stderr).splitlines()[-25:])
        raise LocalStackError(f"`manage.py {arguments[0]}` failed.\n{end}")
    return done.stdout


def database_mark() -> str:
    """Tells two databases apart without giving their passwords away."""
    return hashlib.sha256(os.environ.get("DATABASE_URL", "").encode()).hexdigest()[:16]


def running() -> dict[str, Any] | None:
    """What the stack that runs on this DATA_DIR says of itself; None if none does."""
    state = State(postgres.data_dir())
    if not state.lock.exists() or locks.is_free(state.lock):
        return None
    return state.read() or None
