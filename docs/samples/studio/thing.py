"""One piece of furniture in the making: hard parts with bevelled edges, soft parts with subdivided cushions."""

from __future__ import annotations

import math

import bpy
from training.kinds import OTHER
from training.shapes import Piece, Point


class Thing:
    """Stands on Z = 0 around the origin, faces -Y."""

    def __init__(self, name: str) -> None:
        self.name, self.hard, self.soft = name, Piece(), Piece()

    def stand(
        self, at: Point = (0, 0, 0), turn: float = 0.0, *, kind: int = OTHER, edge: float = 0.004
    ) -> None:
        """Builds it there, turned by `turn` degrees; `edge` rounds the hard parts."""
        where = {"at": at, "turn": math.radians(turn)}
        if self.hard.count:
            made = self.hard.build(self.name, kind, **where)
            bevel = made.modifiers.new("edges", "BEVEL")
            bevel.width, bevel.segments, bevel.limit_method = edge, 2, "ANGLE"
            bevel.angle_limit = math.radians(50)
            bevel.use_clamp_overlap = True
        if self.soft.count:
            made = self.soft.build(f"{self.name} cushions", kind, **where)
            made.modifiers.new("soft", "SUBSURF").render_levels = 2

    def legs(
        self,
        width: float,
        depth: float,
        height: float,
        skin: bpy.types.Material,
        *,
        thick: float = 0.022,
        splay: float = 0.03,
    ) -> None:
        """Four round tapered legs, their feet `splay` further out than their tops."""
        for x in (-1, 1):
            for y in (-1, 1):
                top = (x * width / 2, y * depth / 2, height)
                self.hard.rod(
                    top, (top[0] + x * splay, top[1] + y * splay, 0), thick, skin, taper=0.6, sides=20
                )

    def square_legs(
        self, width: float, depth: float, height: float, skin: bpy.types.Material, *, thick: float = 0.05
    ) -> None:
        """Four square posts inside of width x depth."""
        for x in (-1, 1):
            for y in (-1, 1):
                at = (x * (width - thick) / 2, y * (depth - thick) / 2, height / 2)
                self.hard.box((thick, thick, height), at, skin)

    def cushion(
        self,
        size: Point,
        at: Point,
        skin: bpy.types.Material,
        *,
        lean: float = 0.0,
        turn: float = 0.0,
        puff: float = 0.12,
    ) -> None:
        """A filled cushion; `lean` and `turn` in degrees."""
        self.soft.box(
            size,
            at,
            skin,
            round_by=min(size) * 0.42,
            puff=puff,
            lean=math.radians(lean),
            turn=math.radians(turn),
        )
