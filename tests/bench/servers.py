"""What stands beside ours in front of the same upstream, each in processes of its own; and what all of them need.

A target that is not installed is told as such: `find` gives None for it.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import numpy as np
import psutil
import psycopg
import requests
from PIL import Image

from config.local.postgres import EmbeddedPostgres
from tests.real_stack import ROOT, SAMPLE, free_port

RIVALS = ROOT / "var/bench-rivals"  # where `make bench-rivals` installs LiteLLM
_READY_SECONDS = 240.0  # LiteLLM takes a minute to import


class NotStarted(Exception):
    """A program is installed and does not serve."""


_NGINX = """
daemon off; worker_processes 2; pid {folder}/nginx.pid; error_log {folder}/nginx.log crit;
events {{ worker_connections 4096; }}
http {{
  access_log off; client_max_body_size 20m;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port}; location / {{
    proxy_pass {upstream}; proxy_request_buffering off; proxy_buffering off; proxy_read_timeout 180s;
    proxy_set_header Authorization "Bearer mf_sk_up"; }} }}
}}
"""
_LITELLM = """
general_settings:
  pass_through_endpoints:
    - path: "/api/v1/generate"
      target: "{upstream}/api/v1/generate"
      headers: {{"Authorization": "Bearer mf_sk_up", "Content-Type": "application/json"}}
"""


@dataclass
class Target:
    """Where calls go, with which keys, and the process at the head of it."""

    address: str
    keys: Sequence[str] = ("mf_sk_bench",)
    process: psutil.Process | None = field(default=None)

    def rss_mb(self) -> float:
        """Of the process and its children."""
        return resident_mb([self.process, *self.process.children(recursive=True)]) if self.process else 0.0

    def cpu_seconds(self) -> float:
        """Used so far by the process and its children; of those that have ended, once their parents know."""
        total = 0.0
        for process in [self.process, *self.process.children(recursive=True)] if self.process else []:
            with suppress(psutil.Error):
                times = process.cpu_times()
                total += times.user + times.system
                # Image processes are replaced after some hundred calls.
                total += getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
        return total


def resident_mb(processes: Sequence[psutil.Process]) -> float:
    """Together; one that has ended counts nothing."""
    total = 0
    for process in processes:
        with suppress(psutil.Error):
            total += process.memory_info().rss
    return total / 2**20


@contextmanager
def naive(upstream: str, cluster: EmbeddedPostgres, *, threads: int) -> Iterator[Target]:
    """The naive view in two processes with so many threads each, on a database of its own in this cluster.

    Served as ours is, so that only the code differs.
    """
    with psycopg.connect(cluster.connection_url(), autocommit=True) as database:
        database.execute("DROP DATABASE IF EXISTS naive")
        database.execute("CREATE DATABASE naive")
    parameters = cluster.connection_params("naive")
    engine = {"ENGINE": "django.db.backends.postgresql", "NAME": "naive", "USER": parameters["user"]}
    engine |= {"HOST": parameters["host"], "PORT": parameters["port"]}
    environ = os.environ | {"NAIVE_DATABASE": json.dumps(engine), "NAIVE_UPSTREAM": upstream}
    subprocess.run([sys.executable, "-m", "tests.bench.naive"], cwd=ROOT, env=environ, check=True)
    port = free_port()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port), "--workers", "2"]
    command += ["--blocking-threads", str(threads), "--backpressure", str(2 * threads), "--no-ws"]
    command += ["--log-level", "error", "tests.bench.naive:application"]
    with _started(command, port, environ) as process:
        yield Target(f"http://127.0.0.1:{port}", ("naive",), process)


@contextmanager
def nginx(upstream: str, folder: Path) -> Iterator[Target]:
    """Hands bytes on, unbuffered, and does nothing else: the floor."""
    program, port = find("nginx"), free_port()
    assert program is not None
    place = folder / "nginx"
    place.mkdir(exist_ok=True)
    (place / "nginx.conf").write_text(_NGINX.format(folder=place, port=port, upstream=upstream))
    command = [program, "-p", str(place), "-c", str(place / "nginx.conf"), "-e", str(place / "nginx.log")]
    with _started(command, port, dict(os.environ)) as process:
        yield Target(f"http://127.0.0.1:{port}", process=process)


@contextmanager
def litellm(upstream: str, folder: Path) -> Iterator[Target]:
    """LiteLLM's proxy with one pass-through endpoint, two workers, no database; its callers have its master key."""
    program, port = find("litellm"), free_port()
    assert program is not None
    config = folder / "litellm.yaml"
    config.write_text(_LITELLM.format(upstream=upstream))
    key = f"sk-{secrets.token_hex(32)}"  # it refuses to start without one
    environ = os.environ | {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR"}
    environ |= {"LITELLM_MASTER_KEY": key}
    environ.pop("DATABASE_URL", None)
    command = [program, "--config", str(config), "--port", str(port), "--num_workers", "2"]
    command += ["--host", "127.0.0.1", "--telemetry", "False"]
    with _started(command, port, environ) as process:
        yield Target(f"http://127.0.0.1:{port}", (key,), process)


def find(name: str) -> str | None:
    """The program: where a variable of its name says (LITELLM=…), of `make bench-rivals`, or in the path."""
    own = RIVALS / "bin" / name
    named = os.environ.get(name.upper(), "")
    return named or (str(own) if own.exists() else shutil.which(name))


@contextmanager
def serving_files(folder: Path) -> Iterator[str]:
    """A web server with these files, in a process of its own; its address."""
    port = free_port()
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "-d", str(folder)]
    with _started(command, port, dict(os.environ)):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _started(command: Sequence[str], port: int, environ: dict[str, str]) -> Iterator[psutil.Process]:
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port, process)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=20)
        process.kill()
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(requests.ConnectionError):
            requests.get(f"http://127.0.0.1:{port}/", timeout=5)
            return
        time.sleep(0.2)
    raise NotStarted(f"{process.args!r} does not answer on port {port}")


def phone_photo(*, megabytes: float) -> bytes:
    """A JPEG of 12 megapixels and about this size, as a phone takes it: our sample with a sensor's noise."""
    with Image.open(SAMPLE) as sample:
        large = np.asarray(sample.convert("RGB").resize((4000, 3000), Image.Resampling.LANCZOS), np.int16)
    noise = np.random.default_rng(7).normal(0, 8, large.shape).astype(np.int16)
    picture = Image.fromarray(np.clip(large + noise, 0, 255).astype(np.uint8))
    content = b""
    for quality in range(98, 50, -4):
        out = BytesIO()
        picture.save(out, "JPEG", quality=quality)
        content = out.getvalue()
        if len(content) <= megabytes * 1e6:
            break
    return content
