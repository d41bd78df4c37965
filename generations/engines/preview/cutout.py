"""A piece of furniture lifted out of its product photo: by its alpha channel, or off a plain background."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from generations.engines.preview.arrays import Bytes, Floats, Mask, blur, fit, floats, smoothstep, to_linear

_SIZE = 640  # longest side in pixels at which a product is cut out
_PLAIN = 14.0  # how far, in Lab units, the rim may stray from an even background
_STEP = 6  # brightness steps of 255 between neighbours that a shadow may take and an outline may not
_OBJECT = 7.0  # a pixel this far from the background is object, unless it is shadow


@dataclass(frozen=True)
class Cutout:
    """Linear RGB (h, w, 3) and coverage (h, w), cropped to what is covered."""

    picture: Floats
    alpha: Floats

    @property
    def aspect(self) -> float:
        return self.alpha.shape[1] / self.alpha.shape[0]


def cut_out(image: Bytes) -> Cutout | None:
    """The object of an RGBA product photo, or None when no plain background can be told from it."""
    height, width = image.shape[:2]
    size = fit(width, height, _SIZE)
    small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    rgb = np.ascontiguousarray(small[..., :3])
    if (small[..., 3] < 128).mean() > 0.02:
        return _cropped(to_linear(rgb), floats(small[..., 3]) / 255)
    lab = floats(cv2.cvtColor(floats(rgb) / 255, cv2.COLOR_RGB2LAB))
    background, stray = _background(lab)
    if stray > _PLAIN:
        return None
    solid = _object(lab, background)
    if not 0.01 < solid.mean() < 0.96:
        return None
    alpha = smoothstep(0.25, 0.75, blur(floats(solid), 1.0))
    return _cropped(_without_halo(to_linear(rgb), alpha), alpha)


def _background(lab: Floats) -> tuple[Floats, float]:
    """The background as a plane of colour through the rim, (h, w, 3), and how far the rim strays from it."""
    height, width = lab.shape[:2]
    rim = max(2, min(height, width) // 40)
    edge = np.ones((height, width), bool)
    edge[rim:-rim, rim:-rim] = False
    ys, xs = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    terms = np.stack([np.ones_like(xs), xs, ys], -1)
    matrix, target = terms[edge], lab[edge].astype(np.float64)
    weights = np.ones(len(target))
    answer = np.zeros((3, 3))
    for _ in range(3):  # an object that touches the rim should not bend the background
        scaled = matrix * weights[:, None]
        answer = np.linalg.solve(scaled.T @ matrix + np.eye(3) * 1e-6, scaled.T @ target)
        distance = np.linalg.norm(target - matrix @ answer, axis=-1)
        weights = 1 / (1 + (distance / 3) ** 2)
    return floats(terms @ answer), float(np.percentile(distance, 70))


def _object(lab: Floats, background: Floats) -> Mask:
    """Where the object is. A shadow is darker background: same hue, no edge, reached from the rim."""
    difference = lab - background
    distance = np.linalg.norm(difference, axis=-1)
    hue = np.hypot(difference[..., 1], difference[..., 2])
    height, width = distance.shape
    # Flood from the rim over small steps: soft shadows are crossed, the object's outline is not.
    barrier = np.zeros((height + 2, width + 2), np.uint8)
    barrier[1:-1, 1:-1] = ((hue > 7) | (difference[..., 0] < -62) | (difference[..., 0] > 20)).astype(
        np.uint8
    )
    levels = np.asarray(np.clip(cv2.GaussianBlur(lab[..., 0], (3, 3), 0) * 2.55, 0, 255), np.uint8)
    reached = barrier.copy()
    for x, y in _rim_points(width, height):
        if not reached[y + 1, x + 1]:
            cv2.floodFill(levels, reached, (x, y), 0, _STEP, _STEP, 4 | cv2.FLOODFILL_MASK_ONLY | (2 << 8))
    outside = reached[1:-1, 1:-1] == 2
    # Holes that show the background itself, as between the boards of a shelf.
    holes = (distance < 0.5 * _OBJECT) & ~outside
    count, parts, stats, _ = cv2.connectedComponentsWithStats(holes.astype(np.uint8))
    open_holes = stats[:, cv2.CC_STAT_AREA] > 0.0012 * height * width
    open_holes[0] = False
    solid = ~outside & ~(open_holes[parts] & (count > 1))
    solid = np.asarray(
        cv2.morphologyEx(solid.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), bool
    )
    count, parts, stats, _ = cv2.connectedComponentsWithStats(solid.astype(np.uint8))
    large = stats[:, cv2.CC_STAT_AREA] > 0.004 * height * width
    large[0] = False
    return np.asarray(large[parts], bool)


def _rim_points(width: int, height: int) -> list[tuple[int, int]]:
    steps = 24
    across = [round(i * (width - 1) / steps) for i in range(steps + 1)]
    down = [round(i * (height - 1) / steps) for i in range(steps + 1)]
    return (
        [(x, 0) for x in across]
        + [(x, height - 1) for x in across]
        + [(0, y) for y in down]
        + [(width - 1, y) for y in down]
    )


def _without_halo(picture: Floats, alpha: Floats) -> Floats:
    """Edge pixels take the colour of the object beside them, so that no white line comes along."""
    inside = (alpha > 0.95).astype(np.float32)
    weight = blur(inside, 2.0)
    spread = blur(floats(picture * inside[..., None]), 2.0) / np.maximum(weight, 1e-3)[..., None]
    edge = ((alpha <= 0.95) & (weight > 0.02))[..., None]
    return floats(np.where(edge, spread, picture))


def _cropped(picture: Floats, alpha: Floats) -> Cutout | None:
    rows, columns = np.nonzero((alpha > 0.3).any(1))[0], np.nonzero((alpha > 0.3).any(0))[0]
    if len(rows) < 8 or len(columns) < 8:
        return None
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return Cutout(floats(picture[box]), floats(alpha[box]))
