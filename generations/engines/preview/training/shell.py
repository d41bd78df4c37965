"""What a bare room is made of, for those who build, furnish and photograph it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import bpy
import numpy as np


@dataclass
class Opening:
    """A hole in a wall: middle along it, width, lower and upper edge in metres."""

    x: float
    width: float
    low: float
    high: float
    kind: int


@dataclass
class Wall:
    """`at` is its foot's middle; in its own frame it runs along X at Y = 0 and faces -Y."""

    length: float
    at: tuple[float, float]
    turn: float
    openings: list[Opening] = field(default_factory=list)

    def world(self, points: np.ndarray) -> np.ndarray:
        """Points of the wall's frame in the room's."""
        cos, sin = math.cos(self.turn), math.sin(self.turn)
        turned = points @ np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]])
        return turned + np.array([*self.at, 0])


@dataclass
class Shell:
    """A built bare room. `planes` are convex outlines (n, 3) with their class, for rays without furniture."""

    width: float
    depth: float
    height: float
    walls: list[Wall]
    planes: list[tuple[int, np.ndarray]] = field(default_factory=list)
    taken: list[tuple[float, float, float, float]] = field(
        default_factory=list
    )  # x, y and half sizes on the floor
    wall_objects: list[bpy.types.Object] = field(default_factory=list)
    floor_object: bpy.types.Object | None = None
    backdrops: list[bpy.types.Object] = field(default_factory=list)
