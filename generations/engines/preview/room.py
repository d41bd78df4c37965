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
    Mask,
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
from generations.engines.preview.layout import Layout, find_layout, sharpened
from generations.engines.preview.matting import matted
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
_AXES = ((1, 0), (0, 1))
_FOOT = 1.8  # natural logs by which a floor gains where it is seen to meet a wall
_FOOT_EDGE = 3.0  # steps of 255 a pixel across that line
_FOOT_WIDTH = 16.0  # pixels at labelling size, from that line into the floor
_PART = 0.42  # a separate piece of a surface of which the parser is less sure is left out
_UNLIKE = (
    0.16  # of the scale from black to white: a pixel at a surface's rim that differs by this is none of it
)
_HUES = (34.0, 20.0)  # Lab units of hue by which a floor may differ from its median on the average
_RAGGED = (0.5, 1.2)  # of an outline without edges, in perimeters of a square as large as the surface
_AROUND = 12  # pixels at labelling size around a window in which its wall is looked at
_SAME_LIGHT = 9.0  # Lab units that a window and its wall differ by at least
_FRAMED = 0.6  # of a window's outline
_EDGE = 14.0  # steps of 255 a pixel
_LIT, _DARKEST = 110.0, 0.3  # level of 255 below which an edge needs less, and the least part that it needs
_SPECK = 0.0006  # part of the picture below which a piece of a surface, or a hole in it, is none


@dataclass(frozen=True)
class Surface:
    """A soft mask at the picture's size, 0 to 1, and how sure we are of it as a whole, 0 to 1."""

    mask: Floats
    confidence: float


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
    geometry = _Geometry(layout, *label_size)
    foot = geometry.foot(encoded)
    labels = labelling.label(encoded, geometry.weighed(parsed, foot), parsed, foot)
    beliefs = geometry.sewn(labels, parsed)
    judge = _Judge(encoded, beliefs, resize(parsed, *label_size))
    parts = [judge.floor(), judge.walls(), judge.ceiling(), judge.things(), judge.rug(), judge.window()]
    # Brought to full size along the picture's own edges.
    guide = floats(cv2.pow(luma(linear), 1 / GAMMA))
    radius = max(2, round(max(width, height) / 256))
    size = label_size if label_size != (width, height) else None
    masks = guided_filters(guide, [one.mask for one in parts], radius, 2e-4, size=size)
    floor, walls, ceiling, things, rug, window = (
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
        things=things.mask,
        window=window.mask,
        clutter=judge.clutter(geometry),
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
    out = [np.empty_like(mask) for mask in masks]
    for some in rows_at_once(masks[0]):
        clipped = [np.clip(mask[some], 0, 1) for mask in masks]
        nobody = np.clip(1 - sum(clipped), 0, 1)
        *claims, nobody = [claim * claim * claim for claim in (*clipped, nobody)]
        total = sum(claims) + nobody + 1e-6
        for made, claim in zip(out, claims, strict=True):
            made[some] = claim / total
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
        change = [floats(cv2.Sobel(picture, cv2.CV_32F, *axis)) / 8 for axis in _AXES]
        across = np.abs(change[0] * slope[0][..., None] + change[1] * slope[1][..., None]).max(-1)
        along = np.abs(change[1] * slope[0][..., None] - change[0] * slope[1][..., None]).max(-1)
        seen = (across > _FOOT_EDGE) & (across > 2 * along) & (np.abs(far) < 5)
        # A line, and no spots: most of what is near along the way shows it.
        near = floats(
            cv2.blur(floats(cv2.dilate(seen.astype(np.uint8), np.ones((9, 9), np.uint8))), (25, 25))
        )
        rim = floats(cv2.blur(floats(np.abs(far) < 5), (25, 25)))
        line = smoothstep(0.5, 0.9, floats(near / np.maximum(rim, 1e-3)))
        spread = floats(cv2.dilate(floats(line * (np.abs(far) < 5)), np.ones((25, 25), np.uint8)))
        reach = np.exp(-((far / _FOOT_WIDTH) ** 2)) * inside
        return floats(self.trust * spread * reach)

    def sewn(self, beliefs: Floats, parsed: Floats) -> Floats:
        """Beliefs whose seams between walls, ceiling and floor follow the box's straight edges where they are near."""
        out = beliefs.copy()
        said = np.log(np.clip(resize(parsed, beliefs.shape[1], beliefs.shape[0]), 0.02, 1))
        for plane, index, seams, reach in (
            (CEILING, parser.CEILING, self.seams[3:6], 1.0),
            (FLOOR, parser.FLOOR, self.seams[:3], 0.25),
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
            pull = self.trust * np.exp(-((far / width) ** 2)) * _SEAM * np.where(inside, 1, -1)
            both = out[..., index] + out[..., parser.WALL]
            # The colours can't tell a white ceiling from a white wall, and a ragged seam is worse than a guessed one.
            odds = said[..., index] - said[..., parser.WALL] + pull
            near = np.abs(pull) > 0.5
            share = np.where(near, 1 / (1 + np.exp(-odds)), out[..., index] / (both + 1e-6))
            out[..., index], out[..., parser.WALL] = both * share, both * (1 - share)
        return out


class _Judge:
    """Turns beliefs into surfaces: without specks, and without pieces that the parser hardly believes in."""

    def __init__(self, encoded: Bytes, beliefs: Floats, parsed: Floats) -> None:
        self.encoded, self.beliefs, self.parsed = encoded, beliefs, parsed
        self._close_false_windows()
        self.winner = self.beliefs.argmax(-1)
        grey = np.asarray(cv2.GaussianBlur(encoded, (0, 0), 0.8), np.uint8)
        steep = max_gradient(grey)
        # In the dark everything has less contrast, edges too.
        lit = np.clip(floats(cv2.blur(encoded, (25, 25))).max(-1) / _LIT, _DARKEST, 1)
        self.edges = cv2.dilate((steep > _EDGE * lit).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0

    def _close_false_windows(self) -> None:
        """A window shows another place, in another light: what looks like the wall around it is part of it."""
        found = (self.beliefs.argmax(-1) == parser.WINDOW).astype(np.uint8)
        lab = floats(cv2.cvtColor(floats(self.encoded) / 255, cv2.COLOR_RGB2LAB))
        count, parts, stats, _ = cv2.connectedComponentsWithStats(found, connectivity=4)
        for part in range(1, count):
            x, y, w, h, _ = (int(value) for value in stats[part])
            area = np.s_[max(0, y - _AROUND) : y + h + _AROUND, max(0, x - _AROUND) : x + w + _AROUND]
            member: Mask = parts[area] == part
            solid = member.astype(np.uint8)
            near, far = (cv2.dilate(solid, np.ones((size, size), np.uint8)) for size in (7, 2 * _AROUND - 1))
            ring = (far > 0) & (near == 0)
            if not ring.any():
                continue
            inside, around = (np.median(lab[area][where], 0) for where in (member, ring))
            if float(np.linalg.norm(inside - around)) < _SAME_LIGHT:
                belief = self.beliefs[area]
                belief[..., parser.WALL] += belief[..., parser.WINDOW] * member
                belief[..., parser.WINDOW] *= ~member

    def _surface(self, index: int, *, least: float) -> Surface:
        belief = self.beliefs[..., index]
        said = self.parsed[..., index]
        solid = np.asarray(self.winner == index)
        kept = _kept_parts(solid, floats(said), _PART)
        kept = _without_holes(kept, self.beliefs[..., parser.OTHER] + self.beliefs[..., parser.WINDOW])
        share = float(kept.mean())
        if share < least:
            return Surface(np.zeros(belief.shape, np.float32), 0.0)
        sure = float(said[kept].mean())
        sure = 0.3 + 0.8 * sure
        sure *= 1 - 0.6 * float(smoothstep(*_RAGGED, floats([self._raggedness(kept)]))[0])
        mask = floats(kept) * np.maximum(belief, 0.5)
        return Surface(floats(smoothstep(0.2, 0.8, mask)), float(np.clip(sure, 0, 1)))

    def _raggedness(self, kept: Mask) -> float:
        """The length of a surface's outline that borders on things without an edge in the picture, in its own size."""
        solid = kept.astype(np.uint8)
        rim = cv2.morphologyEx(solid, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
        others = np.isin(self.winner, (parser.FLOOR, parser.WALL, parser.CEILING)) & ~kept
        rim &= cv2.dilate(others.astype(np.uint8), np.ones((5, 5), np.uint8)) == 0
        rim[:2] = rim[-2:] = rim[:, :2] = rim[:, -2:] = False
        return float((rim & ~self.edges).sum()) / (4 * float(np.sqrt(kept.sum())))

    def floor(self) -> Surface:
        """A floor is of one material: what has many hues is rugs and things that were taken for it."""
        surface = self._surface(parser.FLOOR, least=0.02)
        where = surface.mask > 0.5
        if not where.any():
            return surface
        hue = floats(cv2.cvtColor(floats(self.encoded) / 255, cv2.COLOR_RGB2LAB))[where][:, 1:]
        spread = float(np.linalg.norm(hue - np.median(hue, 0), axis=-1).mean())
        return Surface(surface.mask, surface.confidence * float(smoothstep(*_HUES, floats([spread]))[0]))

    def walls(self) -> Surface:
        return self._surface(parser.WALL, least=0.04)

    def ceiling(self) -> Surface:
        return self._surface(parser.CEILING, least=0.02)

    def things(self) -> Surface:
        """Whatever is neither a bare surface nor a window."""
        belief = self.beliefs[..., [parser.OTHER, parser.DOOR]].sum(-1)
        return Surface(smoothstep(0.2, 0.8, floats(belief)), 1.0)

    def window(self) -> Surface:
        """Windows have frames: what has no edge along most of its outline is a bright wall."""
        belief = self.beliefs[..., parser.WINDOW]
        count, parts = cv2.connectedComponents(
            (self.winner == parser.WINDOW).astype(np.uint8), connectivity=4
        )
        rim = parts * (parts != cv2.erode(parts.astype(np.float32), np.ones((3, 3), np.uint8)))
        length = np.bincount(rim.ravel(), minlength=count)
        framed = np.bincount(rim.ravel(), self.edges.ravel(), count)
        known = framed > _FRAMED * length
        known[0] = True
        return Surface(floats(smoothstep(0.3, 0.7, belief) * known[parts]), 1.0)

    def rug(self) -> Surface:
        return self._surface(parser.RUG, least=0.012)

    def sure_ground(self) -> Floats:
        """1 where the parser itself saw floor or rug, and not only the colours."""
        return smoothstep(0.25, 0.55, floats(self.parsed[..., [parser.FLOOR, parser.RUG]].sum(-1)))

    def clutter(self, geometry: _Geometry) -> float:
        """The part of the box's floor on which something stands."""
        floor = geometry.labels == FLOOR
        return float((self.winner[floor] == parser.OTHER).mean()) if floor.any() else 1.0


def max_gradient(picture: Bytes) -> Floats:
    """The steepest change of any channel."""
    across = [cv2.Sobel(picture, cv2.CV_32F, *axis, ksize=3) / 4 for axis in ((1, 0), (0, 1))]
    return floats(np.hypot(*across).max(-1))


def _kept_parts(solid: Mask, said: Floats, sure: float) -> Mask:
    """The connected parts of `solid` that are no specks and of which the parser is sure on the average."""
    count, parts, stats, _ = cv2.connectedComponentsWithStats(solid.astype(np.uint8), connectivity=4)
    area = stats[:, cv2.CC_STAT_AREA]
    mean = np.bincount(parts.ravel(), said.ravel(), count) / np.maximum(area, 1)
    good = (area >= max(6, 2 * _SPECK * solid.size)) & (mean >= sure)
    good[0] = False
    return np.asarray(good[parts], bool)


def _without_holes(kept: Mask, something: Floats) -> Mask:
    """`kept` with its specks filled where nothing is seen that could make a hole."""
    count, parts, stats, _ = cv2.connectedComponentsWithStats((~kept).astype(np.uint8), connectivity=4)
    small = stats[:, cv2.CC_STAT_AREA] < max(4, _SPECK * kept.size)
    doubt = np.bincount(parts.ravel(), something.ravel(), count) / np.maximum(stats[:, cv2.CC_STAT_AREA], 1)
    fill = small & (doubt < 0.6)
    fill[0] = False
    return np.asarray(kept | fill[parts], bool)
