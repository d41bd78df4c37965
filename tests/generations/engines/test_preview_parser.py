"""The net that reads a room: what it promises to the engine, and how well it reads five photos."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from generations.engines.preview import parser
from generations.engines.preview.arrays import Floats, to_linear
from tests.generations.engines import masks
from tests.generations.engines.rooms import empty_room


def linear_room(width: int = 360, height: int = 240) -> Floats:
    return to_linear(empty_room(width, height))


@pytest.mark.parametrize(("width", "height"), [(360, 240), (240, 360), (300, 300), (64, 48)])
def test_every_pixel_gets_probabilities_in_both_orientations(width: int, height: int) -> None:
    seen = parser.parse(linear_room(width, height))
    assert max(seen.kinds.shape[:2]) == parser.LONGEST
    assert seen.kinds.shape[2] == 7
    assert seen.planes.shape == (*seen.kinds.shape[:2], parser.PLANES)
    assert abs(seen.kinds.shape[1] / seen.kinds.shape[0] - width / height) < 0.1
    for answer in (seen.kinds, seen.planes):
        assert answer.dtype == np.float32
        assert np.allclose(answer.sum(-1), 1, atol=1e-4)


def test_the_same_picture_is_read_the_same_to_the_last_bit() -> None:
    picture = linear_room()
    first, second = parser.parse(picture), parser.parse(picture.copy())
    assert first.kinds.tobytes() == second.kinds.tobytes()
    assert first.planes.tobytes() == second.planes.tobytes()


@pytest.mark.parametrize(("width", "height"), [(1000, 40), (40, 1000)])
def test_a_panorama_is_read_the_same_whatever_lay_in_memory(width: int, height: int) -> None:
    picture = linear_room(width, height)
    first = parser.parse(picture)
    junk = [np.full(40_000, 3e38, np.float32) for _ in range(80)]
    del junk
    parser.parse(linear_room(64, 64))
    second = parser.parse(picture)
    assert min(parser.size_of(width, height)) >= 32
    assert first.kinds.tobytes() == second.kinds.tobytes()
    assert first.planes.tobytes() == second.planes.tobytes()


def test_reading_a_room_leaves_the_thread_count_alone() -> None:
    before = cv2.getNumThreads()
    parser.parse(linear_room())
    assert cv2.getNumThreads() == before


@pytest.mark.parametrize(("width", "height"), [(720, 480), (90, 60)])
def test_evidence_can_be_had_at_the_size_of_the_picture(width: int, height: int) -> None:
    seen = parser.parse(linear_room()).resized(width, height)
    assert seen.kinds.shape == (height, width, 7)
    assert seen.planes.shape == (height, width, 5)
    assert np.allclose(seen.kinds.sum(-1), 1, atol=1e-4)


# What the net reached when it was committed lies a little above; the photos are real but for the renders.
@pytest.mark.parametrize(
    ("name", "floor", "wall"),
    [
        ("empty_b_render.jpg", 0.8, 0.8),
        ("empty_c_render.jpg", 0.6, 0.9),
        ("furnished_d_render.jpg", 0.7, 0.65),
        ("living_messy_roomgpt.jpg", 0.15, 0.65),
        ("living_pxhere_1367038.jpg", 0.5, 0.55),
    ],
)
def test_floor_and_wall_of_a_photo_are_found(name: str, floor: float, wall: float) -> None:
    picture = masks.photo(name)
    seen = parser.parse(to_linear(picture)).kinds
    drawn = masks.drawn_masks(name, seen.shape[1], seen.shape[0])
    best, unknown = seen.argmax(-1), drawn.get("unknown")
    ground = drawn["floor"] | drawn.get("rug", np.zeros_like(drawn["floor"]))
    assert masks.overlap((best == parser.FLOOR) | (best == parser.RUG), ground, unknown) > floor
    assert masks.overlap(best == parser.WALL, drawn["wall"], unknown) > wall
