"""Telling a person at a terminal what goes on and how long it took. The installer needs it: no packages."""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

WIDTH = 46
QUIET_TICK_SECONDS = 10  # where lines can't be rewritten (a file, CI), say only now and then that it goes on


def say(text: str = "") -> None:
    """Print one line at once, also when the output is a pipe."""
    print(text, flush=True)


def complain(text: str) -> None:
    """Print to the error output."""
    sys.stdout.flush()
    print(text, file=sys.stderr, flush=True)


@contextmanager
def step(label: str) -> Iterator[None]:
    """Show the label with running seconds while the block runs, and at its end the time it took."""
    started = time.monotonic()
    over = threading.Event()
    ticker = threading.Thread(target=_tick, args=(label, started, over), daemon=True)
    ticker.start()
    ending = "failed after "
    try:
        yield
        ending = ""
    finally:
        over.set()
        ticker.join()
        clear = "\r\033[K" if _can_rewrite() else ""
        say(f"{clear}  {label:<{WIDTH}} {ending}{time.monotonic() - started:.1f} s")


def tail(path: Path, lines: int = 25) -> str:
    """The last lines of a log, for a message about a failure; empty if there is none."""
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else ""


def _tick(label: str, started: float, over: threading.Event) -> None:
    rewrite = _can_rewrite()
    while not over.wait(0.5 if rewrite else QUIET_TICK_SECONDS):
        seconds = f"{time.monotonic() - started:.0f} s"
        if rewrite:
            print(f"\r\033[K  {label:<{WIDTH}} {seconds} …", end="", flush=True)
        else:
            say(f"  {label:<{WIDTH}} {seconds} so far …")


def _can_rewrite() -> bool:
    return sys.stdout.isatty() and os.environ.get("TERM") not in (None, "dumb")
