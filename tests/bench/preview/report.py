"""The preview engine's numbers: printed, and written to docs/preview/benchmark.md.

python -m tests.bench.preview.report             everything, some minutes
python -m tests.bench.preview.report --only time or areas, structure, colours; printed, not written
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

import cv2

from tests.bench.preview import quality, timing, truth
from tests.bench.preview.pictures import ROOT

_REPORT = ROOT / "docs/preview/benchmark.md"
_HEAD = """# The preview engine in numbers

Written by `make preview-bench`; measured on 2 shared cores, no GPU. Photos: the rooms of `static/samples/rooms`, whose
true areas and paints the renderer that made them wrote down (`tests/generations/engines/data`)."""


def markdown(head: quality.Row, rows: list[quality.Row]) -> str:
    """A table."""
    lines = ["| " + " | ".join(row) + " |" for row in (head, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]])


def time_part() -> str:
    """Seconds and memory."""
    return f"""## Time and memory

Each line is a fresh process held to one core, OpenCV to one thread. Seconds of processor time, of the clock in
parentheses (other work ran beside). Cold includes loading the engine; warm is another photo with the same
references, whose cut-outs are kept. The answer is as large as the photo, 2048 px at most.

{timing.table(timing.measured())}"""


def areas_part() -> str:
    """Which pixels are floor and wall."""
    means, each = quality.areas(truth.own_rooms())
    text = f"""## Areas

Intersection over union with the true areas, mean over our own rooms. Plain tools get two strokes at fixed places.

{markdown(("method", "floor", "wall", "ceiling", "window"), means)}

The engine room by room, and how sure it says it is of floor, walls, ceiling:

{markdown(("room", "floor", "wall", "ceiling", "window", "sure"), each)}"""
    others = truth.other_photos()
    if not others:
        return f"{text}\n\nOther photos with areas drawn by hand were not there, so they were not measured."
    means, each = quality.areas(others)
    return f"""{text}

Photos and renders of others, areas drawn by hand:

{markdown(("method", "floor", "wall", "ceiling", "window"), means)}

{markdown(("photo", "floor", "wall", "ceiling", "window", "sure"), each)}"""


def structure_part() -> str:
    """What must stay."""
    prompts = ", ".join(f"“{prompt}”" for prompt, _ in quality.RESTYLES)
    rows = quality.structure(truth.own_rooms())
    return f"""## Structure

Mean over our own rooms and {prompts}.
Borders: the part of the true borders of walls, floor, ceiling, windows and furniture that is an edge before and still
is after, within 2 px. Elsewhere: F-score of all edges, and correlation of
fine detail, away from borders and outside of the surfaces asked for. Reached and spilled, for walls alone and floor
alone: the part of the asked surface that visibly changed, and of everything else that did.

{markdown(("method", "borders kept", "edges elsewhere", "detail elsewhere", "reached", "spilled"), rows)}"""


def colours_part() -> str:
    """The asked colour."""
    rows = quality.colours(truth.own_rooms())
    return f"""## Colour

Walls painted in {", ".join(quality.PAINTS)}.
CIEDE2000 on the true wall, where 1 is just visible and 10 another colour. Hue: the wall's median against the asked
colour at equal luminance, which flat paint meets by its nature. Repaint: median over the pixels against what the camera
would have seen with that paint on the wall, in the same light. Plain tools are given the true mask, the engine is not.

{markdown(("method", "hue, mean", "hue, worst", "repaint", "painted"), rows)}"""


PARTS: dict[str, Callable[[], str]] = {
    "time": time_part,
    "areas": areas_part,
    "structure": structure_part,
    "colours": colours_part,
}


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=PARTS, action="append")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    parts = [_HEAD]
    for name in options.only or PARTS:
        started = time.perf_counter()
        parts.append(PARTS[name]())
        sys.stdout.write(f"\n{parts[-1]}\n\n({name}: {time.perf_counter() - started:.0f} s)\n")
        sys.stdout.flush()
    if not options.only:
        _REPORT.parent.mkdir(parents=True, exist_ok=True)
        _REPORT.write_text("\n\n".join(parts) + "\n")
        sys.stdout.write(f"\nWritten to {_REPORT.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
