"""What is framed on walls: doors, windows, pictures. Seen straight on, each is a rectangle with edges all around."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from generations.engines.preview.arrays import Bytes, Floats, Mask, floats
from generations.engines.preview.camera import BACK, LEFT, Box, Camera

_ROWS = 120  # cells from ceiling to floor in which a wall is looked at
_MOST_COLUMNS = 420
_NEAREST = 0.4  # camera heights: a wall beside the camera is seen too much from the side
# Lab units, lightness weighed less, over two cells. Doors are painted like the wall and large enough to be told anyway.
_EDGE, _DOORS_EDGE = 3.5, 2.4
_LIGHTNESS = 0.8
_GAP, _LINE = 5, 10  # cells that an edge may be interrupted, and that it is long at least
_FRAMED = 0.78  # of each side that shows an edge
_LINED_UP = 4  # cells by which the ends of two sides may differ, and more for long ones
_SIDES = (10, 110)  # cells: the least and the greatest side of anything framed
_ALIKE, _MOSTLY = 4.5, 0.7  # Lab units, and part of what is framed
_IN_LIGHT = (0.6, 1, 1)  # of that, what lightness counts: a wall is darker beside what hangs there
_MOST = 0.45  # part of a wall: where more is framed, it is the wall itself that has boards or panels
_DOOR_HEIGHT = (0.6, 0.92)  # of the room's
_DOOR_SHAPE = (0.28, 0.62)  # width over height
_TO_THE_FLOOR = 9  # cells: skirting and thresholds
_AT_ONCE = 60  # upright edges on a wall, the longest
_AROUND = (9, 25)  # pixels across by which a frame is grown, to see the wall between both
_DUSK, _BLUER = -2.0, 8.0  # b of Lab at most, and by how much it is below the wall's
_NO_BRIGHTER, _LAMPLIT = 8.0, 50.0  # lightness above the wall's, and of a wall by lamplight, both at most


@dataclass(frozen=True)
class Panel:
    """A framed part of a wall, as corners (4, 2) in pixels; a door reaches down to the floor."""

    corners: Floats
    door: bool


def polygon(corners: Floats, shape: tuple[int, ...]) -> Mask:
    """Where corners (n, 2) in pixels enclose a picture of this height and width."""
    drawn = np.zeros(shape, np.uint8)
    cv2.fillConvexPoly(drawn, np.rint(corners).astype(np.int32), 1)
    return np.asarray(drawn > 0, bool)


def night_windows(lab: Floats, framed: list[Panel]) -> list[Panel]:
    """Those of `framed` that show the blue of dusk in a wall that lamps light, leaf beside leaf; pictures have none."""
    blue = []
    for panel in framed:
        left, top = (max(0, int(low) - _AROUND[1]) for low in panel.corners.min(0))
        right, bottom = (int(high) + _AROUND[1] for high in panel.corners.max(0))
        near = lab[top:bottom, left:right]
        solid = polygon(panel.corners - floats([left, top]), near.shape[:2]).astype(np.uint8)
        core = cv2.erode(solid, np.ones((5, 5), np.uint8)) > 0
        if panel.door or not core.any() or np.median(near[core][:, 2]) >= _DUSK:
            continue
        grown = [cv2.dilate(solid, np.ones((side, side), np.uint8)) for side in _AROUND]
        ring = (grown[1] > 0) & (grown[0] == 0)
        if not ring.any():
            continue
        inside, around = (np.median(near[where], 0) for where in (core, ring))
        cool = inside[2] < around[2] - _BLUER
        if cool and inside[0] < around[0] + _NO_BRIGHTER and around[0] < _LAMPLIT:
            blue.append(panel)
    return [one for one in blue if any(_beside(one, other) for other in blue if other is not one)]


def _beside(one: Panel, other: Panel) -> bool:
    """Whether one begins or ends where the other does, at the same height."""
    (left, top), (right, bottom) = one.corners.min(0), one.corners.max(0)
    (first, upper), (last, lower) = other.corners.min(0), other.corners.max(0)
    tall = bottom - top
    level = abs(top - upper) < tall / 6 and abs(bottom - lower) < tall / 6
    meets = min(abs(left - last), abs(right - first), abs(left - first), abs(right - last)) < tall / 12
    return bool(level and meets)


def panels(lab: Floats, camera: Camera, box: Box) -> list[Panel]:
    """Everything framed on the walls of `box` in a small CIELAB picture (L 0..100) that `camera` saw at this size."""
    found = []
    for plane in range(LEFT, BACK + 1):
        points = _cells(box, plane)
        if points is not None:
            found += _on_wall(lab, camera.project(points))
    return found


def seen_straight(lab: Floats, seen: Floats) -> tuple[Floats, Mask]:
    """Weighed Lab colours of the cells of a plane that are `seen` (rows, columns, 3) in a picture, and which are."""
    height, width = lab.shape[:2]
    x, y = seen[..., 0], seen[..., 1]
    visible: Mask = (seen[..., 2] > 0.1) & (x >= 0) & (y >= 0) & (x < width) & (y < height)
    columns, rows = (floats(np.where(visible, where, -9)) for where in (x, y))
    flat = floats(cv2.remap(lab, columns, rows, cv2.INTER_LINEAR))
    return floats(cv2.GaussianBlur(flat, (0, 0), 0.8)) * floats([_LIGHTNESS, 1, 1]), visible


def _cells(box: Box, plane: int) -> Floats | None:
    """Room points (rows, columns, 3) of a wall's cells, from the ceiling down; None for a wall that is too short."""
    step = (1 + box.up) / _ROWS
    start, end = (-box.left, box.right) if plane == BACK else (_NEAREST, box.depth)
    count = min(_MOST_COLUMNS, int((end - start) / step))
    if count < 2 * _LINE:
        return None
    along, down = np.meshgrid(end - step * np.arange(count)[::-1], -box.up + step * np.arange(_ROWS + 1))
    side = np.full_like(along, box.depth if plane == BACK else -box.left if plane == LEFT else box.right)
    return floats(np.stack([along, down, side] if plane == BACK else [side, down, along], -1))


def _on_wall(lab: Floats, seen: Floats) -> list[Panel]:
    flat, visible = seen_straight(lab, seen)
    if visible.mean() < 0.02:
        return []
    framed = np.zeros(visible.shape, np.uint8)
    slopes = slopes_of(flat, visible)
    boxes = [one for one in _rectangles(*lines_of(slopes, _DOORS_EDGE)) if one[-1]]
    # Small ones first: what is framed by two pictures and the wall between them is none.
    found = [one for one in _rectangles(*lines_of(slopes, _EDGE)) if not one[-1]]
    for one in sorted(found, key=lambda one: (one[2] - one[0]) * (one[3] - one[1])):
        left, top, right, bottom, _ = one
        if not _is_wall(flat, visible, framed, one[:4]):
            boxes.append(one)
            framed[top : bottom + 1, left : right + 1] = 1
    for left, top, right, bottom, _ in boxes:
        framed[top : bottom + 1, left : right + 1] = 1
    if (framed.astype(bool) & visible).sum() > _MOST * visible.sum():
        return []
    return [
        Panel(
            floats(
                [seen[top, left, :2], seen[top, right, :2], seen[bottom, right, :2], seen[bottom, left, :2]]
            ),
            door,
        )
        for left, top, right, bottom, door in boxes
    ]


def _is_wall(flat: Floats, visible: Mask, framed: Bytes, box: tuple[int, int, int, int]) -> bool:
    """Whether what is not `framed` yet in a box (left, top, right, bottom) looks as above and below, or to both sides:
    what is between two pictures, or two cables."""
    left, top, right, bottom = box
    edge, far = _LINED_UP, 2 * _LINED_UP
    columns = np.s_[left + edge : right - edge + 1]
    rows = np.s_[top + edge : bottom - edge + 1]
    frames = cv2.dilate(framed, np.ones((edge + 1, edge + 1), np.uint8))
    inside = flat[rows, columns][(frames[rows, columns] == 0) & visible[rows, columns]]
    if not len(inside):
        return False
    pairs = (
        (
            np.s_[max(0, top - far) : max(0, top - edge), columns],
            np.s_[bottom + edge : bottom + far, columns],
        ),
        (np.s_[rows, max(0, left - far) : max(0, left - edge)], np.s_[rows, right + edge : right + far]),
    )
    for pair in pairs:
        around = np.concatenate([flat[where][visible[where]] for where in pair])
        if len(around):
            apart = np.linalg.norm((inside - np.median(around, 0)) * floats(_IN_LIGHT), axis=-1)
            if (apart < _ALIKE).mean() > _MOSTLY:
                return True
    return False


def slopes_of(flat: Floats, visible: Mask) -> tuple[Floats, Floats]:
    """How steep colours are across upright and across level edges of a plane seen straight on; 0 at its rim."""
    across = np.zeros(flat.shape[:2], np.float32)
    down = np.zeros_like(across)
    change = flat[:, 2:] - flat[:, :-2]
    across[:, 1:-1] = np.sqrt(np.einsum("yxc,yxc->yx", change, change))
    change = flat[2:] - flat[:-2]
    down[1:-1] = np.sqrt(np.einsum("yxc,yxc->yx", change, change))
    inner = cv2.erode(visible.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return floats(across * (inner & (across > down))), floats(down * (inner & (down > across)))


def lines_of(slopes: tuple[Floats, Floats], least: float) -> tuple[Bytes, Bytes]:
    """Upright and level lines along which `slopes_of` a plane are at least so many Lab units."""
    made = []
    for steep, gap, long in zip(slopes, ((_GAP, 1), (1, _GAP)), ((_LINE, 1), (1, _LINE)), strict=True):
        edge = (steep > least).astype(np.uint8)
        closed = cv2.morphologyEx(edge, cv2.MORPH_CLOSE, np.ones(gap, np.uint8))
        made.append(np.asarray(cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones(long, np.uint8)), np.uint8))
    return made[0], made[1]


def _rectangles(upright: Bytes, level: Bytes) -> Iterator[tuple[int, int, int, int, bool]]:
    """Left, top, right, bottom in cells, and whether it is a door."""
    count, _, stats, middles = cv2.connectedComponentsWithStats(upright)
    order = sorted(range(1, count), key=lambda part: -int(stats[part, cv2.CC_STAT_HEIGHT]))[:_AT_ONCE]
    lines = [
        (round(float(middles[part][0])), int(stats[part, cv2.CC_STAT_TOP]),
         int(stats[part, cv2.CC_STAT_TOP] + stats[part, cv2.CC_STAT_HEIGHT]) - 1)
        for part in order
    ]  # fmt: skip
    near = cv2.dilate(level, np.ones((2 * _LINED_UP + 1, 1), np.uint8))
    total = np.pad(np.cumsum(near, axis=1, dtype=np.int32), ((0, 0), (1, 0)))
    floor = level.shape[0] - 1

    def covered(row: int, left: int, right: int) -> float:
        # Ends are left out, which frames beside it may lend.
        left, right = left + _LINED_UP, right - _LINED_UP
        return float(total[row, right + 1] - total[row, left]) / (right + 1 - left)

    for number, (left, top, bottom) in enumerate(lines):
        for x, other_top, other_bottom in lines[:number]:
            right = x
            a, b = min(left, right), max(left, right)
            reach = max(bottom, other_bottom) - min(top, other_top)
            slack = _LINED_UP + reach // 12
            if not _SIDES[0] <= b - a <= _SIDES[1] or reach < _SIDES[0] or abs(top - other_top) > slack:
                continue
            upper = (top + other_top) // 2
            if covered(upper, a, b) < _FRAMED:
                continue
            lower = max(bottom, other_bottom)
            tall = (floor - upper) / _ROWS
            shape = (b - a) / max(floor - upper, 1)
            if (
                lower >= floor - _TO_THE_FLOOR
                and min(bottom, other_bottom) - upper > 0.6 * (floor - upper)
                and _DOOR_HEIGHT[0] < tall < _DOOR_HEIGHT[1]
                and _DOOR_SHAPE[0] < shape < _DOOR_SHAPE[1]
            ):
                yield a, upper, b, floor, True
            elif (
                abs(bottom - other_bottom) <= slack and covered((bottom + other_bottom) // 2, a, b) >= _FRAMED
            ):
                yield a, upper, b, lower, False
