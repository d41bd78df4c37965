"""Calendar arithmetic of billing periods, in seconds since 1970 and UTC."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime

from billing.stripe_sandbox.core import DAY
from billing.stripe_sandbox.typed import Json


def months_after(moment: int, months: int) -> int:
    """The same day of a later month, or its last: January 31 and one month is February 28."""
    then = datetime.fromtimestamp(moment, UTC)
    year, month = divmod(then.year * 12 + then.month - 1 + months, 12)
    day = min(then.day, monthrange(year, month + 1)[1])
    return int(then.replace(year=year, month=month + 1, day=day).timestamp())


def period_end(start: int, *, anchor: int, price: Json) -> int:
    """When the period that begins at `start` ends, counting whole intervals from the anchor."""
    interval, count = price["recurring"]["interval"], int(price["recurring"]["interval_count"])
    if interval in ("day", "week"):
        return start + count * DAY * (7 if interval == "week" else 1)
    step = count * (12 if interval == "year" else 1)
    number = step
    while (end := months_after(anchor, number)) <= start:
        number += step
    return end
