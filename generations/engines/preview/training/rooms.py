"""Bare rooms: floor, ceiling and four walls with openings, and what breaks the box (chimney breasts, slopes, beams)."""

from __future__ import annotations

import math

import numpy as np

from . import materials
from .kinds import CEILING, DOOR, FLOOR, WALL, WINDOW
from .materials import Draw, Skin, ceiling_skin, floor_skin, tone, wall_skin
from .openings import put_door, put_window, view_outside
from .shapes import Piece
from .shell import Opening, Shell, Wall

_TURNS = (
    0.0,
    -math.pi / 2,
    math.pi,
    math.pi / 2,
)  # back, right, front, left: a piece at that wall faces the room


def draw_shell(rng: Draw) -> Shell:
    """Decides on sizes and openings and builds the bare room."""
    width, depth = rng.uniform(2.4, 6.0), rng.uniform(2.6, 7.0)
    height = float(np.clip(rng.normal(2.65, 0.3), 2.2, 4.0))
    sizes = (width, depth, width, depth)
    spots = ((0, depth / 2), (width / 2, 0), (0, -depth / 2), (-width / 2, 0))
    walls = [Wall(size, at, turn) for size, at, turn in zip(sizes, spots, _TURNS, strict=True)]
    shell = Shell(width, depth, height, walls)
    for wall in walls:
        _pierce(rng, wall, height)
    if not any(o.kind == WINDOW for wall in walls for o in wall.openings) and rng.random() < 0.8:
        _pierce(rng, walls[int(rng.integers(4))], height, sure=True)
    _build_planes(rng, shell)
    paint_of_all, white = wall_skin(rng), materials.plain(rng, tone(rng, pale=0.9, vivid=0.04), rough=0.4)
    for wall in walls:
        _build_wall(rng, shell, wall, paint_of_all if rng.random() < 0.75 else wall_skin(rng), white)
    _break_the_box(rng, shell, paint_of_all)
    return shell


def _pierce(rng: Draw, wall: Wall, height: float, *, sure: bool = False) -> None:
    """Windows and doors at random places that do not touch."""
    for _ in range(int(rng.choice([0, 1, 2, 3], p=[0.35, 0.35, 0.2, 0.1])) if not sure else 1):
        if sure or rng.random() < 0.65:
            tall = rng.random() < 0.25
            low = 0.02 if tall else rng.uniform(0.4, 1.2)
            high = min(height - 0.1, rng.uniform(2.0, 2.5) if tall else low + rng.uniform(0.6, 1.7))
            new = Opening(0, min(rng.uniform(0.6, 3.2), wall.length - 0.5), low, high, WINDOW)
        else:
            new = Opening(0, min(rng.uniform(0.75, 1.6), wall.length - 0.5), 0, rng.uniform(1.95, 2.15), DOOR)
        room = (wall.length - new.width) / 2 - 0.1
        new.x = rng.uniform(-room, room)
        if all(abs(new.x - one.x) > (new.width + one.width) / 2 + 0.12 for one in wall.openings):
            wall.openings.append(new)


def _build_planes(rng: Draw, shell: Shell) -> None:
    x, y, h = shell.width / 2, shell.depth / 2, shell.height
    corners = np.array([(-x, -y, 0), (x, -y, 0), (x, y, 0), (-x, y, 0)], float)
    for kind, points, skin in (
        (FLOOR, corners, floor_skin(rng)),
        (CEILING, corners + np.array([0, 0, h]), ceiling_skin(rng)),
    ):
        piece = Piece()
        piece.solid(points, [(0, 1, 2, 3)], skin)
        made = piece.build("plane", kind)
        shell.planes.append((kind, points))
        if kind == FLOOR:
            shell.floor_object = made
    for wall in shell.walls:
        half = wall.length / 2
        shell.planes.append(
            (WALL, wall.world(np.array([(-half, 0, 0), (half, 0, 0), (half, 0, h), (-half, 0, h)], float)))
        )


def _rectangle(piece: Piece, left: float, right: float, low: float, high: float, skin: Skin) -> None:
    if right - left > 1e-3 and high - low > 1e-3:
        piece.solid(
            [(left, 0, low), (right, 0, low), (right, 0, high), (left, 0, high)], [(0, 1, 2, 3)], skin
        )


def _build_wall(rng: Draw, shell: Shell, wall: Wall, skin: Skin, white: Skin) -> None:
    piece, edge, reveal = Piece(), -wall.length / 2, rng.uniform(0.05, 0.35)
    board = rng.uniform(0.05, 0.16) if rng.random() < 0.7 else 0.0
    skirting = white if rng.random() < 0.65 else skin if rng.random() < 0.5 else materials.wood(rng)
    for one in sorted(wall.openings, key=lambda opening: opening.x):
        left, right = one.x - one.width / 2, one.x + one.width / 2
        _rectangle(piece, edge, left, 0, shell.height, skin)
        _rectangle(piece, left, right, 0, one.low, skin)
        _rectangle(piece, left, right, one.high, shell.height, skin)
        _skirt(piece, edge, right if one.low > 0.3 else left, board, skirting)
        edge = right
        ring = [
            (x, y, z)
            for y in (0, reveal)
            for x, z in ((left, one.low), (right, one.low), (right, one.high), (left, one.high))
        ]
        sides = [(i, (i + 1) % 4, 4 + (i + 1) % 4, 4 + i) for i in range(4)]
        piece.solid(ring, sides if one.low else sides[1:], white if rng.random() < 0.5 else skin)
        if one.kind == WINDOW:
            put_window(rng, shell, wall, one, reveal)
        else:
            put_door(rng, wall, one, reveal)
    _rectangle(piece, edge, wall.length / 2, 0, shell.height, skin)
    _skirt(piece, edge, wall.length / 2, board, skirting)
    if rng.random() < 0.15:  # a moulding under the ceiling
        size = rng.uniform(0.04, 0.12)
        moulding = white if rng.random() < 0.6 else materials.wood(rng)
        piece.box((wall.length, size, size), (0, -size / 2, shell.height - size / 2), moulding)
    if rng.random() < 0.06 and not wall.openings:
        _slats(rng, piece, wall, shell.height)
    shell.wall_objects.append(piece.build("wall", WALL, at=(*wall.at, 0), turn=wall.turn))


def _skirt(piece: Piece, left: float, right: float, height: float, skin: Skin) -> None:
    if height and right - left > 0.02:
        piece.box((right - left, 0.02, height), ((left + right) / 2, -0.01, height / 2), skin)


def _slats(rng: Draw, piece: Piece, wall: Wall, height: float) -> None:
    skin, pitch = materials.wood(rng), rng.uniform(0.05, 0.3)
    high = height if rng.random() < 0.5 else rng.uniform(0.9, 1.3)
    for x in np.arange(-wall.length / 2, wall.length / 2, pitch):
        piece.box((pitch * 0.5, 0.02, high), (float(x) + pitch / 2, -0.01, high / 2), skin)


def _break_the_box(rng: Draw, shell: Shell, skin: Skin) -> None:
    if rng.random() < 0.28:
        _block(rng, shell, skin)
    if rng.random() < 0.12:
        _slope(rng, shell)
    elif rng.random() < 0.2:
        _soffit(rng, shell)
    if rng.random() < 0.07:
        beam, pitch = materials.wood(rng), rng.uniform(0.5, 1.2)
        piece, size = Piece(), rng.uniform(0.08, 0.2)
        for x in np.arange(-shell.width / 2 + pitch / 2, shell.width / 2, pitch):
            piece.box((size, shell.depth, size), (float(x), 0, shell.height - size / 2), beam)
        piece.build("beams", CEILING)


def _block(rng: Draw, shell: Shell, skin: Skin) -> None:
    """A column, a chimney breast or a corner built into the room: an L-shaped room."""
    wall = shell.walls[int(rng.integers(4))]
    wide, deep = rng.uniform(0.3, 0.55 * wall.length), rng.uniform(0.15, 0.8)
    room = (wall.length - wide) / 2
    x = rng.uniform(-room, room) if rng.random() < 0.4 else float(rng.choice([-room, room]))
    if any(abs(x - one.x) < (wide + one.width) / 2 + 0.05 for one in wall.openings):
        return
    if abs(x) > 0.9 * room:
        deep = rng.uniform(0.3, 1.8)
    piece, h = Piece(), shell.height
    piece.box((wide, deep, h), (x, -deep / 2, h / 2), skin)
    shell.wall_objects.append(piece.build("block", WALL, at=(*wall.at, 0), turn=wall.turn))
    left, right = x - wide / 2, x + wide / 2
    for a, b in (((left, -deep), (right, -deep)), ((left, 0), (left, -deep)), ((right, -deep), (right, 0))):
        shell.planes.append((WALL, wall.world(np.array([(*a, 0), (*b, 0), (*b, h), (*a, h)], float))))
    ends = wall.world(np.array([(left, -deep, 0), (right, 0, 0)], float))
    middle, half = ends.mean(0), np.abs(ends[1] - ends[0]) / 2
    shell.taken.append((float(middle[0]), float(middle[1]), float(half[0]), float(half[1])))


def _slope(rng: Draw, shell: Shell) -> None:
    """A roof that comes down on one wall, sometimes with a skylight."""
    wall = shell.walls[int(rng.integers(4))]
    across = shell.depth if wall.turn in (0.0, math.pi) else shell.width
    run, knee, half, h = rng.uniform(0.3, 0.9) * across, rng.uniform(0.9, 1.9), wall.length / 2, shell.height
    wall.openings.clear()  # nothing hangs or stands there that reaches higher than the knee
    points = np.array([(-half, 0, knee), (half, 0, knee), (half, -run, h), (-half, -run, h)])
    piece = Piece()
    piece.solid(points, [(0, 1, 2, 3)], ceiling_skin(rng))
    piece.build("slope", CEILING, at=(*wall.at, 0), turn=wall.turn)
    shell.planes.append((CEILING, wall.world(points)))
    if rng.random() < 0.5:
        a, b, low = rng.uniform(-0.6, 0.1) * half, rng.uniform(0.5, 1.0), rng.uniform(0.15, 0.5)
        rise = np.array([0, -run, h - knee])
        foot, lift = np.array([a, -0.012, knee - 0.012]) + low * rise, rise * rng.uniform(0.25, 0.45)
        glass = Piece()
        side = np.array([b, 0, 0])
        glass.solid([foot, foot + side, foot + side + lift, foot + lift], [(0, 1, 2, 3)], view_outside(rng))
        shell.backdrops.append(glass.build("skylight", WINDOW, at=(*wall.at, 0), turn=wall.turn))


def _soffit(rng: Draw, shell: Shell) -> None:
    """A lowered part of the ceiling along a wall."""
    wall = shell.walls[int(rng.integers(4))]
    deep, drop = rng.uniform(0.2, 1.5), rng.uniform(0.08, 0.35)
    piece = Piece()
    piece.box(
        (wall.length, deep, drop),
        (0, -deep / 2, shell.height - drop / 2),
        materials.paint(rng, tone(rng, pale=0.85, vivid=0.05)),
    )
    piece.build("soffit", CEILING, at=(*wall.at, 0), turn=wall.turn)
    half, z = wall.length / 2, shell.height - drop
    lower = [(-half, 0, z), (half, 0, z), (half, -deep, z), (-half, -deep, z)]
    front = [(-half, -deep, z), (half, -deep, z), (half, -deep, z + drop), (-half, -deep, z + drop)]
    for outline in (lower, front):
        shell.planes.append((CEILING, wall.world(np.array(outline, float))))
