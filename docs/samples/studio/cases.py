"""Tables, shelves, lamps, plants and what stands on them."""

from __future__ import annotations

import math
import random

from training.materials import Skin

from . import skins
from .thing import Thing

_BOOKS = ("8a3b2e", "2f4858", "c9a227", "e8e0d0", "5b6b4f", "33302e", "b08968", "7d8ca3", "d8cfc0", "6d2f3c")


def coffee_table(top: Skin, legs: Skin, *, width: float = 1.15, depth: float = 0.62) -> Thing:
    """An oblong top with a shelf below."""
    made = Thing("coffee table")
    made.hard.box((width, depth, 0.032), (0, 0, 0.4), top)
    made.hard.box((width - 0.2, depth - 0.16, 0.018), (0, 0, 0.17), top)
    made.legs(width - 0.16, depth - 0.14, 0.39, legs, thick=0.024, splay=0.035)
    return made


def round_table(top: Skin, foot: Skin, *, width: float = 0.5, height: float = 0.5) -> Thing:
    """A side table on one foot."""
    made = Thing("side table")
    made.hard.lathe([(width / 2, height - 0.022), (width / 2, height)], (0, 0, 0), top, sides=56)
    made.hard.rod((0, 0, 0.02), (0, 0, height - 0.02), 0.018, foot, sides=20)
    made.hard.lathe([(width * 0.3, 0), (width * 0.29, 0.018), (0.03, 0.03)], (0, 0, 0), foot, sides=48)
    return made


def dining_table(top: Skin, legs: Skin, *, width: float = 1.9, depth: float = 0.92) -> Thing:
    """Square legs set in a little, a thick top on an apron."""
    made = Thing("dining table")
    made.hard.box((width, depth, 0.038), (0, 0, 0.735), top)
    for y in (-1, 1):
        made.hard.box((width - 0.22, 0.022, 0.08), (0, y * (depth / 2 - 0.09), 0.675), legs)
    for x in (-1, 1):
        made.hard.box((0.022, depth - 0.2, 0.08), (x * (width / 2 - 0.11), 0, 0.675), legs)
    made.square_legs(width - 0.14, depth - 0.12, 0.717, legs, thick=0.065)
    return made


def desk(top: Skin, legs: Skin, *, width: float = 1.5) -> Thing:
    """A work table with a drawer unit, a screen, a keyboard and a lamp."""
    made, black = Thing("desk"), skins.plain("1d1e20", rough=0.35)
    made.hard.box((width, 0.7, 0.028), (0, 0, 0.74), top)
    for y in (-0.3, 0.3):
        made.hard.box((0.045, 0.045, 0.726), (-width / 2 + 0.06, y, 0.363), legs)
    made.hard.box((0.42, 0.6, 0.68), (width / 2 - 0.25, 0.02, 0.386), top)
    for j in range(3):
        made.hard.box((0.4, 0.016, 0.215), (width / 2 - 0.25, -0.288, 0.16 + 0.225 * j), top)
        made.hard.box((0.12, 0.018, 0.012), (width / 2 - 0.25, -0.302, 0.215 + 0.225 * j), legs)
    made.hard.box((0.62, 0.025, 0.36), (-0.08, 0.16, 1.06), black)
    made.hard.box(
        (0.6, 0.004, 0.34), (-0.08, 0.146, 1.06), skins.picture("24364a", "35506b", "6f8fa5", scale=3)
    )
    made.hard.box((0.05, 0.02, 0.2), (-0.08, 0.19, 0.85), legs)
    made.hard.box((0.24, 0.18, 0.012), (-0.08, 0.18, 0.76), legs)
    made.hard.box((0.42, 0.13, 0.014), (-0.08, -0.14, 0.761), skins.plain("d9d9d6", rough=0.5))
    return made


def _books(
    made: Thing, draw: random.Random, left: float, right: float, y: float, z: float, most: float
) -> None:
    x = left
    while x < right - 0.045:
        thick, high = draw.uniform(0.018, 0.045), draw.uniform(0.62, 0.95) * most
        skin = _book_skins()[draw.randrange(len(_BOOKS))]
        made.hard.box((thick - 0.002, draw.uniform(0.15, 0.2), high), (x + thick / 2, y, z + high / 2), skin)
        x += thick


_KEPT: dict[str, Skin] = {}


def _book_skins() -> list[Skin]:
    """Made once for a scene."""
    for colour in _BOOKS:
        try:
            _ = _KEPT[colour].name
        except (KeyError, ReferenceError):
            _KEPT[colour] = skins.plain(colour, rough=0.7)
    return [_KEPT[colour] for colour in _BOOKS]


def vase(made: Thing, at: tuple[float, float, float], skin: Skin, size: float = 1.0) -> None:
    """A turned vase, 24 cm high at size 1."""
    profile = [(0.045, 0.0), (0.085, 0.06), (0.09, 0.11), (0.06, 0.17), (0.032, 0.2), (0.04, 0.24)]
    made.hard.lathe([(r * size, z * size) for r, z in profile], at, skin, sides=36)


def bowl(made: Thing, at: tuple[float, float, float], skin: Skin, size: float = 1.0) -> None:
    """An open bowl, 30 cm wide at size 1."""
    profile = [(0.05, 0.0), (0.1, 0.025), (0.15, 0.085), (0.143, 0.085), (0.09, 0.03), (0.0, 0.02)]
    made.hard.lathe([(r * size, z * size) for r, z in profile], at, skin, sides=40)


def stack(made: Thing, at: tuple[float, float, float], count: int, seed: int = 3) -> None:
    """Books that lie."""
    draw, z = random.Random(seed), at[2]
    for _ in range(count):
        thick = draw.uniform(0.02, 0.035)
        skin = _book_skins()[draw.randrange(len(_BOOKS))]
        made.hard.box(
            (draw.uniform(0.24, 0.29), 0.2, thick),
            (at[0], at[1], z + thick / 2),
            skin,
            turn=draw.uniform(-0.25, 0.25),
        )
        z += thick


def bookshelf(skin: Skin, *, width: float = 0.95, height: float = 1.9, seed: int = 1) -> Thing:
    """Five shelves of books, vases and gaps."""
    made, draw, depth, thick = Thing("bookshelf"), random.Random(seed), 0.32, 0.022
    for x in (-1, 1):
        made.hard.box((thick, depth, height), (x * (width - thick) / 2, 0, height / 2), skin)
    made.hard.box((width - 2 * thick, 0.008, height - 0.06), (0, depth / 2 - 0.006, height / 2 + 0.03), skin)
    rows, clay = (
        5,
        (
            skins.plain("d7c9b6", rough=0.6),
            skins.plain("54635d", rough=0.5),
            skins.plain("b06a48", rough=0.7),
        ),
    )
    for j in range(rows + 1):
        z = 0.07 + (height - 0.07 - thick / 2) * j / rows
        made.hard.box((width - 2 * thick, depth - 0.01, thick), (0, -0.003, z), skin)
        if j == rows:
            continue
        room, inner = height / rows - 0.04, width / 2 - thick - 0.01
        split = draw.uniform(-0.15, 0.2)
        _books(
            made, draw, -inner if j % 2 else split, split if j % 2 else inner, 0.0, z + thick / 2, room * 0.9
        )
        middle = (split + inner) / 2 if j % 2 else (split - inner) / 2
        if j % 3 == 2:
            stack(made, (middle, -0.01, z + thick / 2), 4, seed + j)
        else:
            vase(made, (middle, 0, z + thick / 2), clay[(j + seed) % 3], draw.uniform(0.8, 1.15))
    return made


def sideboard(skin: Skin, legs: Skin, *, width: float = 1.6, dressed: bool = True) -> Thing:
    """Three doors with finger gaps, on round legs."""
    made = Thing("sideboard")
    made.hard.box((width, 0.42, 0.54), (0, 0, 0.45), skin)
    each = (width - 0.05) / 3
    for i in range(3):
        x = -width / 2 + 0.025 + each * (i + 0.5)
        made.hard.box((each - 0.007, 0.02, 0.5), (x, -0.216, 0.45), skin)
        made.hard.rod((x + each * 0.36, -0.226, 0.47), (x + each * 0.36, -0.246, 0.47), 0.012, legs, sides=20)
    made.legs(width - 0.3, 0.28, 0.19, legs, thick=0.02, splay=0.03)
    if dressed:
        vase(made, (-width * 0.33, 0, 0.72), skins.plain("e4ddd0", rough=0.5), 1.25)
        stack(made, (width * 0.2, 0, 0.72), 3)
        bowl(made, (width * 0.36, 0, 0.72), skins.plain("4d5a55", rough=0.4), 0.8)
    return made


def wardrobe(skin: Skin, steel: Skin, *, width: float = 1.6, height: float = 2.2) -> Thing:
    """Plain doors up to shoulder height of the ceiling."""
    made, doors = Thing("wardrobe"), max(2, round(width / 0.5))
    made.hard.box((width, 0.58, height), (0, 0, height / 2), skin)
    for i in range(doors):
        x = -width / 2 + width / doors * (i + 0.5)
        made.hard.box((width / doors - 0.006, 0.02, height - 0.09), (x, -0.298, height / 2 + 0.035), skin)
        side = 1 if i % 2 == 0 else -1
        made.hard.box((0.014, 0.03, 0.22), (x + side * (width / doors / 2 - 0.05), -0.322, 1.05), steel)
    return made


def floor_lamp(steel: Skin, shade: Skin, *, height: float = 1.55) -> Thing:
    """A drum shade on a stem."""
    made = Thing("floor lamp")
    made.hard.lathe([(0.15, 0), (0.15, 0.012), (0.13, 0.022), (0.02, 0.03)], (0, 0, 0), steel, sides=56)
    made.hard.rod((0, 0, 0.02), (0, 0, height - 0.12), 0.011, steel, sides=20)
    low, high = height - 0.32, height
    rim = [(0.23, low), (0.185, high), (0.18, high), (0.225, low)]
    made.hard.lathe(rim, (0, 0, 0), shade, sides=64)
    return made


def table_lamp(foot: Skin, shade: Skin) -> Thing:
    """A turned foot and a small shade, 48 cm."""
    made = Thing("table lamp")
    made.hard.lathe(
        [(0.07, 0), (0.085, 0.05), (0.06, 0.13), (0.02, 0.2), (0.012, 0.28)], (0, 0, 0), foot, sides=40
    )
    made.hard.lathe([(0.15, 0.26), (0.11, 0.47), (0.106, 0.47), (0.146, 0.26)], (0, 0, 0), shade, sides=56)
    return made


def pendant(steel: Skin, shade: Skin, *, drop: float = 0.95, wide: float = 0.24) -> Thing:
    """Hangs from Z = 0 down."""
    made = Thing("pendant")
    made.hard.rod((0, 0, 0), (0, 0, -drop), 0.004, steel, sides=10)
    made.hard.lathe([(0.05, -0.02), (0.05, 0.0)], (0, 0, 0), steel, sides=32)
    bell = [(wide, -drop - 0.2), (wide * 0.9, -drop - 0.12), (wide * 0.55, -drop - 0.03), (0.03, -drop)]
    inner = [(r * 0.97, z - 0.004) for r, z in reversed(bell)]
    made.hard.lathe([*bell, *inner], (0, 0, 0), shade, sides=56)
    return made


def plant(pot: Skin, leaf: Skin, *, height: float = 1.15, seed: int = 4, count: int = 22) -> Thing:
    """Broad bent leaves on arching stalks, in a clay pot."""
    made, draw = Thing("plant"), random.Random(seed)
    made.hard.lathe(
        [(0.12, 0), (0.165, 0.28), (0.165, 0.3), (0.148, 0.3), (0.14, 0.26), (0, 0.255)],
        (0, 0, 0),
        pot,
        sides=48,
    )
    for i in range(count):
        turn = 2.399963 * i + draw.uniform(-0.25, 0.25)
        rise = (i + 1) / count
        reach, top = (
            0.42 - 0.2 * rise + draw.uniform(-0.04, 0.05),
            0.45 + (height - 0.5) * rise + draw.uniform(-0.05, 0.04),
        )
        _frond(made, turn, reach * height / 1.1, top, 0.26 * height / 1.1 * draw.uniform(0.85, 1.2), leaf)
    return made


def _frond(made: Thing, turn: float, reach: float, top: float, long: float, leaf: Skin) -> None:
    """A stalk, and at its end a leaf of two halves that hangs over."""
    out, side = (math.cos(turn), math.sin(turn)), (-math.sin(turn), math.cos(turn))

    def spot(away: float, up: float, aside: float = 0.0) -> tuple[float, float, float]:
        return (out[0] * away + side[0] * aside, out[1] * away + side[1] * aside, up)

    made.hard.rod(spot(0.02, 0.25), spot(reach * 0.55, top * 0.93), 0.006, leaf, sides=6, taper=0.7)
    made.hard.rod(spot(reach * 0.55, top * 0.93), spot(reach * 0.8, top), 0.0042, leaf, sides=6)
    steps = 7
    points, faces = [], []
    for k in range(steps + 1):
        t = k / steps
        wide = long * 0.36 * math.sin(math.pi * min(1, t * 0.94 + 0.06)) ** 0.8
        away, up = reach * 0.8 + long * t * (1 - 0.18 * t), top + long * (0.22 * t - 0.75 * t * t)
        points += [spot(away, up + wide * 0.25, -wide), spot(away, up), spot(away, up + wide * 0.25, wide)]
    for k in range(steps):
        a = 3 * k
        faces += [(a, a + 1, a + 4, a + 3), (a + 1, a + 2, a + 5, a + 4)]
    made.soft.solid(points, faces, leaf, smooth=True)


def mirror(frame: Skin, *, width: float = 0.8, height: float = 0.8) -> Thing:
    """Round; hangs with its middle at the origin's height + half of its own."""
    made, middle = Thing("mirror"), height / 2
    count = 64
    for i in range(count):
        a, b = (2 * math.pi * k / count for k in (i, i + 1.08))
        start = (width / 2 * math.cos(a), -0.015, middle + height / 2 * math.sin(a))
        end = (width / 2 * math.cos(b), -0.015, middle + height / 2 * math.sin(b))
        made.hard.rod(start, end, 0.014, frame, sides=10)
    rim = [
        (
            width / 2 * math.cos(2 * math.pi * i / count),
            -0.012,
            middle + height / 2 * math.sin(2 * math.pi * i / count),
        )
        for i in range(count)
    ]
    made.hard.solid(rim, [tuple(range(count))], skins.mirror())
    return made


def framed(art: Skin, frame: Skin, *, width: float = 0.7, height: float = 0.9, mat: float = 0.07) -> Thing:
    """A picture with a mount, its lower edge at the origin."""
    made = Thing("picture")
    white = skins.plain("efece6", rough=0.8)
    made.hard.box((width, 0.02, height), (0, -0.01, height / 2), frame)
    made.hard.box((width - 0.05, 0.006, height - 0.05), (0, -0.021, height / 2), white)
    made.hard.box((width - 0.05 - 2 * mat, 0.006, height - 0.05 - 2 * mat), (0, -0.0235, height / 2), art)
    return made
