"""Lists at a thousand and at a million pictures, side by side in one database.

    python -m tests.bench.history --rows 1000000 --workspaces 10000

Two workspaces differ in nothing but how much they have made; many others stand around them. Each list is opened as a
member or a program would, and what its statements read (shared buffers, EXPLAIN) is added up.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.report import Goal, Options, Part, Row
from tests.real_stack import QUOTAS, ROOT

SMALL, OTHERS = 1_000, 10  # pictures: of the small workspace, and of each of those around
IN_ROOM = 200  # of them in the room that is looked at
MOST_TIMES = 1.2  # as much as the small workspace's list takes
TIMES, WARM = 15, 3

LISTS = {
    "studio": "studio",
    "gallery": "generations",
    "gallery, page 2": "generations?after={middle}",
    "gallery, a common word": "generations?q=oak",
    "gallery, two words": "generations?q=oak+bedroom",
    "gallery, a rare word": "generations?q=periwinkle",
    "gallery, failed": "generations?state=failed",
    "gallery, starred": "generations?starred=on",
    "gallery, a person's": "generations?person={email}",
    "gallery, a room's": "generations?place={room}",
    "room": "rooms/{room}",
    "project": "projects/{project}",
    "statement": "credits",
    "statement, a month": "credits?month={month}",
    "statement, a person's": "credits?by={email}",
    "activity": "activity",
    "API: generations": "api:generations",
    "API: lines": "api:credits/lines",
    "API: lines of a month": "api:credits/lines?month={month}",
    "API: events": "api:events",
    "API: credits": "api:credits",
}

# Three years, evenly but for chance, of all workspaces in the order of time as if they had lived beside each other (and
# not all had asked for their last picture in the same moment). Every tenth failed, every twentieth picture starred,
# IN_ROOM of each workspace in its room, and one word in sixty prompts of each, so that a page of each list is full in
# both.
_SEED = """
INSERT INTO generations_generation (
    public_id, organization_id, room_id, photo_id, requested_by_id, engine, is_test, own_key, prompt, mode, style,
    resolution, design_level, mask, variations, price, state, attempt, worker, is_awaited, error_code, error_message,
    credits_held, credits_settled, credits_released, idempotency_key, request_sha256, created_at, finished_at)
SELECT 'gen_' || o.id || 'x' || n, o.id, CASE WHEN n %% GREATEST(c.rows / 200, 1) = 1 THEN r.id END, p.id,
       p.created_by_id, 'meltflex', false,
       false, 'A ' || (ARRAY['warm','calm','bright','dark','soft'])[n %% 5 + 1] || ' '
           || (ARRAY['bedroom','kitchen','studio','office'])[n %% 4 + 1] || ' in oak'
           || CASE WHEN n %% GREATEST(c.rows / 60, 1) = 1 THEN ' and periwinkle' ELSE '' END,
       'redesign', '', '', 'quick', false, 1, 10, CASE WHEN n %% 10 = 0 THEN 'failed' ELSE 'succeeded' END, 1, 'bench',
       false, CASE WHEN n %% 10 = 0 THEN 'rejected' ELSE '' END, '', 10, CASE WHEN n %% 10 = 0 THEN 0 ELSE 10 END,
       CASE WHEN n %% 10 = 0 THEN 10 ELSE 0 END, '', '', a.at, a.at
FROM unnest(%(ids)s::text[], %(rows)s::int[]) c(id, rows) JOIN accounts_organization o ON o.public_id = c.id
     JOIN projects_photo p ON p.organization_id = o.id JOIN projects_room r ON r.id = p.room_id
     CROSS JOIN LATERAL generate_series(1, c.rows) n
     CROSS JOIN LATERAL (SELECT now() - interval '3 years' * (1 - (n - random()) / c.rows) AS at) a
ORDER BY a.at;
INSERT INTO generations_promptword (organization_id, word, generation_id)
SELECT g.organization_id, w, g.id FROM generations_generation g
       CROSS JOIN LATERAL unnest(tsvector_to_array(to_tsvector('simple', g.prompt))) w
WHERE g.worker = 'bench' ON CONFLICT DO NOTHING;
INSERT INTO generations_picture (
    public_id, organization_id, generation_id, position, image, thumbnail, width, height, bytes, notes, starred_at,
    created_at, signature)
SELECT 'pic_' || g.id, g.organization_id, g.id, 0, 'bench/' || g.id || '.png', 'bench/' || g.id || '.jpg', 1024, 768,
       1500000, '{}',
       CASE WHEN row_number() OVER (PARTITION BY organization_id ORDER BY id) %% 20 = 0 THEN g.finished_at END,
       g.finished_at, 'test'
FROM generations_generation g WHERE g.worker = 'bench' AND g.state = 'succeeded';
INSERT INTO billing_creditentry (
    id, organization_id, account_id, number, kind, allowance, purchased, held, debt, allowance_after, purchased_after,
    held_after, debt_after, reference, hold_id, budgets, labels, at)
SELECT o.last + 2 * n.of_all - 1 + step, g.organization_id, c.id, c.lines + 2 * n.of_one - 1 + step,
       CASE WHEN step = 0 THEN 'hold' WHEN g.state = 'failed' THEN 'release' ELSE 'settle' END, 0,
       CASE WHEN step = 0 THEN -10 WHEN g.state = 'failed' THEN 10 ELSE 0 END, 10 - 20 * step, 0, 0, 1000000000,
       10 - 10 * step, 0, g.public_id, CASE WHEN step = 1 THEN o.last + 2 * n.of_all - 1 END, '{}',
       jsonb_build_object('by', u.email), CASE WHEN step = 0 THEN g.created_at ELSE g.finished_at END
FROM (SELECT *, row_number() OVER (ORDER BY id) AS of_all,
             row_number() OVER (PARTITION BY organization_id ORDER BY id) AS of_one
      FROM generations_generation WHERE worker = 'bench') g
     JOIN LATERAL (SELECT g.of_all, g.of_one) n ON true
     JOIN billing_creditaccount c ON c.organization_id = g.organization_id
     JOIN accounts_user u ON u.id = g.requested_by_id, generate_series(0, 1) step,
     (SELECT coalesce(max(id), 0) AS last FROM billing_creditentry) o
ORDER BY g.id, step;
SELECT setval(pg_get_serial_sequence('billing_creditentry', 'id'), (SELECT max(id) FROM billing_creditentry));
INSERT INTO accounts_event (public_id, organization_id, kind, subject, project, actor_id, actor_name, data, at)
SELECT 'evt_' || g.id, g.organization_id, 'generation.succeeded', g.public_id, '', g.requested_by_id, '', '{}',
       g.finished_at
FROM generations_generation g WHERE g.worker = 'bench' AND g.finished_at > now() - interval '1 year';
UPDATE billing_creditaccount c SET lines = l.last, purchased = 1000000000, allowance = 0, held = 0
FROM (SELECT account_id, max(number) AS last FROM billing_creditentry GROUP BY account_id) l
WHERE l.account_id = c.id
  AND c.organization_id IN (SELECT id FROM accounts_organization WHERE public_id = ANY(%(ids)s));
UPDATE generations_generation SET worker = '' WHERE worker = 'bench';
"""
GUARDED = (
    *("generations_generation", "generations_promptword", "generations_picture"),
    *("billing_creditentry", "billing_creditaccount", "accounts_event"),
)


@dataclass
class Seen:
    """One list of one workspace."""

    milliseconds: list[float] = field(default_factory=list)
    buffers: int = 0  # 8 kB pages that its statements touch
    statements: int = 0
    bytes: int = 0

    @property
    def median(self) -> float:
        """Milliseconds."""
        return statistics.median(self.milliseconds)


def seed(names: dict[str, Any], counts: dict[str, int]) -> None:
    """Write so many generations, pictures, words, ledger lines and events into each studio, past the triggers."""
    from django.db import connection, transaction

    sums = importlib.import_module("billing.migrations.0009_sums_of_days")
    ids = [studio.organization.public_id for studio in names.values()]
    rows = [counts[name] for name in names]
    with connection.cursor() as cursor:
        with transaction.atomic():
            cursor.execute("SELECT set_config('app.system', 'on', true), setseed(0.7)")
            for table in GUARDED:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(_SEED, {"rows": rows, "ids": ids})
            cursor.execute(f"TRUNCATE billing_creditday; {sums.FILL}".replace("%", "%%"), {})
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # no table is altered while checks are due
            for table in GUARDED:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cursor.execute("VACUUM (ANALYZE)")


def furnish(studio: Any) -> dict[str, str]:
    """A project, a room and its photo; what the addresses of lists are filled with."""
    from accounts import tenancy
    from projects import services
    from projects.models import Photo, Room

    organization = studio.organization
    with tenancy.enter(organization):
        project = services.create_project(organization=organization, name="Harbour flat")
        room = Room.objects.create(organization=organization, project=project, name="Bedroom")
        Photo.objects.create(
            organization=organization,
            room=room,
            name="Bedroom",
            original="bench/photo.jpg",
            image="bench/photo.jpg",
            thumbnail="bench/photo-small.jpg",
            media_type="image/jpeg",
            width=1024,
            height=768,
            state=Photo.State.READY,
            created_by=studio.owner,
        )
    return {"room": room.public_id, "project": project.public_id, "email": studio.owner.email}


@contextmanager
def counting(seen: Seen) -> Iterator[None]:
    """Explain each SELECT before it runs, and add up what it touches."""
    from django.db import connection

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().upper().startswith(("SELECT", "WITH")) and "set_config" not in sql:
            with connection.connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params)
                ((plan,),) = cursor.fetchall()
            told = plan if isinstance(plan, list) else json.loads(plan)
            top = told[0]["Plan"]
            seen.buffers += top.get("Shared Hit Blocks", 0) + top.get("Shared Read Blocks", 0)
            seen.statements += 1
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        yield


class Reader:
    """A member, or a program of theirs, who opens one list of their workspace."""

    def __init__(self, studio: Any, key: str, address: str) -> None:
        from tests import factories

        self.seen, self._browser = Seen(), factories.browser_of(studio.owner)
        if address.startswith("api:"):
            self._path, self._headers = f"/api/v1/{address[4:]}", {"authorization": f"Bearer {key}"}
        else:
            self._path, self._headers = f"/w/{studio.organization.public_id}/{address}", {}

    def look(self, *, counts: bool) -> None:
        """Open it once; the first looks, which warm up, do not count."""
        began = time.perf_counter()
        answer = self._browser.get(self._path, headers=self._headers)
        took = 1000 * (time.perf_counter() - began)
        assert answer.status_code == 200, f"{self._path}: {answer.status_code}"
        self.seen.bytes = len(answer.content)
        if counts:
            self.seen.milliseconds.append(took)

    def explain(self) -> None:
        """Open it once more, and count what it reads."""
        with counting(self.seen):
            self._browser.get(self._path, headers=self._headers)


def look(readers: Sequence[Reader]) -> tuple[Seen, ...]:
    """Both in turn, so that whatever else the machine does in a moment is done to both."""
    for turn in range(WARM + TIMES):
        for reader in readers:
            reader.look(counts=turn >= WARM)
    for reader in readers:
        reader.explain()
    return tuple(reader.seen for reader in readers)


def measure(rows: int, workspaces: int) -> dict[str, tuple[Seen, Seen]]:
    """Seed, then look at each list of the small and of the large workspace in turn."""
    from django.utils import timezone

    from accounts import tenancy
    from accounts.models import Scope
    from generations.models import Generation
    from tests import factories

    studios = {
        "small": factories.make_studio(name="Small", credits=10),
        "large": factories.make_studio(name="Large", credits=10),
    }
    words = {name: furnish(studio) for name, studio in studios.items()}
    others = {f"other {n}": factories.make_studio(name=f"Other {n}", credits=10) for n in range(workspaces)}
    for studio in others.values():
        furnish(studio)
    counts = {"small": SMALL, "large": rows} | dict.fromkeys(others, OTHERS)
    began = time.monotonic()
    seed({**studios, **others}, counts)
    print(f"seeded in {time.monotonic() - began:.0f} s", flush=True)  # noqa: T201
    keys = {name: studio.key(scopes=list(Scope)) for name, studio in studios.items()}
    for name, studio in studios.items():
        with tenancy.enter(studio.organization):
            ids = (
                Generation.objects.of(studio.organization).order_by("-pk").values_list("public_id", flat=True)
            )
            words[name] |= {"middle": ids[200], "month": f"{timezone.now():%Y-%m}"}
    return {
        title: look(
            [Reader(studio, keys[name], address.format(**words[name])) for name, studio in studios.items()]
        )  # type: ignore[misc]
        for title, address in LISTS.items()
    }


def part_of(options: Options) -> Part:
    """In a process of its own, as settings are read once."""
    rows, workspaces = options.pick((1_000_000, 10_000), (5_000, 5))
    command = [sys.executable, "-m", "tests.bench.history", "--json"]
    command += ["--rows", str(rows), "--workspaces", str(workspaces)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    told: dict[str, list[Any]] = json.loads(done.stdout.splitlines()[-1])
    part = Part(
        f"Lists: a workspace of {SMALL:,} and one of {rows:,} generations, {workspaces:,} workspaces around"
    )
    slow: list[str] = []
    deep: list[str] = []
    for title, (small, large) in told.items():
        part.rows.append(Row(title, "ms", large["median"], {f"at {SMALL:,}": small["median"]}))
        part.rows.append(
            Row(f"{title}: buffers read", "8 kB", large["buffers"], {f"at {SMALL:,}": small["buffers"]})
        )
        for list_of, name in ((slow, "median"), (deep, "buffers")):
            if large[name] > MOST_TIMES * small[name]:
                list_of.append(f"{title} {large[name] / max(small[name], 1):.2f}")
    for what, beyond in (("time", slow), ("buffers", deep)):
        goal = f"Every list within {MOST_TIMES} × of its {what} at {SMALL:,}"
        part.goals.append(Goal(goal, "beyond: " + ", ".join(beyond) if beyond else "all", not beyond))
    part.notes.append(
        f"“Ours” is the large workspace. Medians of {TIMES} whole answers, template or JSON included, the two"
        " workspaces in turn; buffers are the 8 kB pages that all of a page's SELECTs touch (EXPLAIN). Both look at a"
        f" room, a rare word and stars that fill a page; the room has {IN_ROOM} pictures in either, since it is the"
        " workspace that grows."
    )
    return part


def told(seen: dict[str, tuple[Seen, Seen]]) -> dict[str, list[dict[str, float]]]:
    """As JSON can say it."""
    return {
        title: [{"median": one.median, "buffers": one.buffers, "statements": one.statements} for one in both]
        for title, both in seen.items()
    }


def table(seen: dict[str, tuple[Seen, Seen]], rows: int) -> str:
    """For people who mend a list."""
    lines = [
        f"| list | ms at {SMALL:,} | ms at {rows:,} | × | buffers at {SMALL:,} | at {rows:,} | × |",
        "|---|---|---|---|---|---|---|",
    ]
    for title, (small, large) in seen.items():
        lines.append(
            f"| {title} | {small.median:.1f} | {large.median:.1f} | {large.median / small.median:.2f}"
            f" | {small.buffers} | {large.buffers} | {large.buffers / max(small.buffers, 1):.2f} |"
        )
    return "\n".join(lines)


@contextmanager
def database(folder: Path) -> Iterator[None]:
    """A migrated server in this folder, which the settings of this process then name."""
    from config.local.postgres import EmbeddedPostgres

    cluster = EmbeddedPostgres(folder / "data")
    cluster.ensure_running()
    limits = ("API_REQUESTS_PER_MINUTE", *QUOTAS)
    try:
        os.environ |= {
            "DATA_DIR": str(folder),
            "DATABASE_URL": cluster.connection_url(),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            **dict.fromkeys(limits, "100000"),
        }
        import django
        from django.conf import settings
        from django.core.management import call_command
        from django.test.utils import setup_test_environment

        django.setup()
        setup_test_environment()
        # Twenty thousand people's passwords, which nobody will ask for.
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
        call_command("migrate", verbosity=0)
        yield
    finally:
        cluster.destroy()


def main() -> None:
    """Measure in a database of its own and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--workspaces", type=int, default=10_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="history-bench-") as folder, database(Path(folder)):
        seen = measure(options.rows, options.workspaces)
        print(json.dumps(told(seen)) if options.json else table(seen, options.rows))  # noqa: T201


if __name__ == "__main__":
    main()
