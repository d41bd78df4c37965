"""Rooms that were outlined by hand: how much of their floor and walls the preview engine would change."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from generations.engines.preview.arrays import to_linear
from generations.engines.preview.output import working_size
from generations.engines.preview.room import CONFIDENT, understand
from tests.generations.engines import masks


@pytest.mark.slow  # a second each
@pytest.mark.parametrize(
    ("name", "floor", "walls"),
    [
        ("empty_b_render.jpg", 0.93, 0.88),
        ("empty_c_render.jpg", 0.85, 0.92),
        ("furnished_d_render.jpg", 0.82, 0.75),
        ("living_pxhere_1367038.jpg", 0.5, 0.55),
    ],
)
def test_the_masks_of_a_room_lie_on_its_floor_and_walls(name: str, floor: float, walls: float) -> None:
    picture = masks.photo(name)
    width, height = working_size(picture.shape[1], picture.shape[0], "")
    small = np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    drawn = masks.drawn_masks(name, width, height)
    room = understand(to_linear(small))
    ground = drawn["floor"] | drawn.get("rug", np.zeros_like(drawn["floor"]))
    unknown = drawn.get("unknown")
    assert min(room.floor.confidence, room.walls.confidence) >= CONFIDENT
    found = np.maximum(room.floor.mask, room.rug.mask) > 0.5
    assert masks.overlap(found, ground, unknown) > floor
    assert masks.overlap(room.walls.mask > 0.5, drawn["wall"], unknown) > walls
