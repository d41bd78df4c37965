"""The `deadline` of a request: how long its picture is of use to whoever asks."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from django.utils.dateparse import parse_datetime

from accounts.errors import Refusal

# A paid call is not begun with less than half a minute left: a shorter deadline could never be met.
LEAST, MOST = timedelta(seconds=60), timedelta(hours=24)


class InvalidDeadline(Refusal):
    """`deadline` must be a number of seconds (60 to 86400), or a time from 60 seconds to 24 hours ahead, with its
    offset, like "2026-11-23T18:30:00Z". Leave it out to wait for as long as it takes."""

    code, title, status = "invalid_deadline", "Invalid request", 400


def read_deadline(value: object, *, now: datetime) -> datetime | None:
    """The time that a JSON value names; None for none. Raises InvalidDeadline for what is no such value.

    Whether a time lies in the range is for `check_deadline`: a request sent again may come after its deadline.
    """
    if value is None:
        return None
    if isinstance(value, str):
        return _time(value)
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or (isinstance(value, float) and not math.isfinite(value))
    ):
        raise InvalidDeadline(field="deadline")
    if not LEAST.total_seconds() <= value <= MOST.total_seconds():
        raise InvalidDeadline(field="deadline")
    return now + timedelta(seconds=value)


def check_deadline(deadline: datetime, *, now: datetime) -> None:
    """Raises InvalidDeadline unless it lies 60 seconds to 24 hours ahead."""
    if not LEAST <= deadline - now <= MOST:
        raise InvalidDeadline(field="deadline")


def _time(text: str) -> datetime:
    """RFC 3339: a date, a time and an offset."""
    try:
        # Longer ones are no times, and Python would take a date without a time.
        found = parse_datetime(text) if len(text) < 40 and text[10:11] in ("T", "t", " ") else None
    except ValueError:  # well formed, but no such day
        found = None
    if found is None or found.tzinfo is None:
        raise InvalidDeadline(field="deadline")
    return found
