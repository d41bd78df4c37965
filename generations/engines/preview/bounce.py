"""Walls in the light that a floor throws at them: it brings the floor's hue, and under a sill there is no other."""

from __future__ import annotations

import cv2
import numpy as np

from generations.engines.preview.arrays import Floats, Mask, floats

_TALL, _SHADE = 0.12, 8.0  # of the picture's height above a floor; lightness below the wall's
_SHARE = 0.7  # of the way from the wall's hue to the floor's
_GOES_UP = 0.4  # of its width, along which it goes on further up: a curtain, and no light from below


def forgiven(
    apart: Floats, hue: Floats, light: Floats, surface: Mask, floor: Mask, *, limit: float
) -> Floats:
    """`apart` (h, w), how far a wall's hues are off, less where the floor lights it.

    `hue` (h, w, 2) and `light` (h, w) are the picture's, `surface` and `floor` say where wall and floor are. Up to
    `limit` a wall is itself.
    """
    plain = surface & (apart < limit)
    if not floor.any() or not plain.any():
        return apart
    reach = round(_TALL * len(floor))
    low = cv2.dilate(floor.astype(np.uint8), np.ones((reach, 1), np.uint8), anchor=(0, 0)) > 0
    where = surface & low & (light < np.median(light[plain]) - _SHADE)
    own = floats(np.median(hue[plain], 0))
    way = floats(np.median(hue[floor], 0)) - own
    change = hue[where] - own
    share = change @ way / np.float32(way @ way + 1e-6)
    beside = np.linalg.norm(change - share[:, None] * way, axis=-1)
    out = apart.copy()
    out[where] = np.where((share > 0) & (share < _SHARE), np.minimum(out[where], beside), out[where])
    lit = out < apart
    lit &= _from_below(lit & (apart >= limit), surface & ~low & (apart >= limit)) | (apart < limit)
    return np.where(lit, out, apart)


def _from_below(lit: Mask, foreign: Mask) -> Mask:
    """The parts of `lit` that do not go on as `foreign` above them."""
    _, parts, stats, _ = cv2.connectedComponentsWithStats(lit.astype(np.uint8), connectivity=4)
    touched = np.bincount(parts[1:][lit[1:] & foreign[:-1]], minlength=len(stats))
    kept = touched < _GOES_UP * stats[:, cv2.CC_STAT_WIDTH]
    return np.asarray(lit & kept[parts], bool)
