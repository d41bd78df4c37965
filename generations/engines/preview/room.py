"""What the engine believes about a photo: camera, box, and a soft mask with a confidence for each surface."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from generations.engines.preview.arrays import (
    Bytes,
    Floats,
    Mask,
    fit,
    floats,
    guided_filter,
    luma,
    resize,
    smoothstep,
    to_bytes,
    weighted_median,
)
from generations.engines.preview.camera import CEILING, FLOOR, LEFT, Box, Camera
from generations.engines.preview.layout import Layout, find_layout, sharpened, upright_density
from generations.engines.preview.segments import Segments, find_segments
from generations.engines.preview.windows import Window, find_windows, windows_mask

ANALYSIS_SIZE = 320  # longest side in pixels of the picture that is understood
CONFIDENT = 0.55  # from here a surface is replaced
PLAUSIBLE = 0.3  # from here it is tinted
_FURNISHED = 0.16  # from this clutter on a room counts as furnished


@dataclass(frozen=True)
class Surface:
    """A soft mask at the picture's size, 0 to 1, and how sure we are of it as a whole, 0 to 1."""

    mask: Floats
    confidence: float


@dataclass(frozen=True)
class Room:
    """`clutter` is the part of the floor area that does not look like floor, 0 to 1."""

    camera: Camera
    box: Box
    floor: Surface
    walls: Surface
    ceiling: Surface
    clutter: float
    windows: list[Window] = field(default_factory=list)

    @property
    def furnished(self) -> bool:
        """Things stand on the floor and before the walls: edits must tread softly."""
        return self.clutter >= _FURNISHED

    def window_mask(self) -> Floats:
        """1 inside windows, frames included, at the picture's size; soft by a pixel."""
        return windows_mask(self.windows, self.camera, self.box)


def understand(linear: Floats) -> Room:
    """The room in a linear picture of working size (h, w, 3); masks come back at that size."""
    height, width = linear.shape[:2]
    small_width, small_height = fit(width, height, ANALYSIS_SIZE)
    small = resize(linear, small_width, small_height)
    encoded = to_bytes(small)
    lab = floats(cv2.cvtColor(floats(encoded / 255), cv2.COLOR_RGB2LAB))
    segments = find_segments(np.asarray(cv2.cvtColor(encoded, cv2.COLOR_RGB2GRAY), np.uint8))
    layout = find_layout(lab, segments)
    if layout.support > PLAUSIBLE:
        fine = to_bytes(resize(linear, *fit(width, height, 2 * ANALYSIS_SIZE)))
        layout = sharpened(layout, floats(cv2.cvtColor(floats(fine) / 255, cv2.COLOR_RGB2LAB)))
    labels, _ = layout.box.labels(layout.camera.pixel_rays())
    windows = find_windows(small, layout.camera, layout.box, labels)
    judge = _Judge(small, labels, layout, segments)
    surfaces = (
        judge.floor(),
        judge.walls(windows),
        judge.ceiling(),
    )  # the floor tells the walls about clutter
    # Brought to full size along the picture's own edges.
    guide = luma(floats(to_bytes(linear) / 255))
    radius = max(2, round(max(width, height) / 130))
    masks = [guided_filter(guide, resize(one.mask, width, height), radius, 4e-4) for one in surfaces]
    floor, walls, ceiling = (
        Surface(mask, one.confidence) for mask, one in zip(_sharpened(masks), surfaces, strict=True)
    )
    camera = layout.camera.resized(width, height)
    return Room(camera, layout.box, floor, walls, ceiling, judge.clutter, windows)


def _sharpened(masks: list[Floats]) -> list[Floats]:
    """Lets the strongest claim on each pixel win, so that no dark seam is left between two surfaces."""
    claims = [np.clip(mask, 0, 1) ** 3 for mask in masks]
    nobody = np.clip(1 - sum(np.clip(mask, 0, 1) for mask in masks), 0, 1) ** 3
    total = sum(claims) + nobody + 1e-6
    return [floats(claim / total) for claim in claims]


class _Judge:
    """Compares what the box says with what the pixels look like."""

    def __init__(self, small: Floats, labels: Bytes, layout: Layout, segments: Segments) -> None:
        self.labels, self.layout, self.segments = labels, layout, segments
        light = luma(small)
        self.light = np.log(light + 0.01)
        # Colour without brightness, so that shadow and sun on one surface stay one thing.
        self.hue = floats(
            np.stack([np.log(small[..., 0] + 0.02), np.log(small[..., 2] + 0.02)], -1)
            - np.log(small[..., 1:2] + 0.02)
        )
        self.edges = np.asarray(cv2.Canny(to_bytes(small), 40, 90), np.uint8)
        self.clutter = 1.0

    def _likeness(self, region: Mask, *, hue_width: float, dark: float, bright: float) -> Floats:
        """How much each pixel looks like the region's main material: hue, and brightness against a smooth fit."""
        if region.sum() < 30:
            return np.zeros(region.shape, np.float32)
        hue = np.median(self.hue[region], 0)
        near = region & (np.linalg.norm(self.hue - hue, axis=-1) < 2 * hue_width)
        if near.sum() > 30:
            hue = np.median(self.hue[near], 0)
        distance = floats(np.linalg.norm(self.hue - hue, axis=-1))
        expected = _smooth_fit(self.light, region & (distance < 1.5 * hue_width))
        excess = self.light - expected
        like = smoothstep(1.6 * hue_width, 0.7 * hue_width, distance)
        like = (
            like
            * smoothstep(-1.4 * dark, -0.7 * dark, excess)
            * smoothstep(1.4 * bright, 0.7 * bright, excess)
        )
        return floats(like * region)

    def floor(self) -> Surface:
        region = self.labels == FLOOR
        share = float(region.mean())
        like = self._likeness(region, hue_width=0.22, dark=0.75, bright=2.6)
        uprights = upright_density(self.segments, self.layout.camera, floats(region))
        evenness = float(like[region].mean()) if region.any() else 0.0
        self.clutter = float(np.clip(1 - evenness + 0.25 * min(uprights, 2.0), 0, 1))
        mask = _cleaned(like, region) if self.clutter >= _FURNISHED else self._bare_floor(region)
        confidence = self.layout.floor_support * float(np.clip(1.25 - 1.5 * self.clutter, 0, 1))
        return Surface(mask, confidence if share > 0.04 else 0.0)

    def _bare_floor(self, region: Mask) -> Floats:
        """An empty floor is all of its region, but for skirting boards: unlike it, along a wall and nowhere else."""
        walls = (self.labels >= LEFT).astype(np.uint8)
        beside = np.asarray(cv2.dilate(walls, np.ones((17, 17), np.uint8)), bool)
        like = self._likeness(region, hue_width=0.22, dark=0.75, bright=0.75)
        _, parts = cv2.connectedComponents((region & (like < 0.5)).astype(np.uint8))
        count = int(parts.max()) + 1
        total = np.bincount(parts.ravel(), minlength=count)
        near = np.bincount(parts[beside], minlength=count)
        boards = near > 0.85 * total  # a patch of sun reaches farther into the room
        boards[0] = False
        return floats(region & ~boards[parts])

    def walls(self, windows: list[Window]) -> Surface:
        mask = np.zeros(self.labels.shape, np.float32)
        glass = windows_mask(windows, self.layout.camera, self.layout.box) > 0.2
        glass = np.asarray(cv2.dilate(glass.astype(np.uint8), np.ones((3, 3), np.uint8)), bool)
        total = like_total = 0.0
        for plane in range(2, 5):
            region = (self.labels == plane) & ~glass
            like = self._likeness(region, hue_width=0.13, dark=0.42, bright=1.0)
            if region.sum() < 30:
                continue
            mask += self._wall_mask(like, region)
            total += float(region.sum())
            like_total += float(like.sum())
        evenness = like_total / total if total else 0.0
        share = total / mask.size
        confidence = self.layout.support * float(np.clip(2.2 * evenness - 0.35, 0, 1))
        return Surface(mask, confidence if share > 0.06 else 0.0)

    def _wall_mask(self, like: Floats, region: Mask) -> Floats:
        evenness = float(like[region].mean())
        if evenness > 0.93:
            return floats(region)
        if self.clutter < _FURNISHED and evenness > 0.75:
            # An empty room: narrow gaps are dark corners and skirting, only wide ones are doors and pictures.
            gaps = (region & (like < 0.5)).astype(np.uint8)
            wide = np.asarray(cv2.morphologyEx(gaps, cv2.MORPH_OPEN, np.ones((13, 13), np.uint8)), np.uint8)
            return floats(region & ~_large_parts(wide, 0.04 * float(region.sum())))
        return self._reaching_up(like, region)

    def _reaching_up(self, like: Floats, region: Mask) -> Floats:
        """The parts of a wall that reach its upper half without crossing an edge: a pale sofa before it does not."""
        cut = np.asarray(cv2.dilate(self.edges, np.ones((2, 2), np.uint8)), bool)
        _, parts = cv2.connectedComponents(((like > 0.5) & ~cut).astype(np.uint8), connectivity=4)
        rows = np.nonzero(region.any(1))[0]
        upper = np.zeros_like(region)
        upper[: int(rows[0] + 0.4 * (rows[-1] - rows[0]))] = True
        found, sizes = np.unique(parts[upper & (parts > 0)], return_counts=True)
        wanted = found[sizes > 0.004 * region.sum()]
        reached = np.isin(parts, wanted).astype(np.uint8)
        grown = np.asarray(cv2.dilate(reached, np.ones((5, 5), np.uint8)), bool)
        return _cleaned(floats(grown & (like > 0.5)), region)

    def ceiling(self) -> Surface:
        region = self.labels == CEILING
        like = self._likeness(region, hue_width=0.16, dark=0.6, bright=1.4)
        evenness = float(like[region].mean()) if region.any() else 0.0
        mask = floats(region) if evenness > 0.85 else _cleaned(like, region)
        return Surface(mask, self.layout.support * evenness if region.mean() > 0.02 else 0.0)


def _cleaned(like: Floats, region: Mask) -> Floats:
    """Without specks, without thin bridges, and a little away from what is not the surface."""
    solid = (like > 0.5).astype(np.uint8)
    solid = np.asarray(cv2.morphologyEx(solid, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), np.uint8)
    area = float(region.sum())
    kept = _large_parts(solid, 0.02 * area)
    holes = region & ~kept
    return floats(kept | (holes & ~_large_parts(holes.astype(np.uint8), 0.002 * area)))


def _large_parts(mask: Bytes, area: float) -> Mask:
    """The connected parts of `mask` with at least `area` pixels."""
    _, parts, stats, _ = cv2.connectedComponentsWithStats(mask)
    large = stats[:, cv2.CC_STAT_AREA] >= max(area, 1)
    large[0] = False
    return np.asarray(large[parts], bool)


def _smooth_fit(values: Floats, where: Mask) -> Floats:
    """A second-order surface through `values` at `where`, deaf to outliers; evaluated everywhere."""
    height, width = values.shape
    ys, xs = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    terms = floats(np.stack([np.ones_like(xs), xs, ys, xs * ys, xs**2, ys**2], -1))
    if where.sum() < 30:
        return np.full_like(values, float(np.median(values)))
    some = np.zeros_like(where)
    some[::2, ::2] = where[::2, ::2]  # a quarter of the pixels tells as much
    if some.sum() < 30:
        some = where
    matrix, target = terms[some].astype(np.float64), values[some].astype(np.float64)
    weights: npt.NDArray[Any] = np.ones(len(target))
    ridge = np.diag([1e-6, *[0.002 * len(target)] * 5])
    answer: npt.NDArray[Any] = np.zeros(6)
    centre = weighted_median(floats(target), floats(weights))
    for _ in range(4):
        scaled = matrix * weights[:, None]
        answer = np.linalg.solve(scaled.T @ matrix + ridge, scaled.T @ (target - centre))
        weights = 1 / (1 + ((target - centre - matrix @ answer) / 0.15) ** 2)
    return floats(terms @ answer + centre)
