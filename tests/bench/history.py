"""Lists at a thousand and at a million pictures, side by side in one database.

    python -m tests.bench.history --rows 1000000 --workspaces 10000

Two workspaces differ in nothing but how much they have made; many others stand around them. Each list is opened as a
member or a program would, and what its statements read (shared buffers, EXPLAIN) is added up.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SMALL, OTHERS = 1_000, 10  # pictures: of the small workspace, and of each of those around
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

# Three years, evenly; every tenth failed, every hundredth starred, every fiftieth in the room that is looked at.
_SEED = """
INSERT INTO generations_generation (
    public_id, organization_id, room_id, photo_id, requested_by_id, engine, is_test, own_key, prompt, mode, style,
    resolution, design_level, mask, variations, price, state, attempt, worker, is_awaited, error_code, error_message,
    credits_held, credits_settled, credits_released, idempotency_key, request_sha256, created_at, finished_at)
SELECT 'gen_' || o.id || 'x' || n, o.id, CASE WHEN n %% 50 = 0 THEN r.id END, p.id, p.created_by_id, 'meltflex', false,
       false, 'A ' || (ARRAY['warm','calm','bright','dark','soft'])[n %% 5 + 1] || ' '
           || (ARRAY['bedroom','kitchen','studio','office'])[n %% 4 + 1] || ' in oak'
           || CASE WHEN n %% 997 = 0 THEN ' and periwinkle' ELSE '' END,
       'redesign', '', '', 'quick', false, 1, 10, CASE WHEN n %% 10 = 0 THEN 'failed' ELSE 'succeeded' END, 1, 'bench',
       false, CASE WHEN n %% 10 = 0 THEN 'rejected' ELSE '' END, '', 10, CASE WHEN n %% 10 = 0 THEN 0 ELSE 10 END,
       CASE WHEN n %% 10 = 0 THEN 10 ELSE 0 END, '', '', a.at, a.at
FROM accounts_organization o JOIN projects_photo p ON p.organization_id = o.id
     JOIN projects_room r ON r.id = p.room_id, generate_series(1, %(rows)s) n,
     LATERAL (SELECT now() - interval '3 years' * (1 - n / %(rows)s::float) AS at) a
WHERE o.public_id = ANY(%(ids)s);
INSERT INTO generations_promptword (organization_id, word, generation_id)
SELECT g.organization_id, w, g.id FROM generations_generation g
       CROSS JOIN LATERAL unnest(tsvector_to_array(to_tsvector('simple', g.prompt))) w
WHERE g.worker = 'bench' ON CONFLICT DO NOTHING;
INSERT INTO generations_picture (
    public_id, organization_id, generation_id, position, image, thumbnail, width, height, bytes, notes, starred_at,
    created_at, signature)
SELECT 'pic_' || g.id, g.organization_id, g.id, 0, 'bench/' || g.id || '.png', 'bench/' || g.id || '.jpg', 1024, 768,
       1500000, '{}', CASE WHEN g.id %% 100 = 0 THEN g.finished_at END, g.finished_at, 'test'
FROM generations_generation g WHERE g.worker = 'bench' AND g.state = 'succeeded';
INSERT INTO billing_creditentry (
    organization_id, account_id, number, kind, allowance, purchased, held, debt, allowance_after, purchased_after,
    held_after, debt_after, reference, budgets, labels, at)
SELECT g.organization_id, c.id, c.lines + 2 * row_number() OVER (PARTITION BY g.organization_id ORDER BY g.id) - 1,
       'hold', 0, -10, 10, 0, 0, 1000000000, 10, 0, g.public_id, '{}', jsonb_build_object('by', u.email), g.created_at
FROM generations_generation g JOIN billing_creditaccount c ON c.organization_id = g.organization_id
     JOIN accounts_user u ON u.id = g.requested_by_id WHERE g.worker = 'bench';
INSERT INTO billing_creditentry (
    organization_id, account_id, number, kind, allowance, purchased, held, debt, allowance_after, purchased_after,
    held_after, debt_after, reference, hold_id, budgets, labels, at)
SELECT h.organization_id, h.account_id, h.number + 1, CASE WHEN g.state = 'failed' THEN 'release' ELSE 'settle' END, 0,
       CASE WHEN g.state = 'failed' THEN 10 ELSE 0 END, -10, 0, 0, 1000000000, 0, 0, h.reference, h.id, '{}', h.labels,
       g.finished_at
FROM billing_creditentry h JOIN generations_generation g ON g.public_id = h.reference
WHERE g.worker = 'bench' AND h.kind = 'hold';
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
_GUARDED = (
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

    by_count: dict[int, list[str]] = {}
    for name, studio in names.items():
        by_count.setdefault(counts[name], []).append(studio.organization.public_id)
    with connection.cursor() as cursor:
        for rows, ids in by_count.items():
            with transaction.atomic():
                cursor.execute("SELECT set_config('app.system', 'on', true)")
                for table in _GUARDED:
                    cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
                cursor.execute(_SEED, {"rows": rows, "ids": ids})
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # no table is altered while checks are due
                for table in _GUARDED:
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


def look(studio: Any, address: str) -> Seen:
    """Open one list as its reader does, time and again."""
    from tests import factories

    seen, browser = Seen(), factories.browser_of(studio.owner)
    if address.startswith("api:"):
        path, headers = f"/api/v1/{address[4:]}", {"authorization": f"Bearer {studio.key}"}
    else:
        path, headers = f"/w/{studio.organization.public_id}/{address}", {}
    for turn in range(WARM + TIMES):
        began = time.perf_counter()
        answer = browser.get(path, headers=headers)
        took = 1000 * (time.perf_counter() - began)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        if turn >= WARM:
            seen.milliseconds.append(took)
    seen.bytes = len(answer.content)
    with counting(seen):
        browser.get(path, headers=headers)
    return seen


def measure(rows: int, workspaces: int) -> dict[str, tuple[Seen, Seen]]:
    """Seed, then look at each list of the small and of the large workspace in turn."""
    from django.utils import timezone

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
    from accounts import tenancy

    for name, studio in studios.items():
        with tenancy.enter(studio.organization):
            ids = (
                Generation.objects.of(studio.organization).order_by("-pk").values_list("public_id", flat=True)
            )
            words[name] |= {"middle": ids[200], "month": f"{timezone.now():%Y-%m}"}
        studio.key  # noqa: B018 — made now, not while the clock runs
    return {
        title: tuple(look(studio, address.format(**words[name])) for name, studio in studios.items())  # type: ignore[misc]
        for title, address in LISTS.items()
    }


def table(seen: dict[str, tuple[Seen, Seen]], rows: int) -> str:
    """As it stands in docs/benchmarks.md."""
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


def main() -> None:
    """Measure in a database of its own and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--workspaces", type=int, default=10_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="history-bench-") as folder:
        from config.local.postgres import EmbeddedPostgres

        cluster = EmbeddedPostgres(Path(folder) / "data")
        cluster.ensure_running()
        try:
            os.environ |= {
                "DATA_DIR": folder,
                "DATABASE_URL": cluster.connection_url(),
                "DJANGO_SETTINGS_MODULE": "config.settings",
                **dict.fromkeys(
                    (
                        "API_REQUESTS_PER_MINUTE",
                        "API_WORKSPACE_REQUESTS_PER_MINUTE",
                        "API_ADDRESS_REQUESTS_PER_MINUTE",
                    ),
                    "100000",
                ),
            }
            import django
            from django.core.management import call_command
            from django.test.utils import setup_test_environment

            django.setup()
            setup_test_environment()
            call_command("migrate", verbosity=0)
            print(table(measure(options.rows, options.workspaces), options.rows))  # noqa: T201
        finally:
            cluster.destroy()


if __name__ == "__main__":
    main()
