"""How long one waits: from a fresh clone to the first picture, for a second start, for the test suite."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import requests

from config.local.postgres import EmbeddedPostgres
from tests.bench.report import Options, Part, Row
from tests.real_stack import ROOT, free_port

_READY_SECONDS = 300


def part_of(options: Options) -> Part:
    """A clone beside this one, with its own environment; the suite only in a full run."""
    part = Part("Start-up")
    clone = options.folder / "clone"
    _run(["git", "clone", "-q", "--no-hardlinks", str(ROOT), str(clone)], ROOT)
    # Other parts have set these for themselves.
    others = ("DATABASE_URL", "DATA_DIR", "DJANGO_SETTINGS_MODULE")
    clean = {name: value for name, value in os.environ.items() if name not in others}
    environ = dict(clean)
    environ["PYTHON"] = sys.executable if sys.prefix == sys.base_prefix else sys.base_prefix + "/bin/python3"
    if not options.quick:
        part.rows.append(
            Row(
                "fresh clone to the first picture (`make demo`, packages from the cache)",
                "s",
                _demo(clone, environ),
            )
        )
        part.rows.append(Row("`make demo` once more", "s", _demo(clone, environ)))
    part.rows.append(Row("`run` with an empty data folder, until /readyz", "s", _start(clone, environ)))
    part.rows.append(Row("`run` once more", "s", _start(clone, environ)))
    EmbeddedPostgres(clone / "var").destroy()  # as root the cluster may lie outside the folder
    if not options.quick:
        began = time.monotonic()
        _run(["make", "test"], ROOT, clean)
        part.rows.append(Row("test suite (`make test`)", "s", time.monotonic() - began))
    part.notes.append(
        "Wheels come from the index or cache that pip is set up with; their download is in the first row."
    )
    return part


def _demo(clone: Path, environ: dict[str, str]) -> float:
    began = time.monotonic()
    _run(["make", "demo"], clone, environ)
    assert (clone / "var/demo/after.png").exists()
    return time.monotonic() - began


def _start(clone: Path, environ: dict[str, str]) -> float:
    """Seconds until it is ready; it is stopped again."""
    port = free_port()
    own = clone / ".venv/bin/python"
    python = own if own.exists() else Path(sys.executable)  # a quick run makes no environment
    began = time.monotonic()
    with (clone.parent / "run.log").open("wb") as log:
        process = subprocess.Popen(
            [str(python), "-m", "config.local", "run"],
            cwd=clone,
            env=environ | {"PORT": str(port)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        while time.monotonic() < began + _READY_SECONDS and process.poll() is None:
            try:
                if requests.get(f"http://127.0.0.1:{port}/readyz", timeout=5).status_code == 200:
                    return time.monotonic() - began
            except requests.RequestException:
                pass
            time.sleep(0.05)
        raise AssertionError((clone.parent / "run.log").read_text()[-2000:])
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=120)


def _run(command: list[str], where: Path, environ: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, cwd=where, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
