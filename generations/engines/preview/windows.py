"""Windows: bright rectangles on a wall, found in the wall's own flat view, where they are upright rectangles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from generations.engines.preview.arrays import Bytes, Floats, Mask, floats, luma
from generations.engines.preview.camera import BACK, LEFT, RIGHT, Box, Camera

Rows = npt.NDArray[Any]  # a number for each row, or row numbers

_PER_METRE = 40  # pixels of the flat view
_WALLS = (LEFT, BACK, RIGHT)


@dataclass(frozen=True)
class Window:
    """A rectangle on a wall, in camera heights: from `start` to `end` along it, from `top` to `bottom` (Y)."""

    wall: int
    start: float
    end: float
    top: float
    bottom: float

    def corners(self, box: Box) -> Floats:
        """Room points (4, 3): top left, top right, bottom right, bottom left as seen along the wall's own axis."""
        flat = [
            (self.start, self.top),
            (self.end, self.top),
            (self.end, self.bottom),
            (self.start, self.bottom),
        ]
        return floats([on_wall(self.wall, box, along, y) for along, y in flat])


def on_wall(wall: int, box: Box, along: float, y: float) -> tuple[float, float, float]:
    """The room point at `along` (X on the back wall, Z on a side wall) and height `y`."""
    if wall == BACK:
        return along, y, box.depth
    return (-box.left if wall == LEFT else box.right), y, along


def outline(window: Window, camera: Camera, box: Box) -> Floats | None:
    """The window's corners in pixels (4, 2), or None where it reaches behind the camera."""
    seen = camera.project(window.corners(box))
    return None if (seen[:, 2] < 0.05).any() else floats(seen[:, :2].copy())


def windows_mask(windows: list[Window], camera: Camera, box: Box) -> Floats:
    """1 inside windows, frames included, at the camera's size; soft by a pixel."""
    mask: Bytes = np.zeros((camera.height, camera.width), np.uint8)
    for window in windows:
        corners = outline(window, camera, box)
        if corners is not None:
            cv2.fillConvexPoly(mask, np.rint(corners * 16).astype(np.int32), 255, cv2.LINE_AA, 4)
    return floats(mask / 255)


def find_windows(linear: Floats, camera: Camera, box: Box, labels: Bytes) -> list[Window]:
    """Windows of the room, from a small linear picture of `camera`'s size and the plane of each of its pixels."""
    found: list[Window] = []
    on_walls = linear[labels >= LEFT]
    if len(on_walls) < 60:
        return found
    paint = floats(np.median(on_walls, 0))  # of all walls together: a wall that is mostly window says little
    for wall in _WALLS:
        if view := _flat_view(linear, camera, box, wall):
            found += _bright_rectangles(*view, wall, paint)
    return found


def _flat_view(linear: Floats, camera: Camera, box: Box, wall: int) -> tuple[Floats, float, float] | None:
    """The wall seen from the front (not a number where it is out of the picture), its start, and pixels per unit."""
    pace = _PER_METRE / box.metre
    start, end = (-box.left, box.right) if wall == BACK else (0.15, box.depth)
    columns, rows = int((end - start) * pace), int((1 + box.up) * pace)
    if not (12 <= columns <= 900 and rows >= 12):
        return None
    along, y = np.meshgrid(
        start + (np.arange(columns) + 0.5) / pace, -box.up + (np.arange(rows) + 0.5) / pace
    )
    points = np.stack(on_wall_grid(wall, box, floats(along), floats(y)), -1)
    seen = camera.project(floats(points))
    x, y_pixel = seen[..., 0] - 0.5, seen[..., 1] - 0.5
    visible = (
        (seen[..., 2] > 0.05)
        & (x >= 0)
        & (y_pixel >= 0)
        & (x < camera.width - 1)
        & (y_pixel < camera.height - 1)
    )
    flat = floats(
        cv2.remap(linear, floats(x), floats(y_pixel), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    )
    flat[~visible] = np.nan
    return flat, start, pace


def on_wall_grid(wall: int, box: Box, along: Floats, y: Floats) -> tuple[Floats, Floats, Floats]:
    """`on_wall` for arrays of one shape."""
    if wall == BACK:
        return along, y, np.full_like(along, box.depth)
    return np.full_like(along, -box.left if wall == LEFT else box.right), y, along


def _bright_rectangles(flat: Floats, start: float, pace: float, wall: int, paint: Floats) -> list[Window]:
    visible = ~np.isnan(flat[..., 0])
    if visible.mean() < 0.05:
        return []
    light = luma(flat)
    wall_light = float(luma(paint))
    tint = np.abs(flat / (light[..., None] + 0.02) - paint / (wall_light + 0.02)).sum(-1)
    # Panes are brighter than the wall, or another colour (a garden) while not darker: a picture is rarely either.
    with np.errstate(invalid="ignore"):
        outside = visible & (
            (light > 1.7 * wall_light + 0.05) | ((tint > 0.35) & (light > 0.4 * wall_light) & (light > 0.05))
        )
    closed = cv2.morphologyEx(outside.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    closed = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    return [
        window
        for rectangle in _rectangles(np.asarray(closed, np.uint8), outside, light > 0.8 * wall_light)
        if (window := _judged(rectangle, light, outside.astype(np.float32), wall_light, start, pace, wall))
    ]


def _rectangles(mask: Bytes, panes: Mask, bright: Mask) -> list[tuple[int, int, int, int]]:
    """Parts of the mask that fill an upright rectangle, each trimmed of rows and columns that are mostly empty.

    What lies under a gap and is not `bright` is the wall under the sill, coloured by the floor.
    """
    count, parts, stats, _ = cv2.connectedComponentsWithStats(mask)
    found = []
    for index in range(1, count):
        if stats[index, cv2.CC_STAT_AREA] < 200:
            continue
        part = (parts == index) & panes
        across, down = part.sum(0), part.sum(1)
        full = down > 0.7 * np.percentile(down[down > 0], 90)
        # What reaches the last row is floor that the box took for wall.
        last = len(full)
        while last > 0 and full[last - 1]:
            last -= 1
        rows = _above_the_sill(np.nonzero(full[:last])[0], (part & bright).sum(1), down)
        columns = np.nonzero(across > 0.5 * across.max())[0]
        if not len(rows):
            continue
        x, y, w, h = (
            int(v) for v in (columns[0], rows[0], columns[-1] + 1 - columns[0], rows[-1] + 1 - rows[0])
        )
        if (parts == index)[y : y + h, x : x + w].mean() > 0.68:
            found.append((x, y, w, h))
    return found


def _above_the_sill(rows: Rows, bright: Rows, filled: Rows) -> Rows:
    """The rows up to the lowest gap below which hardly any pane is bright."""
    for cut in np.nonzero(np.diff(rows) > 1)[0]:
        below = rows[cut + 1 : cut + 4]
        if bright[below].sum() < 0.4 * filled[below].sum():
            return rows[: cut + 1]
    return rows


def _crisp(light: Floats, rectangle: tuple[int, int, int, int], wall_light: float) -> bool:
    """Whether both upright sides are sharp: a pool of light is as bright as a window but has no frame."""
    x, y, w, h = rectangle
    change = np.abs(np.diff(light[y : y + h], axis=1))
    for side in (x - 1, x + w - 1):
        near = change[:, max(0, side - 4) : side + 5]
        known = near[:, ~np.isnan(near).any(0)]
        if known.size and known.shape[1] > 4 and known.mean(0).max() < 0.3 * wall_light:
            return False
    return True


def _judged(
    rectangle: tuple[int, int, int, int],
    light: Floats,
    outside: Floats,
    wall_light: float,
    start: float,
    pace: float,
    wall: int,
) -> Window | None:
    """The rectangle as a window if it has the size and the brightness of one."""
    x, y, w, h = rectangle
    height, width = light.shape
    metres = (w / _PER_METRE, h / _PER_METRE)
    inside = light[y : y + h, x : x + w]
    if not (0.35 < metres[0] < 4.5 and 0.4 < metres[1] < 2.7) or y <= 1 or h > 0.95 * height:
        return None
    if np.isnan(inside).mean() > 0.5:
        return None
    bright = float(np.nanpercentile(inside, 80))
    if bright < 0.45 or bright < 1.6 * wall_light or outside[y : y + h, x : x + w].mean() < 0.6:
        return None
    if (w > 0.9 * width and h > 0.8 * height) or y > 0.5 * height:
        return None
    if not _crisp(light, rectangle, wall_light):
        return None
    top = -1 + (y - height) / pace + 2  # rows count down from the ceiling; Y = 1 is the floor
    return Window(wall, start + x / pace, start + (x + w) / pace, top, top + h / pace)
