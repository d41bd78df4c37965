"""What each pixel is part of: the parser's word, made exact by the picture's own colours and edges.

The parser sees a small picture and knows rooms; this picture's colours and outlines it can't know. So the picture is
cut into small patches along its edges, each class learns its colours from the patches that the parser is sure of, and
neighbours that look alike persuade one another.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from generations.engines.preview.arrays import Bytes, Floats, floats, resize, smoothstep
from generations.engines.preview.parser import CEILING, FLOOR, OTHER, RUG, WALL

SIZE = 512  # longest side in pixels of the picture that is labelled
_PATCH = 9  # pixels between the seeds of patches
_ROUNDS = 2  # of learning colours and persuading neighbours
_TURNS = 8  # of persuasion in each
_PARSER_TRUST = 1.0
_COLOUR_TRUST = 0.45
_COLOUR_LIMIT = 3.0  # natural logs by which colour alone may favour one class
_NEIGHBOUR_TRUST = 2.2
_ALIKE = 7.0  # Lab units over which neighbours stop persuading one another
_MAIN = 0.1  # a colour of at least this part of a surface is one that it is painted in
_HUE_FIRST = floats([0.65, 1.25, 1.25])
_TRIM = 27.0  # Lab units, weighed like that, from the nearest main colour
_STRETCH = 0.35  # strength between patches from which they are one stretch
_NO_FLOOR = (0.57, 0.47)  # the parser's average word for floor or rug below which a stretch is none
_SHADES = 5  # colours that a class may have

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class _Patches:
    """Small areas of even colour. `of` (h, w) numbers them from 0; the rest is one row a patch or a border."""

    of: Numbers
    area: Floats
    colour: Floats
    one: Numbers
    other: Numbers
    strength: Floats

    def average(self, image: Floats) -> Floats:
        """The mean of an image (h, w, c) over each patch, (n, c)."""
        flat = self.of.ravel()
        sums = [np.bincount(flat, channel, len(self.area)) for channel in image.reshape(-1, image.shape[2]).T]
        return floats(np.stack(sums, -1) / self.area[:, None])


def label(picture: Bytes, parsed: Floats, said: Floats) -> Floats:
    """Probabilities (h, w, classes) for a small RGB picture from the parser's, which may have any size.

    `parsed` may hold other evidence, too; `said` is what the parser said by itself.
    """
    height, width = picture.shape[:2]
    prior = np.log(np.clip(resize(parsed, width, height), 0.004, 1))
    lab = floats(cv2.cvtColor(floats(picture) / 255, cv2.COLOR_RGB2LAB)) * floats([0.7, 1.3, 1.3])
    patches = _patches(picture, lab)
    unary = _PARSER_TRUST * patches.average(floats(prior))
    belief = _softmax(unary)
    for _ in range(_ROUNDS):
        evidence = floats(unary + _COLOUR_TRUST * _colour_evidence(patches, belief))
        belief = _persuaded(patches, evidence)
    for index in (WALL, CEILING):
        _without_trim(patches, belief, index)
    _without_beds(patches, belief, patches.average(resize(said, width, height)))
    return floats(belief[patches.of])


def _softmax(values: Floats) -> Floats:
    power = np.exp(values - values.max(-1, keepdims=True))
    return floats(power / power.sum(-1, keepdims=True))


def _patches(picture: Bytes, lab: Floats) -> _Patches:
    """Watersheds from a grid of seeds: patches end where the picture has edges."""
    height, width = picture.shape[:2]
    seeds = np.zeros((height, width), np.int32)
    rows, columns = np.arange(_PATCH // 2, height, _PATCH), np.arange(_PATCH // 2, width, _PATCH)
    seeds[np.ix_(rows, columns)] = 1 + np.arange(len(rows) * len(columns)).reshape(len(rows), len(columns))
    if seeds.max() < 2:
        seeds[:] = 1
    smooth = np.ascontiguousarray(cv2.GaussianBlur(picture, (0, 0), 0.7))
    found = floats(cv2.watershed(smooth, seeds))
    for _ in range(3):  # the watersheds themselves go to a neighbour
        found = np.where(found < 1, floats(cv2.dilate(found, np.ones((3, 3), np.uint8))), found)
    _, of = np.unique(np.maximum(found, 1), return_inverse=True)
    of = np.asarray(of.reshape(height, width), np.int64)
    area = floats(np.bincount(of.ravel()))
    colour = floats(
        np.stack([np.bincount(of.ravel(), channel) for channel in lab.reshape(-1, 3).T], -1) / area[:, None]
    )
    one, other, border = _borders(of)
    distance = np.linalg.norm(colour[one] - colour[other], axis=-1)
    strength = floats(np.minimum(border / _PATCH, 1.5) * np.exp(-((distance / _ALIKE) ** 2)))
    return _Patches(of, area, colour, one, other, strength)


def _borders(of: Numbers) -> tuple[Numbers, Numbers, Floats]:
    """Pairs of patches that touch, and how many pixels long the border is."""
    pairs = [
        np.stack([first.ravel(), second.ravel()], -1)
        for first, second in ((of[:, :-1], of[:, 1:]), (of[:-1], of[1:]))
    ]
    touching = np.concatenate(pairs)
    touching = np.sort(touching[touching[:, 0] != touching[:, 1]], 1)
    key, count = np.unique(touching[:, 0] * (int(of.max()) + 1) + touching[:, 1], return_counts=True)
    return key // (int(of.max()) + 1), key % (int(of.max()) + 1), floats(count)


def _colour_evidence(patches: _Patches, belief: Floats) -> Floats:
    """How much better each class explains the colour of each patch than the picture as a whole does; (n, classes)."""
    everywhere = _likelihood(patches.colour, patches.colour, patches.area)
    out = np.zeros_like(belief)
    for index in range(belief.shape[1]):
        sure = belief[:, index] > 0.6
        weight = patches.area[sure] * belief[sure, index]
        if weight.sum() < 0.004 * patches.area.sum():
            continue  # a class that is hardly seen has no colours to learn
        likely = _likelihood(patches.colour, patches.colour[sure], floats(weight))
        out[:, index] = np.clip(likely - everywhere, -_COLOUR_LIMIT, _COLOUR_LIMIT)
    return out


def _without_trim(patches: _Patches, belief: Floats, index: int) -> None:
    """Takes from a painted surface what has none of its main colours: casings, mouldings, skirting, a switch."""
    sure = belief[:, index] > 0.6
    if sure.sum() < 12:
        return
    centres, share, _ = _shades(patches.colour[sure], floats(patches.area[sure]))
    # Shadow changes the brightness of paint and hardly its hue.
    apart = (patches.colour[:, None] - centres[share > _MAIN]) * _HUE_FIRST
    nearest = floats(np.sqrt((apart**2).sum(-1)).min(1))
    gone = belief[:, index] * smoothstep(0.7 * _TRIM, _TRIM, nearest)
    belief[:, index] -= gone
    belief[:, OTHER] += gone


def _without_beds(patches: _Patches, belief: Floats, said: Floats) -> None:
    """Takes from the floor every stretch of one colour of which the parser is not sure enough: a bed, a sofa's seat.

    Its neighbours may have persuaded it; the average over the whole stretch tells what the parser made of it alone.
    """
    floor = belief.argmax(-1) == FLOOR
    alike = floor[patches.one] & floor[patches.other] & (patches.strength > _STRETCH)
    of = _stretches(len(floor), patches.one[alike], patches.other[alike])
    area = np.bincount(of, patches.area * floor)
    sure = np.bincount(of, patches.area * floor * (said[:, FLOOR] + said[:, RUG])) / np.maximum(area, 1)
    gone = belief[:, FLOOR] * smoothstep(*_NO_FLOOR, floats(sure[of])) * floor
    belief[:, FLOOR] -= gone
    belief[:, OTHER] += gone


def _stretches(count: int, one: Numbers, other: Numbers) -> Numbers:
    """The number of the connected part of each of `count` nodes, for pairs of nodes that hang together."""
    of = np.arange(count)
    for _ in range(60):  # each turn carries the lowest number one step and to where it came from
        low = np.minimum(of[one], of[other])
        before = of.copy()
        np.minimum.at(of, one, low)
        np.minimum.at(of, other, low)
        of = of[of]
        if (of == before).all():
            break
    return np.asarray(of, np.int64)


def _likelihood(colours: Floats, known: Floats, weight: Floats) -> Floats:
    """The log likelihood of `colours` (n, 3) under a mixture learnt from `known` (m, 3) and its weights."""
    centres, share, width = _shades(known, weight)
    squared = ((colours[:, None] - centres) ** 2).sum(-1)
    total = (share / width**1.5 * np.exp(-0.5 * squared / width)).sum(-1)
    return floats(np.log(total + 1e-7))


def _shades(known: Floats, weight: Floats) -> tuple[Floats, Floats, Floats]:
    """A few colours that stand for `known` (m, 3), the part of the weight of each, and how far each spreads."""
    centres = known[[int(weight.argmax())]]
    distance = ((known - centres[0]) ** 2).sum(-1)
    while len(centres) < min(_SHADES, len(known)):  # the farthest and heaviest next: no dice
        centres = np.concatenate([centres, known[[int((distance * weight).argmax())]]])
        distance = np.minimum(distance, ((known - centres[-1]) ** 2).sum(-1))
    for _ in range(4):
        nearest = ((known[:, None] - centres) ** 2).sum(-1).argmin(1)
        heavy = np.bincount(nearest, weight, len(centres)) + 1e-6
        sums = [np.bincount(nearest, weight * channel, len(centres)) for channel in known.T]
        centres = floats(np.stack(sums, -1) / heavy[:, None])
    spread = np.bincount(nearest, weight * ((known - centres[nearest]) ** 2).sum(-1), len(centres)) / heavy
    return centres, floats(heavy / heavy.sum()), floats(spread / 3 + 3.0**2)


def _persuaded(patches: _Patches, evidence: Floats) -> Floats:
    """Beliefs after neighbours that look alike have persuaded one another."""
    belief = _softmax(evidence)
    count, classes = belief.shape
    ends = np.concatenate([patches.one, patches.other])
    starts = np.concatenate([patches.other, patches.one])
    strength = np.concatenate([patches.strength, patches.strength])
    total = np.bincount(ends, strength, count) + 1.0
    for _ in range(_TURNS):
        heard = np.stack(
            [np.bincount(ends, strength * belief[starts, index], count) for index in range(classes)], -1
        )
        belief = _softmax(floats(evidence + _NEIGHBOUR_TRUST * 4 * heard / total[:, None]))
    return belief
