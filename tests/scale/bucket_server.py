"""A real S3-compatible server (SeaweedFS) as a process of its own: on loopback, its files in a folder that goes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from tests.real_stack import free_port

KEY, SECRET = "scale-key", "scale-secret-of-tests"
_ALL = ["Admin", "Read", "Write", "List", "Tagging"]
_PORTS = ("master", "volume", "filer", "s3")


@dataclass
class BucketServer:
    """`environ` is what the product's settings read; `stop` and `start` keep ports and files."""

    folder: Path
    ports: dict[str, int] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.ports['s3']}"

    @property
    def environ(self) -> dict[str, str]:
        return {
            "S3_BUCKET": "rooms",
            "S3_ENDPOINT": self.address,
            "S3_ACCESS_KEY_ID": KEY,
            "S3_SECRET_ACCESS_KEY": SECRET,
        }

    def start(self) -> None:
        """Returns when it answers."""
        log = self.folder / "server.log"
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                self._command(), cwd=self.folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        ends = time.monotonic() + 60
        while time.monotonic() < ends and self.process.poll() is None:
            try:
                if requests.get(f"{self.address}/status", timeout=2).ok:
                    return
            except requests.RequestException:
                pass
            time.sleep(0.1)
        raise AssertionError(f"SeaweedFS did not start: {log.read_text()[-2000:]}")

    def stop(self) -> None:
        """At once, as a machine that loses its power."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        for port in self.ports.values():
            for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):  # where it puts them, unasked
                left.unlink()

    def _command(self) -> list[str]:
        options = {
            "dir": self.folder / "data",
            "ip": "127.0.0.1",
            "ip.bind": "127.0.0.1",
            "metricsPort": self.ports["metrics"],
            "master.telemetry": "false",
            "master.volumeSizeLimitMB": 64,
            "volume.max": 100,
            "filer": "true",
            "filer.localSocket": self.folder / "filer.sock",
            "s3": "true",
            "s3.config": self.folder / "s3.json",
            "s3.port.iceberg": 0,
            "s3.port.lance": 0,
        }
        for name in _PORTS:
            options |= {f"{name}.port": self.ports[name], f"{name}.port.grpc": self.ports[f"{name}.grpc"]}
        return [str(program()), "server", *(f"-{name}={value}" for name, value in options.items())]


def program() -> Path:
    """Where the server is; skips the test where it is not."""
    beside = Path(sys.executable).with_name("weed")  # requirements/dev.in brings it
    found = str(beside) if beside.exists() else shutil.which("weed")
    if found is None:
        pytest.skip("No S3-compatible server here: there is no wheel of SeaweedFS for this machine.")
    return Path(found)


@contextmanager
def serving(folder: Path) -> Iterator[BucketServer]:
    """A running server with one empty bucket, which the first file makes."""
    (folder / "data").mkdir(parents=True)
    identity = {
        "name": "tests",
        "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
        "actions": _ALL,
    }
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    names = ["metrics", *_PORTS, *(f"{name}.grpc" for name in _PORTS)]
    server = BucketServer(folder, {name: free_port() for name in names})
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
