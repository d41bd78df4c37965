"""Times one case in a process of its own, on one core: prints JSON. Started by timing.py.

python -m tests.bench.preview.one_case photo.jpg other.jpg sofa,lamp
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path

_PROMPT = "Japandi with an oak floor and sage green walls at sunset"
_ANOTHER = "Herringbone floor, navy blue walls, daylight"


def _peak_megabytes() -> float:
    """Of this program alone: the kernel's other counter, ru_maxrss, remembers the program that started it."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class _Watch:
    """Wall clock and processor time since it was made."""

    def __init__(self) -> None:
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def read(self) -> tuple[float, float]:
        return time.perf_counter() - self.wall, time.process_time() - self.cpu


def main() -> None:
    """Cold, warm with another photo, and the first photo again with another prompt."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    photo, other = (Path(name).read_bytes() for name in sys.argv[1:3])
    items = [name for name in sys.argv[3].split(",") if name] if len(sys.argv) > 3 else []
    cold = _Watch()
    from generations.engines.base import EngineRequest, InputImage
    from generations.engines.preview import PreviewEngine
    from tests.bench.preview.pictures import references

    engine, chosen = PreviewEngine(), references(items)

    def ask(content: bytes, prompt: str) -> int:
        source = InputImage.of_bytes(content, "image/jpeg")
        request = EngineRequest(prompt=prompt, source=source, references=chosen, resolution="2K")
        return engine.generate(request).pictures[0].size

    ask(photo, _PROMPT)
    measured = {"cold": cold.read()}
    warm = _Watch()
    ask(other, _PROMPT)
    measured["warm"] = warm.read()
    again = _Watch()
    ask(other, _ANOTHER)
    measured["again"] = again.read()
    sys.stdout.write(json.dumps({**measured, "peak_mb": _peak_megabytes(), "references": len(chosen)}))


if __name__ == "__main__":
    main()
