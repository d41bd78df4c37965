"""The product as its user starts it: `python -m config.local run`, in a data folder and on a port of its own."""

from __future__ import annotations

import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import psycopg
import requests

from config.local.postgres import EmbeddedPostgres

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "static/samples/room.jpg"

QUOTAS = ("API_WORKSPACE_REQUESTS_PER_MINUTE", "API_ADDRESS_REQUESTS_PER_MINUTE")

_PROVISION = """
import json
from django.utils import timezone
from accounts import services, tenancy
from accounts.models import Organization, User
from billing.provisioning import provision_workspace

def test_key(made):
    with tenancy.system("provisioning by name"):
        organization = Organization.objects.get(public_id=made["organization"])
    person = User.objects.get(email=made["owner"])
    return services.issue_api_key(organization=organization, by_user=person, name="Test", live=False, now=now)[1]

keys, now = [], timezone.now()
for name, credits in zip(wanted["names"], wanted["credits"]):
    made = provision_workspace(name=name, owner_email="ops@example.com", plan=wanted["plan"], credits=credits,
                               with_key=wanted["live"], now=now)
    keys.append(made["api_key"] if wanted["live"] else test_key(made))
print(json.dumps(keys))
"""


def free_port() -> int:
    """A port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class RealStack:
    """A running stack; `environ` is what its programs see."""

    address: str
    environ: dict[str, str]
    process: subprocess.Popen[bytes]
    log: Path  # what its processes say

    def manage(self, *arguments: str) -> str:
        """A management command's standard output; raises when it fails."""
        done = self.try_manage(*arguments)
        assert done.returncode == 0, f"manage.py {arguments[0]}: {done.stdout}{done.stderr}"
        return done.stdout

    def try_manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """What became of a management command."""
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.environ, capture_output=True, text=True, check=False
        )

    def provision(self, name: str, credits: int, plan: str = "growth") -> Caller:
        """A new workspace's program."""
        made = json.loads(
            self.manage(
                *("provision_workspace", "--name", name, "--owner", "ops@example.com"),
                *("--plan", plan, "--credits", str(credits), "--api-key"),
            )
        )
        return Caller(self.address, made["api_key"])

    def provision_many(
        self, names: Sequence[str], credits: Sequence[int], *, plan: str = "growth", live: bool = True
    ) -> list[Caller]:
        """A workspace's program for each name, all made by one process; with a test key unless `live`."""
        wanted = {"names": list(names), "credits": list(credits), "plan": plan, "live": live}
        made = self.manage("shell", "--no-imports", "-c", f"wanted = {wanted!r}\n{_PROVISION}")
        return [Caller(self.address, key) for key in json.loads(made.splitlines()[-1])]

    def database(self) -> psycopg.Connection[tuple[Any, ...]]:
        """A connection that sees every workspace's rows."""
        url = EmbeddedPostgres(Path(self.environ["DATA_DIR"])).connection_url()
        connection = psycopg.connect(url, autocommit=True)
        connection.execute("SET app.system = 'on'")
        return connection

    def workers(self) -> list[psutil.Process]:
        """Every `manage.py worker` of this stack."""
        found = []
        for child in psutil.Process(self.process.pid).children(recursive=True):
            try:
                if "manage.py worker" in " ".join(child.cmdline()):
                    found.append(child)
            except psutil.Error:  # it ended while we looked
                continue
        return found

    def kill_workers(self) -> int:
        """kill -9 all of them. Returns how many there were."""
        workers = self.workers()
        for worker in workers:
            worker.kill()
        return len(workers)


class Caller(requests.Session):
    """A program with a key."""

    def __init__(self, address: str, key: str) -> None:
        super().__init__()
        self.trust_env = False
        self.address, self.key = address, key
        self.headers["Authorization"] = f"Bearer {key}"

    def api(self, method: str, path: str, **options: Any) -> requests.Response:
        """A call under /api/v1/."""
        return self.request(method, f"{self.address}/api/v1/{path}", timeout=130, **options)

    def balance(self) -> int:
        """What can be spent now."""
        balance: int = self.api("GET", "credits").json()["balance"]
        return balance


def clean_environ() -> dict[str, str]:
    """Ours, without what only tests want."""
    ours = ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")
    return {name: value for name, value in os.environ.items() if name not in ours}


@contextmanager
def running(folder: Path, **environ: str) -> Iterator[RealStack]:
    """A stack that is ready; stopped as Ctrl-C would, at the end, and its database with it."""
    try:
        with running_from(ROOT, folder, **environ) as stack:
            yield stack
    finally:
        EmbeddedPostgres(folder).destroy()  # as root the cluster may lie outside the folder


@contextmanager
def running_from(code: Path, folder: Path, **environ: str) -> Iterator[RealStack]:
    """The same with the programs of any checkout; the database is left where it is."""
    port = free_port()
    clean = clean_environ()
    limits = dict.fromkeys(("API_REQUESTS_PER_MINUTE", *QUOTAS), "60000")
    full = clean | {"DATA_DIR": str(folder), "PORT": str(port)} | limits | environ
    log = folder.parent / f"{folder.name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "config.local", "run"],
            cwd=code,
            env=full,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C is for pytest, which then stops it in order
        )
    stack = RealStack(f"http://127.0.0.1:{port}", full, process, log)
    try:
        _wait_until_ready(stack, log)
        yield stack
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """As Ctrl-C does; a second one when calls under way take too long."""
    for seconds in (60, 30):
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=seconds)
            return
    process.kill()
    raise AssertionError("The stack did not stop.")


def _wait_until_ready(stack: RealStack, log: Path) -> None:
    deadline = time.monotonic() + 300  # migrations on a busy machine
    while time.monotonic() < deadline:
        if stack.process.poll() is not None:
            break
        try:
            if requests.get(f"{stack.address}/readyz", timeout=5).status_code == 200:
                return
        except requests.RequestException:  # not there yet, or slow on a busy machine
            pass
        time.sleep(0.2)
    raise AssertionError(f"The stack did not become ready:\n{log.read_text()[-4000:]}")


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def serving_files(folder: Path) -> Iterator[str]:
    """A web server on loopback with the files of a folder; its address."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
