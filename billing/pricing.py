"""One table: operation × options → credits. Source: the MeltFlex contract (10 a picture; levels −2, 0, +5)."""

from __future__ import annotations

BASE = 10
LEVELS = {"lite": -2, "quick": 0, "pro": 5}
MAX_VARIATIONS = 3


def price(*, design_level: str = "quick", variations: int = 1) -> int:
    """Credits for one generation: (10 + level) × variations."""
    return (BASE + LEVELS[design_level]) * variations


def costs() -> dict[str, int]:
    """The price list as the API shows it: operation → credits for one picture."""
    return {"generate": BASE} | {
        f"generate_{level}": BASE + extra for level, extra in LEVELS.items() if extra
    }
