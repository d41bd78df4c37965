"""Numbers that say how the instance does, as each app knows them; `config/metrics.py` shows them to Prometheus.

They are read from the database, so that it does not matter which process is asked, and every one is bounded: by an
index or by a number of newest rows, whatever years of history there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count

from accounts.models import OperatorAlert


@dataclass(frozen=True)
class Figure:
    """One metric: `rows` are its labels' values and the number; without labels one row."""

    name: str  # after "roomwright_"
    about: str
    labels: tuple[str, ...] = ()
    rows: Sequence[tuple[tuple[str, ...], float]] = field(default_factory=list)


def figure(name: str, about: str, value: float | None) -> Figure:
    """One without labels; None is no number, and shown as none."""
    return Figure(name, about, rows=[] if value is None else [((), float(value))])


def rows_of(sql: str, parameters: Sequence[Any] = (), *, labels: int) -> list[tuple[tuple[str, ...], float]]:
    """What a query says whose first columns are labels, the last one the number."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return [
            (tuple(str(each or "") for each in row[:labels]), float(row[labels] or 0))
            for row in cursor.fetchall()
        ]


def figures(*, now: datetime) -> Iterator[Figure]:
    """Of people and operators."""
    alerts = (
        OperatorAlert.objects.filter(resolved_at=None)
        .values_list("code")
        .annotate(Count("pk"))
        .order_by("code")
    )
    rows = [((code,), float(count)) for code, count in alerts]
    yield Figure("operator_alerts_open", "Matters that want a person, by code.", ("code",), rows)
