"""Parametric furniture. Every piece stands on Z = 0 around the origin and faces -Y; its back is at +Y."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from . import materials
from .materials import Draw, Skin, tone
from .shapes import Piece


@dataclass
class Item:
    """A piece with its bounding size; `tops` are places for small things: x, y, z, width, depth."""

    piece: Piece
    width: float
    depth: float
    height: float
    tops: list[tuple[float, float, float, float, float]] = field(default_factory=list)


def cloth(rng: Draw) -> Skin:
    """Upholstery: mostly even, sometimes patterned or leather."""
    if rng.random() < 0.15:
        return materials.pattern(rng, size=rng.uniform(0.05, 0.4), vivid=0.35)
    if rng.random() < 0.2:
        return materials.plain(rng, tone(rng, pale=0.35, vivid=0.4), rough=rng.uniform(0.25, 0.5))
    return materials.pile(rng, tone(rng, pale=0.5, vivid=0.3))


def timber(rng: Draw) -> Skin:
    """What cases and tables are made of: wood, lacquer or metal."""
    pick = rng.random()
    if pick < 0.55:
        return materials.wood(rng)
    if pick < 0.92:
        white = tone(rng, pale=rng.choice([0.1, 0.5, 0.9]), vivid=0.2)
        return materials.plain(rng, white, rough=rng.uniform(0.1, 0.6))
    return metal(rng)


def metal(rng: Draw) -> Skin:
    """Chrome, brass, black steel."""
    base = [(0.7, 0.7, 0.7), (0.6, 0.4, 0.16), (0.03, 0.03, 0.03)][int(rng.integers(3))]
    return materials.plain(rng, base, rough=rng.uniform(0.1, 0.5), metal=1.0)


def _legs(
    piece: Piece, rng: Draw, skin: Skin, width: float, depth: float, height: float, thick: float = 0.025
) -> None:
    splay, square = rng.uniform(0, 0.06), rng.random() < 0.5
    for x in (-1, 1):
        for y in (-1, 1):
            foot = (x * (width / 2 - thick), y * (depth / 2 - thick), 0.0)
            if square:
                piece.box((2 * thick, 2 * thick, height), (foot[0], foot[1], height / 2), skin)
            else:
                top = (foot[0] - x * splay, foot[1] - y * splay, height)
                piece.rod(top, foot, thick, skin, taper=0.6, sides=8)


def _pillows(piece: Piece, rng: Draw, width: float, y: float, z: float, most: int = 5) -> None:
    for _ in range(int(rng.integers(0, most))):
        size = rng.uniform(0.3, 0.55)
        at = (rng.uniform(-0.45, 0.45) * width, y + rng.uniform(-0.05, 0.05), z + size * 0.42)
        piece.box(
            (size, 0.16, size * rng.uniform(0.6, 1)),
            at,
            cloth(rng),
            round_by=0.06,
            puff=0.35,
            lean=rng.uniform(-0.5, -0.1),
            turn=rng.uniform(-0.5, 0.5),
        )


def sofa(rng: Draw, *, width: float | None = None) -> Item:
    """From an armchair to a corner sofa, with arms or without, on legs or on the floor."""
    width = width or rng.uniform(1.4, 3.0)
    depth, seat, back = rng.uniform(0.75, 1.1), rng.uniform(0.35, 0.48), rng.uniform(0.65, 0.95)
    skin, piece = cloth(rng), Piece()
    clear = float(rng.choice([0.0, rng.uniform(0.05, 0.2)]))
    arm, soft = float(rng.choice([0.0, rng.uniform(0.08, 0.28)], p=[0.2, 0.8])), rng.uniform(0.02, 0.1)
    piece.box(
        (width, depth, seat - clear - 0.1), (0, 0, clear + (seat - clear - 0.1) / 2), skin, round_by=soft
    )
    thick = rng.uniform(0.12, 0.28)
    piece.box(
        (width, thick, back - clear), (0, depth / 2 - thick / 2, (back + clear) / 2), skin, round_by=soft
    )
    if arm:
        high = rng.uniform(seat + 0.08, back)
        for side in (-1, 1):
            at = (side * (width / 2 - arm / 2), 0, (high + clear) / 2)
            piece.box((arm, depth, high - clear), at, skin, round_by=soft)
    count = max(1, round((width - 2 * arm) / rng.uniform(0.6, 1.0)))
    each = (width - 2 * arm) / count
    cushion = skin if rng.random() < 0.8 else cloth(rng)
    for i in range(count):
        x = -width / 2 + arm + each * (i + 0.5)
        piece.box(
            (each * 0.98, depth - thick, 0.16), (x, -thick / 2, seat - 0.07), cushion, round_by=0.05, puff=0.1
        )
        if rng.random() < 0.8:
            at = (x, depth / 2 - thick - 0.08, seat + 0.2)
            piece.box(
                (each * 0.96, 0.18, rng.uniform(0.35, 0.5)), at, cushion, round_by=0.07, puff=0.25, lean=-0.2
            )
    if clear:
        _legs(piece, rng, timber(rng), width * 0.95, depth * 0.9, clear + 0.02)
    if width > 1.9 and rng.random() < 0.35:
        side, long = rng.choice([-1, 1]), rng.uniform(0.5, 1.0)
        at = (side * (width / 2 - 0.45), -depth / 2 - long / 2, clear + (seat - clear) / 2)
        piece.box((0.9, long, seat - clear), at, skin, round_by=soft)
        depth += 2 * long
    _pillows(piece, rng, width - 2 * arm, 0.05, seat)
    if rng.random() < 0.25:  # a blanket thrown over
        x = rng.uniform(-0.3, 0.3) * width
        front = min(-0.35, -depth / 2)
        piece.box((0.6, 0.7, 0.05), (x, front + 0.3, seat + 0.03), cloth(rng), round_by=0.02)
        piece.box((0.6, 0.05, seat * 0.8), (x, front - 0.03, seat * 0.62), piece.skins[-1], round_by=0.02)
    return Item(piece, width, depth, back, [(0, 0, seat, width - 2 * arm - 0.3, 0.3)])


def armchair(rng: Draw) -> Item:
    """A small sofa, or a shell on a foot."""
    if rng.random() < 0.65:
        return sofa(rng, width=rng.uniform(0.65, 1.05))
    piece, skin, seat = Piece(), cloth(rng), rng.uniform(0.38, 0.48)
    piece.box((0.7, 0.65, 0.16), (0, 0, seat), skin, round_by=0.07)
    piece.box((0.7, 0.16, rng.uniform(0.5, 0.8)), (0, 0.3, seat + 0.3), skin, round_by=0.07, lean=-0.25)
    for side in (-1, 1):
        piece.box((0.1, 0.5, 0.25), (side * 0.34, 0.05, seat + 0.18), skin, round_by=0.05)
    foot = metal(rng)
    piece.rod((0, 0, seat), (0, 0, 0.03), 0.03, foot)
    piece.lathe([(0.3, 0), (0.28, 0.02)], (0, 0, 0), foot)
    return Item(piece, 0.75, 0.75, 1.1)


def bed(rng: Draw) -> Item:
    """Frame, mattress, duvet, pillows and mostly a headboard."""
    width, length, high = rng.uniform(0.9, 2.0), rng.uniform(1.9, 2.15), rng.uniform(0.3, 0.6)
    piece, frame, linen = Piece(), cloth(rng) if rng.random() < 0.4 else timber(rng), cloth(rng)
    sheet = materials.plain(rng, tone(rng, pale=0.85, vivid=0.08), rough=1)
    piece.box((width, length, high * 0.55), (0, 0, high * 0.35), frame, round_by=0.02)
    piece.box((width * 0.97, length * 0.98, 0.22), (0, 0, high * 0.62 + 0.08), sheet, round_by=0.06)
    cover = rng.uniform(0.55, 0.85) * length
    at = (0, -(length - cover) / 2 - 0.02, high + 0.03)
    piece.box((width * 1.06, cover, rng.uniform(0.14, 0.3)), at, linen, round_by=0.08, puff=0.08)
    if rng.random() < 0.6:
        piece.box(
            (width * 1.08, rng.uniform(0.3, 0.7), 0.2),
            (0, -length * 0.28, high + 0.05),
            cloth(rng),
            round_by=0.06,
        )
    for i in range(max(1, round(width / 0.8))):
        x = (i + 0.5 - max(1, round(width / 0.8)) / 2) * width / max(1, round(width / 0.8))
        piece.box(
            (0.62, 0.42, 0.18), (x, length / 2 - 0.3, high + 0.16), sheet, round_by=0.07, puff=0.4, lean=0.3
        )
    _pillows(piece, rng, width, length / 2 - 0.55, high + 0.08, 4)
    if rng.random() < 0.85:
        head = rng.uniform(0.8, 1.4)
        wide = width * rng.choice([1.0, 1.1, 1.6], p=[0.6, 0.3, 0.1])
        piece.box((wide, 0.08, head), (0, length / 2 + 0.04, head / 2), frame, round_by=0.03)
    return Item(piece, width * 1.1, length + 0.16, 1.0)


def table(
    rng: Draw, *, width: float | None = None, depth: float | None = None, height: float | None = None
) -> Item:
    """Four legs, a pedestal, trestles or slabs; round or oblong."""
    width, depth = width or rng.uniform(0.5, 1.3), depth or rng.uniform(0.4, 0.8)
    height = height or rng.uniform(0.3, 0.5)
    top, legs, piece = timber(rng), timber(rng), Piece()
    thick, pick = rng.uniform(0.015, 0.06), rng.random()
    if pick < 0.3:
        width = depth = min(width, depth) * 1.15
        piece.lathe([(width / 2, height - thick), (width / 2, height)], (0, 0, 0), top, sides=28)
        if rng.random() < 0.5:
            piece.rod((0, 0, height - thick), (0, 0, 0.02), rng.uniform(0.03, 0.08), legs)
            piece.lathe([(width / 3, 0), (width / 3.3, 0.03)], (0, 0, 0), legs)
        else:
            _legs(piece, rng, legs, width * 0.7, depth * 0.7, height - thick)
    else:
        piece.box((width, depth, thick), (0, 0, height - thick / 2), top, round_by=min(0.01, thick / 3))
        if pick < 0.8:
            _legs(piece, rng, legs, width * 0.96, depth * 0.94, height - thick, rng.uniform(0.012, 0.04))
            if rng.random() < 0.3:
                piece.box((width * 0.9, depth * 0.85, 0.02), (0, 0, height * 0.3), top)
        elif pick < 0.9:
            for x in (-1, 1):
                piece.box(
                    (thick, depth, height - thick),
                    (x * (width / 2 - thick / 2), 0, (height - thick) / 2),
                    top,
                )
        else:
            piece.box(
                (width * 0.9, depth * 0.85, height - thick), (0, 0, (height - thick) / 2), legs, round_by=0.02
            )
    return Item(piece, width, depth, height, [(0, 0, height, width * 0.8, depth * 0.7)])


def desk(rng: Draw) -> Item:
    """A work table, often with a screen on it."""
    item = table(rng, width=rng.uniform(1.0, 1.8), depth=rng.uniform(0.5, 0.8), height=rng.uniform(0.7, 0.78))
    if rng.random() < 0.6:
        black = materials.plain(rng, (0.02, 0.02, 0.02), rough=0.3)
        glow = float(rng.choice([0.0, rng.uniform(0.3, 2)]))
        item.piece.box((0.6, 0.03, 0.36), (0, 0.1, item.height + 0.3), black)
        item.piece.box((0.57, 0.01, 0.33), (0, 0.08, item.height + 0.3), materials.artwork(rng, glow))
        item.piece.rod((0, 0.1, item.height + 0.2), (0, 0.1, item.height), 0.03, black)
    return item


def chair(rng: Draw) -> Item:
    """A dining or desk chair, sometimes a stool."""
    piece, frame = Piece(), timber(rng)
    seat = cloth(rng) if rng.random() < 0.5 else frame
    width, depth, high = rng.uniform(0.38, 0.52), rng.uniform(0.4, 0.52), rng.uniform(0.43, 0.48)
    if rng.random() < 0.15:
        high = rng.uniform(0.45, 0.75)
        piece.lathe([(0.17, high - 0.05), (0.18, high)], (0, 0, 0), seat)
        _legs(piece, rng, frame, 0.34, 0.34, high - 0.04, 0.015)
        return Item(piece, 0.4, 0.4, high)
    piece.box((width, depth, 0.05), (0, 0, high), seat, round_by=0.02)
    if rng.random() < 0.2:
        foot = metal(rng)
        piece.rod((0, 0, high), (0, 0, 0.06), 0.03, foot)
        for turn in np.arange(5) * 2 * math.pi / 5:
            piece.rod((0, 0, 0.1), (0.3 * math.cos(turn), 0.3 * math.sin(turn), 0.04), 0.02, foot, sides=6)
    else:
        _legs(piece, rng, frame, width, depth, high, rng.uniform(0.01, 0.022))
    back = rng.uniform(0.35, 0.6)
    if rng.random() < 0.6:
        piece.box(
            (width, 0.04, back * 0.7), (0, depth / 2, high + back * 0.62), seat, round_by=0.015, lean=-0.12
        )
        for x in (-1, 1):
            piece.rod(
                (x * width * 0.4, depth / 2 - 0.03, high),
                (x * width * 0.4, depth / 2 + 0.02, high + back * 0.5),
                0.014,
                frame,
                sides=6,
            )
    else:
        for x in np.linspace(-0.45, 0.45, int(rng.integers(3, 7))) * width:
            piece.rod((x, depth / 2 - 0.03, high), (x, depth / 2 + 0.05, high + back), 0.011, frame, sides=6)
        piece.box((width, 0.03, 0.07), (0, depth / 2 + 0.05, high + back), frame, round_by=0.01)
    return Item(piece, width, depth + 0.1, high + back)


def rug(rng: Draw) -> Item:
    """Oblong or round, plain or patterned, with a border or without."""
    piece, width, depth = Piece(), rng.uniform(1.0, 3.4), rng.uniform(0.7, 2.6)
    field = (
        materials.pattern(rng, size=rng.uniform(0.08, 1.2), vivid=0.35)
        if rng.random() < 0.6
        else materials.pile(rng)
    )
    thick = rng.uniform(0.006, 0.03)
    if rng.random() < 0.15:
        width = depth = min(width, depth)
        piece.lathe([(width / 2, 0.0), (width / 2, thick)], (0, 0, 0), field, sides=32)
    else:
        piece.box((width, depth, thick), (0, 0, thick / 2), field)
        if rng.random() < 0.4:
            edge, border = rng.uniform(0.04, 0.25), materials.pile(rng)
            for side in (-1, 1):
                piece.box((width, edge, 0.003), (0, side * (depth - edge) / 2, thick), border)
                piece.box((edge, depth, 0.003), (side * (width - edge) / 2, 0, thick), border)
    return Item(piece, width, depth, thick)
