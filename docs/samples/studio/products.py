"""Product shots: each a thing, and the camera that looks at it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from . import cases, seats, skins
from .thing import Thing

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Shot:
    """`at` and `toward` in metres, `lens` for 36 mm film; `turn` of the thing in degrees."""

    thing: Callable[[], Thing]
    at: Point
    toward: Point
    lens: float = 62
    size: tuple[int, int] = (800, 600)
    turn: float = 0.0
    flat_light: bool = False


def _legs() -> object:
    return skins.wood("6d4a30", upright=True)


SHOTS: dict[str, Shot] = {
    "sofa": Shot(
        lambda: seats.sofa(
            skins.cloth("4f6f74"),
            skins.wood("5b3b25", upright=True),
            pillows=(skins.cloth("c58a3e"), skins.cloth("d9d0be")),
        ),
        (0.9, -5.2, 1.35),
        (0, 0, 0.42),
        74,
        turn=0,
    ),
    "armchair": Shot(
        lambda: seats.armchair(skins.cloth("b9a98a"), skins.wood("8a5c38", upright=True)),
        (1.5, -3.4, 1.25),
        (0, 0, 0.47),
        82,
        (800, 800),
    ),
    "coffee-table": Shot(
        lambda: cases.coffee_table(skins.wood("b48a5c"), skins.wood("9c7449", upright=True)),
        (0.75, -3.3, 1.2),
        (0, 0, 0.2),
        78,
    ),
    "dining-table": Shot(
        lambda: cases.dining_table(skins.wood("a5794c"), skins.wood("946a41", upright=True)),
        (1.0, -4.8, 1.55),
        (0, 0, 0.36),
        74,
    ),
    "dining-chair": Shot(
        lambda: seats.dining_chair(skins.wood("7a5236", upright=True), skins.cloth("8c9a86")),
        (1.4, -3.0, 1.3),
        (0, 0, 0.38),
        82,
        (800, 800),
    ),
    "bookshelf": Shot(
        lambda: cases.bookshelf(skins.wood("a37a50", upright=True)),
        (0.6, -5.4, 1.45),
        (0, 0, 0.95),
        80,
        (600, 800),
    ),
    "sideboard": Shot(
        lambda: cases.sideboard(skins.wood("8d6440"), skins.plain("2b2a29", rough=0.4), dressed=False),
        (0.5, -4.4, 1.1),
        (0, 0, 0.35),
        76,
    ),
    "floor-lamp": Shot(
        lambda: cases.floor_lamp(
            skins.plain("b08d57", rough=0.28, metal=1), skins.cloth("e9dfc9", weave=700)
        ),
        (0, -5.2, 1.25),
        (0, 0, 0.77),
        82,
        (600, 800),
    ),
    "plant": Shot(
        lambda: cases.plant(skins.plain("c07b52", rough=0.75), skins.leaf()),
        (0, -4.2, 1.2),
        (0, 0, 0.6),
        80,
        (600, 800),
    ),
    "rug": Shot(
        lambda: seats.rug(
            skins.cloth("ddd2bd", weave=350),
            skins.cloth("2e4057", weave=350),
            skins.cloth("a4553a", weave=350),
        ),
        (0, -0.01, 5),
        (0, 0, 0),
        62,
        flat_light=True,
    ),
    "bed": Shot(
        lambda: seats.bed(
            skins.wood("8d6440"), skins.cloth("cfc5b2"), skins.cloth("5f7279"), skins.cloth("a98f6c")
        ),
        (1.7, -6.2, 2.0),
        (0, 0.1, 0.45),
        74,
    ),
    "mirror": Shot(
        lambda: cases.mirror(skins.plain("b08d57", rough=0.25, metal=1)),
        (0, -4, 0.4),
        (0, 0, 0.4),
        130,
        (800, 800),
        flat_light=True,
    ),
    "picture": Shot(
        lambda: cases.framed(
            skins.picture("e7ddc9", "c97b4a", "3f5d63", "d9b26a", scale=3.2, shift=2.0),
            skins.wood("3b2c22", upright=True),
        ),
        (0, -4, 0.45),
        (0, 0, 0.45),
        110,
        (660, 800),
        flat_light=True,
    ),
}
