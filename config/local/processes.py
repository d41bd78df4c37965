"""The processes of one stack: each in a session of its own, restarted when it dies, found again by a mark.

The mark is a random word in their environment, which all their children inherit. The state file in DATA_DIR
knows it, so that whoever comes after a killed supervisor can clear up exactly its processes and no others.
"""

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import psutil

from config.local.postgres import REPOSITORY, STACK_MARK
from config.local.terminal import say

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 4.0  # seconds between a death and the next start
HEALTHY_SECONDS = 10.0  # who lived this long starts again after the first pause


class Child:
    """One program that is to run always, whatever it exits with."""

    def __init__(
        self, name: str, command: list[str], *, environ: Mapping[str, str], log: Path | None
    ) -> None:
        """With a `log` the output goes there, else to our own output, each line with the name before it."""
        self.name = name
        self.command = command
        self.environ = environ
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None
        self.deaths = 0
        self._started = 0.0
        self._pause = FIRST_PAUSE
        self._not_before = 0.0

    def tend(self) -> bool:
        """Start it if it doesn't run and may start now. True if something changed."""
        now = time.monotonic()
        if self.process is None:
            if now < self._not_before:
                return False
            self._start()
            return True
        if self.process.poll() is None:
            return False
        self.deaths += 1
        self.kill()  # what is left of its group
        lived = now - self._started
        if lived < HEALTHY_SECONDS and self.deaths > 1:
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
        else:
            self._pause = FIRST_PAUSE
        self._not_before = now + self._pause
        say(f"{self.name} {_ending(self.process.returncode)}; starting it again in {self._pause:g} s")
        self.process = None
        return True

    def terminate(self) -> None:
        """Ask it to stop; it knows how to stop its own children."""
        if self.process and self.process.poll() is None:
            self.process.terminate()

    def is_over(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def kill(self) -> None:
        """Kill it and all of its group."""
        if self.process:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def _start(self) -> None:
        self._started = time.monotonic()
        with contextlib.ExitStack() as files:
            output: Any = files.enter_context(self.log.open("ab")) if self.log else subprocess.PIPE
            self.process = subprocess.Popen(
                self.command,
                cwd=REPOSITORY,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        if self.process.stdout:
            threading.Thread(target=_pass_on, args=(self.name, self.process.stdout), daemon=True).start()


class State:
    """DATA_DIR/stack.json: what a running stack tells to those who come later."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / "stack.json"
        self.lock = data_dir / "stack.lock"  # held by the supervisor as long as it lives

    def read(self) -> dict[str, Any]:
        """An empty dict if there is none (or only half of one, after a power loss)."""
        with contextlib.suppress(FileNotFoundError, ValueError):
            found = json.loads(self.path.read_text())
            return found if isinstance(found, dict) else {}
        return {}

    def write(self, content: Mapping[str, object]) -> None:
        draft = self.path.with_suffix(".draft")
        draft.write_text(json.dumps(content))
        draft.replace(self.path)

    def clear(self) -> None:
        """Kill what is left of the stack that wrote the file, then forget it."""
        state = self.read()
        if mark := state.get("mark"):
            recorded = [(pid, started) for pid, started in state.get("processes", [])]
            kill_marked(str(mark), recorded)
        self.path.unlink(missing_ok=True)


def identity(process: subprocess.Popen[bytes]) -> tuple[int, float]:
    """Process id and start time, which together are never used again."""
    try:
        return process.pid, psutil.Process(process.pid).create_time()
    except psutil.Error:
        return process.pid, 0.0


def kill_marked(mark: str, recorded: Collection[tuple[int, float]] = (), *, seconds: float = 5) -> None:
    """Kill every process that carries the mark until there are none, or for `seconds` at most."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        alive = list(_marked(mark, recorded))
        if not alive:
            return
        for process in alive:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(alive, timeout=0.5)


def _marked(mark: str, recorded: Collection[tuple[int, float]]) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.pid != os.getpid() and _carries(process, mark, recorded):
                yield process


def _carries(process: psutil.Process, mark: str, recorded: Collection[tuple[int, float]]) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE and process.environ().get(STACK_MARK) == mark)
    except (psutil.AccessDenied, OSError):  # not ours to read; by number and start time it may still be ours
        return (process.pid, process.create_time()) in recorded


def _pass_on(name: str, stream: IO[bytes]) -> None:
    for line in stream:
        with contextlib.suppress(OSError):  # the terminal is gone; keep reading or the program would block
            say(f"{name:<7}| {line.decode(errors='replace').rstrip()}")


def _ending(code: int) -> str:
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
