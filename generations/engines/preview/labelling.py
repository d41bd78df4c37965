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
_STEP = 2.0  # Lab units from pixel to pixel that light alone may make
_STRETCH = 0.35  # strength between patches from which they are one stretch
_NO_FLOOR = (0.57, 0.47)  # the parser's average word for floor or rug below which a stretch is none
_FOOT_HELPS = 0.25  # how much of that a line along which it meets the walls is worth
_ONE_COLOUR = 14.0  # Lab units, weighed like that, that the shades of one colour are apart
_ANOTHER = (14.0, 22.0)  # and that two colours are
_A_THINGS = (0.42, 0.55)  # the part of a colour that the parser takes for things, from which it is no wall's
_SCALED = (0.7, 1.3, 1.3)  # how Lab is weighed where colours are compared
_OTHER_HUE = (0.09, 0.15)  # change of hue over brightness from which a stretch is of another material
_RUG_SIZE = (0.018, 0.03)  # part of the picture: smaller patches are sun and gloss more often than rugs
_BURNT = (97.0, 93.0)  # lightness at which a patch of sun has lost its hue
_SURE_FLOOR = (0.54, 0.46)  # the parser's average word for floor above which it is floor in any hue
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
    jump: Floats  # Lab units from a pixel to the next across the border, on the average
    strength: Floats

    def average(self, image: Floats) -> Floats:
        """The mean of an image (h, w, c) over each patch, (n, c)."""
        flat = self.of.ravel()
        sums = [np.bincount(flat, channel, len(self.area)) for channel in image.reshape(-1, image.shape[2]).T]
        return floats(np.stack(sums, -1) / self.area[:, None])


def label(picture: Bytes, parsed: Floats, said: Floats, foot: Floats) -> Floats:
    """Probabilities (h, w, classes) for a small RGB picture from the parser's, which may have any size.

    `parsed` may hold other evidence, too; `said` is what the parser said by itself; `foot` (h, w) is where the floor is
    seen to meet a wall.
    """
    height, width = picture.shape[:2]
    prior = np.log(np.clip(resize(parsed, width, height), 0.004, 1))
    lab = floats(cv2.cvtColor(floats(picture) / 255, cv2.COLOR_RGB2LAB)) * floats(_SCALED)
    patches = _patches(picture, lab)
    unary = _PARSER_TRUST * patches.average(floats(prior))
    belief = _softmax(unary)
    for _ in range(_ROUNDS):
        evidence = floats(unary + _COLOUR_TRUST * _colour_evidence(patches, belief))
        belief = _persuaded(patches, evidence)
    for index in (WALL, CEILING):
        _without_trim(patches, belief, index)
    words = patches.average(resize(said, width, height))
    for index in (WALL, CEILING):
        _with_its_light(patches, belief, words, index)
    _without_cupboards(patches, belief, words)
    meets = patches.average(foot[..., None])[:, 0]
    _without_rugs(patches, belief, words, meets)
    _without_beds(patches, belief, words, meets)
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
    of = np.maximum(found, 1).astype(np.int64)
    of = (np.cumsum(np.bincount(of.ravel()) > 0) - 1)[of]  # numbers without gaps
    area = floats(np.bincount(of.ravel()))
    colour = floats(
        np.stack([np.bincount(of.ravel(), channel) for channel in lab.reshape(-1, 3).T], -1) / area[:, None]
    )
    one, other, border, jump = _borders(of, lab)
    distance = np.linalg.norm(colour[one] - colour[other], axis=-1)
    strength = floats(np.minimum(border / _PATCH, 1.5) * np.exp(-((distance / _ALIKE) ** 2)))
    return _Patches(of, area, colour, one, other, jump, strength)


def _borders(of: Numbers, lab: Floats) -> tuple[Numbers, Numbers, Floats, Floats]:
    """Pairs of patches that touch, how many pixels long the border is, and how steep in colours from pixel to pixel."""
    pairs, steps = [], []
    for here, there in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        apart = of[here] != of[there]
        pairs.append(np.stack([of[here][apart], of[there][apart]], -1))
        steps.append(np.linalg.norm(lab[here][apart] - lab[there][apart], axis=-1))
    touching = np.sort(np.concatenate(pairs), 1)
    count_all = int(of.max()) + 1
    key, which, count = np.unique(
        touching[:, 0] * count_all + touching[:, 1], return_inverse=True, return_counts=True
    )
    jump = np.bincount(which.ravel(), np.concatenate(steps), len(key)) / count
    return key // count_all, key % count_all, floats(count), floats(jump)


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
    # What is burnt out is white, and might be anything.
    return floats(out * smoothstep(*_BURNT, floats(patches.colour[:, 0] / _SCALED[0]))[:, None])


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


def _with_its_light(patches: _Patches, belief: Floats, said: Floats, index: int) -> None:
    """Gives a painted surface back its brighter and darker patches: the parser calls them so, and no edge parts them.

    Beside a lamp a wall has colours that it has nowhere else, and they come and go softly.
    """
    winner = belief.argmax(-1)
    lost = (winner == OTHER) & (said.argmax(-1) == index)
    joined = patches.jump < _STEP
    one, other = patches.one[joined], patches.other[joined]
    reached = winner == index
    for _ in range(_TURNS):
        reached[one[reached[other] & lost[one]]] = True
        reached[other[reached[one] & lost[other]]] = True
    back = reached & lost
    belief[back] = 0.02
    belief[back, index] = 1


def _without_cupboards(patches: _Patches, belief: Floats, said: Floats) -> None:
    """Takes from the walls every colour that the parser calls a thing's more often than a wall's: fronts of cupboards.

    A part of them may look like a wall to it; all that is of one colour has one name.
    """
    wall = belief.argmax(-1) == WALL
    if wall.sum() < 12:
        return
    centres, _, _ = _shades(patches.colour[wall], floats(patches.area[wall]))
    apart = ((patches.colour[:, None] - centres) * _HUE_FIRST) ** 2
    nearest, near = apart.sum(-1).argmin(1), np.sqrt(apart.sum(-1).min(1)) < _ONE_COLOUR
    sides = np.isin(belief.argmax(-1), (WALL, OTHER)) & near
    weight = patches.area * sides
    calls = [np.bincount(nearest, weight * said[:, index], len(centres)) for index in (WALL, OTHER)]
    thing = calls[1] / np.maximum(calls[0] + calls[1], 1e-6)
    # In the shade of a thing the wall itself looks like one: only another colour than the walls' own is none of theirs.
    own = centres[int(calls[0].argmax())]
    another = smoothstep(*_ANOTHER, floats(np.linalg.norm((centres - own) * _HUE_FIRST, axis=-1)))
    gone = belief[:, WALL] * (smoothstep(*_A_THINGS, floats(thing)) * another)[nearest] * near
    belief[:, WALL] -= gone
    belief[:, OTHER] += gone


def _without_rugs(patches: _Patches, belief: Floats, said: Floats, foot: Floats) -> None:
    """Takes from the floor every stretch of another hue than it mostly has, where the parser is not sure of it."""
    floor = belief.argmax(-1) == FLOOR
    if floor.sum() < 12:
        return
    # a and b over L + 16 do not change with the brightness of the light, so that patches of sun and shadows stay.
    plain = patches.colour / floats(_SCALED)
    hue = plain[:, 1:] / (plain[:, :1] + 16)
    weight = patches.area * floor * (said[:, FLOOR] + foot)
    own = floats([_middle(hue[:, axis], weight) for axis in range(2)])
    alike = floor[patches.one] & floor[patches.other] & (patches.strength > _STRETCH)
    of = _stretches(len(floor), patches.one[alike], patches.other[alike])
    area = np.maximum(np.bincount(of, patches.area * floor), 1)
    apart = np.bincount(of, patches.area * floor * np.linalg.norm(hue - own, axis=-1)) / area
    sure = np.bincount(of, patches.area * floor * said[:, FLOOR]) / area
    light = np.bincount(of, patches.area * floor * plain[:, 0]) / area
    other = smoothstep(*_OTHER_HUE, floats(apart)) * smoothstep(*_SURE_FLOOR, floats(sure))
    other *= smoothstep(*_BURNT, floats(light)) * smoothstep(*_RUG_SIZE, floats(area / patches.area.sum()))
    gone = belief[:, FLOOR] * other[of] * floor
    belief[:, FLOOR] -= gone
    belief[:, RUG] += gone


def _middle(values: Floats, weight: Floats) -> float:
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weight[order])
    return float(values[order][min(int(np.searchsorted(total, total[-1] / 2)), len(values) - 1)])


def _without_beds(patches: _Patches, belief: Floats, said: Floats, foot: Floats) -> None:
    """Takes from the floor every stretch of one colour of which the parser is not sure enough: a bed, a sofa's seat.

    Its neighbours may have persuaded it; the average over the whole stretch tells what the parser made of it alone. A
    stretch that is seen to meet the walls where the floor does needs less of the parser's word.
    """
    floor = belief.argmax(-1) == FLOOR
    alike = floor[patches.one] & floor[patches.other] & (patches.strength > _STRETCH)
    of = _stretches(len(floor), patches.one[alike], patches.other[alike])
    area = np.bincount(of, patches.area * floor)
    sure = np.bincount(of, patches.area * floor * (said[:, FLOOR] + said[:, RUG])) / np.maximum(area, 1)
    met = np.bincount(of, patches.area * floor * foot) / np.sqrt(np.maximum(area, 1)) / _PATCH
    sure = sure + _FOOT_HELPS * np.minimum(met, 1)
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
