"""The fault-injecting MeltFlex as a process of its own, and what it says happened."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests

from tests.real_stack import ROOT

KEY = "mf_sk_live_upstream"  # what a stack shows it


@dataclass
class Upstream:
    """Where it is, and its controls."""

    base: str

    def behave(self, **faults: Any) -> None:
        """From the next call on: fields of `tests.contract.faults.Faults`; what is not named stays."""
        requests.put(f"{self.base}/_control", json=faults, timeout=30).raise_for_status()

    def seen(self) -> dict[str, Any]:
        """What happened: `outcomes` of all calls, `calls` and `charged` by prompt."""
        answer: dict[str, Any] = requests.get(f"{self.base}/_control", timeout=60).json()
        return answer

    @property
    def environ(self) -> dict[str, str]:
        """What makes a stack use it."""
        return {"MELTFLEX_API_BASE": self.base, "MELTFLEX_API_KEY": KEY}


@contextmanager
def running(seed: int = 0) -> Iterator[Upstream]:
    """An upstream that answers."""
    command = [sys.executable, "-m", "tests.contract.faulty_meltflex", "--seed", str(seed)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield Upstream(process.stdout.readline().strip())
    finally:
        process.kill()
        process.communicate()
