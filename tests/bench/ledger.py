"""Holds a second, beside the barest statements that do as much, from as many clients of the same server.

    python -m tests.bench.ledger --hold 10 --seconds 5 --organizations 1,2,3     # one of the processes that hold

`credits.hold` is called as the web does, from several processes with threads; pgbench runs one conditional UPDATE and
one INSERT in a transaction, without triggers, policies or constraints. It also runs our own transaction, statement by
statement: what is lost between those two is PostgreSQL's work, and what is lost between that and ours is Python's.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from config.local.postgres import EmbeddedPostgres
from tests.bench.report import MISSING, Goal, Options, Part, Row
from tests.real_stack import ROOT

CLIENTS, PROCESSES = 20, 2
LIMIT = 0.7  # of pgbench's barest, which shall be reached

_BARE_TABLES = """
CREATE TABLE bare_account (id int PRIMARY KEY, balance bigint NOT NULL);
CREATE TABLE bare_entry (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, account int NOT NULL,
                         credits int NOT NULL, reference text NOT NULL, at timestamptz NOT NULL);
INSERT INTO bare_account SELECT n, 1000000000 FROM generate_series(1, 1000) n;
"""
_BARE = """\\set account random(1, {accounts})
BEGIN;
UPDATE bare_account SET balance = balance - 1 WHERE id = :account AND balance >= 1;
INSERT INTO bare_entry (account, credits, reference, at) VALUES (:account, -1, 'gen_bench', now());
COMMIT;
"""


def part_of(options: Options) -> Part:
    """On a durable cluster of its own."""
    cluster = EmbeddedPostgres(options.folder / "ledger")
    cluster.ensure_running()
    environ = os.environ | {
        "DATABASE_URL": cluster.connection_url(),
        "DATA_DIR": str(options.folder),
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    try:
        _run([sys.executable, "manage.py", "migrate", "--no-input", "-v0"], environ)
        made = _run([sys.executable, "-m", "tests.bench.ledger", "--prepare", "1000"], environ)
        organizations, hold = json.loads(made.splitlines()[-1])
        return _measured(cluster, environ, organizations, hold, options)
    finally:
        cluster.destroy()


def _measured(
    cluster: EmbeddedPostgres, environ: dict[str, str], organizations: list[int], hold: str, options: Options
) -> Part:
    seconds = options.pick(20.0, 3.0)
    part = Part(f"Ledger: holds a second, {CLIENTS} clients, fsync on")
    shares = []
    for what, some in (("one workspace", organizations[:1]), ("1,000 workspaces", organizations)):
        # The limit before and after, so that a machine that warms up or slows down favours nobody.
        scripts = {
            "pgbench, barest": _BARE.format(accounts=len(some)),
            "pgbench, our statements": _our_statements(hold, some),
        }
        first = _pgbench(cluster, scripts, seconds=seconds, folder=options.folder)
        ours = _holds(environ, some, seconds=seconds)
        second = _pgbench(cluster, scripts, seconds=seconds, folder=options.folder)
        beside: dict[str, float | str] = {
            name: (first[name] + second[name]) / 2 if name in first else f"{MISSING}: no pgbench"
            for name in scripts
        }
        part.rows.append(Row(f"`credits.hold`, {what}", "1/s", ours, beside))
        limit = beside["pgbench, barest"]
        shares.append(f"{what} {ours / limit:.0%}" if isinstance(limit, float) else "")
        met = ours >= LIMIT * limit if isinstance(limit, float) else None
        part.goals.append(Goal(f"{LIMIT:.0%} of pgbench's barest, {what}", shares[-1] or MISSING, met))
    part.notes.append(
        f"Ours are {PROCESSES} Python processes with {CLIENTS // PROCESSES} threads each. The barest transaction is"
        " UPDATE … WHERE balance ≥, INSERT, COMMIT, on tables with a primary key and nothing else. “Our statements” are"
        " those of `credits.hold`, with policies, triggers and constraints, sent by pgbench."
    )
    return part


# --- pgbench ---------------------------------------------------------------------------------------------


def _our_statements(hold: str, organizations: Sequence[int]) -> str:
    """What `credits.hold` sends, written out; the account of each workspace is drawn at random."""
    values = {
        "references": "ARRAY['bench_' || :client_id || '_' || :number || '_' || :turn]",
        "credits": "ARRAY[1]",
        "labels": "ARRAY['{}']",
        "organization": ":organization",
        "total": "1",
        "now": "now()",
        "budgets": "'{}'",
    }
    statement = re.sub(r"%\((\w+)\)s", lambda found: values[found[1]], hold).strip()
    low, high = min(organizations), max(organizations)
    return (
        f"\\set organization random({low}, {high})\n\\set number random(1, 1000000000)\n"
        "\\set turn random(1, 1000000000)\n"
        "BEGIN\\; "  # one round trip, as accounts/postgresql sends it
        "SELECT set_config('app.organization', :'organization', true), set_config('app.system', '', true),"
        " set_config('idle_in_transaction_session_timeout', '5s', true), set_config('lock_timeout', '5s', true);\n"
        f"{' '.join(statement.split())};\nCOMMIT;\n"
    ).replace(":'organization'", "(:organization)::text")


def _pgbench(
    cluster: EmbeddedPostgres, scripts: dict[str, str], *, seconds: float, folder: Path
) -> dict[str, float]:
    """Transactions a second of each script; empty where there is no pgbench."""
    program = cluster.placement.programs / "pgbench"
    if not program.exists():
        return {}
    found = {}
    for name, script in scripts.items():
        path = folder / "pgbench.sql"
        path.write_text(script)
        command = [str(program), "-n", "-M", "prepared" if "barest" in name else "simple", "-f", str(path)]
        command += [
            "-c",
            str(CLIENTS),
            "-j",
            str(PROCESSES),
            "-T",
            str(int(seconds)),
            cluster.connection_url(),
        ]
        said = _run(command, dict(os.environ))
        rates = re.findall(r"^tps = ([\d.]+)", said, re.MULTILINE)
        assert rates, said
        found[name] = float(rates[0])
    return found


# --- Ours ------------------------------------------------------------------------------------------------


def _holds(environ: dict[str, str], organizations: Sequence[int], *, seconds: float) -> float:
    command = [sys.executable, "-m", "tests.bench.ledger", "--hold", str(CLIENTS // PROCESSES)]
    command += ["--seconds", str(seconds), "--organizations", ",".join(map(str, organizations))]
    processes = [
        subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    rates = []
    for process in processes:
        said, _ = process.communicate()
        assert process.returncode == 0, said
        rates.append(json.loads(said.splitlines()[-1]))
    return float(sum(rates))


def hold_for(seconds: float, threads: int, organizations: Sequence[int]) -> float:
    """Holds a second of this process."""
    from django.db import connection
    from django.utils import timezone

    from accounts.models import Organization
    from billing import credits

    rows = list(Organization.objects.filter(pk__in=organizations))
    connection.close()
    done = [0] * threads
    ready = threading.Barrier(threads + 1)

    def client(thread: int) -> None:
        connection.ensure_connection()  # before the clock runs
        ready.wait()
        number, ends = 0, time.perf_counter() + seconds
        while time.perf_counter() < ends:
            organization = rows[(thread * 7919 + number * 104729 + os.getpid()) % len(rows)]
            reference = f"gen_{os.getpid()}_{thread}_{number}"
            credits.hold(organization=organization, credits=1, reference=reference, now=timezone.now())
            number += 1
        done[thread] = number
        connection.close()

    started = [threading.Thread(target=client, args=(thread,)) for thread in range(threads)]
    for thread in started:
        thread.start()
    ready.wait()
    began = time.perf_counter()
    for thread in started:
        thread.join()
    return sum(done) / (time.perf_counter() - began)


def prepare(count: int) -> tuple[list[int], str]:
    """So many workspaces with credits, and pgbench's tables; their primary keys, without gaps, and the hold's SQL."""
    from django.db import connection
    from django.utils import timezone

    from accounts.models import Organization
    from billing import credits

    rows = [Organization.objects.create(name=f"Bench {number}") for number in range(count)]
    for row in rows:
        credits.grant(
            organization=row, purchased=1_000_000_000, fact=f"bench:{row.public_id}", now=timezone.now()
        )
    with connection.cursor() as cursor:
        cursor.execute(_BARE_TABLES)
    keys = [row.pk for row in rows]
    assert keys == list(range(keys[0], keys[0] + count))
    return keys, credits._HOLD


def _run(command: list[str], environ: dict[str, str]) -> str:
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command[0]}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


def main() -> None:
    """One of the processes; prints one JSON value."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prepare", type=int)
    parser.add_argument("--hold", type=int)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--organizations", default="")
    options = parser.parse_args()
    import django

    django.setup()
    told: Any
    if options.prepare:
        told = prepare(options.prepare)
    else:
        told = hold_for(options.seconds, options.hold, [int(one) for one in options.organizations.split(",")])
    print(json.dumps(told))  # noqa: T201


if __name__ == "__main__":
    main()
