"""Parametric cupboards, shelves, kitchens and everything small: lamps, plants, screens, clutter."""

from __future__ import annotations

import math

import numpy as np

from . import materials
from .furniture import Item, cloth, metal, timber
from .materials import Draw, Skin, tone
from .shapes import Piece


def _fronts(
    piece: Piece, rng: Draw, size: tuple[float, float, float], y: float, z: float, skin: Skin
) -> None:
    """Doors and drawers on the front of a case, with gaps and handles."""
    columns, rows = (
        max(1, round(size[0] / rng.uniform(0.35, 0.7))),
        max(1, round(size[2] / rng.uniform(0.2, 0.9))),
    )
    knob = metal(rng) if rng.random() < 0.7 else None
    for i in range(columns):
        for j in range(rows):
            w, h = size[0] / columns, size[2] / rows
            x, up = -size[0] / 2 + w * (i + 0.5), z + h * (j + 0.5)
            piece.box((w - 0.008, 0.018, h - 0.008), (x, y - 0.009, up), skin)
            if knob:
                piece.box((min(0.14, w / 2), 0.02, 0.012), (x, y - 0.03, up + h * 0.3), knob)


def cabinet(rng: Draw, *, width: float | None = None, height: float | None = None) -> Item:
    """A chest, sideboard, TV bench or wardrobe."""
    width, height = width or rng.uniform(0.4, 2.0), height or rng.uniform(0.4, 1.1)
    depth = rng.uniform(0.3, 0.6)
    piece, skin = Piece(), timber(rng)
    clear = float(rng.choice([0.0, 0.06, rng.uniform(0.1, 0.2)]))
    piece.box((width, depth, height - clear), (0, 0, (height + clear) / 2), skin)
    front = skin if rng.random() < 0.7 else timber(rng)
    _fronts(piece, rng, (width - 0.03, 0, height - clear - 0.03), -depth / 2, clear + 0.015, front)
    if clear:
        for x in (-1, 1):
            piece.box((0.04, depth * 0.9, clear), (x * width * 0.45, 0, clear / 2), skin)
    return Item(piece, width, depth, height, [(0, 0, height, width * 0.9, depth * 0.6)])


def wardrobe(rng: Draw) -> Item:
    """A tall cabinet."""
    return cabinet(rng, width=rng.uniform(0.8, 2.6), height=rng.uniform(1.8, 2.4))


def _books(piece: Piece, rng: Draw, start: float, end: float, y: float, z: float, most: float) -> None:
    x = start
    while x < end - 0.03:
        thick, high = rng.uniform(0.02, 0.06), rng.uniform(0.5, 0.95) * most
        if rng.random() < 0.06:
            x += rng.uniform(0.05, 0.3)
            continue
        piece.box((thick * 0.95, 0.18, high), (x + thick / 2, y, z + high / 2), _small_skin(rng))
        x += thick


_SMALL: list[Skin] = []  # a scene's own pool of colours for small things: a few hundred books share them


def fresh_colours(rng: Draw) -> None:
    """Draws the colours that small things of the next scene share."""
    _SMALL[:] = [materials.plain(rng, tone(rng, vivid=0.5)) for _ in range(9)] + [
        materials.artwork(rng) for _ in range(4)
    ]


def _small_skin(rng: Draw) -> Skin:
    return _SMALL[int(rng.integers(len(_SMALL)))]


def shelf(rng: Draw) -> Item:
    """Open shelves with books and things, with a back or without."""
    width, height, depth = rng.uniform(0.5, 2.2), rng.uniform(0.7, 2.3), rng.uniform(0.24, 0.4)
    piece, skin, thick = Piece(), timber(rng), rng.uniform(0.015, 0.04)
    columns, rows = (
        max(1, round(width / rng.uniform(0.4, 0.9))),
        max(2, round(height / rng.uniform(0.28, 0.45))),
    )
    if rng.random() < 0.6:
        piece.box(
            (width, 0.01, height), (0, depth / 2, height / 2), skin if rng.random() < 0.6 else timber(rng)
        )
    for i in range(columns + 1):
        piece.box((thick, depth, height), (-width / 2 + width * i / columns, 0, height / 2), skin)
    for j in range(rows + 1):
        z = max(thick / 2, height * j / rows)
        piece.box((width, depth, thick), (0, 0, z), skin)
        if j == rows:
            continue
        for i in range(columns):
            left, right = (
                -width / 2 + width * i / columns + thick,
                -width / 2 + width * (i + 1) / columns - thick,
            )
            if rng.random() < 0.6:
                _books(
                    piece,
                    rng,
                    left,
                    left + (right - left) * rng.uniform(0.3, 1),
                    0,
                    z + thick / 2,
                    height / rows * 0.9,
                )
            elif rng.random() < 0.6:
                _thing(piece, rng, (left + right) / 2, 0, z + thick / 2, min(0.2, height / rows * 0.7))
    return Item(piece, width, depth, height, [(0, 0, height, width * 0.9, depth * 0.6)])


def _thing(piece: Piece, rng: Draw, x: float, y: float, z: float, size: float) -> None:
    """A vase, bowl, box, ball, bottle or stack of books."""
    pick, skin = rng.integers(5), _small_skin(rng)
    if pick == 0:
        piece.box(
            (size, size * rng.uniform(0.5, 1), size * rng.uniform(0.3, 1)),
            (x, y, z + size * 0.3),
            skin,
            turn=rng.uniform(0, 3),
        )
    elif pick == 1:
        profile = [(size * rng.uniform(0.1, 0.5), size * k * rng.uniform(0.25, 0.4)) for k in range(5)]
        profile = [(radius, size * 0.3 * k) for k, (radius, _) in enumerate(profile)]
        piece.lathe(profile, (x, y, z), skin, sides=12)
    elif pick == 2:
        piece.box((size * 0.8,) * 3, (x, y, z + size * 0.4), skin, round_by=size * 0.38)
    elif pick == 3:
        for k in range(int(rng.integers(1, 6))):
            piece.box(
                (size, size * 0.7, 0.03),
                (x, y, z + 0.015 + 0.03 * k),
                _small_skin(rng),
                turn=rng.uniform(-0.3, 0.3),
            )
    else:
        piece.lathe(
            [(size * 0.18, 0), (size * 0.18, size * 0.7), (size * 0.06, size), (size * 0.06, size * 1.3)],
            (x, y, z),
            skin,
            sides=10,
        )


def clutter(rng: Draw) -> Item:
    """One to a handful of small things on a patch of floor or on a top."""
    piece = Piece()
    size = rng.uniform(0.08, 0.3)
    for _ in range(int(rng.integers(1, 5))):
        _thing(
            piece, rng, rng.uniform(-0.25, 0.25), rng.uniform(-0.15, 0.15), 0, size * rng.uniform(0.6, 1.2)
        )
    return Item(piece, 0.6, 0.4, 0.4)


def heap(rng: Draw) -> Item:
    """Boxes, bags, baskets and cushions on the floor."""
    piece, pick = Piece(), rng.random()
    if pick < 0.35:
        card = materials.plain(rng, (0.4, 0.25, 0.13)) if rng.random() < 0.6 else _small_skin(rng)
        z = 0.0
        for _ in range(int(rng.integers(1, 4))):
            size = (rng.uniform(0.25, 0.6), rng.uniform(0.25, 0.45), rng.uniform(0.15, 0.45))
            piece.box(size, (0, 0, z + size[2] / 2), card, turn=rng.uniform(-0.3, 0.3))
            z += size[2]
    elif pick < 0.6:
        size = rng.uniform(0.3, 0.8)
        piece.box(
            (size, size, size * rng.uniform(0.3, 0.7)),
            (0, 0, size * 0.25),
            cloth(rng),
            round_by=size * 0.15,
            puff=0.1,
        )
    elif pick < 0.8:
        piece.lathe(
            [(0.18, 0), (0.24, 0.3), (0.23, 0.34)], (0, 0, 0), materials.pattern(rng, size=0.06, vivid=0.3)
        )
    else:
        for _ in range(4):
            at = (rng.uniform(-0.3, 0.3), rng.uniform(-0.2, 0.2), 0.06)
            piece.box(
                (rng.uniform(0.2, 0.5), rng.uniform(0.2, 0.4), 0.12),
                at,
                cloth(rng),
                round_by=0.05,
                turn=rng.uniform(0, 3),
            )
    return Item(piece, 0.7, 0.6, 0.6, [])


def plant(rng: Draw) -> Item:
    """A pot and leaves on arching stalks."""
    piece, high, wide = Piece(), rng.uniform(0.4, 1.9), rng.uniform(0.25, 0.6)
    pot, radius = _small_skin(rng), rng.uniform(0.09, 0.2)
    piece.lathe([(radius * 0.7, 0), (radius, radius * 1.6)], (0, 0, 0), pot)
    green = (rng.uniform(0.02, 0.15), rng.uniform(0.08, 0.3), rng.uniform(0.01, 0.08))
    leaf = materials.pattern(rng, size=0.1, near=green)
    count, long = int(rng.integers(25, 80)), rng.uniform(0.1, 0.4)
    turns, start = rng.uniform(0, 2 * math.pi, count), radius * 1.5
    ups = start + (high - start) * rng.uniform(0.1, 1, count) ** rng.uniform(0.5, 1)
    outs = wide * rng.uniform(0.1, 1, count)
    middle = np.stack([outs * np.cos(turns), outs * np.sin(turns), ups], 1)
    along = np.stack([np.cos(turns), np.sin(turns), rng.uniform(-1, 1, count)], 1) * long / 2
    across = (
        np.stack([-np.sin(turns), np.cos(turns), rng.uniform(-0.3, 0.3, count)], 1)
        * long
        * rng.uniform(0.1, 0.35)
    )
    corners = np.stack([middle - along, middle + across, middle + along, middle - across], 1).reshape(-1, 3)
    piece.solid(corners, [(4 * i, 4 * i + 1, 4 * i + 2, 4 * i + 3) for i in range(count)], leaf)
    for spot in middle[::4]:
        piece.rod((0, 0, start - 0.05), tuple(spot), 0.006, leaf, sides=4)
    return Item(piece, 2 * wide, 2 * wide, high)


def _lampshade(rng: Draw, lit: float) -> Skin:
    made = materials.Nodes("shade", tone(rng, pale=0.75, vivid=0.2), rough=0.9)
    return made.done(glow=lit)


def floor_lamp(rng: Draw, lit: float = 0.0) -> Item:
    """A shade on a stem or a tripod."""
    piece, high, steel = Piece(), rng.uniform(1.2, 1.9), metal(rng)
    if rng.random() < 0.5:
        piece.lathe([(0.15, 0), (0.14, 0.03)], (0, 0, 0), steel)
        piece.rod((0, 0, 0), (0, 0, high - 0.1), 0.012, steel, sides=8)
    else:
        for turn in (0.3, 2.4, 4.5):
            piece.rod(
                (0, 0, high - 0.2), (0.3 * math.cos(turn), 0.3 * math.sin(turn), 0), 0.018, steel, sides=8
            )
    wide = rng.uniform(0.12, 0.28)
    piece.lathe(
        [(wide, high - rng.uniform(0.2, 0.4)), (wide * rng.uniform(0.5, 1), high)],
        (0, 0, 0),
        _lampshade(rng, lit),
    )
    return Item(piece, 0.5, 0.5, high)


def pendant(rng: Draw, drop: float, lit: float = 0.0) -> Item:
    """A lamp hanging from Z = 0 downwards."""
    piece, steel, wide = Piece(), metal(rng), rng.uniform(0.08, 0.35)
    piece.rod((0, 0, 0), (0, 0, -drop), 0.006, steel, sides=6)
    shade, high = _lampshade(rng, lit), rng.uniform(0.1, 0.35)
    piece.lathe([(wide, -drop - high), (wide * rng.uniform(0.2, 1), -drop)], (0, 0, 0), shade)
    return Item(piece, 2 * wide, 2 * wide, drop)


def fan(rng: Draw) -> Item:
    """A ceiling fan hanging from Z = 0 downwards, mostly with a lamp."""
    piece, steel, blade = Piece(), metal(rng), timber(rng)
    drop, long = rng.uniform(0.15, 0.4), rng.uniform(0.45, 0.65)
    piece.rod((0, 0, 0), (0, 0, -drop), 0.02, steel, sides=8)
    piece.lathe([(0.1, -drop - 0.12), (0.12, -drop)], (0, 0, 0), steel)
    first, count = rng.uniform(0, 2), int(rng.integers(3, 6))
    for turn in first + np.arange(count) * 2 * math.pi / count:
        at = ((0.1 + long / 2) * math.cos(turn), (0.1 + long / 2) * math.sin(turn), -drop - 0.05)
        piece.box((long, 0.13, 0.01), at, blade, turn=float(turn))
    if rng.random() < 0.7:
        glow = float(rng.choice([0.0, rng.uniform(0.5, 5)]))
        piece.lathe([(0.05, -drop - 0.25), (0.1, -drop - 0.12)], (0, 0, 0), _lampshade(rng, glow))
    return Item(piece, 2 * long, 2 * long, drop)


def screen(rng: Draw) -> Item:
    """A television: black, or with a picture on; stands on Z = 0."""
    width = rng.uniform(0.7, 1.7)
    piece, high = Piece(), width * 0.58
    piece.box(
        (width, 0.05, high), (0, 0, high / 2 + 0.05), materials.plain(rng, (0.01, 0.01, 0.012), rough=0.15)
    )
    if rng.random() < 0.3:
        at = (0, -0.027, high / 2 + 0.05)
        piece.box((width * 0.96, 0.004, high * 0.93), at, materials.artwork(rng, rng.uniform(0.3, 1.5)))
    return Item(piece, width, 0.1, high)


def kitchen(rng: Draw, *, width: float | None = None) -> Item:
    """A row of units with a worktop, wall units and mostly a tall one."""
    width = width or rng.uniform(1.6, 4.0)
    piece, front, top = Piece(), timber(rng), timber(rng)
    piece.box((width, 0.58, 0.78), (0, 0.02, 0.49), front)
    piece.box((width, 0.5, 0.1), (0, 0.05, 0.05), timber(rng))
    _fronts(piece, rng, (width, 0, 0.76), -0.27, 0.1, front)
    piece.box((width + 0.02, 0.62, 0.04), (0, 0, 0.9), top)
    if rng.random() < 0.6:
        piece.box((width, 0.01, 0.55), (0, 0.3, 1.2), materials.tiles(rng, large=False))
    if rng.random() < 0.8:
        wall = timber(rng) if rng.random() < 0.4 else front
        span = width * rng.uniform(0.4, 1)
        piece.box((span, 0.34, 0.7), (0, 0.14, 1.82), wall)
        _fronts(piece, rng, (span, 0, 0.7), -0.03, 1.47, wall)
    steel = metal(rng)
    piece.box(
        (0.58, 0.02, 0.58),
        (rng.uniform(-0.3, 0.3) * width, -0.29, 0.5),
        materials.plain(rng, (0.02, 0.02, 0.02), rough=0.2),
    )
    piece.rod((0.2, 0.2, 0.92), (0.2, 0.2, 1.2), 0.012, steel, sides=8)
    if rng.random() < 0.5:
        side, tall = rng.choice([-1, 1]), front if rng.random() < 0.5 else steel
        piece.box((0.6, 0.6, 2.1), (side * (width / 2 + 0.31), 0.01, 1.05), tall)
        width += 1.24
    return Item(piece, width, 0.64, 2.15, [(0, 0, 0.92, width * 0.6, 0.3)])


def radiator(rng: Draw) -> Item:
    """A panel or ribs, hanging a little over the floor; its back at +Y."""
    piece, width, high = Piece(), rng.uniform(0.5, 1.6), rng.uniform(0.4, 0.65)
    white = materials.plain(rng, tone(rng, pale=0.88, vivid=0.04), rough=0.5)
    piece.box((width, 0.06, high), (0, 0, 0.12 + high / 2), white, round_by=0.02)
    for x in np.arange(-width / 2 + 0.04, width / 2, 0.07):
        piece.box((0.03, 0.03, high * 0.94), (float(x), -0.04, 0.12 + high / 2), white)
    return Item(piece, width, 0.14, high)
