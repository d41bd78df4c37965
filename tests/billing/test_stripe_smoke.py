"""The scenario of `make stripe-live-smoke` against the sandbox, so that it can't rot where nobody has a key."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import LazySettings

from billing.stripe_sandbox.server import serve
from billing.stripe_sandbox.world import World
from tests.billing import stripe_smoke

ROOT = Path(__file__).resolve().parents[2]


def smoke(**environ: str) -> subprocess.CompletedProcess[str]:
    """The program itself."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("STRIPE_")}
    return subprocess.run(
        [sys.executable, "-m", "tests.billing.stripe_smoke"],
        cwd=ROOT,
        env={**inherited, "STRIPE_SECRET_KEY": "", **environ},
        capture_output=True,
        text=True,
        timeout=240,
    )


def test_without_a_key_it_says_that_it_was_skipped_and_why() -> None:
    done = smoke()
    assert (done.returncode, done.stdout.splitlines()[0].split(":")[0]) == (0, "SKIPPED")
    assert "STRIPE_SECRET_KEY is not set" in done.stdout


@pytest.mark.parametrize("key", ["sk_live_x", "rk_live_x"])
def test_a_live_key_is_refused(key: str) -> None:
    done = smoke(STRIPE_SECRET_KEY=key)
    assert (done.returncode, done.stdout.split(":")[0]) == (2, "REFUSED")


@pytest.mark.slow
def test_every_step_is_as_expected_of_the_sandbox(db: None, settings: LazySettings) -> None:
    lines: list[str] = []
    with serve(World()) as address:
        settings.STRIPE_API_BASE, settings.STRIPE_SECRET_KEY = address, "sk_test_offline"
        assert stripe_smoke.run(lines.append) == 0, lines
    assert len(lines) == 17


@pytest.mark.slow
def test_the_program_runs_on_a_database_of_its_own_and_stops_at_a_difference() -> None:
    with serve(World()) as address:
        done = smoke(STRIPE_SECRET_KEY="sk_test_x", STRIPE_API_BASE=address)
    assert (done.returncode, done.stdout.count("\nok  ")) == (0, 16), done.stdout + done.stderr
    with serve(World()) as address:
        pass  # nobody there any more
    done = smoke(STRIPE_SECRET_KEY="sk_test_x", STRIPE_API_BASE=address)
    assert (done.returncode, "DIFFERENT" in done.stdout) == (1, True), done.stdout + done.stderr
