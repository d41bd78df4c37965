"""Procedural materials: square, seamless albedo textures in linear light, drawn once and kept."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import cv2
import numpy as np

from generations.engines.preview.arrays import Floats, colour, floats

SIDE = 1024  # pixels of a texture
METRES = 3.2  # what a texture covers
_VARIANT_STEP = 0.12  # how much lighter or darker the second and third variation of a material are

Painter = Callable[[np.random.Generator], Floats]


@lru_cache(maxsize=6)  # twelve megabytes each
def texture(name: str, variant: int = 0) -> Floats:
    """The material's albedo, (SIDE, SIDE, 3). Variants 1 and 2 are the same material from another batch."""
    random = np.random.default_rng(1000 + 17 * variant + sum(map(ord, name)))
    painted = _PAINTERS[name](random)
    shift = (0.0, -_VARIANT_STEP, _VARIANT_STEP)[variant % 3]
    painted = painted * floats([1 + shift * 0.8, 1 + shift, 1 + shift * 1.3])
    painted.setflags(write=False)
    return floats(np.clip(painted, 0.005, 0.92))


def mean_colour(name: str, variant: int = 0) -> Floats:
    """The material's average albedo, (3,)."""
    return floats(texture(name, variant).mean((0, 1)))


def tinted(name: str, variant: int, paint: Floats) -> Floats:
    """The material's pattern in another colour: "grey carpet", "black tiles"."""
    base = texture(name, variant)
    return floats(np.clip(base * (paint / np.maximum(base.mean((0, 1)), 0.02)), 0.005, 0.92))


# Noise that wraps around, so that the texture has no seam


def _noise(random: np.random.Generator, rows: int, columns: int) -> Floats:
    """Smooth seamless noise of mean 0 and spread 1 with about `rows` by `columns` features."""
    grid = random.normal(size=(rows, columns)).astype(np.float32)
    grid = np.pad(grid, ((2, 2), (2, 2)), mode="wrap")
    scale_y, scale_x = SIDE / rows, SIDE / columns
    big = cv2.resize(
        grid, (round((columns + 4) * scale_x), round((rows + 4) * scale_y)), interpolation=cv2.INTER_CUBIC
    )
    top, left = round(2 * scale_y), round(2 * scale_x)
    part = floats(big)[top : top + SIDE, left : left + SIDE]
    return floats((part - part.mean()) / (part.std() + 1e-6))


def _clouds(random: np.random.Generator, coarse: int, octaves: int) -> Floats:
    """Noise of several sizes, each half as strong as the one before."""
    total = np.zeros((SIDE, SIDE), np.float32)
    for octave in range(octaves):
        total += _noise(random, coarse << octave, coarse << octave) * 0.5**octave
    return floats(total / total.std())


def _grid() -> tuple[Floats, Floats]:
    """Row and column numbers of the pixels."""
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    return floats(y), floats(x)


def _shade(base: Floats, amount: Floats, tint: Floats | None = None) -> Floats:
    """`base` lightened or darkened by exp(amount); `tint` says how strongly each channel follows."""
    follow = floats([1, 1, 1]) if tint is None else tint
    return floats(base * np.exp(amount[..., None] * follow))


def _pick(random: np.random.Generator, identity: Floats) -> Floats:
    """One random number of spread 1 for each distinct integer in `identity`."""
    table = random.normal(size=4096).astype(np.float32)
    return floats(table[identity.astype(np.int64) % 4096])


# Wood


def _grained(
    random: np.random.Generator, base: str, identity: Floats, along_rows: Floats, gap: Floats
) -> Floats:
    """Boards: `identity` tells them apart, `along_rows` is 1 where the grain runs down, `gap` is 1 in the joints."""
    fine_down, fine_across = _noise(random, 24, 512), _noise(random, 512, 24)
    wide_down, wide_across = _noise(random, 6, 96), _noise(random, 96, 6)
    grain = along_rows * (0.6 * fine_down + wide_down) + (1 - along_rows) * (0.6 * fine_across + wide_across)
    board = np.clip(_pick(random, identity), -1.8, 1.8)
    amount = 0.055 * grain + 0.13 * board - 0.75 * gap
    reddish = floats([0.75, 1.0, 1.35])
    return _shade(colour(base), floats(amount), reddish)


def _boards(random: np.random.Generator, base: str, across: int = 20, length: float = 1.6) -> Floats:
    """Straight boards running down the texture, ends staggered."""
    y, x = _grid()
    board_width = SIDE / across
    column = np.floor(x / board_width)
    length_px = SIDE * length / METRES
    offset = random.uniform(0, length_px, across).astype(np.float32)[column.astype(int)]
    piece = np.floor(((y + offset) % SIDE) / length_px)
    into, along = x % board_width, ((y + offset) % SIDE) % length_px
    gap = np.clip(1.3 - np.minimum(into, board_width - into), 0, 1) + np.clip(
        1.2 - np.minimum(along, length_px - along), 0, 1
    )
    return _grained(random, base, floats(column * 31 + piece), np.ones_like(x), floats(np.clip(gap, 0, 1)))


def _herringbone(
    random: np.random.Generator, base: str = "b98a58", repeat: int = 4, cells: int = 32
) -> Floats:
    """Blocks one cell wide and `repeat` long; a cell's diagonal says whether its block lies or stands."""
    y, x = _grid()
    size = SIDE / cells
    row, column = np.floor(y / size), np.floor(x / size)
    diagonal = np.mod(column - row, 2 * repeat)
    lies = (diagonal < repeat).astype(np.float32)
    within = lies * diagonal + (1 - lies) * (2 * repeat - 1 - diagonal)  # cells from the block's start
    start_column, start_row = column - lies * within, row - (1 - lies) * within
    identity = np.mod(start_column, cells) * 67 + np.mod(start_row, cells) * 5 + lies * 1999
    along = within * size + np.where(lies > 0, x % size, y % size)
    across = np.where(lies > 0, y % size, x % size)
    edge = np.minimum(np.minimum(across, size - across), np.minimum(along, repeat * size - along))
    return _grained(random, base, floats(identity), floats(1 - lies), floats(np.clip(1.2 - edge, 0, 1)))


def _panelling(random: np.random.Generator) -> Floats:
    wood = _boards(random, "8d6440", across=40, length=METRES)
    _, x = _grid()
    into = x % (SIDE / 40)
    groove = np.clip(3.5 - np.minimum(into, SIDE / 40 - into), 0, 3) / 3
    return _shade(wood, floats(-1.5 * groove))


# Stone, tile, cloth


def _tiles(
    random: np.random.Generator, base: str, grout: str, count: int, spread: float, second: str = ""
) -> Floats:
    """Square tiles, `count` to a side; `second` makes it a checkerboard."""
    y, x = _grid()
    size = SIDE / count
    row, column = np.floor(y / size), np.floor(x / size)
    identity = floats(row * 61 + column)
    tone = 0.05 * _clouds(random, 8, 4) + spread * _pick(random, identity)
    face = _shade(colour(base), floats(tone))
    if second:
        face = np.where((np.mod(row + column, 2) > 0)[..., None], _shade(colour(second), floats(tone)), face)
    edge = np.minimum(np.minimum(x % size, size - x % size), np.minimum(y % size, size - y % size))
    joint = np.clip(2.2 - edge, 0, 1)[..., None]
    return floats(face * (1 - joint) + colour(grout) * joint)


def _marble(random: np.random.Generator) -> Floats:
    warp = 1.1 * _clouds(random, 3, 4)
    veins = np.exp(-np.abs(_clouds(random, 3, 5) + 0.35 * warp) * 9) * np.clip(
        0.5 + 0.5 * _noise(random, 4, 4), 0, 1.4
    )
    hair = np.exp(-np.abs(_clouds(random, 6, 4)) * 22) * 0.35
    face = _shade(colour("ebe8e3"), floats(-0.65 * veins - 0.3 * hair + 0.03 * warp), floats([1, 0.98, 0.94]))
    y, x = _grid()
    size = SIDE / 4
    edge = np.minimum(np.minimum(x % size, size - x % size), np.minimum(y % size, size - y % size))
    return _shade(face, floats(-0.45 * np.clip(1.4 - edge, 0, 1)))


def _concrete(random: np.random.Generator) -> Floats:
    amount = 0.09 * _clouds(random, 4, 6) + 0.025 * random.normal(size=(SIDE, SIDE))
    return _shade(colour("a3a19c"), floats(amount))


def _terrazzo(random: np.random.Generator) -> Floats:
    face = _shade(colour("ddd7cd"), floats(0.02 * _clouds(random, 8, 4)))
    for chip, threshold in (("8e8a86", 1.45), ("b9744f", 1.75), ("4d4f52", 1.8), ("c9b08a", 1.6)):
        grains = np.clip((_noise(random, 110, 110) - threshold) * 6, 0, 1)[..., None]
        face = floats(face * (1 - grains) + colour(chip) * grains)
    return face


def _carpet(random: np.random.Generator) -> Floats:
    pile = 0.10 * _noise(random, 512, 512) + 0.09 * _noise(random, 256, 256) + 0.03 * _clouds(random, 5, 3)
    return _shade(colour("b9ac9a"), floats(pile))


def _tatami(random: np.random.Generator) -> Floats:
    """Mats of one by two: rows of lying mats over rows of standing pairs, with dark cloth along the long sides."""
    y, x = _grid()
    half = SIDE / 4
    lying = np.mod(np.floor(y / half), 3) < 1
    straw = np.where(lying, np.sin(y * 2.1), np.sin(x * 2.1)) * 0.05 + 0.04 * _clouds(random, 6, 4)
    along_y = y % half
    along_x = x % half
    cloth = np.where(lying, np.minimum(along_y, half - along_y), np.minimum(along_x, half - along_x)) < 7
    end = np.where(lying, np.abs(x % (2 * half) - half), half) < 1.5
    face = _shade(colour("c3b681"), floats(straw + 0.05 * np.where(lying, 1, -1)))
    return floats(np.where((cloth | end)[..., None], colour("3c4136"), face))


def _brick(random: np.random.Generator) -> Floats:
    y, x = _grid()
    tall, long = SIDE / 40, SIDE / 14
    row = np.floor(y / tall)
    shifted = np.mod(x + np.mod(row, 2) * long / 2, SIDE)
    column = np.floor(shifted / long)
    tone = 0.14 * _pick(random, floats(row * 17 + column)) + 0.06 * _clouds(random, 24, 3)
    face = _shade(colour("a25f47"), floats(tone), floats([0.8, 1, 1.1]))
    edge = np.minimum(
        np.minimum(y % tall, tall - y % tall), np.minimum(shifted % long, long - shifted % long)
    )
    joint = np.clip((3.2 - edge) / 1.5, 0, 1)[..., None]
    return floats(
        face * (1 - joint) + _shade(colour("bcb3a6"), floats(0.05 * _clouds(random, 24, 3))) * joint
    )


_PAINTERS: dict[str, Painter] = {
    "oak": lambda random: _boards(random, "c09566"),
    "pale oak": lambda random: _boards(random, "d9bf98"),
    "smoked oak": lambda random: _boards(random, "6b4d37"),
    "walnut": lambda random: _boards(random, "68442e"),
    "pine": lambda random: _boards(random, "d6ae7a", across=16),
    "cherry": lambda random: _boards(random, "8f5233"),
    "herringbone": _herringbone,
    "tile": lambda random: _tiles(random, "d8d4cb", "a9a49a", 5, 0.02),
    "checkerboard": lambda random: _tiles(random, "ebe7df", "8d8a84", 8, 0.02, second="2e2d2f"),
    "marble": _marble,
    "terrazzo": _terrazzo,
    "terracotta": lambda random: _tiles(random, "bd7350", "c9b39b", 10, 0.09),
    "stone": lambda random: _tiles(random, "c6b79d", "a0927c", 4, 0.06),
    "slate": lambda random: _tiles(random, "5b6065", "44484b", 6, 0.12),
    "concrete": _concrete,
    "carpet": _carpet,
    "tatami": _tatami,
    "brick": _brick,
    "panelling": _panelling,
}
