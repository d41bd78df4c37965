"""A pinhole camera in a box-shaped room.

Room axes: X to the right along the back wall, Y down, Z into the room; the camera stands at the origin. Lengths are in
camera heights: the floor is the plane Y = 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from generations.engines.preview.arrays import Bytes, Floats, floats

FLOOR, CEILING, LEFT, RIGHT, BACK = range(5)
CEILING_HEIGHT = 2.6  # metres: what an unknown ceiling is taken for; it gives everything else its size


def rotation(yaw: Floats | float, pitch: Floats | float, roll: Floats | float) -> Floats:
    """Room to camera axes (..., 3, 3); angles in radians, numbers or arrays of one shape. Positive pitch looks down."""
    cy, sy, cp, sp, cr, sr = (
        np.cos(yaw),
        np.sin(yaw),
        np.cos(pitch),
        np.sin(pitch),
        np.cos(roll),
        np.sin(roll),
    )
    # Lean after tilt after turn, multiplied out.
    rows = (
        (cr * cy - sr * sp * sy, -sr * cp, cr * sy + sr * sp * cy),
        (sr * cy + cr * sp * sy, cr * cp, sr * sy - cr * sp * cy),
        (-cp * sy, sp, cp * cy),
    )
    return floats(np.stack([np.stack(np.broadcast_arrays(*row), -1) for row in rows], -2))


@dataclass(frozen=True)
class Camera:
    """`focal` in pixels; the principal point is the middle of the picture."""

    focal: float
    width: int
    height: int
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0

    @cached_property
    def matrix(self) -> Floats:
        """Room to camera axes."""
        return rotation(self.yaw, self.pitch, self.roll)

    def resized(self, width: int, height: int) -> Camera:
        """The same camera for another size of the same picture."""
        return Camera(self.focal * width / self.width, width, height, self.yaw, self.pitch, self.roll)

    def rays(self, xs: Floats, ys: Floats) -> Floats:
        """Directions in room axes through pixels; shape (..., 3), with unit depth along the optical axis."""
        x = (xs - self.width / 2) / self.focal
        y = (ys - self.height / 2) / self.focal
        seen = np.stack([x, y, np.ones_like(x)], -1)
        if seen.ndim == 3:
            return floats(cv2.transform(floats(seen), self.matrix.T))
        return floats((seen.reshape(-1, 3) @ self.matrix).reshape(seen.shape))

    def pixel_rays(self) -> Floats:
        """The ray of every pixel, shape (height, width, 3)."""
        xs, ys = np.meshgrid(np.arange(self.width) + 0.5, np.arange(self.height) + 0.5)
        return self.rays(floats(xs), floats(ys))

    def project(self, points: Floats) -> Floats:
        """Room points (..., 3) to (..., 3): x and y in pixels, and depth (not positive behind the camera)."""
        seen = (points.reshape(-1, 3) @ self.matrix.T).reshape(points.shape)
        depth = seen[..., 2]
        safe = np.where(np.abs(depth) < 1e-6, 1e-6, depth)
        x = self.focal * seen[..., 0] / safe + self.width / 2
        y = self.focal * seen[..., 1] / safe + self.height / 2
        return floats(np.stack([x, y, depth], -1))


@dataclass(frozen=True)
class Box:
    """Distances from the camera to the walls and to the ceiling, in camera heights."""

    left: float
    right: float
    depth: float
    up: float

    @property
    def metre(self) -> float:
        """One metre in camera heights."""
        return (1 + self.up) / CEILING_HEIGHT

    def labels(self, rays: Floats) -> tuple[Bytes, Floats]:
        """Which plane each ray (..., 3) meets first, and how far along the ray."""
        x, y, z = rays[..., 0], rays[..., 1], rays[..., 2]
        # The plane met first is the one that is approached fastest, in its own distances.
        nearest = np.zeros(x.shape, np.uint8)
        fastest = np.full(x.shape, 1e-6, np.float32)
        for plane, (axis, side, far) in enumerate(
            ((y, 1, 1.0), (y, -1, self.up), (x, -1, self.left), (x, 1, self.right), (z, 1, self.depth))
        ):
            pace = axis * np.float32(side / far)
            closer = pace > fastest
            nearest[closer] = plane
            fastest = np.maximum(fastest, pace)
        return nearest, floats(1 / fastest)

    def walls(self, rays: Floats) -> Bytes:
        """Which wall each ray (..., 3) would meet first if there were neither floor nor ceiling."""
        x, z = rays[..., 0], rays[..., 2]
        side = np.where(x < 0, -x / np.float32(self.left), x / np.float32(self.right))
        return np.where(side > z / np.float32(self.depth), np.where(x < 0, LEFT, RIGHT), BACK).astype(
            np.uint8
        )
