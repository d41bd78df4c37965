"""Advisory file locks. The kernel lets go of them when a process ends, however it ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def open_lock(path: Path) -> int:
    """Open (or make) a lock file and return its descriptor, which programs we start do not inherit.

    Root gives the file to the folder's owner, so that a later run as that user can still open it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
    return descriptor


def take(descriptor: int, *, shared: bool = False, wait: bool = True) -> bool:
    """Lock an open lock file; False if `wait` is off and somebody else has it."""
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True


def give_back(descriptor: int) -> None:
    """Unlock without closing."""
    fcntl.flock(descriptor, fcntl.LOCK_UN)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the file's lock for the block, waiting for it as long as it takes."""
    descriptor = open_lock(path)
    try:
        take(descriptor)
        yield
    finally:
        os.close(descriptor)


def is_free(path: Path) -> bool:
    """Whether nobody has the file's lock at this moment."""
    descriptor = open_lock(path)
    try:
        return take(descriptor, shared=True, wait=False)
    finally:
        os.close(descriptor)
