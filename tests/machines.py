"""One machine of an instance: a web process and a worker with an environment of their own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import requests

from config.local.stack import commands
from tests.operations.incidents import eventually
from tests.real_stack import ROOT, RealStack, free_port


@contextmanager
def machine(environ: Mapping[str, str], log: Path) -> Iterator[RealStack]:
    """It answers when this returns; it is asked to stop, and waited for, at the end. `log` takes what it says."""
    port = free_port()
    mine = dict(environ) | {"PORT": str(port), "WEB_PROCESSES": "1", "WORKER_PROCESSES": "1"}
    programs = commands("127.0.0.1", port)
    with log.open("wb") as output:
        running = [
            subprocess.Popen(programs[name], cwd=ROOT, env=mine, stdout=output, stderr=output)
            for name in ("web", "worker")
        ]
        there = RealStack(f"http://127.0.0.1:{port}", mine, running[0], log)
        try:
            assert eventually(lambda: answers(there), 120), log.read_text()[-3000:]
            yield there
        finally:
            for process in running:
                process.terminate()
            for process in running:
                try:
                    process.wait(timeout=60)
                except subprocess.TimeoutExpired:
                    process.kill()


def answers(stack: RealStack) -> bool:
    """Whether a web process of it does."""
    try:
        return requests.get(f"{stack.address}/healthz", timeout=5).ok
    except requests.RequestException:
        return False
