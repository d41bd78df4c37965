"""`make audit`: the pinned packages against the public advisories.

Fails for what is found; says loudly, and fails nothing, where the advisories could not be read.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

PINNED = Path(__file__).resolve().parent.parent / "requirements/main.txt"
NOT_DONE = "*** NO ADVISORIES COULD BE READ HERE: {} of {} packages were not audited."


def main() -> int:
    """The exit code."""
    command = [
        sys.executable,
        "-m",
        "uv",
        "tool",
        "run",
        "pip-audit",
        "--disable-pip",
        "--no-deps",
        "-f",
        "json",
    ]
    done = subprocess.run([*command, "-r", str(PINNED)], capture_output=True, text=True, check=False)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        print(NOT_DONE.format("all", "the"), done.stderr[-500:], sep="\n")
        return 0
    skipped = [package for package in packages if "skip_reason" in package]
    found = [
        (package["name"], package["version"], hole)
        for package in packages
        for hole in package.get("vulns", [])
    ]
    for name, version, hole in found:
        print(
            f"{name} {version}: {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'no version yet'}"
        )
    if skipped:
        print(NOT_DONE.format(len(skipped), len(packages)))
    print(f"{len(packages) - len(skipped)} packages audited, {len(found)} advisories.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
