"""Rugs by their outline: from above, a front edge with a side at each of its ends, and another colour behind it."""

from __future__ import annotations

import cv2
import numpy as np

from generations.engines.preview.arrays import Bytes, Floats, Mask, floats
from generations.engines.preview.camera import Box, Camera
from generations.engines.preview.panels import lines_of, seen_straight, slopes_of

_CELLS = 120  # a room's height in cells of the floor
_MOST = 420
_NEAREST = 0.5  # camera heights
_EDGE = 3.5  # Lab units, as in panels
_FRONT, _SIDE = (30, 260), 14  # cells that a front edge and a side are long
_SLANT = 0.25  # a rug lies nearly straight in its room
_MEET = 9  # cells between the ends of two edges that meet
_AT_ONCE = 60  # edges of one direction, the longest
_STRAIGHT = 3.0  # cells by which an edge may leave its line, on the average
_STRIP = (4, 12)  # cells to both sides of the front edge, where colours are compared
_OTHER_HUE, _DARKER = (
    0.05,
    5.0,
)  # change of hue over brightness, or Lab units: sun is brighter and of the floor's hue


def rugs(lab: Floats, camera: Camera, box: Box) -> list[Floats]:
    """The outlines (4, 2) in pixels of what lies on the floor, in a small CIELAB picture by `camera` of this size."""
    step = (1 + box.up) / _CELLS
    across = np.arange(-box.left, box.right, step)[:_MOST]
    away = np.arange(box.depth, _NEAREST, -step)[:_MOST]
    if min(len(across), len(away)) < _FRONT[0]:
        return []
    x, z = np.meshgrid(across, away)
    seen = camera.project(floats(np.stack([x, np.ones_like(x), z], -1)))
    flat, visible = seen_straight(lab, seen)
    upright, level = lines_of(slopes_of(flat, visible), _EDGE)
    # A side's ends are (row, column): its near end is the last.
    sides = [one for one in _edges(upright.T) if one[1, 0] - one[0, 0] >= _SIDE]
    found = []
    for front in _edges(level):
        left, right = ([side for side in sides if np.abs(side[1, ::-1] - end).max() < _MEET] for end in front)
        if not _FRONT[0] <= front[1, 0] - front[0, 0] <= _FRONT[1] or not left or not right:
            continue
        if not _differs(flat, visible, front):
            continue
        outer = (
            min(left, key=lambda side: float(side[:, 1].sum())),
            max(right, key=lambda side: float(side[:, 1].sum())),
        )
        far = min(side[0, 0] for side in outer)
        corners = [
            (side[1, 1] + (side[0, 1] - side[1, 1]) * (row - side[1, 0]) / (side[0, 0] - side[1, 0]), row)
            for side, row in zip((*outer, *outer[::-1]), (far, far, front[1, 1], front[0, 1]), strict=True)
        ]
        world = [(across[0] + step * column, 1.0, away[0] - step * row) for column, row in corners]
        found.append(camera.project(floats(world))[:, :2])
    return found


def _column(side: Floats) -> float:
    return float(side[:, 1].sum())


def _edges(lines: Bytes) -> list[Floats]:
    """The level ones among `lines`, the lower rim of each: its ends (2, 2) as column and row, from left to right."""
    _, parts, stats, _ = cv2.connectedComponentsWithStats(np.ascontiguousarray(lines))
    made = []
    longest = np.argsort(-stats[1:, cv2.CC_STAT_WIDTH], kind="stable")[:_AT_ONCE] + 1
    for part in longest:
        left, top, wide, tall = (int(value) for value in stats[part][:4])
        if wide < _SIDE:
            break
        member = parts[top : top + tall, left : left + wide] == part
        columns = np.flatnonzero(member.any(0))
        rows = top + tall - 1 - member[::-1].argmax(0)[columns]
        slant, height = np.polyfit(columns, rows, 1)
        if abs(slant) < _SLANT and float(np.abs(height + slant * columns - rows).mean()) < _STRAIGHT:
            ends = np.array([0, wide - 1])
            made.append(floats(np.stack([left + ends, height + slant * ends], -1)))
    return made


def _differs(flat: Floats, visible: Mask, front: Floats) -> bool:
    """Whether there is another material behind the edge than before it; a patch of sun has the floor's own hue."""
    x = np.arange(front[0, 0], front[1, 0] + 1)
    y = np.interp(x, front[:, 0], front[:, 1])
    colours = []
    for side in (-1, 1):
        rows = np.rint(y[:, None] + side * np.arange(*_STRIP)).astype(int)
        columns = np.broadcast_to(np.rint(x).astype(int)[:, None], rows.shape)
        inside = (rows >= 0) & (rows < len(flat)) & (columns >= 0) & (columns < flat.shape[1])
        rows, columns = rows[inside], columns[inside]
        strip = flat[rows, columns][visible[rows, columns]]
        if len(strip) < len(x):
            return False
        colours.append(np.median(strip, 0))
    behind, before = colours
    hues = [colour[1:] / (colour[0] + 16) for colour in (behind, before)]
    return float(np.linalg.norm(hues[0] - hues[1])) > _OTHER_HUE or float(before[0] - behind[0]) > _DARKER
