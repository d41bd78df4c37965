"""Files of a call under way: in a folder of this process, which whoever comes later clears away if it was killed."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from django.conf import settings

_LOCK = "lock"  # held as long as its process lives, frozen or not
_FRESH = ".fresh-"
_guard = threading.Lock()
_mine: tuple[int, Path, IO[bytes]] | None = None  # process id, folder, its lock


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for one call, gone with everything in it afterwards."""
    path = Path(tempfile.mkdtemp(dir=_of_this_process()))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def clear_stale() -> int:
    """Remove what killed processes of this machine left behind. Returns how many folders that were."""
    removed = 0
    long_ago = time.time() - 3600
    for half_made in settings.SCRATCH_DIR.glob(f"{_FRESH}*/"):
        if half_made.stat().st_mtime < long_ago:
            shutil.rmtree(half_made, ignore_errors=True)
    for found in settings.SCRATCH_DIR.glob("[!.]*/"):
        with suppress(OSError), (found / _LOCK).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # refused while its process lives
            shutil.rmtree(found, ignore_errors=True)
            removed += 1
    return removed


def remove() -> None:
    """This process needs no more files."""
    global _mine
    with _guard:
        mine, _mine = _mine, None
    if mine is not None:
        shutil.rmtree(mine[1], ignore_errors=True)
        mine[2].close()


def _of_this_process() -> Path:
    global _mine
    with _guard:
        if _mine is None or _mine[0] != os.getpid():
            settings.SCRATCH_DIR.mkdir(parents=True, exist_ok=True)
            # Locked under another name first, or somebody could take it for a dead one's in between.
            fresh = Path(tempfile.mkdtemp(prefix=_FRESH, dir=settings.SCRATCH_DIR))
            lock = (fresh / _LOCK).open("wb")
            fcntl.flock(lock, fcntl.LOCK_EX)
            path = fresh.rename(fresh.with_name(fresh.name.removeprefix(_FRESH)))
            _mine = os.getpid(), path, lock
        return _mine[1]
