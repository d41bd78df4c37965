"""What is really where in the sample rooms: drawn by the renderer that made them, or by hand for other photos."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from generations.engines.preview.arrays import Floats, Mask, fit, floats
from tests.bench.preview.pictures import SAMPLES, TRUTH, Photo, Picture
from tests.generations.engines import masks

FLOOR, WALL, CEILING, WINDOW, DOOR, RUG, OTHER = range(7)
UNKNOWN = 255
KINDS = {
    "floor": FLOOR,
    "wall": WALL,
    "ceiling": CEILING,
    "window": WINDOW,
    "door": DOOR,
    "rug": RUG,
    "other": OTHER,
}
_SIZE = 1024  # pixels of the longest side at which everything is compared


@dataclass(frozen=True)
class Known:
    """A photo and the class of every pixel; `wall_albedo` is linear, None where nobody knows it."""

    photo: Photo
    classes: Picture
    wall_albedo: Floats | None = None

    @property
    def name(self) -> str:
        return self.photo.name

    @cached_property
    def picture(self) -> Picture:
        """At the size of `classes`."""
        height, width = self.classes.shape
        return np.asarray(
            cv2.resize(self.photo.picture(), (width, height), interpolation=cv2.INTER_AREA), np.uint8
        )

    def area(self, *kinds: int) -> Mask:
        """Where any of these classes is."""
        return np.isin(self.classes, kinds)

    @property
    def known(self) -> Mask:
        """Where the class is certain; what lies under a rug counts neither for nor against a floor."""
        return ~self.area(UNKNOWN, RUG)


def own_rooms() -> list[Known]:
    """The sample rooms that have a mask from the renderer."""
    albedos = json.loads((TRUTH / "rooms.json").read_text()) if (TRUTH / "rooms.json").exists() else {}
    found = []
    for path in sorted((SAMPLES / "rooms").glob("*.jpg")):
        mask = TRUTH / f"{path.stem}.png"
        if mask.exists():
            paint = albedos.get(path.stem, {}).get("wall")
            found.append(
                Known(Photo(path.stem, path), _classes(mask), None if paint is None else floats(paint))
            )
    return found


def _classes(path: Path) -> Picture:
    drawn = np.asarray(Image.open(path), np.uint8)  # a palette picture: its numbers are the classes
    size = fit(2 * drawn.shape[1], 2 * drawn.shape[0], _SIZE)
    return np.asarray(cv2.resize(drawn, size, interpolation=cv2.INTER_NEAREST), np.uint8)


def other_photos() -> list[Known]:
    """Photos of others that somebody drew areas on; none where the folder with them is not beside the project."""
    found = []
    for name in masks.OUTLINES:
        path = next((folder / name for folder in masks.PHOTOS if (folder / name).exists()), None)
        if path is not None:
            photo = Photo(path.stem, path)
            height, width = photo.picture().shape[:2]
            found.append(Known(photo, _drawn(name, *fit(width, height, _SIZE))))
    return found


def _drawn(name: str, width: int, height: int) -> Picture:
    classes: Picture = np.full((height, width), UNKNOWN, np.uint8)
    for kind, area in masks.drawn_masks(name, width, height).items():
        classes[area] = KINDS.get(kind, UNKNOWN)
    return classes
