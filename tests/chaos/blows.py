"""What breaks: workers, the web process, the database. Only processes of the stack that it is given are touched."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from config.local.postgres import EmbeddedPostgres
from tests.chaos.plan import Blow
from tests.real_stack import RealStack

FROZEN_SECONDS = 45.0


class Blows:
    """Deals them in order, each when `ended` has reached its mark; `tell` is told what was done."""

    def __init__(
        self, stack: RealStack, *, seed: int, ended: Callable[[], int], tell: Callable[[str], None]
    ) -> None:
        self.dealt: list[str] = []
        self._stack, self._ended, self._tell = stack, ended, tell
        self._rng = random.Random(seed)
        self._frozen: set[int] = set()
        self._thaws: list[threading.Thread] = []
        self._stop = threading.Event()

    def deal(self, blows: list[Blow]) -> None:
        """All of them; returns when the last one was dealt, or after `stop`."""
        for blow in blows:
            while self._ended() < blow.at:
                if self._stop.wait(0.1):
                    return
            self._tell(f"{blow.kind} (mark {blow.at})")
            HOW[blow.kind](self)
            self.dealt.append(blow.kind)

    def stop(self) -> None:
        """Deal no more; return when what was frozen runs again."""
        self._stop.set()
        for thaw in self._thaws:
            thaw.join()

    def _worker(self) -> psutil.Process:
        """One that is not frozen, by chance."""
        while True:
            awake = [worker for worker in self._stack.workers() if worker.pid not in self._frozen]
            if awake:
                return self._rng.choice(sorted(awake, key=lambda worker: worker.pid))
            time.sleep(0.2)

    def kill_worker(self) -> None:
        """As the kernel's memory killer does."""
        self._worker().kill()

    def kill_every_worker(self) -> None:
        """As a power cut of the machine with the workers."""
        self._stack.kill_workers()

    def terminate_worker(self) -> None:
        """As a deploy does."""
        self._worker().terminate()

    def freeze_worker(self, *, children: bool = False) -> None:
        """As a hypervisor does that moves the machine: it stands still and later goes on, knowing nothing of it."""
        worker = self._worker()
        still = [worker, *(worker.children(recursive=True) if children else [])]
        self._frozen.add(worker.pid)
        for process in still:
            _signal(process, signal.SIGSTOP)

        def thaw() -> None:
            self._stop.wait(FROZEN_SECONDS)
            for process in still:
                _signal(process, signal.SIGCONT)
            self._frozen.discard(worker.pid)
            self._tell(f"{'thawed' if worker.is_running() else 'gone while frozen'}: worker {worker.pid}")

        self._thaws.append(threading.Thread(target=thaw))
        self._thaws[-1].start()

    def kill_web(self) -> None:
        """The server's master and its processes."""
        for process in psutil.Process(self._stack.process.pid).children():
            with suppress(psutil.Error):
                if "granian" in " ".join(process.cmdline()):
                    for victim in [*process.children(recursive=True), process]:
                        victim.kill()

    def restart_database(self) -> None:
        """An orderly stop that ends every connection; the supervisor starts it again."""
        self._cluster().stop()

    def crash_database(self) -> None:
        """kill -9 of the server: it comes back by replaying its log."""
        pidfile = (self._cluster().placement.data / "postmaster.pid").read_text()
        psutil.Process(int(pidfile.splitlines()[0])).kill()

    def _cluster(self) -> EmbeddedPostgres:
        return EmbeddedPostgres(Path(self._stack.environ["DATA_DIR"]))


HOW: dict[str, Callable[[Blows], None]] = {
    "kill a worker": Blows.kill_worker,
    "kill every worker": Blows.kill_every_worker,
    "terminate a worker": Blows.terminate_worker,
    "freeze a worker": Blows.freeze_worker,
    "freeze a worker and its children": lambda blows: blows.freeze_worker(children=True),
    "kill the web process": Blows.kill_web,
    "restart PostgreSQL": Blows.restart_database,
    "crash PostgreSQL": Blows.crash_database,
}


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    with suppress(psutil.Error):
        process.send_signal(number)
