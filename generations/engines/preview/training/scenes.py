"""Furnishes a bare room: what stands where, hangs on the walls, lies about."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import bpy
import numpy as np

from . import cases, furniture, materials
from .furniture import Item
from .kinds import OTHER, RUG, WALL, WINDOW
from .materials import Draw, tone
from .rooms import draw_shell
from .shapes import Piece
from .shell import Shell, Wall

Maker = Callable[[Draw], Item]

# What a kind of room holds: makers for pieces at a wall and for pieces in the open, each with the most there may be.
_AT_WALLS: dict[str, list[tuple[Maker, int]]] = {
    "living": [
        (furniture.sofa, 2),
        (cases.cabinet, 2),
        (cases.shelf, 2),
        (cases.floor_lamp, 2),
        (cases.plant, 2),
        (furniture.armchair, 1),
    ],
    "bedroom": [
        (furniture.bed, 1),
        (cases.wardrobe, 1),
        (cases.cabinet, 3),
        (furniture.chair, 1),
        (cases.plant, 1),
        (cases.floor_lamp, 1),
        (furniture.desk, 1),
    ],
    "dining": [
        (cases.cabinet, 2),
        (cases.shelf, 1),
        (cases.plant, 2),
        (cases.kitchen, 1),
        (furniture.chair, 1),
    ],
    "kitchen": [(cases.kitchen, 2), (cases.shelf, 1), (cases.plant, 1), (cases.heap, 1)],
    "office": [
        (furniture.desk, 2),
        (cases.shelf, 2),
        (cases.cabinet, 1),
        (cases.plant, 1),
        (furniture.sofa, 1),
    ],
    "mess": [
        (furniture.sofa, 1),
        (furniture.desk, 1),
        (cases.shelf, 2),
        (cases.cabinet, 2),
        (cases.heap, 5),
        (cases.plant, 1),
        (furniture.chair, 2),
        (furniture.bed, 1),
    ],
    "empty": [(cases.heap, 1)],
}
_IN_THE_OPEN: dict[str, list[tuple[Maker, int]]] = {
    "living": [(furniture.armchair, 2), (furniture.table, 1), (cases.heap, 1)],
    "bedroom": [(cases.heap, 2), (furniture.armchair, 1)],
    "dining": [(furniture.chair, 2)],
    "kitchen": [(furniture.chair, 2), (furniture.table, 1)],
    "office": [(furniture.chair, 2)],
    "mess": [
        (cases.heap, 6),
        (cases.clutter, 6),
        (furniture.chair, 2),
        (furniture.table, 2),
        (furniture.armchair, 1),
    ],
    "empty": [(cases.heap, 1)],
}
_HOW_OFTEN = {
    "living": 0.32,
    "bedroom": 0.2,
    "dining": 0.12,
    "kitchen": 0.06,
    "office": 0.08,
    "mess": 0.11,
    "empty": 0.11,
}


@dataclass
class Scene:
    """A furnished room and what may change between its pictures."""

    shell: Shell
    style: str
    lamps: list[tuple[float, float, float]] = field(
        default_factory=list
    )  # where light comes from in the evening


def draw_scene(seed: int) -> Scene:
    """Clears Blender and builds the scene of this number; the same number gives the same scene."""
    rng = np.random.default_rng(seed)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    cases.fresh_colours(rng)
    style = str(rng.choice(list(_HOW_OFTEN), p=list(_HOW_OFTEN.values())))
    scene = Scene(draw_shell(rng), style)
    _Furnisher(rng, scene).furnish()
    return scene


class _Furnisher:
    def __init__(self, rng: Draw, scene: Scene) -> None:
        self.rng, self.scene, self.shell = rng, scene, scene.shell

    def furnish(self) -> None:
        rng, style = self.rng, self.scene.style
        self._radiators()
        if style == "dining" or (style in ("living", "kitchen") and rng.random() < 0.3):
            self._dining_group()
        if style == "living" and rng.random() < 0.5:
            self._sofa_group()
        for makers, put in ((_AT_WALLS[style], self._at_a_wall), (_IN_THE_OPEN[style], self._in_the_open)):
            for maker, most in makers:
                for _ in range(int(rng.integers(0, most + 1) if rng.random() < 0.5 else most)):
                    put(maker(rng))
        if rng.random() < (0.45 if style != "empty" else 0.1):
            self._rug(rng.uniform(-0.3, 0.3) * self.shell.width, rng.uniform(-0.3, 0.3) * self.shell.depth)
        for wall in self.shell.walls:
            self._hang(wall, most=1 if style == "empty" else 5)
        self._lights()

    def _free(self, x: float, y: float, half_x: float, half_y: float) -> bool:
        room_x, room_y = self.shell.width / 2 - half_x, self.shell.depth / 2 - half_y
        if abs(x) > room_x + 1e-3 or abs(y) > room_y + 1e-3:
            return False
        return all(abs(x - a) > half_x + u or abs(y - b) > half_y + v for a, b, u, v in self.shell.taken)

    def _put(self, item: Item, x: float, y: float, turn: float, *, check: bool = True) -> bool:
        cos, sin = abs(math.cos(turn)), abs(math.sin(turn))
        half = ((item.width * cos + item.depth * sin) / 2, (item.width * sin + item.depth * cos) / 2)
        if check and not self._free(x, y, *half):
            return False
        self.shell.taken.append((x, y, *half))
        item.piece.build("piece", OTHER, at=(x, y, 0), turn=turn)
        for top in item.tops:
            self._things_on(top, x, y, turn)
        return True

    def _things_on(self, top: tuple[float, ...], x: float, y: float, turn: float) -> None:
        rng = self.rng
        for _ in range(int(rng.integers(0, 4))):
            u, v = top[0] + rng.uniform(-0.5, 0.5) * top[3], top[1] + rng.uniform(-0.5, 0.5) * top[4]
            at = (
                x + u * math.cos(turn) - v * math.sin(turn),
                y + u * math.sin(turn) + v * math.cos(turn),
                top[2],
            )
            if rng.random() < 0.75:
                thing, scale = cases.clutter(rng), rng.uniform(0.5, 1.0)
            elif rng.random() < 0.5:
                thing, scale = cases.plant(rng), rng.uniform(0.25, 0.5)
            else:
                thing, scale = cases.floor_lamp(rng), rng.uniform(0.28, 0.4)
            thing.piece.build("thing", OTHER, at=at, turn=rng.uniform(0, 6), scale=scale)

    def _at_a_wall(self, item: Item) -> bool:
        rng = self.rng
        for _ in range(8):
            wall = self.shell.walls[int(rng.integers(4))]
            room = (wall.length - item.width) / 2
            if room < 0:
                continue
            x = rng.uniform(-room, room)
            blocked = any(
                abs(x - one.x) < (item.width + one.width) / 2 and item.height > one.low + 0.15
                for one in wall.openings
            )
            if blocked and rng.random() < 0.8:
                continue
            gap = rng.uniform(0.01, 0.08) if rng.random() < 0.8 else rng.uniform(0.1, 0.6)
            at = wall.world(np.array([[x, -item.depth / 2 - gap, 0]]))[0]
            if self._put(item, float(at[0]), float(at[1]), wall.turn):
                return True
        return False

    def _in_the_open(self, item: Item) -> bool:
        rng = self.rng
        for _ in range(8):
            x, y = rng.uniform(-0.45, 0.45) * self.shell.width, rng.uniform(-0.45, 0.45) * self.shell.depth
            turn = float(rng.choice([0, math.pi / 2, math.pi, -math.pi / 2])) + rng.normal(0, 0.25)
            if self._put(item, x, y, turn):
                return True
        return False

    def _rug(self, x: float, y: float, turn: float = 0.0) -> None:
        rng, item = self.rng, furniture.rug(self.rng)
        turn += float(rng.choice([0, math.pi / 2])) + (rng.normal(0, 0.3) if rng.random() < 0.3 else 0)
        reach = min(self.shell.width, self.shell.depth)
        shrink = min(1.0, 0.95 * reach / math.hypot(item.width, item.depth))
        room_x, room_y = ((size - shrink * item.width) / 2 for size in (self.shell.width, self.shell.depth))
        at = (
            float(np.clip(x, -abs(room_x), abs(room_x))),
            float(np.clip(y, -abs(room_y), abs(room_y))),
            0.001,
        )
        item.piece.build("rug", RUG, at=at, turn=turn, scale=shrink)

    def _dining_group(self) -> None:
        rng = self.rng
        item = furniture.table(
            rng, width=rng.uniform(0.9, 2.4), depth=rng.uniform(0.75, 1.05), height=rng.uniform(0.7, 0.78)
        )
        room_x, room_y = (max(0.0, size / 2 - 1.3) for size in (self.shell.width, self.shell.depth))
        x, y, turn = (
            rng.uniform(-room_x, room_x),
            rng.uniform(-room_y, room_y),
            float(rng.choice([0, math.pi / 2])),
        )
        if not self._put(item, x, y, turn):
            return
        seed = int(rng.integers(1 << 30))
        for side in (-1, 1):
            for u in np.arange(-item.width / 2 + 0.3, item.width / 2 - 0.2, rng.uniform(0.5, 0.75)):
                chair = furniture.chair(np.random.default_rng(seed))  # a set
                v = side * (item.depth / 2 + rng.uniform(0.0, 0.35))
                at = (
                    x + u * math.cos(turn) - v * math.sin(turn),
                    y + u * math.sin(turn) + v * math.cos(turn),
                )
                back = turn + (0 if side > 0 else math.pi) + rng.normal(0, 0.15)
                if (
                    rng.random() < 0.9
                    and max(abs(at[0]) - self.shell.width / 2, abs(at[1]) - self.shell.depth / 2) < -0.3
                ):
                    self._put(chair, *at, back, check=False)
        if rng.random() < 0.4:
            self._rug(x, y, turn)
        self._pendant(x, y)

    def _sofa_group(self) -> None:
        rng, item = self.rng, furniture.sofa(self.rng)
        wall = self.shell.walls[int(rng.integers(4))]
        away = rng.uniform(0.02, 0.15) if rng.random() < 0.75 else rng.uniform(0.2, 0.4) * self.shell.depth
        at = wall.world(np.array([[rng.uniform(-0.2, 0.2) * wall.length, -away - item.depth / 2, 0]]))[0]
        if not self._put(item, float(at[0]), float(at[1]), wall.turn):
            return
        reach = item.depth / 2 + rng.uniform(0.6, 1.0)
        x, y = float(at[0] + reach * math.sin(wall.turn)), float(at[1] - reach * math.cos(wall.turn))
        self._put(furniture.table(rng), x, y, wall.turn)
        if rng.random() < 0.7:
            self._rug(x, y, wall.turn)

    def _radiators(self) -> None:
        for wall in self.shell.walls:
            for one in wall.openings:
                if one.kind == WINDOW and one.low > 0.65 and self.rng.random() < 0.4:
                    item = cases.radiator(self.rng)
                    at = wall.world(np.array([[one.x, -item.depth / 2 - 0.02, 0]]))[0]
                    self._put(item, float(at[0]), float(at[1]), wall.turn)

    def _hang(self, wall: Wall, *, most: int) -> None:
        """Pictures, mirrors, shelves, switches and screens at places without openings."""
        rng = self.rng
        for _ in range(int(rng.integers(0, most))):
            width, height = rng.uniform(0.15, 1.6), rng.uniform(0.15, 1.2)
            x, z = rng.uniform(-0.45, 0.45) * wall.length, rng.uniform(1.2, 1.9)
            near = max(z - height / 2, 0.4), min(z + height / 2, self.shell.height - 0.15)
            if any(abs(x - one.x) < (width + one.width) / 2 + 0.05 for one in wall.openings):
                continue
            if abs(x) + width / 2 > wall.length / 2 - 0.05:
                continue
            self._hung(wall, x, width, *near)

    def _hung(self, wall: Wall, x: float, width: float, low: float, high: float) -> None:
        rng, piece, pick, kind = self.rng, Piece(), self.rng.random(), OTHER
        middle, size = (low + high) / 2, high - low
        if pick < 0.62:
            edge, thick = rng.uniform(0.0, 0.08), rng.uniform(0.008, 0.05)
            frame = furniture.timber(rng)
            piece.box((width, thick, size), (x, -thick / 2, middle), frame)
            inner = max(0.05, width - 2 * edge), max(0.05, size - 2 * edge)
            shiny = materials.plain(rng, (0.75, 0.78, 0.78), rough=0.02, metal=1.0)
            face = shiny if rng.random() < 0.12 else materials.artwork(rng)
            piece.box((inner[0], 0.004, inner[1]), (x, -thick - 0.002, middle), face)
        elif pick < 0.8:
            skin = furniture.timber(rng)
            piece.box((width, 0.22, 0.03), (x, -0.11, low), skin)
            things = cases.clutter(rng)
            at = wall.world(np.array([[x, -0.12, low + 0.015]]))[0]
            things.piece.build("thing", OTHER, at=tuple(at), turn=wall.turn, scale=0.5)
        elif pick < 0.9:
            screen = cases.screen(rng)
            at = wall.world(np.array([[x, -0.05, low]]))[0]
            screen.piece.build("screen", OTHER, at=tuple(at), turn=wall.turn)
            return
        else:  # switches and sockets belong to the wall
            kind = WALL
            piece.box(
                (0.09, 0.012, 0.09), (x, -0.006, 1.05), materials.plain(rng, tone(rng, pale=0.85, vivid=0.03))
            )
        piece.build("hung", kind, at=(*wall.at, 0), turn=wall.turn)

    def _pendant(self, x: float, y: float) -> None:
        drop = self.rng.uniform(0.3, max(0.4, self.shell.height - 1.7))
        lit = float(self.rng.choice([0.0, self.rng.uniform(0.5, 6)]))
        lamp = cases.pendant(self.rng, drop, lit)
        lamp.piece.build("pendant", OTHER, at=(x, y, self.shell.height))
        self.scene.lamps.append((x, y, self.shell.height - drop - 0.4))

    def _lights(self) -> None:
        rng = self.rng
        if rng.random() < 0.5:
            self._pendant(
                rng.uniform(-0.25, 0.25) * self.shell.width, rng.uniform(-0.25, 0.25) * self.shell.depth
            )
        elif rng.random() < 0.2:
            cases.fan(rng).piece.build("fan", OTHER, at=(0, 0, self.shell.height), turn=rng.uniform(0, 2))
        for _ in range(int(rng.integers(0, 3))):
            item = cases.floor_lamp(rng, float(rng.choice([0.0, rng.uniform(0.5, 5)])))
            if self._at_a_wall(item):
                x, y, _, _ = self.shell.taken[-1]
                self.scene.lamps.append((x, y, item.height + 0.05))
