"""A box-shaped room with windows, doors, skirting and what is seen outside. Walls are the room parser's: see `Wall`."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import bpy
import numpy as np
from training.kinds import CEILING, DOOR, FLOOR, OTHER, WALL, WINDOW
from training.materials import Skin
from training.rooms import Opening, Wall
from training.shapes import Piece

from . import skins

_DEEP = 0.22  # metres: how thick outer walls are
_TRIM = 0.08  # beside a door
_SIDES = {"back": 0.0, "right": -math.pi / 2, "front": math.pi, "left": math.pi / 2}


@dataclass
class House:
    """Metres. Openings by wall; a wall's own X runs along it, seen from inside from left to right."""

    width: float
    depth: float
    height: float
    wall: Skin
    floor: Skin
    ceiling: Skin
    trim: Skin
    openings: dict[str, list[Opening]] = field(default_factory=dict)
    skirting: float = 0.09
    walls: dict[str, Wall] = field(default_factory=dict)

    def build(self) -> House:
        """Into the open scene."""
        spots = {
            "back": (0, self.depth / 2),
            "right": (self.width / 2, 0),
            "front": (0, -self.depth / 2),
            "left": (-self.width / 2, 0),
        }
        for side, turn in _SIDES.items():
            length = self.width if side in ("back", "front") else self.depth
            wall = Wall(length, spots[side], turn, self.openings.get(side, []))
            self.walls[side] = wall
            self._wall(side, wall)
        x, y = self.width / 2 + 0.07, self.depth / 2 + 0.07
        for name, kind, z, skin in (
            ("floor", FLOOR, 0.0, self.floor),
            ("ceiling", CEILING, self.height, self.ceiling),
        ):
            piece = Piece()
            piece.solid([(-x, -y, z), (x, -y, z), (x, y, z), (-x, y, z)], [(0, 1, 2, 3)], skin)
            piece.build(name, kind)
        return self

    def _wall(self, side: str, wall: Wall) -> None:
        piece, boards, edge, board = Piece(), Piece(), -wall.length / 2, -wall.length / 2
        for one in sorted(wall.openings, key=lambda opening: opening.x):
            left, right = one.x - one.width / 2, one.x + one.width / 2
            _rectangle(piece, edge, left, 0, self.height, self.wall)
            _rectangle(piece, left, right, 0, one.low, self.wall)
            _rectangle(piece, left, right, one.high, self.height, self.wall)
            edge = right
            if one.low < 0.2:
                trim = _TRIM if one.kind == DOOR else 0.0
                self._skirt(boards, board, left - trim)
                board = right + trim
            self._reveal(piece, one)
            (self._window if one.kind == WINDOW else self._door)(wall, one)
        _rectangle(piece, edge, wall.length / 2, 0, self.height, self.wall)
        self._skirt(boards, board, wall.length / 2)
        piece.build(side, WALL, at=(*wall.at, 0), turn=wall.turn)
        if boards.count:
            made = boards.build("skirting", WALL, at=(*wall.at, 0), turn=wall.turn)
            bevel = made.modifiers.new("edges", "BEVEL")
            bevel.width, bevel.segments = 0.006, 2

    def _skirt(self, piece: Piece, left: float, right: float) -> None:
        if self.skirting and right - left > 0.02:
            at = ((left + right) / 2, -0.008, self.skirting / 2)
            piece.box((right - left, 0.016, self.skirting), at, self.trim)

    def _reveal(self, piece: Piece, one: Opening) -> None:
        left, right = one.x - one.width / 2, one.x + one.width / 2
        corners = ((left, one.low), (right, one.low), (right, one.high), (left, one.high))
        ring = [(x, y, z) for y in (0, _DEEP) for x, z in corners]
        sides = [(i, (i + 1) % 4, 4 + (i + 1) % 4, 4 + i) for i in range(4)]
        piece.solid(ring, sides, self.wall)

    def _window(self, wall: Wall, one: Opening) -> None:
        piece, frame, y = Piece(), self.trim, _DEEP - 0.09
        height, middle = one.high - one.low, (one.low + one.high) / 2
        columns, rim, sash = max(1, round(one.width / 0.85)), 0.05, 0.045
        for x in (-1, 1):
            piece.box((rim, 0.08, height), (one.x + x * (one.width - rim) / 2, y, middle), frame)
        for z in (-1, 1):
            # Between the uprights: two faces in one plane would come out black.
            piece.box((one.width - 2 * rim, 0.08, rim), (one.x, y, middle + z * (height - rim) / 2), frame)
        each = (one.width - 2 * rim) / columns
        for i in range(columns):
            x = one.x - one.width / 2 + rim + each * (i + 0.5)
            for side in (-1, 1):
                piece.box(
                    (sash, 0.055, height - 2 * rim), (x + side * (each - sash) / 2, y - 0.02, middle), frame
                )
                piece.box(
                    (each - 2 * sash, 0.055, sash),
                    (x, y - 0.02, middle + side * (height - 2 * rim - sash) / 2),
                    frame,
                )
        piece.box(
            (0.02, 0.03, 0.12),
            (one.x - one.width / 2 + rim + each - sash / 2, y - 0.06, one.low + 0.45 * height),
            skins.plain("b9bab8", rough=0.3, metal=1),
        )
        if one.low > 0.2:
            piece.box((one.width + 0.1, 0.3, 0.03), (one.x, -0.02 + 0.06, one.low + 0.005), frame)
        made = piece.build("window", WINDOW, at=(*wall.at, 0), turn=wall.turn)
        bevel = made.modifiers.new("edges", "BEVEL")
        bevel.width, bevel.segments = 0.005, 2

    def _door(self, wall: Wall, one: Opening) -> None:
        piece, leaf, width, high = Piece(), self.trim, one.width, one.high
        for side in (-1, 1):
            piece.box(
                (_TRIM, 0.03, high + _TRIM),
                (one.x + side * (width + _TRIM) / 2, -0.01, (high + _TRIM) / 2),
                leaf,
            )
        piece.box((width, 0.03, _TRIM), (one.x, -0.01, high + _TRIM / 2), leaf)
        piece.box((width, 0.04, high), (one.x, 0.045, high / 2), leaf)
        for low, tall in ((0.16, 0.68), (0.98, high - 1.14)):
            for side in (-1, 1):
                at = (one.x + side * width * 0.21, 0.022, low + tall / 2)
                piece.box((width * 0.34, 0.012, tall), at, leaf)
                piece.box((width * 0.34 - 0.05, 0.012, tall - 0.05), (at[0], 0.014, at[2]), leaf)
        steel = skins.plain("a9a59c", rough=0.28, metal=1)
        piece.box((0.035, 0.012, 0.16), (one.x + width * 0.41, 0.018, 1.04), steel)
        piece.rod((one.x + width * 0.41, 0.01, 1.06), (one.x + width * 0.41, -0.035, 1.06), 0.009, steel)
        piece.rod(
            (one.x + width * 0.42, -0.035, 1.06), (one.x + width * 0.42 - 0.12, -0.035, 1.06), 0.009, steel
        )
        made = piece.build("door", DOOR, at=(*wall.at, 0), turn=wall.turn)
        bevel = made.modifiers.new("edges", "BEVEL")
        bevel.width, bevel.segments = 0.006, 2

    def place(
        self, side: str, along: float, away: float, up: float = 0.0
    ) -> tuple[tuple[float, float, float], float]:
        """Where a thing with its back to a wall stands, and its turn in degrees: `thing.stand(*house.place(...))`."""
        wall = self.walls[side]
        x, y, z = wall.world(np.array([[along, -away, up]]))[0]
        return (float(x), float(y), float(z)), math.degrees(wall.turn)

    def curtains(
        self,
        side: str,
        one: Opening,
        cloth: Skin,
        rail: Skin,
        *,
        share: float = 0.28,
        sheer: Skin | None = None,
    ) -> None:
        """A pair of curtains to the floor on a rail, gathered at both ends of the window."""
        piece, wall = Piece(), self.walls[side]
        top, half = min(self.height - 0.06, one.high + 0.16), one.width / 2 + 0.22
        wide = one.width * share
        for end in (-1, 1):
            at = (one.x + end * (half - wide / 2), -0.11, top)
            piece.sheet((wide, top - 0.015), at, cloth, folds=11, deep=0.032, phase=end)
        if sheer:
            piece.sheet(
                (one.width * 0.98, top - 0.03), (one.x, -0.06, top), sheer, folds=9, deep=0.018, phase=0.4
            )
        piece.rod((one.x - half - 0.1, -0.1, top + 0.01), (one.x + half + 0.1, -0.1, top + 0.01), 0.012, rail)
        for end in (-1, 1):
            piece.rod(
                (one.x + end * (half + 0.1), -0.1, top + 0.01),
                (one.x + end * (half + 0.14), -0.1, top + 0.01),
                0.022,
                rail,
            )
        piece.build("curtain", OTHER, at=(*wall.at, 0), turn=wall.turn)

    def radiator(self, side: str, one: Opening) -> None:
        """Below a window."""
        piece, wall, white = Piece(), self.walls[side], skins.plain("f2f1ee", rough=0.4)
        width, high = one.width * 0.8, min(0.55, one.low - 0.25)
        piece.box((width, 0.05, high), (one.x, -0.06, 0.14 + high / 2), white, round_by=0.015)
        for i in range(int(width / 0.055)):
            x = one.x - width / 2 + 0.03 + 0.055 * i
            piece.box((0.026, 0.02, high * 0.92), (x, -0.09, 0.14 + high / 2), white, round_by=0.008)
        piece.build("radiator", OTHER, at=(*wall.at, 0), turn=wall.turn)


def _rectangle(piece: Piece, left: float, right: float, low: float, high: float, skin: Skin) -> None:
    if right - left > 1e-3 and high - low > 1e-3:
        piece.solid(
            [(left, 0, low), (right, 0, low), (right, 0, high), (left, 0, high)], [(0, 1, 2, 3)], skin
        )


def daylight(
    house: House, *, sky: float = 60.0, sky_tone: str = "e8f1ff", outside: Skin | None = None
) -> None:
    """The sky's light through every window (watts per square metre), and the view behind it."""
    for wall in house.walls.values():
        for one in wall.openings:
            if one.kind != WINDOW:
                continue
            middle = wall.world(np.array([[one.x, _DEEP + 0.05, (one.low + one.high) / 2]]))[0]
            light = _light("AREA", tuple(middle), sky * one.width * (one.high - one.low), sky_tone)
            light.data.shape, light.data.size, light.data.size_y = "RECTANGLE", one.width, one.high - one.low
            light.rotation_euler = (-math.pi / 2, 0, wall.turn)
            piece = Piece()
            corners = [(one.x - 14, 7, -3), (one.x + 14, 7, -3), (one.x + 14, 7, 10), (one.x - 14, 7, 10)]
            piece.solid(corners, [(0, 1, 2, 3)], outside or skins.view())
            backdrop = piece.build("outside", WINDOW, at=(*wall.at, 0), turn=wall.turn)
            backdrop.visible_diffuse = backdrop.visible_shadow = False


def sun(
    *, height: float, heading: float, strength: float = 5.0, tone: str = "fff1dc", soft: float = 0.6
) -> None:
    """Parallel light, in degrees: `height` over the horizon, coming from `heading` (0 = +Y, 90 = +X)."""
    made = _light("SUN", (0, 0, 0), strength, tone)
    made.data.angle = math.radians(soft)
    made.rotation_euler = (math.radians(90 - height), 0, math.radians(180 - heading))


def lamp(at: tuple[float, float, float], watts: float, *, tone: str = "ffd3a1", size: float = 0.07) -> None:
    """A bulb."""
    _light("POINT", at, watts, tone).data.shadow_soft_size = size


def fill(
    at: tuple[float, float, float],
    toward: tuple[float, float, float],
    size: float,
    watts: float,
    tone: str = "ffffff",
) -> None:
    """A large soft light that the camera does not see: what the rest of the flat gives back."""
    from mathutils import Vector

    made = _light("AREA", at, watts, tone)
    made.data.size = size
    made.rotation_euler = (Vector(toward) - Vector(at)).to_track_quat("-Z", "Y").to_euler()


def _light(kind: str, at: tuple[float, float, float], watts: float, colour: str) -> bpy.types.Object:
    data = bpy.data.lights.new("light", kind)
    data.energy, data.color = watts, skins.tone(colour)
    made = bpy.data.objects.new("light", data)
    made.location, made.visible_camera = at, False
    made.visible_glossy = kind != "AREA"
    bpy.context.scene.collection.objects.link(made)
    return made
