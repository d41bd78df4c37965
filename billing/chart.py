"""Bars for a page: whole numbers that a template writes into an SVG, no script and no style."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

WIDTH, HEIGHT, FOOT = 720, 160, 22  # of the drawing; FOOT is the room for what stands under the bars


@dataclass(frozen=True)
class Bar:
    """One bar and what it stands for. `label` is shown under it where there is room."""

    day: date
    credits: int
    x: int
    y: int
    width: int
    height: int
    middle: int
    is_labelled: bool


@dataclass(frozen=True)
class Chart:
    """All bars; `total` and `most` in credits."""

    bars: list[Bar]
    total: int
    most: int
    by_day: bool
    width: int = WIDTH
    height: int = HEIGHT + FOOT
    base: int = HEIGHT


def draw(*, usage: Sequence[tuple[date, int]], by_day: bool) -> Chart:
    """The chart of credits by day or by month."""
    most = max((credits for _, credits in usage), default=0)
    slot = WIDTH // max(len(usage), 1)
    gap = max(2, slot // 6)
    bars = []
    for position, (day, credits) in enumerate(usage):
        # A picture for 8 credits beside a day of 8,000 is still to be seen.
        height = max(2, (HEIGHT - 12) * credits // most) if credits else 0
        x = position * slot
        bars.append(
            Bar(
                day=day,
                credits=credits,
                x=x + gap // 2,
                y=HEIGHT - height,
                width=slot - gap,
                height=height,
                middle=x + slot // 2,
                is_labelled=not by_day or position % 5 == 0,
            )
        )
    return Chart(bars=bars, total=sum(credits for _, credits in usage), most=most, by_day=by_day)
