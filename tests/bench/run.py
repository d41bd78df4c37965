"""Everything that is measured, one part after the other, in one run.

    python -m tests.bench.run [--only accept,ledger] [--quick]

Prints a table of each part as it ends; all of them go into var/bench.json, and those of a full run into
docs/benchmarks.md. Others that are not installed are named as such (`make bench-rivals` installs them).
"""

from __future__ import annotations

import argparse
import importlib
import shlex
import sys
import tempfile
import traceback
from pathlib import Path

from tests.bench import report
from tests.bench.report import Options, Part

# Each is a module of this package with `part_of(options) -> Part`; the soak takes long and runs by its own name alone.
PARTS = ("accept", "flood", "ledger", "in_flight", "history", "per_picture", "images", "startup", "soak")
USUAL = PARTS[:-1]


def main() -> int:
    """Returns the number of parts that broke."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default=",".join(USUAL), help=f"some of {','.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="small: shows that everything runs")
    parser.add_argument("--minutes", type=float, default=30.0, help="of the soak")
    chosen = parser.parse_args()
    names = chosen.only.split(",")
    if unknown := set(names) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    command = shlex.join(["python", "-m", "tests.bench.run", *sys.argv[1:]])
    broken = 0
    _say(report.machine())
    for name in names:
        with tempfile.TemporaryDirectory(prefix=f"bench-{name}-") as folder:
            options = Options(quick=chosen.quick, folder=Path(folder), minutes=chosen.minutes)
            part = _measured(name, options)
        if part is None:
            broken += 1
            continue
        _say(report.told(part))
        report.write({name: part}, options, command)
    return broken


def _measured(name: str, options: Options) -> Part | None:
    """None, and the reason told, for a part that broke: the others are measured all the same."""
    _say(f"--- {name}")
    try:
        part: Part = importlib.import_module(f"tests.bench.{name}").part_of(options)
    except Exception:
        _say(traceback.format_exc())
        return None
    return part


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
