"""The sample pictures that the project ships: all there, light to load, and read rightly by the engine."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from generations.engines.preview.arrays import to_linear
from generations.engines.preview.cutout import cut_out
from generations.engines.preview.room import CONFIDENT, understand
from generations.engines.preview.styles import STYLES
from tests.bench.preview import metrics
from tests.bench.preview.pictures import SAMPLES, Photo, products, rooms
from tests.bench.preview.truth import CEILING, FLOOR, WALL, Known, own_rooms

ROOM_BYTES, PRODUCT_BYTES, STYLE_BYTES = 180_000, 60_000, 30_000


def sample(name: str) -> Known:
    return next(room for room in own_rooms() if room.name == name)


def test_every_sample_room_has_its_true_areas() -> None:
    assert len(rooms()) >= 8
    assert [room.name for room in own_rooms()] == [photo.name for photo in rooms()]
    for room in own_rooms():
        assert room.area(FLOOR).mean() > 0.03, room.name
        assert room.area(WALL).mean() > 0.15, room.name
        assert room.wall_albedo is not None


def test_sample_pictures_are_light() -> None:
    assert all(photo.path.stat().st_size <= ROOM_BYTES for photo in rooms())
    assert all(path.stat().st_size <= PRODUCT_BYTES for path in products().values())
    assert all(path.stat().st_size <= STYLE_BYTES for path in (SAMPLES / "styles").glob("*.jpg"))


def test_every_style_has_a_picture() -> None:
    assert {path.stem for path in (SAMPLES / "styles").glob("*.jpg")} == {
        style.replace(" ", "-") for style in STYLES
    }


@pytest.mark.parametrize("name", sorted(products()))
def test_every_product_is_cut_out_of_its_white(name: str) -> None:
    picture = Photo(name, products()[name]).picture()
    cut = cut_out(np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2RGBA), np.uint8))
    assert cut is not None
    ink = (picture.min(2) < 215).astype(np.uint8)  # darker than the shadow on the ground
    ys, xs = np.nonzero(cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)))
    assert cut.aspect == pytest.approx((xs.max() - xs.min()) / (ys.max() - ys.min()), rel=0.25)


@pytest.mark.slow  # half a second a room
@pytest.mark.parametrize(
    ("name", "floor", "wall", "ceiling"),
    [("empty-living", 0.9, 0.75, 0.9), ("office", 0.65, 0.6, 0.75), ("bedroom", 0.2, 0.5, 0.6)],
)
def test_areas_of_a_sample_room_are_found(name: str, floor: float, wall: float, ceiling: float) -> None:
    known = sample(name)
    room = understand(to_linear(known.picture))
    for surface, kind, least in (
        (room.floor, FLOOR, floor),
        (room.walls, WALL, wall),
        (room.ceiling, CEILING, ceiling),
    ):
        assert metrics.overlap(surface.mask > 0.5, known.area(kind), known.known) >= least


def test_the_empty_sample_room_is_understood_surely() -> None:
    known = sample("empty-living")
    small = cv2.resize(known.picture, (480, 320), interpolation=cv2.INTER_AREA)
    room = understand(to_linear(np.asarray(small, np.uint8)))
    assert min(room.floor.confidence, room.walls.confidence) >= CONFIDENT
    assert not room.furnished
