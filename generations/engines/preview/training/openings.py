"""Windows with their view and curtains, and doors, for the holes in a wall."""

from __future__ import annotations

from . import materials
from .kinds import DOOR, OTHER, WINDOW
from .materials import Draw, Skin, tone
from .shapes import Piece
from .shell import Opening, Shell, Wall


def put_window(rng: Draw, shell: Shell, wall: Wall, one: Opening, reveal: float) -> None:
    """Frame, bars, sill, what is seen outside, and curtains."""
    frame, piece = (
        materials.plain(rng, tone(rng, pale=rng.choice([0.08, 0.9, 0.9]), vivid=0.1), rough=0.4),
        Piece(),
    )
    bar, middle = rng.uniform(0.03, 0.08), (one.low + one.high) / 2
    height, y = one.high - one.low, max(0.02, reveal - 0.03)
    columns = max(1, round(one.width / rng.uniform(0.5, 1.4)))
    for i in range(columns + 1):
        x = one.x + (i / columns - 0.5) * (one.width - bar)
        piece.box((bar, 0.05, height), (x, y, middle), frame)
    rows = int(rng.choice([1, 1, 2, 3]))
    for j in range(rows + 1):
        z = middle + (j / rows - 0.5) * (height - bar)
        piece.box((one.width, 0.05, bar if j in (0, rows) else bar * 0.6), (one.x, y, z), frame)
    if one.low > 0.2 and rng.random() < 0.6:
        piece.box((one.width + 0.08, reveal + 0.1, 0.03), (one.x, reveal / 2 - 0.05, one.low), frame)
    place = {"at": (*wall.at, 0.0), "turn": wall.turn}
    piece.build("window", WINDOW, **place)
    outside = Piece()
    outside.solid(
        [(one.x - 7, 3, -2), (one.x + 7, 3, -2), (one.x + 7, 3, 6), (one.x - 7, 3, 6)],
        [(0, 1, 2, 3)],
        view_outside(rng),
    )
    shell.backdrops.append(outside.build("outside", WINDOW, **place))
    _dress(rng, shell, wall, one)


def view_outside(rng: Draw) -> Skin:
    """What is seen outside: sky over green, houses or haze."""
    made = materials.Nodes("view", (0.8, 0.85, 0.9))
    where = made.add("TexCoord").outputs["UV"]
    noise = made.add("TexNoise", Vector=where, Scale=rng.uniform(0.5, 3), Detail=8.0)
    high = made.add("SeparateXYZ", Vector=where).outputs["Y"]
    tilt = made.add("MapRange", Value=high)
    for name, value in (("From Min", rng.uniform(-1.5, 1.0)), ("From Max", rng.uniform(1.2, 4.0))):
        tilt.inputs[name].default_value = value
    mixed = made.add("Math", Value=tilt.outputs[0])
    made.tree.links.new(noise.outputs["Fac"], mixed.inputs[1])
    green, far = tone(rng, pale=0.35, vivid=0.4), tone(rng, pale=0.6, vivid=0.2)
    sky = [(0.95, 0.97, 1.0), (0.45, 0.65, 0.95), (0.9, 0.6, 0.4)][int(rng.integers(3))]
    stops = [
        (0.2, green),
        (rng.uniform(0.4, 0.55), materials.shade(green, 0.6)),
        (rng.uniform(0.58, 0.7), far),
        (0.8, sky),
    ]
    return made.done(made.ramp(mixed.outputs[0], stops), glow=1.0)


def _dress(rng: Draw, shell: Shell, wall: Wall, one: Opening) -> None:
    """Curtains, sheers or a blind."""
    pick, place = rng.random(), {"at": (*wall.at, 0.0), "turn": wall.turn}
    top = min(shell.height - 0.03, one.high + rng.uniform(0.05, 0.3))
    if pick < 0.45:
        piece, bottom = Piece(), rng.choice([0.02, max(0.02, one.low - 0.1)], p=[0.8, 0.2])
        skin = (
            materials.pile(rng) if rng.random() < 0.7 else materials.pattern(rng, size=rng.uniform(0.05, 0.3))
        )
        if rng.random() < 0.2:
            skin = materials.sheer(rng)
        for side in (-1, 1):
            wide = (
                rng.uniform(0.15, 0.5) if rng.random() < 0.75 else 0.62
            ) * one.width  # the latter is closed
            at = (
                one.x + side * (one.width / 2 + 0.1 - wide / 2 * rng.uniform(0, 0.8)),
                -rng.uniform(0.08, 0.15),
                top,
            )
            piece.sheet(
                (wide, top - bottom),
                at,
                skin,
                folds=rng.uniform(4, 10),
                deep=rng.uniform(0.015, 0.05),
                phase=rng.uniform(0, 6),
            )
        piece.rod(
            (one.x - one.width * 0.7, -0.1, top),
            (one.x + one.width * 0.7, -0.1, top),
            0.012,
            materials.plain(rng, tone(rng)),
            sides=6,
        )
        piece.build("curtain", OTHER, **place)
    elif pick < 0.55:
        piece, drop = Piece(), rng.uniform(0.15, 0.9) * (one.high - one.low)
        piece.box((one.width * 0.97, 0.01, drop), (one.x, 0.01, one.high - drop / 2), materials.pile(rng))
        piece.build("blind", OTHER, **place)


def put_door(rng: Draw, wall: Wall, one: Opening, reveal: float) -> None:
    """A closed leaf with panels and a handle, or a way into the next room."""
    piece, place = Piece(), {"at": (*wall.at, 0.0), "turn": wall.turn}
    leaf = (
        materials.wood(rng)
        if rng.random() < 0.4
        else materials.plain(rng, tone(rng, pale=0.85, vivid=0.08), rough=0.4)
    )
    trim, high = rng.uniform(0.04, 0.1), one.high
    for side in (-1, 1):
        piece.box(
            (trim, 0.03, high + trim), (one.x + side * (one.width + trim) / 2, -0.01, (high + trim) / 2), leaf
        )
    piece.box((one.width, 0.03, trim), (one.x, -0.01, high + trim / 2), leaf)
    if rng.random() < 0.72:
        y = min(reveal, 0.04) + 0.02
        piece.box((one.width, 0.04, high), (one.x, y, high / 2), leaf)
        rows = int(rng.integers(0, 4))
        for j in range(rows):
            tall = high * 0.85 / rows
            inner = leaf if rng.random() < 0.8 else materials.plain(rng, tone(rng))
            piece.box(
                (one.width * 0.68, 0.02, tall * 0.8),
                (one.x, y - 0.025, high * 0.08 + tall * (j + 0.5)),
                inner,
                round_by=0.008,
            )
        steel = materials.plain(rng, (0.5, 0.5, 0.5), rough=0.3, metal=1.0)
        piece.box((0.12, 0.03, 0.02), (one.x + one.width * 0.36, y - 0.05, 1.03), steel)
    else:
        skin, away = materials.paint(rng), rng.uniform(1.0, 3.0)
        piece.solid(
            [(one.x - 2, away, 0), (one.x + 2, away, 0), (one.x + 2, away, 3), (one.x - 2, away, 3)],
            [(0, 1, 2, 3)],
            skin,
        )
        piece.solid(
            [(one.x - 2, reveal, 0), (one.x + 2, reveal, 0), (one.x + 2, away, 0), (one.x - 2, away, 0)],
            [(0, 1, 2, 3)],
            materials.floor_skin(rng),
        )
    piece.build("door", DOOR, **place)
