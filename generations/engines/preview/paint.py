"""What has another colour than the surface it was taken for: a lamp before a wall, a rug on a floor.

Paint has one hue. Light changes it, but little by little; a thing begins at an edge. So the hue of a surface is
followed from where it is sure along every gradual change. What is left, and has sharp borders, is a thing.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from generations.engines.preview import bounce, parser
from generations.engines.preview.arrays import (
    Bytes,
    Floats,
    Mask,
    blur,
    floats,
    mix,
    resize,
    smoothstep,
    strongest,
)

Numbers = npt.NDArray[np.int64]
Classes = npt.NDArray[np.int8]

_SHRINK = 4  # colours change slowly: they are followed on every fourth pixel
_FAR = (0.35, 0.2, 0.1)  # of the longest side: over which the colour is nearly one, wide first
_FORGIVEN = (0.05, 0.04, 0.032, 0.03)  # change of hue over brightness, at first and in each round
_ONE_HUE = 0.04
_FALLBACK = 0.06  # weight of the wider average where little of the surface is seen nearby
_ROUNDS, _NEAR = 8, 2.5  # of following gradual changes, and how far in small pixels it looks
_GRADUAL = 0.022  # change of hue over that way
_OWN_PAINT = 0.15  # a plane of which less has the room's paint has its own
_UNEVEN = (
    0.05  # twice the change of hue that a quarter of a surface keeps below, from which hue tells nothing
)
_SHADE, _IN_SHADE = 25.0, 1.5  # lightness below its median at which that many times more is forgiven
_AROUND = 0.67  # of the limit, from which a pixel beside a thing is of the thing, too
_LARGE, _LARGE_SHARP = 0.012, 0.75  # part of the picture from which its border is sharp nearly all around
_BRIGHTER = 6.0  # lightness by which the rest of a thing is above the wall
_BEYOND, _ADDED = 6, 1.6  # pixels around a thing, and parts of its area, that its rest may take
_FOOT = 61  # pixels from a wall in which a floor is itself
_REACH, _SHADOW = (
    9,
    3.0,
)  # pixels across that this goes where it is darker than the surface by that much lightness
_OVERLAP = 41  # pixels around a plane in which a pixel may still be of it: corners are not found to the pixel
_GOES_ON = 0.7  # of what is around a patch besides its surface
_DIM = (8.0, 25.0)  # lightness at which they are noisy, and from which they are not
_DARK = 20.0  # lightness below which hues are noise


@dataclass(frozen=True)
class _Rule:
    """When a patch of another hue is no part of a surface.

    `apart` is the change of hue over brightness, `noise` how many times the surface's own spread it is at least,
    `least` an area in parts of the picture; `sharp` is how much of the change happens within a pixel along most of its
    border, `step` the same in hue over brightness; `sunny` is by how much lightness a patch of sun is brighter.
    """

    apart: float
    noise: float
    least: float
    sharp: float
    step: float
    sunny: float


_WALL = _Rule(apart=0.03, noise=3.0, least=0.0003, sharp=0.22, step=0.0, sunny=13.0)
_FLOOR = _Rule(apart=0.06, noise=3.0, least=0.0005, sharp=0.0, step=0.018, sunny=22.0)
_RUG = 0.018  # part of the picture from which what differs on a floor is a rug


def hues(lab: Floats) -> Floats:
    """a and b over L + 16 of CIELAB (h, w, 3): paint's own, the same in bright light and in shadow; (h, w, 2)."""
    return floats(lab[..., 1:] / (lab[..., :1] + np.float32(16)))


@dataclass(frozen=True)
class _Seen:
    """A picture's lightness (h, w), hues (h, w, 2), their change from pixel to pixel, and the likeliest classes."""

    light: Floats
    hue: Floats
    steep: Floats
    winner: Numbers


@dataclass(frozen=True)
class _Patches:
    """Where a surface has another hue: `off` (h, w) in hues over brightness by `apart`, its `own` lightness, and where
    it is `bright` for its surroundings."""

    surface: Mask
    off: Bytes
    apart: Floats
    own: float
    bright: Mask


def without_things(beliefs: Floats, lab: Floats, said: Floats, walls: Bytes) -> tuple[Floats, Mask]:
    """Beliefs (h, w, classes) in which walls and floor have one hue each, and where that changed them.

    `lab` is the picture (L 0..100), `said` what the parser said of each pixel, `walls` the wall behind each pixel.
    """
    smooth = floats(cv2.GaussianBlur(lab, (0, 0), 0.8))
    hue = _calm(smooth)
    seen = _Seen(np.ascontiguousarray(smooth[..., 0]), hue, _steepness(hue), strongest(beliefs))
    taken = np.full(walls.shape, -1, np.int8)
    for index, rule in ((parser.WALL, _WALL), (parser.FLOOR, _FLOOR)):
        surface: Mask = seen.winner == index
        if surface.sum() < 0.01 * surface.size:
            continue
        weight = floats(surface * said[..., index])
        if index == parser.WALL:
            apart = distance(hue, weight, walls, weight)
            floor = seen.winner == parser.FLOOR
            apart = bounce.forgiven(apart, hue, seen.light, surface, floor, limit=_WALL.apart)
        else:
            apart = distance(hue, weight, np.zeros_like(walls), _at_foot(seen.winner, weight))
        _take_foreign(taken, seen, surface, apart, rule, index)
    out = beliefs.copy()
    for index in (parser.CEILING, parser.RUG, parser.OTHER):
        where = taken == index
        out[where, index] += out[where, parser.WALL] + out[where, parser.FLOOR]
        out[where, parser.WALL] = out[where, parser.FLOOR] = 0
    return out, np.asarray(taken >= 0, bool)


def _take_foreign(taken: Classes, seen: _Seen, surface: Mask, apart: Floats, rule: _Rule, index: int) -> None:
    """Writes into `taken` (h, w) what the patches of a surface are that are none of it.

    `apart` (h, w) is how far each pixel's hue is off.
    """
    patches = _patches(seen, surface, apart, rule)
    if patches is None:
        return
    count, parts, stats, _ = cv2.connectedComponentsWithStats(patches.off, connectivity=4)
    for part in range(1, count):
        x, y, w, h, size = (int(value) for value in stats[part])
        if size < rule.least * surface.size:
            continue
        area = np.s_[max(0, y - 3) : y + h + 3, max(0, x - 3) : x + w + 3]
        member: Mask = parts[area] == part
        if not _is_thing(seen, patches, area, member, rule):
            continue
        kind = _kind(seen.winner[area], member, index, size / surface.size)
        if kind == parser.CEILING and float(np.median(seen.light[area][member])) < patches.own - _SHADOW:
            kind = parser.OTHER  # no ceiling is darker than the wall below it
        if kind != parser.CEILING:
            member = _slimmed(member)
        taken[area][member] = kind
        if index == parser.WALL and kind == parser.OTHER:
            _complete(taken, (x, y, w, h), member.sum(), patches.bright)


def _patches(seen: _Seen, surface: Mask, apart: Floats, rule: _Rule) -> _Patches | None:
    """What has another hue than its surface; None where the surface has no hue of its own."""
    spread = 2 * float(np.percentile(apart[surface], 25))
    if spread > _UNEVEN:
        return None
    limit = max(rule.apart, rule.noise * spread)
    plain = surface & (apart < limit)
    own = float(np.median(seen.light[plain])) if plain.any() else 50.0
    # Things throw their colours into the shade around them.
    shade = np.clip((np.float32(own) - seen.light) / np.float32(_SHADE), 0, 1)
    far = apart / (np.float32(limit) * (1 + np.float32(_IN_SHADE) * shade))
    seeds = cv2.medianBlur(((far > 1) & surface).astype(np.uint8), 3)
    near = cv2.dilate(seeds, np.ones((_REACH, _REACH), np.uint8)) > 0
    lighter = seen.light - _light(seen.light, plain, own)
    off = _grown(seeds, (far > _AROUND) & surface & (near | (lighter > -_SHADOW)))
    bright = surface & (lighter > _BRIGHTER)
    return _Patches(surface, off, apart, own, bright)


def _is_thing(seen: _Seen, patches: _Patches, area: tuple[slice, slice], member: Mask, rule: _Rule) -> bool:
    """Whether a patch is neither sun nor darkness and has sharp borders with its surface."""
    light = float(np.median(seen.light[area][member]))
    if light > patches.own + rule.sunny or light < _DARK:
        return False
    around = cv2.dilate((patches.surface[area] & ~member).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    steps = seen.steep[area][member & around]
    if not len(steps):
        return True
    change = float(np.median(patches.apart[area][member]))
    most, half = np.percentile(steps, [25, 50])
    if half < rule.sharp * change or half < 2 * rule.step or most < rule.step:
        return False
    large = member.sum() > _LARGE * patches.surface.size
    return not (large and most < _LARGE_SHARP * rule.sharp * change)


def _slimmed(member: Mask) -> Mask:
    """Without its outermost pixels, which show the surface as well; what is thin stays."""
    solid = member.astype(np.uint8)
    core = cv2.erode(solid, np.ones((3, 3), np.uint8))
    return np.asarray((core > 0) | (member & (cv2.dilate(core, np.ones((5, 5), np.uint8)) == 0)), bool)


def _light(light: Floats, plain: Mask, own: float) -> Floats:
    """The lightness (h, w) that a surface has around each pixel, from where it is `plain`."""
    height, width = light.shape
    size = max(2, width // _SHRINK), max(2, height // _SHRINK)
    near, small = resize(floats(plain), *size), resize(light, *size)
    pair = np.repeat(small[..., None], 2, -1)  # as many channels as a hue has
    spread = _spread(pair, near, 2 * _NEAR, np.full_like(pair, own))
    return resize(np.ascontiguousarray(spread[..., 0]), width, height)


def _complete(taken: Classes, box: tuple[int, int, int, int], size: int, bright: Mask) -> None:
    """Adds to a thing in a box what hangs together with it and is brighter than the wall: a shade's lit half.

    What is darker beside it is its shadow more often.
    """
    x, y, w, h = box
    far_x, far_y = _BEYOND + w // 2, _BEYOND + h // 2
    area = np.s_[max(0, y - far_y) : y + h + far_y, max(0, x - far_x) : x + w + far_x]
    things = taken[area] == parser.OTHER
    seeds = cv2.dilate(things.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    near = bright[area] & ~things
    _, parts, stats, _ = cv2.connectedComponentsWithStats(near.astype(np.uint8), connectivity=4)
    rows, columns = near.shape
    for part in np.unique(parts[seeds & near]):
        left, top, wide, tall, added = (int(value) for value in stats[part])
        cut = left == 0 or top == 0 or left + wide == columns or top + tall == rows
        if added < _ADDED * size and not cut:
            taken[area][parts == part] = parser.OTHER


def _at_foot(winner: Numbers, weight: Floats) -> Floats:
    """The weight of the floor near the walls, where no rug lies; all of it where no wall is seen."""
    wall = (winner == parser.WALL).astype(np.uint8)
    near = floats(weight * cv2.dilate(wall, np.ones((_FOOT, _FOOT), np.uint8)))
    return near if near.sum() > 0.03 * weight.sum() else weight


def _grown(seeds: Bytes, allowed: Mask) -> Bytes:
    """The connected parts of what is `allowed` that have a seed in them."""
    count, parts = cv2.connectedComponents(allowed.astype(np.uint8), connectivity=4)
    kept = np.zeros(count, np.uint8)
    kept[parts[seeds > 0]] = 1
    kept[0] = 0
    return np.asarray(kept[parts], np.uint8)


def _kind(winner: Numbers, member: Mask, index: int, share: float) -> int:
    """A rug, the ceiling that goes on beside it, or a thing; both arrays are of the area around it."""
    if index == parser.FLOOR:
        return parser.RUG if share > _RUG else parser.OTHER
    ring = (cv2.dilate(member.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0) & ~member
    beside = winner[ring & (winner != index)]
    if len(beside) and float((beside == parser.CEILING).mean()) > _GOES_ON:
        return parser.CEILING
    return parser.OTHER


def _calm(lab: Floats) -> Floats:
    """Hues, smoother in the dark, where a camera sees mostly its own noise."""
    dark = smoothstep(_DIM[1], _DIM[0], np.ascontiguousarray(lab[..., 0]))
    if dark.max() <= 0:
        return hues(lab)
    return mix(hues(lab), hues(blur(lab, 3.0)), dark)


def _steepness(hue: Floats) -> Floats:
    """Change of hue from pixel to pixel, the greatest nearby."""
    across, down = (floats(cv2.Sobel(hue, cv2.CV_32F, *axis, ksize=3)) for axis in ((1, 0), (0, 1)))
    steep = cv2.magnitude(_length(across), _length(down)) / np.float32(8)
    return floats(cv2.dilate(steep, np.ones((3, 3), np.uint8)))


def _length(pairs: Floats) -> Floats:
    """Of each pair (h, w, 2)."""
    one, other = cv2.split(pairs)
    return floats(cv2.magnitude(one, other))


def distance(hue: Floats, weight: Floats, planes: Bytes, typical: Floats) -> Floats:
    """How far the hue (h, w, 2) of each pixel is from that which the surface has there, (h, w).

    `weight` (h, w) is how surely a pixel is of the surface, `planes` (h, w) number its flat parts, each in its own
    light, and `typical` (h, w) is where its hue is to be learnt first.
    """
    height, width = weight.shape
    size = max(2, width // _SHRINK), max(2, height // _SHRINK)
    small, heavy = resize(hue, *size), resize(weight, *size)
    anchor = _mode(small, resize(typical, *size))
    fields, nearby = [], []
    for plane in np.unique(planes):
        near = cv2.dilate((planes == plane).astype(np.uint8), np.ones((_OVERLAP, _OVERLAP), np.uint8))
        few = floats(cv2.resize(near, size, interpolation=cv2.INTER_NEAREST))
        fields.append(resize(_on_plane(small, floats(heavy * few), anchor), width, height))
        nearby.append(np.asarray(near > 0, bool))
    out = np.full((height, width), 9, np.float32)
    for one, (field, here) in enumerate(zip(fields, nearby, strict=True)):
        out = np.where(here, np.minimum(out, _length(hue - field)), out)
        for other in range(one):  # around a corner there is every mixture of both lights
            both = here & nearby[other] & (weight > 0)
            if both.any():
                out[both] = np.minimum(out[both], _to_segment(hue[both], field[both], fields[other][both]))
    return floats(out)


def _to_segment(points: Floats, one: Floats, other: Floats) -> Floats:
    """How far each of `points` (n, 2) is from the straight way between two others."""
    way = other - one
    part = ((points - one) * way).sum(-1) / ((way**2).sum(-1) + 1e-9)
    return floats(np.linalg.norm(points - one - way * np.clip(part, 0, 1)[:, None], axis=-1))


def _mode(hue: Floats, weight: Floats) -> Floats:
    """The hue (2,) that most of the weight is near."""
    keep = weight > 0.05
    if not keep.any():
        return np.zeros(2, np.float32)
    flat, heavy = hue[keep], weight[keep]
    first = _median(flat, heavy)
    far = floats(heavy * (((flat - first) ** 2).sum(-1) > _FORGIVEN[0] ** 2))
    starts = [first, _median(flat, far)] if far.sum() > 0.2 * heavy.sum() else [first]
    best, most = first, 0.0
    for centre in starts:
        for _ in range(6):
            near = heavy * np.exp(-((flat - centre) ** 2).sum(-1) / _ONE_HUE**2)
            centre = floats((flat * near[:, None]).sum(0) / max(float(near.sum()), 1e-6))
        if float(near.sum()) > most:
            best, most = centre, float(near.sum())
    return best


def _median(flat: Floats, heavy: Floats) -> Floats:
    found = []
    for axis in range(flat.shape[1]):
        order = np.argsort(flat[:, axis], kind="stable")
        total = np.cumsum(heavy[order])
        found.append(flat[order[np.searchsorted(total, total[-1] / 2)], axis])
    return floats(found)


def _on_plane(hue: Floats, heavy: Floats, anchor: Floats) -> Floats:
    near = _alike(hue, heavy, anchor, _FORGIVEN[0])
    if near.sum() < _OWN_PAINT * heavy.sum():
        anchor = _mode(hue, heavy)
        near = _alike(hue, heavy, anchor, _FORGIVEN[0])
    longest = max(heavy.shape)
    wide = floats(np.broadcast_to(anchor, hue.shape))
    for far, forgiven in zip(_FAR, _FORGIVEN[1:], strict=True):
        wide = _spread(hue, near, far * longest, wide)
        near = _alike(hue, heavy, wide, forgiven)
    field = wide
    for _ in range(_ROUNDS):
        field = _spread(hue, near, _NEAR, wide)
        near = floats(heavy * (_squared(hue - field) < _GRADUAL**2))
    return _spread(hue, near, _NEAR, wide)


def _alike(hue: Floats, heavy: Floats, own: Floats, forgiven: float) -> Floats:
    return floats(heavy * np.exp(-_squared(hue - own) / forgiven**2))


def _squared(pairs: Floats) -> Floats:
    """The square of the length of each pair (h, w, 2)."""
    one, other = pairs[..., 0], pairs[..., 1]
    return floats(one * one + other * other)


def _spread(hue: Floats, near: Floats, sigma: float, otherwise: Floats) -> Floats:
    """The average of `hue` over what is `near`, and `otherwise` where nothing is."""
    weight = blur(near, sigma)
    seen = blur(floats(hue * cv2.merge([near, near])), sigma)
    rest = np.float32(_FALLBACK)
    whole = weight + rest
    return floats((seen + rest * otherwise) / cv2.merge([whole, whole]))
