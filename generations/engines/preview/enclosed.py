"""What stands between what: pieces of wall that are none, as things and windows are on all their sides."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from generations.engines.preview import parser
from generations.engines.preview.arrays import Bytes, Floats, Mask

Numbers = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int16]

_PART = 0.42  # the parser's word for a wall below which a recess above a worktop is none
_RECESS, _WORKTOP = (
    0.3,
    4.0,
)  # of the picture's height: the most above a worktop, and its width over that height
_LEAST = 0.001  # part of the picture: smaller ones are seen through chairs
_NO_WALL = 0.2  # the parser's word below which a recess of any shape is none of a wall
_BLOWN, _A_THING = 90.0, 0.6  # lightness, and the parser's word
_RIM = np.uint8(255)
_SEAM, _NOTHING = 0.06, 0.3  # of the picture's height, and the parser's word for things


def _next_above(winner: Bytes, same: Mask) -> tuple[Bytes, Rows]:
    """What is above the stretch of `same` that each pixel is in, _RIM at the picture's, and in which row that is."""
    rows = np.arange(len(same), dtype=np.int16)[:, None]
    up = np.maximum.accumulate(np.where(same, np.int16(-1), rows), 0)
    kind = np.take_along_axis(winner, np.maximum(up, 0), 0)
    return np.where(up < 0, _RIM, kind), up


def _above_and_below(winner: Bytes, same: Mask) -> tuple[Bytes, Bytes, Rows]:
    """What is above and below the stretch of `same` that each pixel is in, and how many pixels high that is."""
    above, top = _next_above(winner, same)
    below, bottom = _next_above(winner[::-1], same[::-1])
    return above, below[::-1], np.asarray(len(winner) - 2 - bottom[::-1] - top, np.int16)


def no_wall(winner: Numbers, parsed: Floats, lightness: Floats) -> Mask:
    """Where the `winner` (h, w) is a wall and can't be one: tiles above a worktop, a table in the sun, the shade of a
    lamp before a window. `parsed` (h, w, classes) is the parser's word, `lightness` (h, w) is 0 to 100.

    The wall above a sofa is open upward, or the parser knows it.
    """
    wall: Mask = winner == parser.WALL
    if not wall.any():
        return wall
    kinds = winner.astype(np.uint8)
    above, below, tall = _above_and_below(kinds, wall)
    # What is burnt out has no colour of its own, so the parser alone knows what it is.
    out = wall & (lightness > _BLOWN) & (parsed[..., parser.OTHER] > _A_THING)
    out |= _shades(kinds, wall & (above == parser.OTHER) & (below == parser.WINDOW))
    recess = wall & (above == parser.OTHER) & (below == parser.OTHER) & (tall < _RECESS * len(wall)) & ~out
    recess, parts, stats = _large(recess)
    area, wide = stats[:, cv2.CC_STAT_AREA], stats[:, cv2.CC_STAT_WIDTH]
    said = np.bincount(parts.ravel(), parsed[..., parser.WALL].ravel(), len(stats)) / np.maximum(area, 1)
    gone = said < np.where(wide * wide > _WORKTOP * area, _PART, _NO_WALL)
    return np.asarray(out | (recess & gone[parts]), bool)


def _shades(kinds: Bytes, wall: Mask) -> Mask:
    """The lower half of a lamp's shade: `wall` with its upper half above and a window below, and one beside it."""
    if not wall.any():
        return wall
    same = kinds == parser.WALL
    left = _next_above(kinds.T, same.T)[0].T
    right = _next_above(kinds.T[::-1], same.T[::-1])[0][::-1].T
    beside = (left == parser.WINDOW) & ((right == parser.WINDOW) | (right == parser.OTHER))
    beside |= (left == parser.OTHER) & (right == parser.WINDOW)
    return _large(wall & beside)[0]


def _large(mask: Mask) -> tuple[Mask, Numbers, Numbers]:
    """`mask` without its small parts, the number of the part that each pixel is in, and OpenCV's table of them."""
    _, parts, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    kept = stats[:, cv2.CC_STAT_AREA] > _LEAST * mask.size
    kept[0] = False
    return np.asarray(kept[parts], bool), np.asarray(parts, np.int64), np.asarray(stats, np.int64)


def in_seam(winner: Numbers, parsed: Floats) -> Mask:
    """Where the `winner` (h, w) is a thing in the seam of wall and ceiling that the parser does not see: a shadow."""
    thing: Mask = winner == parser.OTHER
    if not thing.any():
        return thing
    above, below, tall = _above_and_below(winner.astype(np.uint8), thing)
    reach = round(_SEAM * len(thing))
    ceiling = (winner == parser.CEILING).astype(np.uint8)
    near = cv2.dilate(ceiling, np.ones((2 * reach + 1, 1), np.uint8)) > 0
    beside = (above == parser.CEILING) | (above == parser.WALL)
    narrow = near & beside & (below == parser.WALL) & (tall < reach)
    return np.asarray(thing & narrow & (parsed[..., parser.OTHER] < _NOTHING), bool)
