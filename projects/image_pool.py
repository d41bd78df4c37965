"""Image work runs in processes of its own: a picture that hangs, crashes or eats memory takes none of ours.

Each child is a spawned process that serves one call at a time over a pipe. That is deliberately not a
`ProcessPoolExecutor`: there, one stuck or dead child breaks the calls of all the others, nothing public ends
a stuck child, and `max_tasks_per_child` can hang the pool (CPython issue 115634, present in 3.11). Here a
call that goes wrong costs its own child and nobody else's.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import pickle
import signal
import threading
import time
import traceback
from collections.abc import Callable, Collection
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, ClassVar, TypeVar

from accounts import traces
from accounts.errors import Refusal

try:
    import resource
except ImportError:  # Windows has no such limits
    resource = None  # type: ignore[assignment]

Result = TypeVar("Result")

MEMORY_LIMIT = 3 * 1024**3  # bytes of address space a child may map
CALLS_PER_CHILD = 500  # then another takes its place, which bounds what decoders leak
START_SECONDS = 60.0
PARENT_POLL_SECONDS = 1.0

_spawn = multiprocessing.get_context("spawn")  # fork would copy locks that other threads hold


class ImageWorkFailed(Refusal):
    """The picture could not be processed."""

    code: ClassVar[str] = "image_work_failed"
    title: ClassVar[str] = "Picture processing failed"
    status: ClassVar[int] = 503


class ImageWorkDied(ImageWorkFailed):
    """Processing this picture broke off; please try again, or use another picture."""


class ImageWorkTimedOut(ImageWorkFailed):
    """Processing this picture took too long; please try again, or use a smaller picture."""


def run(function: Callable[..., Result], /, *args: Any, seconds: float, **kwargs: Any) -> Result:
    """Call a module-level `function` in a child process and return what it returns.

    Arguments, result and exceptions cross by pickle. `seconds` bounds the work itself, a fresh child's start
    included, but not the wait for a free child: others' limits bound that. What `function` raises is raised
    here. Raises ImageWorkTimedOut after `seconds`, ImageWorkDied when the child ended (crash, out of memory,
    `shutdown`); either way the child is gone and the next call gets a new one. Any thread may call.
    """

    def request() -> bytes:
        return pickle.dumps((function, args, kwargs), pickle.HIGHEST_PROTOCOL)

    with traces.span(f"image work {function.__name__}", "internal"):  # the wait for a free child included
        answer = _current().call(request, seconds, needs=function.__module__)
    succeeded, outcome = pickle.loads(answer)  # noqa: S301 - our own child wrote it
    if not succeeded:
        raise outcome
    return outcome  # type: ignore[no-any-return]


def configure(*, processes: int) -> None:
    """Set how many children work at once; without it IMAGE_PROCESSES, else the number of cores.

    Replaces a pool that already runs: its calls end with ImageWorkDied, so do this at start.
    """
    global _pool, _processes
    with _pool_lock:
        old, _pool, _processes = _pool, None, processes
    if old is not None:
        old.close()


def warm(*modules: str) -> None:
    """Start the children in the background, with these modules imported, so that no first call waits a second."""
    threading.Thread(target=_current().warm, args=(modules,), name="image-warming", daemon=True).start()


def shutdown() -> None:
    """End every child; calls under way raise ImageWorkDied, and a later `run` starts afresh."""
    global _pool
    with _pool_lock:
        old, _pool = _pool, None
    if old is not None:
        old.close()


class _Child:
    """One child process, as its parent sees it; served by one thread at a time."""

    def __init__(self, *, threads: int, modules: Collection[str] = ()) -> None:
        """`modules` are imported before it greets, so that its first call need not wait for that."""
        self.calls = 0
        self._has_greeted = False
        self._pipe, theirs = _spawn.Pipe()
        self._process = _spawn.Process(
            target=_serve, args=(theirs, os.getpid(), threads, list(modules)), name="image-work", daemon=True
        )
        try:
            self._process.start()
        finally:
            theirs.close()  # or the pipe would not end when the child does

    def is_alive(self) -> bool:
        return self._process.is_alive()

    def call(self, request: bytes, seconds: float) -> bytes:
        ends = time.monotonic() + seconds
        try:
            self.await_greeting(ends)
            self.calls += 1
            self._pipe.send_bytes(request)
            return self._receive(ends)
        except (EOFError, OSError) as error:
            raise ImageWorkDied from error

    def await_greeting(self, ends: float) -> None:
        """Until it is ready; sending earlier could block on a full pipe. `ends` by the monotonic clock."""
        if not self._has_greeted:
            self._receive(ends)
            self._has_greeted = True

    def _receive(self, ends: float) -> bytes:
        if not self._pipe.poll(max(0.0, ends - time.monotonic())):
            raise ImageWorkTimedOut
        return self._pipe.recv_bytes()

    def kill(self) -> None:
        """End the process at once; whoever waits for its answer finds the pipe ended."""
        self._process.kill()
        self._process.join(timeout=5)

    def discard(self) -> None:
        """End the process and let go of the pipe; only for the thread that the child serves."""
        self.kill()
        self._pipe.close()


class _Pool:
    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._threads = max(1, (os.cpu_count() or 1) // processes)
        self._places = threading.Semaphore(processes)
        self._lock = threading.Lock()
        self._idle: list[_Child] = []
        self._busy: set[_Child] = set()
        self._ready: list[_Child] = []  # to take the place of one that has had its share of calls
        self._is_renewing = False
        self._modules: set[str] = set()
        self._closed = False

    def call(self, make_request: Callable[[], bytes], seconds: float, *, needs: str) -> bytes:
        self._modules.add(needs)
        with self._places:
            request = make_request()  # only now: hundreds may be waiting, each with photos to send
            child = self._take()
            try:
                answer = child.call(request, seconds)
            except BaseException:
                self._drop(child)
                raise
            self._give_back(child)
            return answer

    def warm(self, modules: Collection[str]) -> None:
        """Start those that calls have not started meanwhile; ends early, and silently, where one can't start."""
        for _ in range(self._processes):
            try:
                child = _Child(threads=self._threads, modules=modules)
            except OSError:
                return
            with suppress(ImageWorkFailed, EOFError, OSError):
                child.await_greeting(time.monotonic() + START_SECONDS)
                with self._lock:
                    if not self._closed and len(self._idle) + len(self._busy) < self._processes:
                        self._idle.append(child)
                        continue
            child.discard()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            idle, self._idle, self._ready = self._idle + self._ready, [], []
            busy = list(self._busy)
        for child in idle:
            child.discard()
        for child in busy:
            child.kill()

    def _take(self) -> _Child:
        with self._lock:
            if self._closed:
                raise ImageWorkDied
            while self._idle:
                child = self._idle.pop()
                if child.is_alive():
                    break
                child.discard()
            else:
                child = _Child(threads=self._threads)
            self._busy.add(child)
            return child

    def _give_back(self, child: _Child) -> None:
        with self._lock:
            if self._closed:
                fresh = None
            elif child.calls < CALLS_PER_CHILD or not self._ready:
                fresh = child
            else:
                fresh = self._ready.pop()
            if fresh is not None:
                self._idle.append(fresh)
            if fresh is child:
                self._busy.discard(child)
                if child.calls >= CALLS_PER_CHILD and not self._is_renewing:
                    self._is_renewing = True
                    threading.Thread(target=self._renew, name="image-renewal", daemon=True).start()
        if fresh is not child:
            self._drop(child)

    def _renew(self) -> None:
        """Start another while the old ones go on: whoever came at that moment would wait for it."""
        child = None
        try:
            child = _Child(threads=self._threads, modules=sorted(self._modules))
            child.await_greeting(time.monotonic() + START_SECONDS)
            is_ready = True
        except (ImageWorkFailed, EOFError, OSError):
            is_ready = False  # the old ones go on, and the next call tries again
        with self._lock:
            self._is_renewing = False
            if is_ready and child is not None and not self._closed:
                self._ready.append(child)
                return
        if child is not None:
            child.discard()

    def _drop(self, child: _Child) -> None:
        with self._lock:
            self._busy.discard(child)
        child.discard()


_pool_lock = threading.Lock()
_pool: _Pool | None = None
_processes = 0


def _current() -> _Pool:
    global _pool
    with _pool_lock:
        if _pool is None:
            wanted = _processes or int(os.environ.get("IMAGE_PROCESSES") or 0) or os.cpu_count() or 1
            _pool = _Pool(wanted)
        return _pool


def _forget_after_fork() -> None:
    """A forked server process has no children of its own yet, and perhaps a copy of a held lock."""
    global _pool, _pool_lock
    _pool, _pool_lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)


def _serve(pipe: Connection, parent: int, threads: int, modules: list[str]) -> None:
    """The child's whole life: greet, then answer calls until the parent closes the pipe or is gone."""
    _settle_in(parent, threads)
    for module in modules:
        importlib.import_module(module)
    try:
        pipe.send_bytes(b"ready")
        while True:
            pipe.send_bytes(_answer(pipe.recv_bytes()))
    except (EOFError, OSError):
        return


def _settle_in(parent: int, threads: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_leave_with, args=(parent,), name="parent-watch", daemon=True).start()
    # Each child on its share of the cores. These are read when numpy and OpenCV are first imported, later.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
        os.environ.setdefault(name, str(threads))
    if hasattr(os, "nice"):
        os.nice(5)  # answering requests comes first
    if resource is not None:
        with suppress(OSError, ValueError):  # macOS refuses; the container's own limit remains
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))


def _leave_with(parent: int) -> None:
    """End this process soon after its parent, which a SIGKILL leaves no chance to say goodbye."""
    while os.getppid() == parent:
        time.sleep(PARENT_POLL_SECONDS)
    os._exit(1)


def _answer(request: bytes) -> bytes:
    try:
        function, args, kwargs = pickle.loads(request)  # noqa: S301 - our own parent wrote it
        return pickle.dumps((True, function(*args, **kwargs)), pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        error.add_note("In the image process:\n" + "".join(traceback.format_tb(error.__traceback__)))
        return _pickled_error(error)


def _pickled_error(error: Exception) -> bytes:
    try:
        failure = pickle.dumps((False, error))
        pickle.loads(failure)  # noqa: S301 - some exceptions can be written and not read
    except Exception:
        return pickle.dumps((False, RuntimeError(f"{type(error).__name__}: {error}")))
    return failure
