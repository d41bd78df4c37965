"""The embedded PostgreSQL of a fresh clone: made, started, shared by our processes, stopped after the last.

It listens on a unix socket in a private folder and on nothing else. Whoever uses it holds a shared lock
(`hold`); one detached watcher waits for the exclusive one and then stops the server. The kernel drops locks
even after kill -9, so there is no count that could be wrong. docs/decisions says why it is a real server.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from urllib.parse import quote

from config.local import locks
from config.local.errors import LocalStackError
from config.local.placement import Placement, place

REPOSITORY = Path(__file__).resolve().parents[2]
ROLE = "roomwright"  # never a superuser: row-level security would not apply to it
PORT = 5432  # no TCP; it only names the socket file
STACK_MARK = "ROOMWRIGHT_STACK"  # variable that marks the processes of one stack (processes.py)
START_SECONDS = 300  # replaying the log after a power loss may take a while
ENCRYPTION_REQUEST = bytes.fromhex("0000000804d2162f")  # SSLRequest of the wire protocol
NOBODYS_PID = 2**31 - 1  # no system hands out a process id this high

SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "max_connections": "300",  # the default of 100 is less than our threads
    "timezone": "UTC",
    "log_timezone": "UTC",
}
UNSAFE_BUT_FAST = {  # for clusters that may be lost: tests
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "log_min_messages": "fatal",  # tests run into thousands of constraints on purpose
}


class EmbeddedPostgres:
    """One cluster under one data folder. All methods may be called by any number of processes at once.

    They raise LocalStackError, with the end of the server's log where that helps.
    """

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        self.data_dir = data_dir.resolve()
        self.durable = durable
        self._held: int | None = None

    @property
    def placement(self) -> Placement:
        return place(self.data_dir)

    def connection_params(self, dbname: str = ROLE) -> dict[str, str]:
        """What libpq needs to connect as the application's role."""
        return {"host": str(self.placement.sockets), "port": str(PORT), "user": ROLE, "dbname": dbname}

    def connection_url(self, dbname: str = ROLE) -> str:
        """The same as one URL that libpq (psql, psycopg) understands."""
        return f"postgresql://{ROLE}@/{dbname}?host={quote(str(self.placement.sockets), safe='')}&port={PORT}"

    def is_running(self) -> bool:
        """Whether a server of this cluster answers now. A few system calls and no process of ours."""
        pidfile = _read_pidfile(self.placement.data)
        if len(pidfile) < 8 or pidfile[7].strip() != "ready":
            return False
        return _answers(f"{pidfile[4]}/.s.PGSQL.{pidfile[3]}")

    def ensure_running(self) -> None:
        """Start the server, making the cluster first if there is none; at once if it already runs."""
        if self.is_running():
            return
        with locks.locked(self.placement.control / "lock"):
            if self.is_running():
                return
            where = self.placement
            where.own(where.home)
            where.own(where.sockets)
            if not (where.data / ".complete").exists():
                self._make_cluster(where)
            self._start(where)

    def stop(self) -> None:
        """Stop the server, ending its connections; returns when it is gone or was not there."""
        with locks.locked(self.placement.control / "lock"):
            where = self.placement
            if not _server_pid(where.data):
                return
            for manner in ("fast", "immediate"):
                if self._run(where, "pg_ctl", "stop", "-D", where.data, "-m", manner, "-w", "-t", 20) == 0:
                    return
            raise LocalStackError(f"PostgreSQL does not stop.\n{_tail(where.log)}")

    def hold(self) -> None:
        """Keep the server from being stopped while this process lives. Repeat it to renew a lost watcher.

        Waits if the server is being stopped right now. Call `ensure_running` after it.
        """
        control = self.placement.control
        if self._held is None:
            held = locks.open_lock(control / "holders")
            locks.take(held, shared=True)
            self._held = held
        if locks.is_free(control / "watcher"):
            with locks.locked(control / "lock"):
                if locks.is_free(control / "watcher"):
                    self._start_watcher()

    def stop_if_last(self) -> None:
        """Give up our hold and stop the server at once unless another process holds it."""
        if self._held is None:
            return
        held, self._held = self._held, None
        try:
            for _ in range(5):  # the watcher may have the lock for an instant
                if locks.take(held, wait=False):
                    self.stop()
                    break
                time.sleep(0.02)
        finally:
            os.close(held)

    def destroy(self) -> None:
        """Stop the server and delete the cluster with all its data.

        For tests that delete DATA_DIR: a cluster of root's that lies outside of it would stay on the disk.
        """
        self.stop()
        where = self.placement
        for folder in (where.home, where.sockets):
            shutil.rmtree(folder, ignore_errors=True)

    def _start_watcher(self) -> None:
        """Its own session, so that Ctrl-C does not reach it; it forks, so that it is nobody's child."""
        with self.placement.log.open("ab") as log:
            done = subprocess.run(
                [sys.executable, "-m", "config.local.watcher", self.data_dir],
                cwd=REPOSITORY,
                env=_clean_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                check=False,
            )
        if done.returncode:
            raise LocalStackError(f"The watcher of PostgreSQL did not start.\n{_tail(self.placement.log)}")

    def _make_cluster(self, where: Placement) -> None:
        """Make it under another name and rename it when it is whole: a kill in between leaves rubbish."""
        for rubbish in where.home.glob(f"{where.data.name}*"):
            shutil.rmtree(rubbish, ignore_errors=True)
        draft = where.data.with_name(f"{where.data.name}.{os.urandom(4).hex()}")
        quick = [] if self.durable else ["--no-sync"]
        locale = ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        initdb = ["-D", draft, "-U", "postgres", "--auth=trust", "--no-instructions", *locale, *quick]
        if self._run(where, "initdb", *initdb):
            raise LocalStackError(f"initdb failed.\n{_tail(where.log)}")
        alone = ["--single", "-D", draft, "-c", "exit_on_error=on", "postgres"]
        sql = (
            f"CREATE ROLE {ROLE} LOGIN NOSUPERUSER NOBYPASSRLS NOREPLICATION CREATEDB\n"
            f"CREATE DATABASE {ROLE} OWNER {ROLE}\n"
        )
        if self._run(where, "postgres", *alone, stdin=sql):
            raise LocalStackError(f"The database could not be made.\n{_tail(where.log)}")
        with (draft / "postgresql.conf").open("a") as conf:
            conf.write("\ninclude 'roomwright.conf'\n")
            conf.flush()
            os.fsync(conf.fileno())
        (draft / ".complete").touch()
        _sync_folder(draft)
        draft.rename(where.data)

    def _start(self, where: Placement) -> None:
        settings = SETTINGS | ({} if self.durable else UNSAFE_BUT_FAST)
        settings["unix_socket_directories"] = str(where.sockets)
        quoted = ((name, value.replace("'", "''")) for name, value in settings.items())
        conf = where.data / "roomwright.conf"  # written at each start: the clone may have been moved
        conf.write_text("".join(f"{name} = '{value}'\n" for name, value in quoted))
        conf.chmod(0o644)
        for wait in (0.2, 0.5, 1, 2, 0):  # after kill -9 the old server's last processes need a moment to go
            _disarm_stale_pidfile(where.data)
            if self._run(where, "pg_ctl", "start", "-D", where.data, "-w", "-s", "-t", START_SECONDS) == 0:
                return
            time.sleep(wait)
        raise LocalStackError(f"PostgreSQL does not start. The end of {where.log}:\n{_tail(where.log)}")

    def _run(self, where: Placement, program: str, *arguments: object, stdin: str = "") -> int:
        """Run one of the server's programs as the server's account and return its exit code.

        Its output goes to the log, not to a pipe: the server inherits it, and reading would never end.
        """
        lent = where.account
        try:
            with where.log.open("ab") as log:
                done = subprocess.run(
                    [str(where.programs / program), *map(str, arguments)],
                    cwd="/",  # the account may be unable to enter the folder we were called in
                    env=_clean_environment(),
                    user=lent.uid if lent else None,
                    group=lent.gid if lent else None,
                    extra_groups=[] if lent else None,
                    input=stdin.encode(),
                    stdout=log,
                    stderr=log,
                    check=False,
                )
        except OSError as error:
            message = f"PostgreSQL's {program} cannot be run ({error}). Set DATABASE_URL to another server."
            raise LocalStackError(message) from error
        return done.returncode


def data_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of everything a stack writes: DATA_DIR, by default `var` in the clone."""
    return Path(environ.get("DATA_DIR") or REPOSITORY / "var").resolve()


@cache
def _at(folder: Path, *, durable: bool) -> EmbeddedPostgres:
    return EmbeddedPostgres(folder, durable=durable)


def default() -> EmbeddedPostgres:
    """The cluster of this DATA_DIR; the same object throughout a process."""
    return _at(data_dir(), durable=True)


def use_default(environ: Mapping[str, str] = os.environ) -> None:
    """Have the embedded server run while this process lives; do nothing if DATABASE_URL names another.

    Reads `.env` first, as the settings do: either variable may stand there alone.
    """
    from environ import Env

    Env.read_env(REPOSITORY / ".env")
    if not environ.get("DATABASE_URL"):
        _use(default())


def for_tests() -> EmbeddedPostgres:
    """The tests' own cluster under DATA_DIR/test, running and held; fast, and lost in a power loss."""
    cluster = _at(data_dir() / "test", durable=False)
    _use(cluster)
    return cluster


def _use(cluster: EmbeddedPostgres) -> None:
    try:
        cluster.hold()
        cluster.ensure_running()
    except PermissionError as error:
        message = f"{error.filename} belongs to another user. Set DATA_DIR to a folder of your own."
        raise LocalStackError(message) from error


def _read_pidfile(data: Path) -> Sequence[str]:
    """Its lines: process id, data folder, start time, port, socket folder, address, memory, state."""
    try:
        return (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def _answers(socket_path: str) -> bool:
    """Ask for encryption, the shortest question there is: a server killed a moment ago may still accept."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(5)
        try:
            probe.connect(socket_path)
            probe.sendall(ENCRYPTION_REQUEST)
            return probe.recv(1) != b""
        except (TimeoutError, BlockingIOError):  # there, and very busy
            return True
        except OSError:  # the pid file outlived its server: kill -9, power loss
            return False


def _server_pid(data: Path) -> int | None:
    """The process id of the cluster's server if it lives. Ids are reused: its working folder tells."""
    import psutil  # here: every command imports us, hardly any comes here

    pidfile = _read_pidfile(data)
    with contextlib.suppress(IndexError, ValueError, OSError, psutil.Error):
        process = psutil.Process(int(pidfile[0]))
        if Path(process.cwd()).samefile(data):
            return int(process.pid)
    return None


def _disarm_stale_pidfile(data: Path) -> None:
    """Make PostgreSQL ignore a left-over pid file whose number now belongs to some other program.

    Only the number is replaced. The line about shared memory stays, by which PostgreSQL itself recognises
    survivors of the old server that still write to the cluster.
    """
    pidfile = _read_pidfile(data)
    if pidfile and not _server_pid(data):
        (data / "postmaster.pid").write_text("\n".join([str(NOBODYS_PID), *pidfile[1:]]) + "\n")


def _clean_environment() -> dict[str, str]:
    """Ours without the settings of PostgreSQL's clients or a stack's mark: the server may outlive it."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PG", STACK_MARK))}


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _tail(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""
