"""What is built in: kitchen units, hall furniture, lamps at the ceiling."""

from __future__ import annotations

from training.materials import Skin

from . import cases, skins
from .thing import Thing


def kitchen(front: Skin, top: Skin, splash: Skin, steel: Skin, *, width: float = 3.6) -> Thing:
    """Base units with a hob and a sink, a tiled splashback, wall units, an oven and a tall fridge on the left."""
    made, black = Thing("kitchen"), skins.plain("161718", rough=0.12)
    tall, left = 0.62, -width / 2
    base = left + tall
    units = width - tall
    made.hard.box((tall, 0.6, 2.2), (left + tall / 2, 0, 1.1), front)
    for low, high in ((0.1, 0.78), (0.8, 2.18)):
        _front(
            made,
            left + tall / 2,
            (low + high) / 2,
            tall - 0.01,
            high - low,
            front,
            steel,
            handle=0.2,
            upright=True,
        )
    made.hard.box((units, 0.5, 0.1), (base + units / 2, 0.03, 0.05), skins.plain("2a2a29", rough=0.6))
    made.hard.box((units, 0.56, 0.77), (base + units / 2, 0.02, 0.485), front)
    count = round(units / 0.6)
    each = units / count
    for i in range(count):
        x = base + each * (i + 0.5)
        if i == 1:
            made.hard.box((each - 0.01, 0.02, 0.58), (x, -0.27, 0.47), black)
            made.hard.box((each - 0.1, 0.03, 0.018), (x, -0.305, 0.71), steel)
            made.hard.box(
                (each - 0.01, 0.02, 0.11), (x, -0.27, 0.82), skins.plain("c9cac8", rough=0.3, metal=1)
            )
        elif i % 2 == 0:
            for z, high in ((0.76, 0.22), (0.37, 0.52)):
                _front(made, x, z, each - 0.01, high, front, steel)
        else:
            _front(made, x, 0.49, each - 0.01, 0.76, front, steel)
    made.hard.box((units + 0.01, 0.63, 0.035), (base + units / 2, -0.005, 0.89), top)
    made.hard.box((units, 0.012, 0.56), (base + units / 2, 0.292, 1.187), splash)
    made.hard.box((0.56, 0.5, 0.006), (base + each * 1.5, -0.01, 0.911), black)
    made.hard.box(
        (0.5, 0.4, 0.004), (base + each * 3.4, -0.01, 0.909), skins.plain("8d8f90", rough=0.25, metal=1)
    )
    made.hard.rod((base + each * 3.4, 0.2, 0.9), (base + each * 3.4, 0.2, 1.2), 0.013, steel)
    made.hard.rod((base + each * 3.4, 0.2, 1.19), (base + each * 3.4, 0.02, 1.17), 0.011, steel)
    for i in range(count):
        if i != 1:
            x = base + each * (i + 0.5)
            made.hard.box((each - 0.002, 0.33, 0.7), (x, 0.135, 1.83), front)
            made.hard.box((each - 0.01, 0.02, 0.69), (x, -0.038, 1.83), front)
            made.hard.box((0.1, 0.02, 0.012), (x, -0.056, 1.52), steel)
    made.hard.box(
        (each, 0.3, 0.22), (base + each * 1.5, 0.15, 1.7), skins.plain("c9cac8", rough=0.3, metal=1)
    )
    made.hard.box(
        (0.24, 0.24, 0.8), (base + each * 1.5, 0.18, 2.2), skins.plain("c9cac8", rough=0.3, metal=1)
    )
    cases.bowl(made, (base + each * 2.5, 0.05, 0.908), skins.plain("d8cfc0", rough=0.5), 0.8)
    for k, shade in enumerate(("b06a48", "e6ded0", "54635d")):
        cases.vase(made, (base + 0.14 + 0.13 * k, 0.16, 0.908), skins.plain(shade, rough=0.5), 0.75)
    return made


def _front(
    made: Thing,
    x: float,
    z: float,
    wide: float,
    high: float,
    skin: Skin,
    steel: Skin,
    *,
    handle: float = 0.14,
    upright: bool = False,
) -> None:
    made.hard.box((wide, 0.02, high - 0.008), (x, -0.27 if not upright else -0.308, z), skin)
    y = -0.292 if not upright else -0.33
    size = (0.012, 0.02, handle) if upright else (handle, 0.02, 0.012)
    at = (x + wide / 2 - 0.05, y, z) if upright else (x, y, z + high / 2 - 0.045)
    made.hard.box(size, at, steel)


def console(top: Skin) -> Thing:
    """A narrow table with a lamp and a bowl on it."""
    made, black = Thing("console"), skins.plain("232221", rough=0.4)
    made.hard.box((1.0, 0.32, 0.03), (0, 0, 0.81), top)
    made.hard.box((0.94, 0.28, 0.02), (0, 0, 0.2), top)
    made.square_legs(0.98, 0.3, 0.8, black, thick=0.022)
    cases.bowl(made, (0.25, 0, 0.825), skins.plain("e6ded0", rough=0.4), 0.7)
    cases.vase(made, (-0.3, 0, 0.825), skins.plain("54635d", rough=0.5), 1.3)
    return made


def hooks(board: Skin, coats: tuple[Skin, ...]) -> Thing:
    """A board with pegs, and coats on some of them; its upper edge near the origin."""
    made, black = Thing("hooks"), skins.plain("232221", rough=0.4)
    made.hard.box((1.0, 0.02, 0.1), (0, -0.01, 0), board)
    for i in range(5):
        x = -0.4 + 0.2 * i
        made.hard.rod((x, -0.02, 0), (x, -0.08, 0.02), 0.008, black, sides=12)
    for number, (coat, x) in enumerate(zip(coats, (-0.4, 0.2), strict=False)):
        for layer, wide in enumerate((0.34, 0.26)):
            at = (x, -0.05 - 0.05 * layer, 0.02)
            made.hard.sheet(
                (wide, 0.98 - 0.12 * layer), at, coat, folds=5, deep=0.035, phase=number + 2.0 * layer
            )
    return made


def ceiling_lamp(steel: Skin, shade: Skin) -> Thing:
    """A flat drum, from Z = 0 down."""
    made = Thing("ceiling lamp")
    made.hard.lathe([(0.06, -0.03), (0.06, 0)], (0, 0, 0), steel, sides=32)
    made.hard.lathe([(0.15, -0.13), (0.17, -0.11), (0.17, -0.03)], (0, 0, 0), shade, sides=56)
    return made
