"""What five photos of rooms show, outlined by hand: room_masks.json holds layers, each painted over those before it.

The photos are not part of the project (../shared/data/rooms beside the checkout); tests that need them skip without.
"""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

Mask = npt.NDArray[np.bool_]

# Beside the checkout, or beside the folder of its worktrees.
PHOTOS = [folder / "shared/data/rooms" for folder in Path(__file__).resolve().parents[4:6]]
OUTLINES: dict[str, list[dict[str, object]]] = json.loads(
    Path(__file__).with_name("room_masks.json").read_text()
)


def photo(name: str) -> npt.NDArray[np.uint8]:
    """The photo as RGB, or a skipped test where it is absent."""
    for folder in PHOTOS:
        if (folder / name).exists():
            found = cv2.imread(str(folder / name), cv2.IMREAD_COLOR)
            assert found is not None
            return np.asarray(found[..., ::-1], np.uint8)
    pytest.skip(f"the photo {name} is not here: it is looked for in {PHOTOS[0]}")


def drawn_masks(name: str, width: int, height: int) -> dict[str, Mask]:
    """Kind -> where it is seen, at this size; `unknown` is where two people would disagree: count it neither way."""
    kinds = ["", *sorted({str(layer["kind"]) for layer in OUTLINES[name]})]
    painted = np.zeros((height, width), np.uint8)
    for layer in OUTLINES[name]:
        outline = np.array(layer["outline"], np.float64) * (width, height) * 16
        cv2.fillPoly(painted, [np.rint(outline).astype(np.int32)], kinds.index(str(layer["kind"])), shift=4)
    return {kind: painted == index for index, kind in enumerate(kinds) if kind}


def overlap(found: Mask, drawn: Mask, unknown: Mask | None = None) -> float:
    """Intersection over union of two masks of one size, without the pixels that are unknown."""
    known = np.ones_like(drawn) if unknown is None else ~unknown
    union = float((known & (found | drawn)).sum())
    return float((known & found & drawn).sum()) / union if union else 1.0
