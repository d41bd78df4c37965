"""The rim of a surface: pixels that are partly of it and partly of what stands before it."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from generations.engines.preview.arrays import (
    Floats,
    Mask,
    band_of,
    by_rows,
    floats,
    smoothstep,
    spread,
)

Places = npt.NDArray[np.int64]

_REACH = 420  # the rim is this part of the longest side wide, to both sides of the outline
_APART = 0.02  # linear light: surfaces that differ less can't be told apart at their rim
_UNLIKE = (
    0.1,
    0.3,
)  # the same in parts of the surface's own light: a picture's grain is taken for a rim up to there
_FOREIGN = (
    0.12,
    0.25,
)  # in the same parts: how far from every mixture a third thing at the rim is, a picture's frame
_IN_SHADE = 0.45  # of a surface's light, which a shadow at its rim leaves it


def matted(mask: Floats, linear: Floats) -> Floats:
    """The mask with its rim drawn by how much of the surface's own colour is in each pixel of `linear` there."""
    reach = reach_of(mask)
    band = band_of(mask, round(4 * reach))
    drawn = mask.copy()
    drawn[band] = _drawn(mask[band], linear[band], reach)
    return drawn


def _drawn(mask: Floats, linear: Floats, reach: float) -> Floats:
    side = _side(reach)
    rim = floats(cv2.blur(mask, (side, side)))
    narrow = (rim > 0.04) & (rim < 0.96)
    if not narrow.any():
        return mask
    # Only the rim is worked on: it is a small part of the picture.
    at = np.flatnonzero(narrow)
    inside, has_inside = _around(linear, mask > 0.9, reach, at)
    outside, has_outside = _around(linear, mask < 0.1, reach, at)
    axis = inside - outside
    length = _product(axis, axis)
    seen = linear.reshape(-1, 3).take(at, 0)
    share = _product(seen - outside, axis) / (length + np.float32(1e-5))
    own = np.sqrt(_product(inside, inside)) + np.float32(0.02)
    known = smoothstep(0.02, 0.1, np.minimum(has_inside, has_outside))
    known = known * smoothstep(_APART**2, (3 * _APART) ** 2, floats(length))
    known = known * smoothstep(*_UNLIKE, floats(np.sqrt(length) / own))
    drawn, old = np.ascontiguousarray(mask).copy(), mask.ravel().take(at)
    new = old + (np.clip(1.25 * share - 0.125, 0, 1) - old) * known
    third = smoothstep(*_FOREIGN, floats(_off_mixtures(seen, inside, outside, floats(share)) / own))
    np.put(drawn, at, new * (1 - third * (has_inside > 0.05)))
    # What is left of the grain: single pixels.
    np.put(drawn, at, floats(cv2.medianBlur(drawn, 3)).ravel().take(at))
    return drawn


def _off_mixtures(seen: Floats, inside: Floats, outside: Floats, share: Floats) -> Floats:
    """How far colours (n, 3) are from all between the surface and what is beside it, and from the surface in shade."""
    away = seen - outside - (inside - outside) * np.clip(share, 0, 1)[:, None]
    light = _product(seen, inside) / (_product(inside, inside) + np.float32(1e-6))
    shaded = seen - inside * np.clip(light, _IN_SHADE, 1.3)[:, None]
    return np.sqrt(np.minimum(_product(away, away), _product(shaded, shaded)))


def _product(one: Floats, other: Floats) -> Floats:
    """Of each two colours (n, 3)."""
    return floats(np.einsum("nc,nc->n", one, other))


def beside(picture: Floats, mask: Floats, reach: float) -> Floats:
    """`picture` with the pixels of the mask's rim as the surface beside them is, without what stands before it."""
    rim = (mask < 0.95) & (mask > 0.004)
    if not rim.any():
        return picture
    at = np.flatnonzero(rim)
    near, weight = _around(picture, mask > 0.95, reach, at)
    out = np.ascontiguousarray(picture).copy()
    seen = out.reshape(-1, 3)
    seen[at] = np.where(weight[:, None] > 0.01, near, seen.take(at, 0))
    return out


def replaced(picture: Floats, old: Floats, new: Floats, mask: Floats) -> Floats:
    """`picture` where the surface that looked like `old` looks like `new`; what covers a pixel partly stays."""

    def part(seen: Floats, was: Floats, now: Floats, share: Floats) -> Floats:
        share = spread(share)
        return floats(np.maximum(seen + (now - was) * share, now * share))

    return by_rows(part, picture, old, new, mask)


def reach_of(mask: Floats) -> float:
    """How far from its outline, in pixels, the rim of a mask of the whole picture goes."""
    return max(1.5, float(max(mask.shape)) / _REACH)


def _around(picture: Floats, where: Mask, reach: float, at: Places) -> tuple[Floats, Floats]:
    """The picture's average over `where` near each of the pixels numbered `at` (n, 3), and how much is near (n,).

    Every second pixel or fewer of a large picture are enough for an average, and a square is as good as a bell.
    """
    step = max(1, int(reach / 1.3))
    inside = floats(where[::step, ::step])
    few = np.ascontiguousarray(picture[::step, ::step]) * spread(inside)
    side = _side(reach / step)
    weight = floats(cv2.blur(inside, (side, side)))
    near = floats(cv2.blur(few, (side, side))) / spread(floats(np.maximum(weight, 1e-4)))
    rows, columns = np.divmod(at, where.shape[1])
    place = (rows // step) * weight.shape[1] + columns // step
    return floats(near.reshape(-1, 3).take(place, 0)), floats(weight.ravel().take(place))


def _side(reach: float) -> int:
    return 2 * max(1, round(1.7 * reach)) + 1
