"""How long pictures take, measured; and from that, when one that has not ended may be there."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Q
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _

from accounts import tenancy
from accounts.models import Organization
from generations.models import EngineTiming, Generation, State

WINDOW = timedelta(hours=1)
LEAST_SECONDS = 1.0  # what is left of one that already takes longer than usual: nobody knows, but not nothing


@dataclass(frozen=True)
class Usual:
    """Seconds from start to end: half of the pictures take at most `p50`, 19 of 20 at most `p95`."""

    p50: float
    p95: float
    measured: bool  # over the last hour; otherwise the engine's typical values


TYPICAL = {"meltflex": Usual(60.0, 90.0, measured=False), "preview": Usual(4.0, 10.0, measured=False)}


@dataclass(frozen=True)
class Estimate:
    """When a generation may have ended: seconds from now, with `seconds_p95` for a slow day.

    `position` is its place in the workspace's own line, 1 for the next; None while it is being made.
    """

    position: int | None
    seconds: float
    seconds_p95: float
    usual: Usual
    is_late: bool = False  # being made for longer than half of the pictures take

    @property
    def retry_after(self) -> int:
        """Whole seconds after which looking again is worth it: 1 to 30."""
        return max(1, min(30, math.ceil(self.seconds)))


def measure(*, now: datetime) -> int:
    """Write down each engine's p50 and p95 over the generations that succeeded in the last hour. Returns how many.

    An engine without any is forgotten. It looks at the newest 5,000 successes only, so that a long history and a
    busy hour cost the same.
    """
    with tenancy.system("durations of the last hour"):
        with connection.cursor() as cursor:
            cursor.execute(
                """SELECT engine, percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds),
                          percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds), count(*)
                   FROM (SELECT engine, finished_at, extract(epoch FROM finished_at - started_at)::float8 AS seconds
                         FROM generations_generation WHERE state = 'succeeded' AND started_at IS NOT NULL
                         ORDER BY id DESC LIMIT 5000) newest
                   WHERE finished_at > %s AND finished_at <= %s GROUP BY engine ORDER BY engine""",
                [now - WINDOW, now],
            )
            rows = [
                EngineTiming(engine=engine, p50_seconds=p50, p95_seconds=p95, sample=count, measured_at=now)
                for engine, p50, p95, count in cursor.fetchall()
            ]
        EngineTiming.objects.exclude(engine__in=[row.engine for row in rows]).delete()
        EngineTiming.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["engine"],
            update_fields=["p50_seconds", "p95_seconds", "sample", "measured_at"],
        )
    return sum(row.sample for row in rows)


def usual(*, now: datetime) -> dict[str, Usual]:
    """Of every engine: measured where there is a measurement of the last hour, else typical."""
    rows = EngineTiming.objects.filter(measured_at__gt=now - WINDOW)
    return TYPICAL | {row.engine: Usual(row.p50_seconds, row.p95_seconds, measured=True) for row in rows}


def estimate(generation: Generation, *, now: datetime) -> Estimate | None:
    """Where this one stands; None when it has ended."""
    return estimates([generation], organization=generation.organization, now=now).get(generation.pk)


def estimates(
    generations: Iterable[Generation], *, organization: Organization, now: datetime
) -> dict[int, Estimate]:
    """By primary key, for those that have not ended; two queries, however many they are. All of this workspace."""
    asked = [generation.pk for generation in generations if not generation.has_ended]
    if not asked:
        return {}
    with tenancy.enter(organization):
        unfinished = Generation.objects.of(organization).not_ended()
        rows = unfinished.filter(~Q(state=State.WAITING) | Q(pk__lte=max(asked))).order_by("pk")
        line = [_Row(*row) for row in rows.values_list("pk", "state", "engine", "started_at")]
        durations = usual(now=now)
    found = _play(line, organization.in_flight_limit, durations, now)
    return {pk: found[pk] for pk in asked if pk in found}


@dataclass(frozen=True)
class _Row:
    pk: int
    state: str
    engine: str
    started_at: datetime | None


def _play(rows: list[_Row], limit: int, durations: dict[str, Usual], now: datetime) -> dict[int, Estimate]:
    """Let the line go on as admission does, each picture taking its usual time."""
    found: dict[int, Estimate] = {}
    places: list[float] = []  # a heap: in how many seconds each picture in flight has ended
    position = 0
    in_order = (State.RUNNING, State.QUEUED, State.WAITING)
    for row in sorted(rows, key=lambda row: (in_order.index(State(row.state)), row.pk)):
        takes = durations.get(row.engine, TYPICAL["meltflex"])
        begins, elapsed = 0.0, 0.0
        if row.state == State.RUNNING:
            elapsed = (now - row.started_at).total_seconds() if row.started_at else 0.0
        else:
            position += 1
        if row.state == State.WAITING:
            while len(places) >= max(1, limit):
                begins = heapq.heappop(places)
        seconds = begins + max(takes.p50 - elapsed, LEAST_SECONDS)
        found[row.pk] = Estimate(
            position=None if row.state == State.RUNNING else position,
            seconds=seconds,
            seconds_p95=max(begins + takes.p95 - elapsed, seconds),
            usual=takes,
            is_late=elapsed >= takes.p50,
        )
        heapq.heappush(places, seconds)
    return found


# --- In words, for pages ---------------------------------------------------------------------------------

_PLACES = (
    _("Next"),
    _("Second"),
    _("Third"),
    _("Fourth"),
    _("Fifth"),
    _("Sixth"),
    _("Seventh"),
    _("Eighth"),
    _("Ninth"),
    _("Tenth"),
)


def place(position: int) -> str:
    """ "Next", "Third", "12th"."""
    if position <= len(_PLACES):
        return str(_PLACES[position - 1])
    if get_language() != "en":
        return f"{position}."
    last = "th" if position % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(position % 10, "th")
    return f"{position}{last}"


def rounded(seconds: float) -> int:
    """As exact as an estimate can be: whole tens of seconds, then minutes, then hours; at least ten seconds."""
    step = 10 if seconds < 85 else 60 if seconds < 3570 else 3600
    return max(10, round(seconds / step) * step)


def about(seconds: float) -> str:
    """ "about 40 seconds", "about 2 minutes", "about 3 hours"."""
    shown = rounded(seconds)
    if shown % 3600 == 0:
        hours = shown // 3600
        return ngettext("about %(number)s hour", "about %(number)s hours", hours) % {"number": hours}
    if shown % 60 == 0:
        minutes = shown // 60
        return ngettext("about %(number)s minute", "about %(number)s minutes", minutes) % {"number": minutes}
    return ngettext("about %(number)s second", "about %(number)s seconds", shown) % {"number": shown}
