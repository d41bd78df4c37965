"""A piece of furniture lifted out of its product photo: by its alpha channel, or off a plain background."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from generations.engines.preview.arrays import Bytes, Floats, Mask, blur, fit, floats, smoothstep, to_linear

_SIZE = 640  # longest side in pixels at which a product is cut out
_PLAIN = 12.0  # how far, in Lab units, the rim may stray from an even background
_STEP = 4  # brightness steps of 255 between neighbours that a shadow may take and an outline may not
_STEEP_STEP = 7  # the same below the object
_PAPER = (
    0.3  # below this stray the background is one flat colour, and a pixel _FAINT away from it is no noise
)
_FAINT = 1.6
_RIM = 0.25  # a part along more of the picture's rim than this is background
_OUTLINE = 3.0  # Lab units a pixel along three quarters of an outline: less is a guess through even ground
_SOFT_RIM = 4.0  # Lab units a pixel: the rim of a shadow is softer, that of an object harder
_OBJECT = 7.0  # a pixel this far from the background is object, unless it is shadow


@dataclass(frozen=True)
class Cutout:
    """Linear RGB (h, w, 3) and coverage (h, w), cropped to what is covered."""

    picture: Floats
    alpha: Floats

    @property
    def aspect(self) -> float:
        return float(self.alpha.shape[1] / self.alpha.shape[0])


def cut_out(image: Bytes) -> Cutout | None:
    """The object of an RGBA product photo, or None when no plain background can be told from it."""
    height, width = image.shape[:2]
    size = fit(width, height, _SIZE)
    small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    rgb = np.ascontiguousarray(small[..., :3])
    if (small[..., 3] < 128).mean() > 0.02:
        return _cropped(to_linear(rgb), floats(small[..., 3] / 255))
    lab = floats(cv2.cvtColor(floats(rgb) / 255, cv2.COLOR_RGB2LAB))
    background, stray = _background(lab)
    if stray > _PLAIN:
        return None
    solid = _object(lab, background)
    if stray < _PAPER:
        solid = _with_pale_parts(solid, floats(np.linalg.norm(lab - background, axis=-1)))
    solid = _one_object(solid)
    if not 0.01 < solid.mean() < 0.96 or (stray >= _PAPER and not _outlined(solid, lab)):
        return None
    alpha = smoothstep(0.45, 0.95, blur(floats(solid), 1.0))  # half a pixel inside the outline
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
    barrier[1:-1, 1:-1] = ((hue > 7) | (difference[..., 0] < -50) | (difference[..., 0] > 20)).astype(
        np.uint8
    )
    levels = np.asarray(np.clip(cv2.GaussianBlur(lab[..., 0], (3, 3), 0) * 2.55, 0, 255), np.uint8)
    # Holes that show the background itself, as between the legs of a table, are flooded from their own middle.
    bare = (distance < 0.5 * _OBJECT).astype(np.uint8)
    count, parts, stats, _ = cv2.connectedComponentsWithStats(bare)
    depth = cv2.distanceTransform(bare, cv2.DIST_L2, 3)
    holes = [part for part in range(1, count) if stats[part, cv2.CC_STAT_AREA] > 0.0008 * height * width]
    seeds = _rim_points(width, height) + [_deepest(depth * (parts == part)) for part in holes]
    outside = _flooded(levels, barrier, seeds, _STEP)
    # Under the object shadows are steep, and there is little of a pale object that could be lost.
    rows = np.nonzero((~outside).any(1))[0]
    if len(rows):
        low = int(rows[0] + 0.6 * (rows[-1] - rows[0]))
        barrier[: low + 1] = 1
        count, parts = cv2.connectedComponents((outside & (barrier[1:-1, 1:-1] == 0)).astype(np.uint8))
        below = [_deepest(floats(parts == part)) for part in range(1, min(count, 40))]
        outside |= _flooded(levels, barrier, below, _STEEP_STEP)
    solid = ~outside & ~_enclosed_shadow(lab, difference, outside)
    solid = np.asarray(
        cv2.morphologyEx(solid.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), bool
    )
    count, parts, stats, _ = cv2.connectedComponentsWithStats(solid.astype(np.uint8))
    large = stats[:, cv2.CC_STAT_AREA] > 0.004 * height * width
    large[0] = False
    return np.asarray(large[parts], bool)


def _with_pale_parts(solid: Mask, distance: Floats) -> Mask:
    """`solid` with what hardly differs from a flat background: a white mattress on white; a shadow lies lower."""
    rows = np.nonzero((distance > _FAINT).any(1))[0]
    if not len(rows):
        return solid
    low = rows[0] + 0.62 * (rows[-1] - rows[0])
    faint = ((distance > _FAINT) & ~solid).astype(np.uint8)
    _, parts, stats, middles = cv2.connectedComponentsWithStats(faint, connectivity=4)
    pale = (stats[:, cv2.CC_STAT_AREA] > 0.001 * solid.size) & (middles[:, 1] < low)
    pale[0] = False
    joined = (solid | pale[parts]).astype(np.uint8)
    return np.asarray(cv2.morphologyEx(joined, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)), bool)


def _one_object(solid: Mask) -> Mask:
    """Without the parts along the picture's rim, unless nothing else is there: floor, wall, another thing."""
    height, width = solid.shape
    count, parts, stats, _ = cv2.connectedComponentsWithStats(solid.astype(np.uint8))
    rim = np.concatenate([parts[1], parts[-2], parts[:, 1], parts[:, -2]])
    along = np.bincount(rim, minlength=count) / (2 * (height + width))
    kept = along < 0.04
    kept[0] = False
    if stats[kept, cv2.CC_STAT_AREA].sum() < 0.3 * stats[1:, cv2.CC_STAT_AREA].sum():
        kept = along < _RIM
        kept[0] = False
    return np.asarray(kept[parts], bool)


def _outlined(solid: Mask, lab: Floats) -> bool:
    """Whether the picture has an edge along most of the outline."""
    steep = np.hypot(cv2.Sobel(lab[..., 0], cv2.CV_32F, 1, 0), cv2.Sobel(lab[..., 0], cv2.CV_32F, 0, 1)) / 4
    rim = cv2.morphologyEx(solid.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    near = floats(cv2.dilate(floats(steep), np.ones((5, 5), np.uint8)))
    return bool(rim.any()) and float(np.percentile(near[rim], 25)) > _OUTLINE


def _enclosed_shadow(lab: Floats, difference: Floats, outside: Mask) -> Mask:
    """Shadow between legs that no flood reached: smooth, without hue, low down, and nearly background at one end."""
    fine = np.abs(lab[..., 0] - cv2.GaussianBlur(lab[..., 0], (0, 0), 2.0))
    hue = np.hypot(difference[..., 1], difference[..., 2])
    like = ~outside & (hue < 5) & (fine < 1.6) & (difference[..., 0] < -1) & (difference[..., 0] > -64)
    rows = np.nonzero((~outside).any(1))[0]
    if not len(rows):
        return np.asarray(like, bool)
    like[: int(rows[0] + 0.4 * (rows[-1] - rows[0]))] = False
    count, parts, stats, _ = cv2.connectedComponentsWithStats(like.astype(np.uint8), connectivity=4)
    slope = (
        floats(cv2.Sobel(lab[..., 0], cv2.CV_32F, 1, 0)) ** 2
        + floats(cv2.Sobel(lab[..., 0], cv2.CV_32F, 0, 1)) ** 2
    )
    rim = np.asarray(cv2.dilate(outside.astype(np.uint8), np.ones((5, 5), np.uint8)), bool)
    shadow = np.zeros(count, bool)
    for part in range(1, count):
        member = parts == part
        if stats[part, cv2.CC_STAT_AREA] > 0.001 * like.size:
            darkness = difference[..., 0][member]
            fades = float(np.percentile(darkness, 98)) > -11 and float(np.ptp(darkness)) > 12
            shared = slope[member & rim]
            soft = shared.size > 12 and float(np.percentile(shared, 75)) < _SOFT_RIM
            shadow[part] = fades or soft
    found = np.asarray(cv2.dilate(shadow[parts].astype(np.uint8), np.ones((5, 5), np.uint8)), bool)
    return np.asarray(found & (hue < 6) & (fine < 3) & (difference[..., 0] > -60), bool)


def _flooded(levels: Bytes, barrier: Bytes, seeds: list[tuple[int, int]], step: int) -> Mask:
    """What can be reached from the seeds (x, y) by steps of brightness, around the barrier (padded by one)."""
    reached = barrier.copy()
    for x, y in seeds:
        if not reached[y + 1, x + 1]:
            cv2.floodFill(levels, reached, (x, y), 0, step, step, 4 | cv2.FLOODFILL_MASK_ONLY | (2 << 8))
    return np.asarray(reached[1:-1, 1:-1] == 2, bool)


def _deepest(depth: Floats) -> tuple[int, int]:
    """x and y of the pixel farthest from the rim of its part."""
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    return int(x), int(y)


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
