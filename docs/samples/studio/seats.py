"""What one sits and lies on."""

from __future__ import annotations

import itertools
import math

from training.materials import Skin

from . import skins
from .thing import Thing


def sofa(
    cloth: Skin, legs: Skin, *, width: float = 2.1, seats: int = 2, pillows: tuple[Skin, ...] = ()
) -> Thing:
    """Loose cushions on a low frame with slim arms."""
    made = Thing("sofa")
    depth, arm = 0.92, 0.16
    made.cushion((width, depth, 0.2), (0, 0, 0.25), cloth, puff=0.02)
    made.cushion((width - 0.06, 0.2, 0.52), (0, depth / 2 - 0.11, 0.56), cloth, lean=-6, puff=0.03)
    for side in (-1, 1):
        made.cushion((arm, depth, 0.44), (side * (width - arm) / 2, 0, 0.41), cloth, puff=0.04)
    each = (width - 2 * arm) / seats
    for i in range(seats):
        x = -width / 2 + arm + each * (i + 0.5)
        made.cushion((each - 0.01, 0.72, 0.17), (x, -0.08, 0.42), cloth, puff=0.1)
        made.cushion((each - 0.02, 0.19, 0.46), (x, 0.2, 0.67), cloth, lean=-14, puff=0.22)
    for i, skin in enumerate(pillows):
        side = -1 if i % 2 == 0 else 1
        x = side * (width / 2 - arm - 0.24 - 0.3 * (i // 2))
        made.cushion(
            (0.45, 0.16, 0.43), (x, 0.05 - 0.08 * (i // 2), 0.69), skin, lean=-24, turn=-9 * side, puff=0.42
        )
    made.legs(width - 0.2, depth - 0.2, 0.17, legs, thick=0.026)
    return made


def armchair(cloth: Skin, frame: Skin, *, pillow: Skin | None = None) -> Thing:
    """A lounge chair: upholstered seat and back in an open wooden frame."""
    made = Thing("armchair")
    made.cushion((0.6, 0.62, 0.16), (0, -0.03, 0.4), cloth, lean=4, puff=0.12)
    made.cushion((0.6, 0.17, 0.58), (0, 0.27, 0.68), cloth, lean=-17, puff=0.14)
    for side in (-1, 1):
        x = side * 0.345
        made.hard.rod((x, -0.33, 0.58), (x + side * 0.015, -0.36, 0), 0.024, frame, taper=0.62, sides=20)
        made.hard.rod((x, 0.33, 0.6), (x + side * 0.015, 0.46, 0), 0.024, frame, taper=0.62, sides=20)
        made.hard.box((0.055, 0.76, 0.026), (x, 0.0, 0.6), frame, lean=math.radians(2))
        made.hard.box((0.03, 0.68, 0.055), (x, 0.02, 0.3), frame, lean=math.radians(4))
    for y in (-0.32, 0.36):
        made.hard.box((0.69, 0.026, 0.05), (0, y, 0.29), frame)
    made.hard.box((0.6, 0.02, 0.05), (0, 0.41, 0.84), frame, lean=math.radians(-17))
    if pillow:
        made.cushion((0.46, 0.14, 0.34), (0, 0.13, 0.6), pillow, lean=-20, puff=0.4)
    return made


def dining_chair(frame: Skin, seat: Skin) -> Thing:
    """A curved back rail on four turned legs, a thin upholstered seat."""
    made = Thing("dining chair")
    made.cushion((0.46, 0.45, 0.06), (0, -0.01, 0.455), seat, puff=0.05)
    made.hard.box((0.42, 0.41, 0.025), (0, 0, 0.42), frame)
    for side in (-1, 1):
        made.hard.rod((side * 0.2, -0.19, 0.43), (side * 0.22, -0.22, 0), 0.019, frame, taper=0.65, sides=20)
        made.hard.rod((side * 0.2, 0.19, 0.43), (side * 0.22, 0.25, 0), 0.019, frame, taper=0.65, sides=20)
        made.hard.rod(
            (side * 0.2, 0.19, 0.43), (side * 0.215, 0.255, 0.78), 0.019, frame, taper=0.8, sides=20
        )
    arc = [math.radians(a) for a in range(-50, 51, 20)]
    spots = [(0.28 * math.sin(a), 0.05 + 0.23 * math.cos(a)) for a in arc]
    for (x, y), (u, v) in itertools.pairwise(spots):
        middle = ((x + u) / 2, (y + v) / 2, 0.74)
        made.hard.box(
            (math.hypot(u - x, v - y) + 0.012, 0.024, 0.13), middle, frame, turn=math.atan2(v - y, u - x)
        )
    return made


def office_chair(cloth: Skin, steel: Skin) -> Thing:
    """A task chair on a five-armed foot."""
    made = Thing("office chair")
    made.cushion((0.5, 0.48, 0.09), (0, 0, 0.48), cloth, puff=0.06)
    made.cushion((0.46, 0.08, 0.52), (0, 0.26, 0.86), cloth, lean=-9, puff=0.1)
    made.hard.rod((0, 0, 0.45), (0, 0, 0.09), 0.028, steel, sides=20)
    made.hard.box((0.06, 0.03, 0.36), (0, 0.31, 0.66), steel, lean=math.radians(-9))
    for i in range(5):
        turn = 2 * math.pi * i / 5 + 0.3
        foot = (0.31 * math.cos(turn), 0.31 * math.sin(turn))
        made.hard.rod((0, 0, 0.1), (*foot, 0.065), 0.02, steel, taper=0.7, sides=12)
        made.hard.rod(
            (foot[0] - 0.012, foot[1], 0.03), (foot[0] + 0.012, foot[1], 0.03), 0.03, steel, sides=16
        )
    for side in (-1, 1):
        made.hard.box((0.05, 0.26, 0.025), (side * 0.28, 0.02, 0.68), steel)
        made.hard.rod((side * 0.28, 0.08, 0.67), (side * 0.22, 0.08, 0.46), 0.014, steel, sides=12)
    return made


def bed(frame: Skin, linen: Skin, cover: Skin, pillow: Skin, *, width: float = 1.65) -> Thing:
    """A low frame with a padded headboard, a turned-down duvet, a throw over the foot and four pillows."""
    made, long = Thing("bed"), 2.04
    made.hard.box((width + 0.06, long + 0.04, 0.16), (0, 0, 0.23), frame)
    made.square_legs(width - 0.1, long - 0.1, 0.16, frame, thick=0.07)
    made.cushion((width, long, 0.24), (0, 0, 0.41), linen, puff=0.01)
    made.cushion((width + 0.12, 1.42, 0.2), (0, -0.36, 0.5), linen, puff=0.03)
    made.cushion((width + 0.13, 0.34, 0.23), (0, 0.33, 0.51), linen, puff=0.05)
    made.cushion((width + 0.16, 0.62, 0.215), (0, -0.56, 0.51), cover, puff=0.03)
    for x in (-1, 1):
        made.cushion((0.7, 0.2, 0.48), (x * width * 0.24, long / 2 - 0.16, 0.73), linen, lean=-24, puff=0.34)
        made.cushion(
            (0.64, 0.18, 0.42),
            (x * width * 0.23, long / 2 - 0.36, 0.69),
            pillow,
            lean=-34,
            turn=3 * x,
            puff=0.36,
        )
    count = 5
    for i in range(count):
        each = (width + 0.06) / count
        at = (-(width + 0.06) / 2 + each * (i + 0.5), long / 2 + 0.05, 0.66)
        made.cushion((each - 0.004, 0.1, 0.82), at, cover, puff=0.06)
    return made


def rug(field: Skin, border: Skin, motif: Skin, *, width: float = 2.4, depth: float = 1.7) -> Thing:
    """Wool with a border and a field of lozenges, fringes at both ends."""
    made = Thing("rug")
    made.hard.box((width, depth, 0.012), (0, 0, 0.006), border)
    made.hard.box((width - 0.2, depth - 0.2, 0.012), (0, 0, 0.0075), field)
    columns, rows = round((width - 0.3) / 0.34), round((depth - 0.3) / 0.34)
    for i in range(columns):
        for j in range(rows):
            at = ((i - (columns - 1) / 2) * 0.34, (j - (rows - 1) / 2) * 0.34, 0.0088)
            if (i + j) % 2 == 0:
                made.hard.box((0.17, 0.17, 0.012), at, motif, turn=math.pi / 4)
                made.hard.box((0.08, 0.08, 0.012), (at[0], at[1], 0.0095), border, turn=math.pi / 4)
            else:
                made.hard.box((0.05, 0.05, 0.012), at, motif, turn=math.pi / 4)
    for side in (-1, 1):
        for i in range(int(depth / 0.022)):
            at = (side * (width / 2 + 0.028), -depth / 2 + 0.011 + 0.022 * i, 0.003)
            made.hard.box((0.06, 0.007, 0.004), at, field, turn=0.08 * math.sin(7.0 * i))
    return made


def plain_rug(skin: Skin, *, width: float = 2.0, depth: float = 1.4) -> Thing:
    """One even cloth."""
    made = Thing("rug")
    made.cushion((width, depth, 0.024), (0, 0, 0.012), skin, puff=0.0)
    return made


def pouf(cloth: Skin) -> Thing:
    """A round seat of knitted wool."""
    made = Thing("pouf")
    profile = [(0.18, 0.0), (0.25, 0.05), (0.275, 0.16), (0.26, 0.28), (0.2, 0.34), (0.05, 0.36)]
    made.hard.lathe(profile, (0, 0, 0), cloth, sides=40)
    return made


def default_cloths() -> tuple[Skin, Skin, Skin]:
    """Petrol, sand, rust: the house's own colours."""
    return skins.cloth("4f6f74"), skins.cloth("cbbd9f"), skins.cloth("a85f3c")
