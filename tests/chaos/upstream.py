"""The fault-injecting MeltFlex as a process of its own, and what it says happened."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import requests

from tests.real_stack import ROOT, free_port


@dataclass
class Upstream:
    """Where it is, and its controls."""

    base: str

    def behave(self, *, latency: tuple[float, float], faults: dict[str, float]) -> None:
        """From the next call on: seconds it takes, and the chance of each fault."""
        answer = requests.put(
            f"{self.base}/_control", json={"latency": latency, "faults": faults}, timeout=30
        )
        answer.raise_for_status()

    def seen(self) -> dict[str, Any]:
        """Calls by what became of them (`counts`), and the calls of each prompt in order (`prompts`)."""
        answer: dict[str, Any] = requests.get(f"{self.base}/_control", timeout=60).json()
        return answer

    @property
    def environ(self) -> dict[str, str]:
        """What makes a stack use it."""
        return {"MELTFLEX_API_BASE": self.base, "MELTFLEX_API_KEY": "mf_sk_live_chaos"}


@contextmanager
def running(seed: int = 0) -> Iterator[Upstream]:
    """An upstream that answers."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "tests.chaos.stand_in", str(port), str(seed)], cwd=ROOT)
    upstream = Upstream(f"http://127.0.0.1:{port}")
    try:
        for _ in range(200):
            with suppress(requests.ConnectionError):
                upstream.seen()
                break
            time.sleep(0.1)
        yield upstream
    finally:
        process.kill()
        process.wait()
