"""The detached process that stops the embedded PostgreSQL a short while after its last user is gone.

    python -m config.local.watcher DATA_DIR

It returns as soon as a copy of itself watches, or another one already did.
"""

import os
import sys
import time
from pathlib import Path

from config.local import locks
from config.local.postgres import EmbeddedPostgres

GRACE_SECONDS = 5.0  # so that one command after another finds the server running


def main() -> int:
    """Become the watcher of the cluster in the folder named on the command line. Returns the exit code."""
    postgres = EmbeddedPostgres(Path(sys.argv[1]))
    watcher = locks.open_lock(postgres.placement.control / "watcher")
    for _ in range(20):  # somebody who asks whether it is free has it for an instant
        if locks.take(watcher, wait=False):
            break
        time.sleep(0.02)
    else:
        return 0
    if os.fork():
        return 0  # the copy shares the lock
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    _watch(postgres)
    return 0


def _watch(postgres: EmbeddedPostgres) -> None:
    """Return when the server is stopped, still with both locks: who comes meanwhile waits and starts it."""
    holders = locks.open_lock(postgres.placement.control / "holders")
    while True:
        locks.take(holders)
        locks.give_back(holders)
        if _nobody_came(postgres, holders):
            postgres.stop()
            return


def _nobody_came(postgres: EmbeddedPostgres, holders: int) -> bool:
    deadline = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < deadline and postgres.is_running():
        time.sleep(0.1)
    return locks.take(holders, wait=False)


if __name__ == "__main__":
    sys.exit(main())
