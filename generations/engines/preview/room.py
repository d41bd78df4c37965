"""What the engine believes about a photo: camera, box, and a soft mask with a confidence for each surface."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from generations.engines.preview import labelling, parser
from generations.engines.preview.arrays import (
    GAMMA,
    Bytes,
    Floats,
    fit,
    floats,
    guided_filters,
    luma,
    resize,
    rows_at_once,
    smoothstep,
    to_bytes,
)
from generations.engines.preview.camera import BACK, CEILING, FLOOR, LEFT, RIGHT, Box, Camera
from generations.engines.preview.judging import Judge, Surface
from generations.engines.preview.layout import Layout, find_layout, sharpened
from generations.engines.preview.matting import matted
from generations.engines.preview.panels import panels
from generations.engines.preview.rugs import rugs
from generations.engines.preview.segments import find_segments

ANALYSIS_SIZE = 320  # longest side in pixels of the picture whose layout is searched
CONFIDENT = 0.55  # from here a surface is changed; below it is left alone and named
_FURNISHED = 0.12  # from this clutter on a room counts as furnished
_KINDS = parser.OTHER + 1
_SHARPENED = 0.3  # a layout with less support is not worth moving onto finer edges
_GEOMETRY = 1.8  # natural logs by which the box speaks for its own surfaces
_SEAM = 5.0  # and next to its edges, where the parser is too coarse
_SEAM_WIDTHS = (
    18.0,
    42.0,
)  # how far, in pixels at labelling size, for an edge that is not seen and one that is
_OVERHEAD = (
    0.4  # of that, how much the box says of what is far from its edges: no colour tells white from white
)
_AXES = ((1, 0), (0, 1))
_FOOT = 1.8  # natural logs by which a floor gains where it is seen to meet a wall
_FOOT_EDGE = 3.0  # steps of 255 a pixel across that line
_FOOT_WIDTH = 16.0  # pixels at labelling size, from that line into the floor


@dataclass(frozen=True)
class Room:
    """What is known of a photo; masks are (h, w), 0 to 1.

    `ground` is the floor with its rugs, where it is surely seen; `things` is what stands, lies or hangs there, doors
    included; `clutter` is the part of the floor that they hide. `window` includes frames. `outdoors` when the photo
    shows a house from the outside, and nothing else is to be believed.
    """

    camera: Camera
    box: Box
    floor: Surface
    walls: Surface
    ceiling: Surface
    ground: Floats
    things: Floats
    clutter: float
    window: Floats
    doors: Floats
    rug: Surface
    outdoors: bool = False

    @property
    def furnished(self) -> bool:
        """Things stand on the floor and before the walls: edits must tread softly."""
        return self.clutter >= _FURNISHED


def understand(linear: Floats) -> Room:
    """The room in a linear picture of working size (h, w, 3); masks come back at that size."""
    height, width = linear.shape[:2]
    label_size = fit(width, height, labelling.SIZE)
    encoded = to_bytes(resize(linear, *label_size))
    parsed, planes = _read(linear)
    layout = _layout(linear, planes)
    parsed = resize(parsed, *label_size)
    geometry = _Geometry(layout, *label_size)
    foot = geometry.foot(encoded)
    labels = labelling.label(encoded, geometry.weighed(parsed, foot), parsed, foot)
    lab = floats(cv2.cvtColor(floats(encoded) / 255, cv2.COLOR_RGB2LAB))
    beliefs = geometry.sewn(labels, parsed)
    seen = lab, layout.camera.resized(*label_size), layout.box
    judge = Judge(encoded, lab, beliefs, parsed, geometry.wall, panels(*seen), rugs(*seen))
    parts = [
        judge.floor(),
        judge.walls(),
        judge.ceiling(),
        judge.things(),
        judge.rug(),
        judge.window(),
        judge.doors(),
    ]
    # Brought to full size along the picture's own edges.
    guide = floats(cv2.pow(luma(linear), 1 / GAMMA))
    radius = max(2, round(max(width, height) / 256))
    size = label_size if label_size != (width, height) else None
    masks = guided_filters(guide, [one.mask for one in parts], radius, 2e-4, size=size)
    floor, walls, ceiling, things, rug, window, doors = (
        Surface(mask, one.confidence) for mask, one in zip(_sharpened(masks), parts, strict=True)
    )
    floor, walls, ceiling = (
        Surface(matted(one.mask, linear), one.confidence) for one in (floor, walls, ceiling)
    )
    ground = floats(np.maximum(floor.mask, rug.mask) * resize(judge.sure_ground(), width, height))
    camera = layout.camera.resized(width, height)
    return Room(
        camera,
        layout.box,
        floor=floor,
        walls=walls,
        ceiling=ceiling,
        rug=rug,
        ground=ground,
        things=floats(np.maximum(things.mask, doors.mask)),
        window=window.mask,
        doors=doors.mask,
        clutter=judge.clutter(np.asarray(geometry.labels == FLOOR)),
        outdoors=_sky_above(linear, ceiling.mask),
    )


def _read(linear: Floats) -> tuple[Floats, Floats]:
    """The parser's kinds and planes, averaged over the picture and its mirror image: two looks err less than one."""
    small = resize(linear, *parser.size_of(linear.shape[1], linear.shape[0]))
    one = parser.parse(small)
    other = parser.parse(np.ascontiguousarray(small[:, ::-1]))
    mirrored = other.planes[:, ::-1][..., [FLOOR, CEILING, RIGHT, LEFT, BACK]]
    return floats((one.kinds + other.kinds[:, ::-1]) / 2), floats((one.planes + mirrored) / 2)


def _sky_above(linear: Floats, ceiling: Floats) -> bool:
    """Whether what was taken for the ceiling is a blue sky."""
    seen, mask = linear[::8, ::8], ceiling[::8, ::8] > 0.5
    blue = mask & (seen[..., 2] > 1.35 * seen[..., 0]) & (seen[..., 2] > 0.12)
    return bool(
        blue.mean() > 0.05 and blue.sum() > 0.4 * mask.sum() and blue[: max(1, len(blue) // 12)].any()
    )


def _layout(linear: Floats, planes: Floats) -> Layout:
    height, width = linear.shape[:2]
    small = resize(linear, *fit(width, height, ANALYSIS_SIZE))
    encoded = to_bytes(small)
    lab = floats(cv2.cvtColor(floats(encoded / 255), cv2.COLOR_RGB2LAB))
    segments = find_segments(np.asarray(cv2.cvtColor(encoded, cv2.COLOR_RGB2GRAY), np.uint8))
    layout = find_layout(lab, segments, planes)
    if layout.support <= _SHARPENED:
        return layout
    fine = to_bytes(resize(linear, *fit(width, height, 2 * ANALYSIS_SIZE)))
    return sharpened(layout, floats(cv2.cvtColor(floats(fine) / 255, cv2.COLOR_RGB2LAB)))


def _sharpened(masks: list[Floats]) -> list[Floats]:
    """Lets the strongest claim on each pixel win, so that no dark seam is left between two surfaces."""
    out = [np.empty_like(mask) if mask.any() else mask for mask in masks]
    claiming = [(mask, made) for mask, made in zip(masks, out, strict=True) if made is not mask]
    for some in rows_at_once(masks[0]):
        clipped = [np.clip(mask[some], 0, 1) for mask, _ in claiming]
        nobody = np.clip(1 - sum(clipped), 0, 1)
        *claims, nobody = [claim * claim * claim for claim in (*clipped, nobody)]
        total = sum(claims) + nobody + np.float32(1e-6)
        for (_, made), claim in zip(claiming, claims, strict=True):
            np.divide(claim, total, out=made[some])
    return out


class _Geometry:
    """What the box says about each pixel, as natural logs for and against the classes (h, w, classes)."""

    def __init__(self, layout: Layout, width: int, height: int) -> None:
        rays = layout.camera.resized(width, height).pixel_rays()
        self.labels, _ = layout.box.labels(rays)
        self.trust = float(
            np.clip(layout.support, 0.3, 1.0) * smoothstep(0.6, 0.9, floats([layout.agreement]))[0]
        )
        self.seams = layout.seams
        self.wall = layout.box.walls(rays)
        level, overhead = self.labels == FLOOR, self.labels == CEILING
        upright = self.labels >= LEFT
        words = np.zeros((height, width, _KINDS), np.float32)
        for where, classes in (
            (level, (parser.FLOOR, parser.RUG)),
            (overhead, (parser.CEILING,)),
            (upright, (parser.WALL, parser.WINDOW, parser.DOOR)),
        ):
            for index in classes:
                words[..., index] = np.where(where, 0.5, -0.5)
        self.words = floats(cv2.GaussianBlur(words, (0, 0), 2.0)) * np.float32(_GEOMETRY * self.trust)
        # What no box can change: no floor above the horizon, no ceiling below it.
        self.words[..., [parser.FLOOR, parser.RUG]] -= 6 * (rays[..., 1:2] < 0.01)
        self.words[..., parser.CEILING] -= 6 * (rays[..., 1] > -0.01)

    def weighed(self, parsed: Floats, foot: Floats) -> Floats:
        """The parser's probabilities with the box's word."""
        height, width = self.labels.shape
        seen = resize(parsed, width, height) * np.exp(self.words)
        seen[..., parser.FLOOR] *= np.exp(_FOOT * foot)
        return floats(seen / seen.sum(-1, keepdims=True))

    def foot(self, encoded: Bytes) -> Floats:
        """Where the floor is seen to meet a wall (h, w), 0 to 1: what stands before it would hide that line."""
        inside = (self.labels == FLOOR).astype(np.uint8)
        if not 0 < inside.sum() < inside.size:
            return np.zeros(self.labels.shape, np.float32)
        far = floats(
            cv2.distanceTransform(inside, cv2.DIST_L2, 5) - cv2.distanceTransform(1 - inside, cv2.DIST_L2, 5)
        )
        slope = [
            floats(cv2.Sobel(cv2.GaussianBlur(far, (0, 0), 2.0), cv2.CV_32F, *axis)) / 8 for axis in _AXES
        ]
        picture = cv2.GaussianBlur(encoded, (0, 0), 1.0)
        close = np.abs(far) < 5
        change = [floats(cv2.Sobel(picture, cv2.CV_32F, *axis))[close] / 8 for axis in _AXES]
        slope = [one[close][:, None] for one in slope]
        across = np.abs(change[0] * slope[0] + change[1] * slope[1]).max(-1)
        along = np.abs(change[1] * slope[0] - change[0] * slope[1]).max(-1)
        seen = np.zeros(far.shape, np.uint8)
        seen[close] = (across > _FOOT_EDGE) & (across > 2 * along)
        # A line, and no spots: most of what is near along the way shows it.
        near = floats(cv2.blur(floats(cv2.dilate(seen, np.ones((9, 9), np.uint8))), (25, 25)))
        rim = floats(cv2.blur(floats(close), (25, 25)))
        line = smoothstep(0.5, 0.9, floats(near / np.maximum(rim, 1e-3)))
        spread = floats(cv2.dilate(floats(line * close), np.ones((25, 25), np.uint8)))
        reach = np.exp(-((far / _FOOT_WIDTH) ** 2)) * inside
        return floats(self.trust * spread * reach)

    def sewn(self, beliefs: Floats, parsed: Floats) -> Floats:
        """Beliefs whose seams between walls, ceiling and floor follow the box's straight edges where they are near."""
        out = beliefs.copy()
        said = np.log(np.clip(resize(parsed, beliefs.shape[1], beliefs.shape[0]), 0.02, 1))
        for plane, index, seams, reach, least in (
            (CEILING, parser.CEILING, self.seams[3:6], 1.0, _OVERHEAD),
            (FLOOR, parser.FLOOR, self.seams[:3], 0.25, 0.0),
        ):
            seen = floats(np.array([seams[1], seams[2], seams[0]], np.float32)[self.wall - LEFT])
            width = reach * (
                _SEAM_WIDTHS[0] + (_SEAM_WIDTHS[1] - _SEAM_WIDTHS[0]) * smoothstep(0.25, 0.75, seen)
            )
            inside = (self.labels == plane).astype(np.uint8)
            if not 0 < inside.sum() < inside.size:
                continue
            far = np.maximum(
                cv2.distanceTransform(inside, cv2.DIST_L2, 3),
                cv2.distanceTransform(1 - inside, cv2.DIST_L2, 3),
            )
            close = np.maximum(np.exp(-((far / width) ** 2)), least)
            pull = self.trust * close * _SEAM * np.where(inside, 1, -1)
            both = out[..., index] + out[..., parser.WALL]
            # The colours can't tell a white ceiling from a white wall, and a ragged seam is worse than a guessed one.
            odds = said[..., index] - said[..., parser.WALL] + pull
            near = np.abs(pull) > 0.5
            share = np.where(near, 1 / (1 + np.exp(-odds)), out[..., index] / (both + 1e-6))
            out[..., index], out[..., parser.WALL] = both * share, both * (1 - share)
        return out
