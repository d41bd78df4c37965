"""Doors, pictures, rugs and patches of sun are told by shape and light, in drawn rooms and in the samples."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from generations.engines.preview.arrays import Floats, floats, to_linear
from generations.engines.preview.camera import BACK, Box, Camera
from generations.engines.preview.panels import panels, polygon
from generations.engines.preview.room import CONFIDENT, Room, understand
from generations.engines.preview.rugs import rugs
from tests.bench.preview.pictures import references
from tests.bench.preview.truth import DOOR, FLOOR, WALL, WINDOW, Known, own_rooms
from tests.generations.engines.rooms import Picture, ask

CAMERA, BOX = Camera(330.0, 512, 360, pitch=0.08), Box(left=1.4, right=1.4, depth=3.0, up=0.8)


def drawn(*, wall: int = 205, floor: tuple[int, int, int] = (150, 115, 85)) -> Picture:
    """A bare room in flat colours, RGB."""
    labels, _ = BOX.labels(CAMERA.pixel_rays())
    tones = np.array([floor, (235,) * 3, (wall - 20,) * 3, (wall - 12,) * 3, (wall,) * 3], np.uint8)
    return np.asarray(tones[labels], np.uint8)


def put(picture: Picture, corners: list[tuple[float, float, float]], tone: tuple[int, int, int]) -> Floats:
    """Fills a quadrangle given in room axes; its corners in pixels."""
    seen = CAMERA.project(floats(corners))[:, :2]
    cv2.fillConvexPoly(picture, np.rint(seen).astype(np.int32), tone)
    return seen


def upright(left: float, right: float, top: float, bottom: float) -> list[tuple[float, float, float]]:
    """A rectangle on the back wall; Y points down."""
    depth = BOX.depth
    return [(left, top, depth), (right, top, depth), (right, bottom, depth), (left, bottom, depth)]


def level(left: float, right: float, far: float, near: float) -> list[tuple[float, float, float]]:
    """A rectangle on the floor."""
    return [(left, 1, far), (right, 1, far), (right, 1, near), (left, 1, near)]


def lab(picture: Picture) -> Floats:
    return floats(cv2.cvtColor(floats(picture) / 255, cv2.COLOR_RGB2LAB))


def overlap(one: Floats, other: Floats) -> float:
    a, b = (polygon(corners, (CAMERA.height, CAMERA.width)) for corners in (one, other))
    return float((a & b).sum() / (a | b).sum())


def test_a_bare_wall_has_nothing_framed_on_it() -> None:
    assert panels(lab(drawn()), CAMERA, BOX) == []


def test_a_door_in_the_paint_of_its_wall_is_found_by_its_outline() -> None:
    picture = drawn()
    put(picture, upright(0.3, 0.95, -0.42, 1.0), (190, 190, 190))
    door = put(picture, upright(0.34, 0.91, -0.38, 1.0), (205, 205, 205))
    found = [panel for panel in panels(lab(picture), CAMERA, BOX) if panel.door]
    assert max(overlap(panel.corners, door) for panel in found) > 0.8


def test_a_picture_on_the_wall_is_found_and_the_wall_between_two_is_none() -> None:
    picture = drawn()
    ends = ((-0.9, -0.4), (-0.2, 0.3))
    hung = [put(picture, upright(left, right, -0.4, 0.1), (90, 110, 140)) for left, right in ends]
    between = CAMERA.project(floats(upright(-0.38, -0.22, -0.35, 0.05)))[:, :2]
    found = panels(lab(picture), CAMERA, BOX)
    for corners in hung:
        assert max(overlap(panel.corners, corners) for panel in found) > 0.8
    covered = np.zeros((CAMERA.height, CAMERA.width), bool)
    for panel in found:
        covered |= polygon(panel.corners, covered.shape)
    assert covered[polygon(between, covered.shape)].mean() < 0.2


def test_a_rug_is_found_by_its_outline() -> None:
    picture = drawn()
    rug = put(picture, level(-0.8, 0.7, 2.6, 1.7), (80, 95, 130))
    found = rugs(lab(picture), CAMERA, BOX)
    assert max(overlap(outline, rug) for outline in found) > 0.85


def test_a_patch_of_sun_is_no_rug() -> None:
    picture = drawn()
    put(picture, level(-0.8, 0.7, 2.6, 1.7), (200, 153, 113))  # the floor's own colour, brighter
    assert rugs(lab(picture), CAMERA, BOX) == []


def read(name: str) -> tuple[Known, Room]:
    known = next(room for room in own_rooms() if room.name == name)
    return known, understand(to_linear(known.picture))


@pytest.mark.slow  # half a second a room
@pytest.mark.parametrize("name", ["hallway", "empty-living", "office"])
def test_doors_are_not_painted_with_the_wall(name: str) -> None:
    known, room = read(name)
    assert float(room.walls.mask[known.area(DOOR)].mean()) < 0.3


@pytest.mark.slow
def test_the_shade_of_a_lamp_is_no_window() -> None:
    known, room = read("evening")
    assert float(room.window[~known.area(WINDOW)].mean()) < 0.005


@pytest.mark.slow
def test_no_piece_of_wall_is_left_out_beside_a_lamp() -> None:
    known, room = read("evening")
    assert float(room.walls.mask[known.area(WALL)].mean()) > 0.9


@pytest.mark.slow
def test_no_wall_is_seen_in_the_middle_of_a_white_ceiling() -> None:
    known, room = read("dining")
    labels, _ = room.box.labels(room.camera.pixel_rays())
    assert labels.max() == BACK
    upper = np.zeros(known.classes.shape, bool)
    upper[: known.classes.shape[0] // 12] = True
    ceiling = upper & known.area(2)
    assert float(room.walls.mask[ceiling].mean()) < 0.05


@pytest.mark.slow
def test_the_sun_on_a_floor_is_floor() -> None:
    known, room = read("empty-living")
    assert room.floor.confidence >= CONFIDENT
    sunny = known.area(FLOOR) & (known.picture.min(2) > 200)
    assert sunny.any()
    assert float(room.floor.mask[sunny].mean()) > 0.9


@pytest.mark.slow
def test_what_stands_at_walls_is_refused_where_the_wall_is_full() -> None:
    known, _ = read("kitchen")
    told = (
        ask("Everything that fits", known.picture, references=references(["sideboard", "plant"]))
        .pictures[0]
        .notes
    )
    assert [one["what"] for one in told["left_out"]] == ["sideboard"]
    assert "at the wall" in told["left_out"][0]["why"]
