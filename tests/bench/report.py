"""What a run of the bench has measured: as a table with ratios, as JSON, as docs/benchmarks.md."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from tests.real_stack import ROOT

DOCUMENT, DATA = ROOT / "docs/benchmarks.md", ROOT / "var/bench.json"
MISSING = "not measured"

_HEAD = """# What it costs, measured

Written by `make bench`; do not edit. Every row of a table was measured in one run on one machine, one target after the
other, with the load generator, the upstream and PostgreSQL on the same cores. × is ours divided by theirs.
"""


@dataclass(frozen=True)
class Row:
    """One number of ours, and the same number of others; a text in `beside` says why there is none."""

    what: str
    unit: str
    ours: float | None
    beside: dict[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True)
class Goal:
    """What shall be reached, what was seen, and whether it was enough; None where it could not be measured."""

    what: str
    seen: str
    met: bool | None


@dataclass
class Part:
    """One table, what its numbers mean, and the goals that it decides."""

    title: str
    rows: list[Row] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Options:
    """How much is measured. `quick` only shows that everything runs: its numbers say little."""

    quick: bool
    folder: Path  # for databases, logs, made-up photos
    minutes: float = 30.0  # of the soak

    def pick(self, full: Any, quick: Any) -> Any:
        """The one for a full run, or for a quick one."""
        return quick if self.quick else full


def percentile(values: Sequence[float], percent: float) -> float:
    """Of at least one value, by the nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def told(part: Part) -> str:
    """The part as Markdown."""
    lines = [f"## {part.title}", ""]
    if part.rows:
        lines += [*_table(part.rows), ""]
    lines += [f"{note}\n" for note in part.notes]
    lines += [f"- **{_VERDICTS[goal.met]}**: {goal.what}. Seen: {goal.seen}." for goal in part.goals]
    return "\n".join(lines).rstrip() + "\n"


_VERDICTS = {True: "Met", False: "Not met", None: "Not measured"}


def _table(rows: Sequence[Row]) -> list[str]:
    others = list(dict.fromkeys(name for row in rows for name in row.beside))
    heads = ["", "unit", "ours", *(cell for name in others for cell in (name, "×"))]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for row in rows:
        cells = [row.what, row.unit, _number(row.ours)]
        for name in others:
            theirs = row.beside.get(name)
            cells += [_number(theirs), _ratio(row.ours, theirs)]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _number(value: float | str | None) -> str:
    if value is None or isinstance(value, str):
        return value or "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _ratio(ours: float | None, theirs: float | str | None) -> str:
    if ours is None or not isinstance(theirs, int | float) or not theirs:
        return ""
    return f"{ours / theirs:.2f}"


def machine() -> str:
    """What it ran on."""
    model = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        names = [line for line in information.read_text().splitlines() if line.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else model
    memory = psutil.virtual_memory().total / 2**30
    system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} × {model}, {memory:.0f} GB, {system}"


def write(parts: dict[str, Part], options: Options, commands: str) -> None:
    """Into var/bench.json; a full run into docs/benchmarks.md as well. Parts of earlier runs stay."""
    DATA.parent.mkdir(parents=True, exist_ok=True)
    earlier = json.loads(DATA.read_text()) if DATA.exists() else {}
    about = {
        "measured": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": machine(),
        "command": commands,
        "quick": options.quick,
    }
    for name, part in parts.items():
        earlier[name] = asdict(part) | about
    DATA.write_text(json.dumps(earlier, indent=1, ensure_ascii=False) + "\n")
    if not options.quick:
        DOCUMENT.write_text(document(earlier))


def document(told_parts: dict[str, Any]) -> str:
    """docs/benchmarks.md, of what full runs have measured."""
    from tests.bench.run import PARTS

    pieces = [_HEAD]
    for name in PARTS:
        kept = told_parts.get(name)
        if kept is None or kept["quick"]:
            continue
        part = Part(
            kept["title"],
            [Row(**row) for row in kept["rows"]],
            [Goal(**goal) for goal in kept["goals"]],
            [*kept["notes"], f"{kept['measured']}, `{kept['command']}` on {kept['machine']}."],
        )
        pieces.append(told(part))
    return "\n".join(pieces)
