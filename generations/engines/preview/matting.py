"""The rim of a surface: pixels that are partly of it and partly of what stands before it."""

from __future__ import annotations

import cv2
import numpy as np

from generations.engines.preview.arrays import Floats, Mask, floats, smoothstep

_REACH = 420  # the rim is this part of the longest side wide, to both sides of the outline
_APART = 0.02  # linear light: surfaces that differ less can't be told apart at their rim


def matted(mask: Floats, linear: Floats) -> Floats:
    """The mask with its rim drawn by how much of the surface's own colour is in each pixel of `linear` there."""
    reach = _reach(mask)
    rim = _near(mask, reach)
    narrow = (rim > 0.04) & (rim < 0.96)
    if not narrow.any():
        return mask
    # Only the rim is worked on: it is a small part of the picture.
    inside, has_inside = _around(linear, mask > 0.9, reach, narrow)
    outside, has_outside = _around(linear, mask < 0.1, reach, narrow)
    axis = inside - outside
    length = (axis**2).sum(-1)
    share = ((linear[narrow] - outside) * axis).sum(-1) / (length + 1e-5)
    known = smoothstep(0.02, 0.1, np.minimum(has_inside, has_outside)) * smoothstep(
        _APART**2, (3 * _APART) ** 2, floats(length)
    )
    drawn, old = mask.copy(), mask[narrow]
    drawn[narrow] = old + (np.clip(1.25 * share - 0.125, 0, 1) - old) * known
    return drawn


def beside(picture: Floats, mask: Floats) -> Floats:
    """`picture` with the pixels of the mask's rim as the surface beside them is, without what stands before it."""
    rim = (mask < 0.95) & (mask > 0.004)
    if not rim.any():
        return picture
    near, weight = _around(picture, mask > 0.95, _reach(mask), rim)
    out = picture.copy()
    out[rim] = np.where(weight[:, None] > 0.01, near, picture[rim])
    return out


def replaced(picture: Floats, old: Floats, new: Floats, mask: Floats) -> Floats:
    """`picture` where the surface that looked like `old` looks like `new`; what covers a pixel partly stays."""
    share = mask[..., None]
    return floats(np.maximum(picture + (new - old) * share, new * share))


def _reach(mask: Floats) -> float:
    return max(1.5, float(max(mask.shape)) / _REACH)


def _around(picture: Floats, where: Mask, reach: float, at: Mask) -> tuple[Floats, Floats]:
    """The picture's average over `where` near each of the pixels `at` (n, 3), and how much of it is near (n,)."""
    inside = floats(where)
    weight = _near(inside, reach)[at]
    seen = _near(floats(picture * inside[..., None]), reach)[at]
    return floats(seen / np.maximum(weight, 1e-4)[..., None]), floats(weight)


def _near(image: Floats, reach: float) -> Floats:
    """The average around each pixel; a square is as good as a bell here, and much quicker."""
    side = 2 * round(1.7 * reach) + 1
    return floats(cv2.blur(image, (side, side)))
