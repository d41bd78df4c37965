"""What one picture costs each kind of process, and what it leaves behind: CPU time, WAL, rows, bytes.

    python -m tests.bench.per_picture --pictures 200        CPU, WAL and files, on a running stack
    python -m tests.bench.per_picture --rows 20000          bytes per row, of seeded tables

CPU time hardly depends on what else the machine does, so these are the numbers that `docs/scaling.md` counts with.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg
import requests

from config.local.postgres import EmbeddedPostgres
from tests import real_stack
from tests.bench import history
from tests.bench.in_flight import photo, upstream
from tests.bench.report import Options, Part, Row
from tests.real_stack import ROOT, Caller, RealStack

PICTURE_BYTES = 1_500_000  # of what the upstream gives; ours adds its marks
LOOKS = 3  # times that a program asks how far its picture is
IDLE_SECONDS = 20.0
_OTHER_ENDS = ("failed", "canceled")
_TABLES = """SELECT relname, n_tup_ins, n_tup_upd + n_tup_del FROM pg_stat_user_tables"""


def part_of(options: Options) -> Part:
    """Both tables in one."""
    part = Part("Per picture: CPU, log, rows and bytes")
    part.rows += cost(options.folder / "stack", pictures=options.pick(300, 10))
    command = [sys.executable, "-m", "tests.bench.per_picture", "--json", "--rows"]
    done = subprocess.run(
        [*command, str(options.pick(20_000, 500))], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    sizes: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    part.rows += [Row(f"{name}, with its indexes", "bytes/row", size) for name, size in sizes.items()]
    part.notes.append(
        f"A program sends a photo of {_size_of_photo() / 1e3:.0f} kB, asks {LOOKS} times how far it is, and reads"
        f" picture and thumbnail once. The upstream gives {PICTURE_BYTES / 1e6:.1f} MB of noise after a second, so"
        " thumbnails are larger than those of rooms. What an idle stack takes in the same time is taken off, and told"
        " by itself."
    )
    return part


# --- CPU, WAL, rows, files -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kinds:
    """The processes of a stack by their kind; each sum is CPU seconds since its processes began."""

    stack: RealStack
    postmaster: int

    def spent(self) -> dict[str, float]:
        """CPU seconds by kind."""
        found: dict[str, float] = defaultdict(float)
        for process in psutil.Process(self.stack.process.pid).children(recursive=True):
            with suppress(psutil.Error):
                kind = self._kind(process)
                found[kind] += _seconds(process)
                # Image processes end after some work; their time is then told by who had them.
                found["image processes" if kind == "worker" else kind] += _ended(process)
        postmaster = psutil.Process(self.postmaster)
        found["PostgreSQL"] = _seconds(postmaster) + _ended(postmaster)
        for backend in postmaster.children():
            with suppress(psutil.Error):
                found["PostgreSQL"] += _seconds(backend)
        return dict(found)

    def _kind(self, process: psutil.Process) -> str:
        for each in (process, *process.parents()):
            words = " ".join(each.cmdline())
            if "manage.py worker" in words:
                return "worker" if each == process else "image processes"
            if "config.wsgi" in words:
                return "web"
        return "the rest"


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _ended(process: psutil.Process) -> float:
    """Of its children that have ended."""
    times = process.cpu_times()
    return float(times.children_user + times.children_system)


def cost(folder: Path, *, pictures: int, **environ: str) -> list[Row]:
    """Have so many made on a stack of one worker and one web process; what each cost."""
    faults = {"latency": [1.0, 1.0], "picture_bytes": PICTURE_BYTES}
    more = {
        "WEB_PROCESSES": "1",
        "WORKER_PROCESSES": "1",
        "IMAGE_PROCESSES": "1",
        "UPSTREAM_CONCURRENCY": "20",
    }
    with upstream(faults) as (address, _process):
        more |= {"MELTFLEX_API_BASE": address, "MELTFLEX_API_KEY": "mf_sk_up"} | environ
        with real_stack.running(folder, **more) as stack, _database(folder) as database:
            kinds = Kinds(stack, _postmaster(folder))
            caller = stack.provision("Costs", 20 + 10 * pictures, "scale")
            _make(caller, 2)  # what is made once for all: image processes, connections, plans
            began, idle = time.monotonic(), kinds.spent()
            time.sleep(IDLE_SECONDS)
            idle = _less(kinds.spent(), idle, 1 / (time.monotonic() - began))
            before, wal, rows = kinds.spent(), _wal(database), _rows(database)
            files = _files(folder)
            began = time.monotonic()
            _make(caller, pictures)
            seconds = time.monotonic() - began
            time.sleep(2)  # statistics come a little later
            spent = _less(kinds.spent(), before, 1 / pictures)
            return [
                *(
                    Row(f"{kind}", "CPU ms", 1000 * (used - idle.get(kind, 0) * seconds / pictures))
                    for kind, used in spent.items()
                ),
                *(Row(f"{kind}, idle", "CPU ms/s", 1000 * used) for kind, used in idle.items()),
                Row("written to PostgreSQL's log", "bytes", (_wal(database) - wal) / pictures),
                *_rows_told(rows, _rows(database), pictures),
                *(
                    Row(f"stored: {what}", "bytes", (now - files.get(what, 0)) / pictures)
                    for what, now in _files(folder).items()
                ),
            ]


def _less(after: dict[str, float], before: dict[str, float], times: float) -> dict[str, float]:
    return {kind: (value - before.get(kind, 0)) * times for kind, value in after.items()}


def _make(caller: Caller, pictures: int) -> None:
    body = {"prompt": "Warm oak, linen", "image": photo()}

    def one(_number: int) -> None:
        with Caller(caller.address, caller.key) as mine:
            asked = mine.api("POST", "generations", json=body)
            assert asked.status_code == 202, asked.text
            _read(mine, asked.json()["id"])

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(one, range(pictures)))


def _read(caller: Caller, name: str) -> None:
    """As a program does that is patient: two looks on the way, one at the end, then its files."""
    headers = {"Prefer": "wait=30"}
    told = caller.api("GET", f"generations/{name}").json()
    for _ in range(LOOKS - 1):
        told = caller.api("GET", f"generations/{name}", headers=headers).json()
    while told["state"] not in ("succeeded", *_OTHER_ENDS):
        told = caller.api("GET", f"generations/{name}", headers=headers).json()
    assert told["state"] == "succeeded", told
    for what in ("url", "thumbnail_url"):
        requests.get(told["pictures"][0][what], timeout=60).raise_for_status()


def _database(folder: Path) -> psycopg.Connection[Any]:
    url = EmbeddedPostgres(folder).connection_url("roomwright")
    return psycopg.connect(url, autocommit=True)


def _postmaster(folder: Path) -> int:
    data = EmbeddedPostgres(folder).placement.data
    return int((data / "postmaster.pid").read_text().splitlines()[0])


def _wal(database: psycopg.Connection[Any]) -> float:
    row = database.execute("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn").fetchone()
    assert row is not None
    return float(row[0])


def _rows(database: psycopg.Connection[Any]) -> dict[str, tuple[int, int]]:
    return {name: (added, changed) for name, added, changed in database.execute(_TABLES).fetchall()}


def _rows_told(
    before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]], pictures: int
) -> list[Row]:
    """Rows written by table, those apart that come less than once in ten pictures."""
    found = []
    for name, (added, changed) in sorted(after.items()):
        was_added, was_changed = before.get(name, (0, 0))
        for what, count in (("added", added - was_added), ("changed or removed", changed - was_changed)):
            if count >= pictures / 10:
                found.append(Row(f"{name}: {what}", "rows", count / pictures))
    return found


def _files(folder: Path) -> dict[str, float]:
    """Bytes by what they are."""
    found: dict[str, float] = defaultdict(float)
    for path in (folder / "media").rglob("*"):
        if path.is_file():
            kind = "thumbnails" if "thumbnail" in path.name else path.parts[-3]
            found[kind] += path.stat().st_size
    return dict(found)


def _size_of_photo() -> int:
    return len(photo()) * 3 // 4


# --- Bytes per row ---------------------------------------------------------------------------------------


def sizes(rows: int) -> dict[str, float]:
    """Bytes per row of each seeded table, indexes and all; in the database of the settings."""
    from django.db import connection

    from tests import factories

    studio = factories.make_studio(name="Sizes", credits=10)
    history.furnish(studio)
    history.seed({"one": studio}, {"one": rows})
    found = {}
    with connection.cursor() as cursor:
        cursor.execute("SET app.system = 'on'")
        for table in history.GUARDED:
            cursor.execute(f"SELECT pg_total_relation_size('{table}'), count(*) FROM {table}")
            size, count = cursor.fetchone()
            if count >= rows / 2:
                found[table] = size / count
    return found


def main() -> None:
    """Measure one of the two and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pictures", type=int, default=0)
    parser.add_argument("--rows", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="per-picture-") as folder:
        if options.pictures:
            for row in cost(Path(folder) / "stack", pictures=options.pictures):
                print(f"{row.what:<50} {row.ours:>12,.1f} {row.unit}")  # noqa: T201
        if options.rows:
            with history.database(Path(folder)):
                found = sizes(options.rows)
            lines = [f"{table:<40} {size:,.0f}" for table, size in found.items()]
            print(json.dumps(found) if options.json else "\n".join(lines))  # noqa: T201


if __name__ == "__main__":
    main()
