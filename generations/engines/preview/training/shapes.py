"""Solid shapes gathered into Blender meshes. Metres, Z up; every face has UVs in metres, so that any material fits."""

from __future__ import annotations

import math
from collections.abc import Sequence

import bpy
import numpy as np
from mathutils import Matrix, Vector

Point = tuple[float, float, float]

_CUBE = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]


def _grid_cube(steps: int) -> tuple[np.ndarray, list[tuple[int, ...]]]:
    """The surface of the cube from -1 to 1, each side cut into steps x steps."""
    points: dict[tuple[int, int, int], int] = {}
    faces = []
    for axis in range(3):
        for side in (0, steps):
            for i in range(steps):
                for j in range(steps):
                    corners = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)]
                    if (side == 0) != (axis == 1):
                        corners.reverse()
                    keys = [tuple(np.insert(corner, axis, side).tolist()) for corner in corners]
                    faces.append(tuple(points.setdefault(key, len(points)) for key in keys))
    return np.array(list(points), float) * 2 / steps - 1, faces


_ROUND_CUBE = _grid_cube(4)


class Piece:
    """One object in the making: shapes are added, then it is built into the scene once."""

    def __init__(self) -> None:
        self.points: list[np.ndarray] = []
        self.faces: list[tuple[int, ...]] = []
        self.skins: list[bpy.types.Material] = []
        self.face_skins: list[int] = []
        self.smooth: list[bool] = []
        self.count = 0

    def solid(
        self,
        points: np.ndarray | Sequence[Point],
        faces: Sequence[tuple[int, ...]],
        skin: bpy.types.Material,
        *,
        smooth: bool = False,
    ) -> None:
        """Points (n, 3) and faces over them."""
        placed = np.asarray(points, float)
        if skin not in self.skins:
            self.skins.append(skin)
        self.faces += [tuple(corner + self.count for corner in face) for face in faces]
        self.face_skins += [self.skins.index(skin)] * len(faces)
        self.smooth += [smooth] * len(faces)
        self.points.append(placed)
        self.count += len(placed)

    def box(
        self,
        size: Point,
        at: Point,
        skin: bpy.types.Material,
        *,
        round_by: float = 0.0,
        puff: float = 0.0,
        lean: float = 0.0,
        turn: float = 0.0,
    ) -> None:
        """A box around `at`; `puff` swells it like a cushion, `lean` tilts it about X, `turn` about Z (radians)."""
        half = np.array(size) / 2
        if round_by or puff:
            grid, faces = _ROUND_CUBE
            radius = min(round_by or 1, *(half * 0.95))
            # The outermost rows of the grid go to where the rounding begins and ends.
            spread = np.where(np.abs(grid) > 0.9, 1, np.where(np.abs(grid) > 0.1, 1 - 0.6 * radius / half, 0))
            points = np.sign(grid) * spread * half
            core = np.clip(points, -(half - radius), half - radius)
            out = points - core
            points = core + radius * out / np.maximum(np.linalg.norm(out, axis=1), 1e-9)[:, None]
            if puff:
                flat = int(np.argmin(half))
                others = [axis for axis in range(3) if axis != flat]
                bulge = np.prod(np.cos(points[:, others] / half[others] * math.pi / 2 * 0.9), axis=1)
                points[:, flat] *= 1 - puff + 2 * puff * bulge
        else:
            faces = _CUBE
            points = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float) * half
        turned = np.array(Matrix.Rotation(turn, 3, "Z") @ Matrix.Rotation(lean, 3, "X"))
        self.solid(points @ turned.T + np.array(at), faces, skin, smooth=bool(round_by or puff))

    def rod(
        self,
        start: Point,
        end: Point,
        radius: float,
        skin: bpy.types.Material,
        *,
        taper: float = 1.0,
        sides: int = 14,
    ) -> None:
        """A round bar; `taper` is the radius at the end over that at the start."""
        a, b = Vector(start), Vector(end)
        turn = np.array((b - a).to_track_quat("Z", "Y").to_matrix())
        profile = [(radius, 0.0), (radius * taper, (b - a).length)]
        self._lathe(profile, np.array(a), turn, skin, sides)

    def lathe(
        self, profile: Sequence[tuple[float, float]], at: Point, skin: bpy.types.Material, *, sides: int = 16
    ) -> None:
        """A turned solid: (radius, height) from bottom to top, around the upright line through `at`."""
        self._lathe(profile, np.array(at, float), np.eye(3), skin, sides)

    def _lathe(
        self,
        profile: Sequence[tuple[float, float]],
        at: np.ndarray,
        turn: np.ndarray,
        skin: bpy.types.Material,
        sides: int,
    ) -> None:
        angles = np.arange(sides) * 2 * math.pi / sides
        rings = [np.stack([r * np.cos(angles), r * np.sin(angles), np.full(sides, z)], 1) for r, z in profile]
        points = np.concatenate(rings) @ turn.T + at
        walls = [
            (
                k * sides + i,
                k * sides + (i + 1) % sides,
                (k + 1) * sides + (i + 1) % sides,
                (k + 1) * sides + i,
            )
            for k in range(len(profile) - 1)
            for i in range(sides)
        ]
        last = (len(profile) - 1) * sides
        caps = [tuple(reversed(range(sides))), tuple(range(last, last + sides))]
        self.solid(points, walls, skin, smooth=True)
        self.solid(points, caps, skin)

    def sheet(
        self,
        size: tuple[float, float],
        at: Point,
        skin: bpy.types.Material,
        *,
        folds: float = 0.0,
        deep: float = 0.04,
        phase: float = 0.0,
    ) -> None:
        """A hanging cloth, width along X and height down from `at` (its upper middle), with folds per metre."""
        across = max(2, int(size[0] * max(folds, 1) * 8))
        xs = np.linspace(-size[0] / 2, size[0] / 2, across + 1)
        wave = deep * np.sin(2 * math.pi * folds * xs + phase + 0.6 * np.sin(5 * xs))
        upper = np.stack([xs, wave, np.zeros_like(xs)], 1)
        lower = np.stack([xs, 1.3 * wave, np.full_like(xs, -size[1])], 1)
        faces = [(i, i + 1, across + 2 + i, across + 1 + i) for i in range(across)]
        self.solid(np.concatenate([upper, lower]) + np.array(at), faces, skin, smooth=True)

    def build(
        self, name: str, kind: int, *, at: Point = (0, 0, 0), turn: float = 0.0, scale: float = 1.0
    ) -> bpy.types.Object:
        """Makes the object of the class `kind` in the open scene, turned about Z by `turn` radians."""
        points = np.concatenate(self.points)
        mesh = bpy.data.meshes.new(name)
        mesh.from_pydata(points.tolist(), [], self.faces)
        for skin in self.skins:
            mesh.materials.append(skin)
        mesh.polygons.foreach_set("material_index", self.face_skins)
        mesh.polygons.foreach_set("use_smooth", self.smooth)
        mesh.uv_layers.new(name="metres").data.foreach_set("uv", _uvs(points, self.faces).ravel())
        made = bpy.data.objects.new(name, mesh)
        made.location, made.rotation_euler, made.scale = at, (0, 0, turn), (scale, scale, scale)
        made["kind"] = kind
        bpy.context.scene.collection.objects.link(made)
        return made


def _uvs(points: np.ndarray, faces: Sequence[tuple[int, ...]]) -> np.ndarray:
    """Each face laid flat along its nearest axes, in metres."""
    flat = np.concatenate([np.array(face) for face in faces])
    owner = np.repeat(np.arange(len(faces)), [len(face) for face in faces])
    first = points[[face[0] for face in faces]]
    one = points[[face[1] for face in faces]] - first
    other = points[[face[2] for face in faces]] - first
    axis = np.abs(np.cross(one, other)).argmax(1)
    along = np.array([1, 0, 0])[axis]
    up = np.array([2, 2, 1])[axis]
    corners = points[flat]
    rows = np.arange(len(flat))
    return np.stack([corners[rows, along[owner]], corners[rows, up[owner]]], 1)
