"""Upright folds before walls: radiators under windows and curtains beside them, which have the wall's own hue."""

from __future__ import annotations

import cv2
import numpy as np

from generations.engines.preview.arrays import Floats, Mask, floats

_UPRIGHT = 9  # pixels at labelling size over which a fold is straight
_RIDGE = 0.2  # lightness by which a fold is above what is on both its sides
_COUNTED = (25, 15)  # pixels across and down in which folds are counted
_MANY = 5.5  # of them in those pixels; grain makes half as many
_SOLID = 13  # pixels: what is narrower is a frame's edge
_REACH = 61  # pixels across around a window in which radiators and curtains are
_LEAST, _MOST = 0.002, 0.25  # part of the picture, and of the wall: a wall of boards has folds all over


def folded(lightness: Floats, wall: Mask, window: Mask) -> Mask:
    """Where a `wall` (h, w) has upright folds near a `window`; `lightness` (h, w) is 0 to 100."""
    none = np.zeros(wall.shape, bool)
    near = wall & (cv2.dilate(window.astype(np.uint8), np.ones((_REACH, _REACH), np.uint8)) > 0)
    if not near.any():
        return none
    lines = floats(cv2.blur(np.ascontiguousarray(lightness), (1, _UPRIGHT)))
    ridge = floats(cv2.filter2D(lines, -1, floats([[-0.5, 1, -0.5]])))
    top = ridge >= floats(cv2.dilate(ridge, np.ones((1, 3), np.uint8)))
    count = floats(cv2.blur(floats(top & (ridge > _RIDGE)), _COUNTED)) * _COUNTED[0]
    many = ((count > _MANY) & wall).astype(np.uint8)
    solid = cv2.morphologyEx(many, cv2.MORPH_OPEN, np.ones((_SOLID, _SOLID), np.uint8))
    _, parts, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=4)
    kept = stats[:, cv2.CC_STAT_AREA] > _LEAST * wall.size
    kept[0] = False
    if kept[parts].sum() > _MOST * wall.sum():
        return none
    kept &= np.bincount(parts[near], minlength=len(stats)) > 0
    found: Mask = kept[parts]
    # Where half of the counted pixels are beside it, a radiator ends.
    return np.asarray(wall & (cv2.dilate(found.astype(np.uint8), np.ones((5, 9), np.uint8)) > 0), bool)
