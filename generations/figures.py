"""Numbers about pictures, the queue and the upstream, for operators."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q, Sum
from django.db.models.functions import Now

from accounts.figures import Figure, figure, rows_of
from generations import queue
from generations.models import EngineTiming, Generation, UpstreamCall, UpstreamGate

WINDOW = timedelta(hours=1)
# Between two tries of an upstream that is down its breaker is open no longer; an alert shall not come and go with them.
UNTRIED = timedelta(minutes=10)
NEWEST = 5_000  # rows that are looked at for what ended lately


def figures(*, now: datetime) -> Iterator[Figure]:
    """Asked across workspaces."""
    yield from _line(now)
    yield from _ends(now)
    yield from _upstream(now)
    yield from _queue(now)


def _line(now: datetime) -> Iterator[Figure]:
    states = {
        state: (count, oldest)
        for state, count, oldest in Generation.objects.not_ended()
        .values_list("state")
        .annotate(Count("pk"), Min("created_at"))
    }
    counts = [
        ((state,), float(states[state][0]) if state in states else 0.0)
        for state in ("waiting", "queued", "running")
    ]
    yield Figure("generations", "Pictures under way, by state.", ("state",), counts)
    ages = [((state,), (now - oldest).total_seconds()) for state, (_, oldest) in sorted(states.items())]
    yield Figure(
        "oldest_generation_seconds", "Since when the oldest of each state was asked for.", ("state",), ages
    )
    of_all = Generation.objects.not_ended().aggregate(
        held=Sum("credits_held"),
        stuck=Count("pk", filter=Q(state="running", lease_until__lt=Now() - timedelta(seconds=30))),
    )
    yield figure(
        "generations_held_credits", "Credits set aside for them, as their rows say.", of_all["held"] or 0
    )
    yield figure(
        "generations_stuck", "Running, with a worker that is dead, and not swept up.", of_all["stuck"]
    )


def _ends(now: datetime) -> Iterator[Figure]:
    ended = rows_of(
        """SELECT state, error_code, count(*) FROM (SELECT state, error_code, finished_at FROM generations_generation
           WHERE state IN ('succeeded', 'failed', 'canceled') ORDER BY id DESC LIMIT %s) newest
           WHERE finished_at > %s GROUP BY 1, 2 ORDER BY 1, 2""",
        [NEWEST, now - WINDOW],
        labels=2,
    )
    yield Figure(
        "generations_ended_last_hour", "How pictures ended in the last hour.", ("state", "code"), ended
    )
    timings = EngineTiming.objects.order_by("engine").values_list("engine", "p50_seconds", "p95_seconds")
    rows = [
        ((engine, at), value) for engine, p50, p95 in timings for at, value in (("0.5", p50), ("0.95", p95))
    ]
    yield Figure("picture_seconds", "From start to end, over the last hour.", ("engine", "quantile"), rows)


def _upstream(now: datetime) -> Iterator[Figure]:
    newest = "(SELECT * FROM generations_upstreamcall ORDER BY id DESC LIMIT %s) newest WHERE began_at > %s"
    window = [NEWEST, now - WINDOW]
    calls = rows_of(
        f"SELECT engine, outcome, count(*) FROM {newest} GROUP BY 1, 2 ORDER BY 1, 2",  # noqa: S608 — ours
        window,
        labels=2,
    )
    yield Figure(
        "upstream_calls_last_hour", "Calls of engines in the last hour.", ("engine", "outcome"), calls
    )
    seconds = []
    for at in ("0.5", "0.95"):
        taken = rows_of(
            f"""SELECT engine, '{at}', percentile_cont({at}) WITHIN GROUP (
                    ORDER BY extract(epoch FROM ended_at - began_at)::float8)
                FROM {newest} AND ended_at IS NOT NULL GROUP BY 1 ORDER BY 1""",  # noqa: S608 — ours
            window,
            labels=2,
        )
        seconds += taken
    yield Figure("upstream_call_seconds", "How long they took.", ("engine", "quantile"), seconds)
    unknown = UpstreamCall.objects.filter(outcome="unknown", key=None).aggregate(
        count=Count("pk"), cost=Sum("possible_cost")
    )
    yield figure(
        "upstream_unknown_calls",
        "Calls with the instance's key whose outcome nobody knows.",
        unknown["count"],
    )
    yield figure(
        "upstream_possible_cost_credits",
        "What they may have cost, in upstream credits.",
        unknown["cost"] or 0,
    )
    gates = list(
        UpstreamGate.objects.filter(name__startswith="platform:")
        .annotate(
            held=Count("turns", filter=Q(turns__active=True)),
            waiting=Count("turns", filter=Q(turns__active=False)),
        )
        .order_by("name")
    )
    for name, about, values in (
        ("gate_limit", "Calls at once that an upstream key of the instance bears.", [g.limit for g in gates]),
        ("gate_in_use", "Calls under way with it.", [g.held for g in gates]),
        ("gate_waiting", "Pictures that wait for a place at it.", [g.waiting for g in gates]),
        ("gate_paused", "1 while the key is refused and not used.", [g.paused_at is not None for g in gates]),
        (
            "gate_open",
            "1 from when its breaker opens after failures in a row until a call succeeds or nobody has tried for long.",
            [bool(g.trips and g.open_until and g.open_until > now - UNTRIED) for g in gates],
        ),
    ):
        rows = [((gate.name,), float(value)) for gate, value in zip(gates, values, strict=True)]
        yield Figure(name, about, ("gate",), rows)


def _queue(now: datetime) -> Iterator[Figure]:
    health = queue.health(now=now)
    yield figure(
        "worker_alive", "1 while a worker has shown itself in the last half minute.", health.worker_alive
    )
    yield figure(
        "queue_lag_seconds", "How long the oldest job that could run has been waiting.", health.lag_seconds
    )
    jobs = rows_of(
        """SELECT queue_name, status::text, count(*) FROM procrastinate_jobs
           WHERE status IN ('todo', 'doing', 'failed') GROUP BY 1, 2 ORDER BY 1, 2""",
        labels=2,
    )
    yield Figure("jobs", "Jobs by queue; failed ones are kept for an hour.", ("queue", "status"), jobs)
    again = rows_of(
        """SELECT queue_name, count(*) FROM procrastinate_jobs WHERE status = 'todo' AND attempts > 0
           GROUP BY 1 ORDER BY 1""",
        labels=1,
    )
    yield Figure(
        "jobs_tried_again", "Jobs that failed at least once and will be tried again.", ("queue",), again
    )
