"""From beliefs about pixels to surfaces: what is no window, what is framed, and how sure each surface is."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from generations.engines.preview import parser
from generations.engines.preview.arrays import Bytes, Floats, Mask, floats, smoothstep, spread, strongest
from generations.engines.preview.enclosed import in_seam, no_wall
from generations.engines.preview.folds import folded
from generations.engines.preview.paint import without_things
from generations.engines.preview.panels import Panel, night_windows, polygon

_PART = 0.42  # a separate piece of a surface of which the parser is less sure is left out
_UNLIKE = (
    0.16  # of the scale from black to white: a pixel at a surface's rim that differs by this is none of it
)
_HUES = (34.0, 20.0)  # Lab units of hue by which a floor may differ from its median on the average
_RAGGED = (0.5, 1.2)  # of an outline without edges, in perimeters of a square as large as the surface
_AROUND = 12  # pixels at labelling size around a window in which its wall is looked at
_SAME_LIGHT = 9.0  # Lab units that a window and its wall differ by at least
_SOFT = 6.0  # Lab units across a quarter of its outline below which it is a patch of light
_AMONG_THINGS = 0.4  # of what is around it: a pillow, tiles above a worktop
_BESIDE_WALL, _SAME_HUE = 0.35, 6.0  # of what is around it, and Lab units, by which tiles are told
_PANES = 0.3  # of what is framed, from which it is a window
_GLASS_IN_DOOR = 0.15
_ISLAND, _ALL_AROUND = 0.03, 0.85  # part of the picture, and of what is around it
_GLOW, _LIT_WALL = (
    0.02,
    0.6,
)  # part of the picture that light on a wall covers at most, and of what is around it
_SUNNY = 0.06  # part of the picture that a patch of sun covers at most
_SUNLIGHT, _SUN_HUE, _BURNT = (
    12.0,
    0.09,
    95.0,
)  # Lab units it is brighter by, change of hue over brightness, lightness
_SMALLEST = 0.005  # part of the picture: the shade of a lamp, a vase
_FRAMED = 0.6  # of a window's outline
_EDGE = 14.0  # steps of 255 a pixel
_LIT, _DARKEST = 110.0, 0.3  # level of 255 below which an edge needs less, and the least part that it needs
_SPECK = 0.0006  # part of the picture below which a piece of a surface, or a hole in it, is none
_BARE = np.isin(np.arange(parser.OTHER + 1), (parser.FLOOR, parser.WALL, parser.CEILING, parser.RUG))


@dataclass(frozen=True)
class Surface:
    """A soft mask at the picture's size, 0 to 1, and how sure we are of it as a whole, 0 to 1."""

    mask: Floats
    confidence: float


class Judge:
    """Turns beliefs into surfaces: without specks, and without pieces that the parser hardly believes in."""

    def __init__(
        self,
        encoded: Bytes,
        lab: Floats,
        beliefs: Floats,
        parsed: Floats,
        walls: Bytes,
        framed: list[Panel],
        laid: list[Floats],
    ) -> None:
        self.encoded, self.lab, self.beliefs, self.parsed = encoded, lab, beliefs, parsed
        self._close_false_windows()
        self._keep_framed(framed)
        self._lift_rugs(laid)
        self.beliefs, things = without_things(self.beliefs, lab, parsed, walls)
        self.winner = strongest(self.beliefs)
        self._close_islands()
        self._close_recesses()
        self._fill_light()
        self._fill_sun()
        grey = np.asarray(cv2.GaussianBlur(encoded, (0, 0), 0.8), np.uint8)
        steep = max_gradient(grey)
        # In the dark everything has less contrast, edges too.
        lit = np.clip(_greatest(floats(cv2.blur(encoded, (25, 25)))) / _LIT, _DARKEST, 1)
        edges = (steep > _EDGE * lit).astype(np.uint8)
        # A change of hue is an edge in any light.
        edges |= cv2.morphologyEx(things.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
        self.edges = cv2.dilate(edges, np.ones((5, 5), np.uint8)) > 0

    def _close_false_windows(self) -> None:
        """Gives back to the walls, or to the things, what was taken for a window and can't be one.

        A window shows another place in another light, has a sharp outline, is set into a wall and is not small.
        """
        found = (strongest(self.beliefs) == parser.WINDOW).astype(np.uint8)
        lab = self.lab
        count, parts, stats, _ = cv2.connectedComponentsWithStats(found, connectivity=4)
        for part in range(1, count):
            x, y, w, h, size = (int(value) for value in stats[part])
            area = np.s_[max(0, y - _AROUND) : y + h + _AROUND, max(0, x - _AROUND) : x + w + _AROUND]
            member: Mask = parts[area] == part
            solid = member.astype(np.uint8)
            near, far = (cv2.dilate(solid, np.ones((side, side), np.uint8)) for side in (7, 2 * _AROUND - 1))
            ring: Mask = (far > 0) & (near == 0)
            if not ring.any():
                continue
            inside, around = (np.median(lab[area][where], 0) for where in (member, ring))
            belief = self.beliefs[area]
            things = float((belief[ring].argmax(-1) == parser.OTHER).mean())
            alike = float(np.linalg.norm(inside - around)) < _SAME_LIGHT
            blurred = _softest(lab[area], member) < _SOFT
            if not (alike or blurred or things > _AMONG_THINGS or size < _SMALLEST * found.size):
                continue
            # Tiles in the sun among cupboards have the hue of those in the shade.
            walls = ring & (belief.argmax(-1) == parser.WALL)
            same = (
                walls.sum() > _BESIDE_WALL * ring.sum() and _hues_apart(lab[area], member, walls) < _SAME_HUE
            )
            # Where a lamp shines on a wall there is a window's brightness, and the parser knows better.
            said = int(self.parsed[area][member].mean(0).argmax()) == parser.WALL
            taken = parser.WALL if alike or blurred or same or said else parser.OTHER
            belief[..., taken] += belief[..., parser.WINDOW] * member
            belief[..., parser.WINDOW] *= ~member

    def _keep_framed(self, framed: list[Panel]) -> None:
        """No wall in what is framed on it: a door is one, panes are a window's, the rest is a picture or a cupboard."""
        nights = night_windows(self.lab, framed)
        for panel in framed:
            inside = polygon(panel.corners, self.beliefs.shape[:2])
            if any(panel is one for one in nights):
                belief = self.beliefs[inside]
                belief[:, parser.WINDOW] += belief[:, parser.WALL] + belief[:, parser.OTHER]
                belief[:, [parser.WALL, parser.OTHER]] = 0
                self.beliefs[inside] = belief
                continue
            belief = self.beliefs[inside]
            glass = float((belief.argmax(-1) == parser.WINDOW).mean())
            if panel.door and glass > _GLASS_IN_DOOR:
                continue  # a window, and the wall under it
            kind = parser.DOOR if panel.door else parser.WINDOW if glass > _PANES else parser.OTHER
            belief[:, kind] += belief[:, parser.WALL]
            belief[:, parser.WALL] = 0
            self.beliefs[inside] = belief

    def _lift_rugs(self, laid: list[Floats]) -> None:
        """No floor within the outline of a rug."""
        for corners in laid:
            inside = polygon(corners, self.beliefs.shape[:2])
            belief = self.beliefs[inside]
            belief[:, parser.RUG] += belief[:, parser.FLOOR]
            belief[:, parser.FLOOR] = 0
            self.beliefs[inside] = belief

    def _close_islands(self) -> None:
        """A piece of wall in the middle of the ceiling is ceiling, and a piece of ceiling in a wall is wall."""
        winner = self.winner.copy()
        for index, around in ((parser.WALL, parser.CEILING), (parser.CEILING, parser.WALL)):
            solid = (winner == index).astype(np.uint8)
            count, parts, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=4)
            for part in range(1, count):
                x, y, w, h, size = (int(value) for value in stats[part])
                if size > _ISLAND * solid.size:
                    continue
                area = np.s_[max(0, y - 2) : y + h + 2, max(0, x - 2) : x + w + 2]
                member: Mask = parts[area] == part
                ring = (cv2.dilate(member.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0) & ~member
                if ring.any() and float((winner[area][ring] == around).mean()) > _ALL_AROUND:
                    self._rename(area, member, index, around)

    def _close_recesses(self) -> None:
        """No wall where things are on all sides or folds hang, and no thing where wall and ceiling meet."""
        none = no_wall(self.winner, self.parsed, self.lab[..., 0])
        none |= folded(self.lab[..., 0], (self.winner == parser.WALL) & ~none, self.winner == parser.WINDOW)
        self._rename(np.s_[:, :], none, parser.WALL, parser.OTHER)
        seam = in_seam(self.winner, self.parsed)
        self._rename(np.s_[:, :], seam, parser.OTHER, parser.WALL)

    def _rename(self, area: tuple[slice, slice], member: Mask, index: int, other: int) -> None:
        """Makes what was `index` within `member` of an area the `other`."""
        belief = self.beliefs[area]
        belief[..., other] += belief[..., index] * member
        belief[..., index] *= ~member
        self.winner[area][member] = other

    def _fill_light(self) -> None:
        """Wall where light or shadow on it was taken for something: most of what is around it is wall, with no edge."""
        winner = self.winner.copy()
        for index in (parser.OTHER, parser.FLOOR, parser.WINDOW):
            solid = (winner == index).astype(np.uint8)
            count, parts, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=4)
            for part in range(1, count):
                x, y, w, h, size = (int(value) for value in stats[part])
                if not _SPECK * solid.size / 4 < size < _GLOW * solid.size:
                    continue
                area = np.s_[max(0, y - 12) : y + h + 12, max(0, x - 12) : x + w + 12]
                member: Mask = parts[area] == part
                ring = (cv2.dilate(member.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0) & ~member
                wall = winner[area] == parser.WALL
                if not ring.any() or float(wall[ring].mean()) < _LIT_WALL:
                    continue
                if _softest(self.lab[area], member, 60, wall) < _SOFT:
                    self._rename(area, member, index, parser.WALL)

    def _fill_sun(self) -> None:
        """Floor where the sun falls on it: brighter than all around, and of the floor's hue or burnt out."""
        winner = self.winner.copy()
        lab = self.lab
        solid = ((winner == parser.OTHER) | (winner == parser.RUG)).astype(np.uint8)
        count, parts, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=4)
        for part in range(1, count):
            x, y, w, h, size = (int(value) for value in stats[part])
            if not _SPECK * solid.size < size < _SUNNY * solid.size:
                continue
            area = np.s_[max(0, y - 8) : y + h + 8, max(0, x - 8) : x + w + 8]
            member: Mask = parts[area] == part
            ring = (cv2.dilate(member.astype(np.uint8), np.ones((13, 13), np.uint8)) > 0) & ~member
            floor = ring & (winner[area] == parser.FLOOR)
            if not ring.any() or float(floor.sum() / ring.sum()) < _ALL_AROUND:
                continue
            sun, shade = (np.median(lab[area][where], 0) for where in (member, floor))
            hues = [one[1:] / (one[0] + 16) for one in (sun, shade)]
            alike = sun[0] > _BURNT or float(np.linalg.norm(hues[0] - hues[1])) < _SUN_HUE
            if sun[0] > shade[0] + _SUNLIGHT and alike:
                for index in (parser.OTHER, parser.RUG):
                    self._rename(area, member, index, parser.FLOOR)

    def _surface(self, index: int, *, least: float, said: Floats | None = None) -> Surface:
        belief = self.beliefs[..., index]
        said = self.parsed[..., index] if said is None else said
        solid = np.asarray(self.winner == index)
        if float(solid.mean()) < least / 2:  # holes may be filled, but not so many
            return Surface(np.zeros(belief.shape, np.float32), 0.0)
        kept = _kept_parts(solid, floats(said), _PART)
        kept = _without_holes(kept, self.beliefs[..., parser.OTHER] + self.beliefs[..., parser.WINDOW])
        share = float(kept.mean())
        if share < least:
            return Surface(np.zeros(belief.shape, np.float32), 0.0)
        sure = float(said[kept].mean())
        sure = 0.3 + 0.8 * sure
        sure *= 1 - 0.6 * float(smoothstep(*_RAGGED, floats([self._raggedness(kept)]))[0])
        # All of it or nothing: what is half believed must not be half painted. The rim is drawn at full size.
        return Surface(floats(kept), float(np.clip(sure, 0, 1)))

    def _raggedness(self, kept: Mask) -> float:
        """The length of a surface's outline that borders on things without an edge in the picture, in its own size."""
        solid = kept.astype(np.uint8)
        rim = cv2.morphologyEx(solid, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
        others = _BARE[self.winner] & ~kept
        rim &= cv2.dilate(others.astype(np.uint8), np.ones((5, 5), np.uint8)) == 0
        rim[:2] = rim[-2:] = rim[:, :2] = rim[:, -2:] = False
        return float((rim & ~self.edges).sum()) / (4 * float(np.sqrt(kept.sum())))

    def floor(self) -> Surface:
        """A floor is of one material: what has many hues is rugs and things that were taken for it."""
        surface = self._surface(parser.FLOOR, least=0.02)
        where = surface.mask > 0.5
        if not where.any():
            return surface
        hue = self.lab[where][:, 1:]
        spread = float(np.linalg.norm(hue - np.median(hue, 0), axis=-1).mean())
        return Surface(surface.mask, surface.confidence * float(smoothstep(*_HUES, floats([spread]))[0]))

    def walls(self) -> Surface:
        return self._surface(parser.WALL, least=0.04)

    def ceiling(self) -> Surface:
        return self._surface(parser.CEILING, least=0.02)

    def things(self) -> Surface:
        """Whatever is neither a bare surface nor a window or a door."""
        return Surface(smoothstep(0.2, 0.8, floats(self.beliefs[..., parser.OTHER])), 1.0)

    def doors(self) -> Surface:
        return Surface(smoothstep(0.2, 0.8, floats(self.beliefs[..., parser.DOOR])), 1.0)

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
        """A rug was found by its hue or its outline; the parser tells it from things, and not from the floor."""
        flat = floats(self.parsed[..., parser.FLOOR] + self.parsed[..., parser.RUG])
        return self._surface(parser.RUG, least=0.012, said=flat)

    def sure_ground(self) -> Floats:
        """1 where the parser itself saw floor or rug, and not only the colours."""
        return smoothstep(0.25, 0.55, floats(self.parsed[..., parser.FLOOR] + self.parsed[..., parser.RUG]))

    def clutter(self, box_floor: Mask) -> float:
        """The part of the box's floor on which something stands."""
        return float((self.winner[box_floor] == parser.OTHER).mean()) if box_floor.any() else 1.0


def _hues_apart(lab: Floats, one: Mask, other: Mask) -> float:
    """Lab units between the hues of two areas, whatever light each is in."""
    return float(np.linalg.norm(np.median(lab[one][:, 1:], 0) - np.median(lab[other][:, 1:], 0)))


def _softest(lab: Floats, member: Mask, percent: float = 25, beside: Mask | None = None) -> float:
    """The change of colour across the outline of `member`, not reached along that many percent of it.

    With `beside` only the outline that borders on it counts.
    """
    solid = member.astype(np.uint8)
    core, grown = cv2.erode(solid, np.ones((9, 9), np.uint8)), cv2.dilate(solid, np.ones((15, 15), np.uint8))
    lab, sides = floats(cv2.GaussianBlur(lab, (0, 0), 1.2)), []
    for where in (member & (core == 0), (grown > 0) & ~member):
        weight = floats(where)
        near = floats(cv2.blur(lab * spread(weight), (11, 11)))
        sides.append(near / spread(np.maximum(floats(cv2.blur(weight, (11, 11))), 1e-3)))
    rim = cv2.morphologyEx(solid, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    if beside is not None:
        rim &= cv2.dilate((beside & ~member).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return float(np.percentile(np.linalg.norm(sides[0] - sides[1], axis=-1)[rim], percent))


def max_gradient(picture: Bytes) -> Floats:
    """The steepest change of any channel."""
    across = [cv2.Sobel(picture, cv2.CV_32F, *axis, ksize=3) / 4 for axis in ((1, 0), (0, 1))]
    return _greatest(floats(cv2.magnitude(*across)))


def _greatest(picture: Floats) -> Floats:
    """Of the three channels."""
    red, green, blue = cv2.split(picture)
    return floats(cv2.max(cv2.max(red, green), blue))


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
    if not small[1:].any():
        return kept
    doubt = np.bincount(parts.ravel(), something.ravel(), count) / np.maximum(stats[:, cv2.CC_STAT_AREA], 1)
    fill = small & (doubt < 0.6)
    fill[0] = False
    return np.asarray(kept | fill[parts], bool)
