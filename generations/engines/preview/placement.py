"""Where furniture can stand: spots on the free floor of a room, best one for each kind, none that overlap."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from generations.engines.preview.arrays import Floats, floats
from generations.engines.preview.camera import Camera
from generations.engines.preview.products import Product
from generations.engines.preview.room import Room

_STEP = 0.16  # metres between spots that are tried
_ORDER = {"flat": 0, "wall": 1, "centre": 2, "side": 3, "corner": 4, "hung": 5, "ceiling": 6}
# What a spot must offer, first choice first: free part of the footprint, part of the sprite in the picture, and at
# most so much of the sprite over furniture that already stands there.
_DEMANDS = ((0.95, 0.97, 0.2), (0.88, 0.9, 0.3))
_OPEN = 0.94  # part of a rug that must be on free floor
_AT_WALL = 0.9  # metres from the wall to what is made to stand at one: its picture shows it from the front
_NEAREST = 0.9  # metres from the camera: closer things would fill the picture


@dataclass(frozen=True)
class Spot:
    """A footprint in metres of the room's axes (middle x, z; size w, d) and the sprite's box in pixels (x, y, w, h)."""

    x: float
    z: float
    w: float
    d: float
    box: tuple[float, float, float, float]
    distance: float


@dataclass(frozen=True)
class Item:
    """What is to be placed: its number in the request, its name, its kind, and its picture's width over height."""

    number: int
    name: str
    product: Product
    aspect: float
    at: tuple[float, float] | None = (
        None  # the foot's middle as fractions of the picture, where a person put it
    )
    scale: float = 1.0

    @property
    def width(self) -> float:
        """Metres across."""
        metres = self.product.metres if self.product.measure == "width" else self.product.metres * self.aspect
        return min(metres, self.product.tallest * self.aspect) * self.scale

    @property
    def depth(self) -> float:
        """Metres of the footprint into the room."""
        return self.product.depth * self.scale

    @property
    def height(self) -> float:
        """Metres tall, as the photo shows it."""
        return self.width / self.aspect


class Arrangement:
    """Places items one after another; later ones respect earlier ones. `seed` gives another arrangement."""

    def __init__(self, room: Room, seed: int) -> None:
        self.room, self.seed = room, seed
        self.camera: Camera = room.camera
        self.metre = room.box.metre
        self.left, self.right = -room.box.left / self.metre, room.box.right / self.metre
        self.back = room.box.depth / self.metre
        self.taken: list[Spot] = []
        # Summed, so that the share of any box is four look-ups away.
        # Windows count half: a wardrobe may stand before one, where there is no other place.
        self.occupied = floats(cv2.integral(np.maximum(room.things, 0.5 * room.window)))
        self.anchor: Spot | None = None
        # Mirrored rooms are furnished mirrored: the cheapest honest difference between variations.
        self.lean = (0.0, 0.55, -0.55)[seed % 3]

    def place(self, item: Item) -> Spot | None:
        """The best free spot for an item that stands on the floor, or None."""
        for filled, seen, hides in _DEMANDS:
            spots = self._candidates(item, filled=filled, seen=seen, hides=hides)
            if spots:
                best = min(spots, key=lambda spot: self._cost(item, spot))
                self.taken.append(best)
                if item.product.spot == "wall" and (self.anchor is None or best.w > self.anchor.w):
                    self.anchor = best
                return best
        return None

    def open_place(
        self, sizes: tuple[tuple[float, float], ...]
    ) -> tuple[float, float, tuple[float, float]] | None:
        """Middle x, z and size of the first of `sizes` (metres) that lies on free floor, most in the middle of it."""
        focus_x, focus_z = self._focus()
        for w, d in sizes:
            xs = np.arange(self.left + w / 2, self.right - w / 2, 0.15)
            zs = np.arange(self.back - d / 2 - 0.1, _NEAREST + d / 2, -0.15)
            if not len(xs) or not len(zs):
                continue
            grid_x, grid_z = (floats(axis.ravel()) for axis in np.meshgrid(xs, zs))
            good = self._free(grid_x, grid_z, w, d) >= _OPEN
            if good.any():
                far = np.abs(grid_x - focus_x) + np.abs(grid_z - focus_z)
                best = int(np.where(good, far, np.inf).argmin())
                return float(grid_x[best]), float(grid_z[best]), (w, d)
        return None

    def place_at(self, item: Item, at: tuple[float, float]) -> Spot | str:
        """The spot whose foot's middle is at `at`, fractions of the picture; the reason where that is no floor.

        A person sees the picture: where the engine is not sure of the floor, it takes their word.
        """
        x, y = at[0] * self.camera.width, at[1] * self.camera.height
        column = int(np.clip(x, 0, self.camera.width - 1))
        row = int(np.clip(y, 0, self.camera.height - 1))
        ray = self.camera.rays(floats([x]), floats([y]))[0]
        taken = max(float(self.room.things[row, column]), float(self.room.window[row, column]))
        sure = float(self.room.ground[row, column]) > 0.3
        if not sure and taken > 0.6:
            return "something stands at the place chosen for it"
        upright = float(self.room.walls.mask[row, column] + self.room.ceiling.mask[row, column])
        if ray[1] <= 0.02 or (not sure and upright > 0.5) or not (0 <= at[0] <= 1 and 0 <= at[1] <= 1):
            return "the place chosen for it is not on the floor"
        foot = ray / ray[1] / self.metre  # metres
        away = foot[[0, 2]] / (np.linalg.norm(foot[[0, 2]]) + 1e-6)
        middle = foot[[0, 2]] + away * (0.42 * item.depth)
        boxes, distance = self._boxes(item, middle[:1], middle[1:])
        if distance[0] <= 0.3:
            return "the place chosen for it is too near to the camera"
        _, _, w, h = (float(value) for value in boxes[0])
        spot = Spot(
            float(middle[0]),
            float(middle[1]),
            item.width,
            item.depth,
            (x - w / 2, y - h, w, h),
            float(distance[0]),
        )
        self.taken.append(spot)
        return spot

    def _candidates(self, item: Item, *, filled: float, seen: float, hides: float) -> list[Spot]:
        w, d = item.width, item.depth
        if self.back - d <= _NEAREST:
            return []
        xs = np.arange(self.left + w / 2 + 0.05, self.right - w / 2 - 0.04, _STEP / 2)
        farthest = self.back - d / 2 - 0.06
        nearest = max(_NEAREST, farthest - _AT_WALL) if item.product.spot == "wall" else _NEAREST
        zs = np.arange(farthest, nearest, -_STEP)
        if not len(xs) or not len(zs):
            return []
        grid_x, grid_z = (floats(axis.ravel()) for axis in np.meshgrid(xs, zs))
        free = self._free(grid_x, grid_z, w, d)
        boxes, distance = self._boxes(item, grid_x, grid_z)
        width, height = self.camera.width, self.camera.height
        x, y, bw, bh = boxes.T
        visible = (np.minimum(x + bw, width) - np.maximum(x, 0)) / np.maximum(bw, 1)
        upright = (np.minimum(y + bh, height) - np.maximum(y, 0)) / np.maximum(bh, 1)
        good = (
            (free >= filled)
            & (self._hiding(boxes) <= hides)
            & (visible >= seen)
            & (upright >= seen)
            & (distance > _NEAREST)
            & (bw < 0.75 * width)
        )
        return [
            Spot(float(gx), float(gz), w, d, (float(b[0]), float(b[1]), float(b[2]), float(b[3])), float(far))
            for gx, gz, b, far in zip(grid_x[good], grid_z[good], boxes[good], distance[good], strict=True)
            if not any(_overlap(float(gx), float(gz), w, d, spot) for spot in self.taken)
        ]

    def _free(self, xs: Floats, zs: Floats, w: float, d: float) -> Floats:
        """The part of each footprint that is free floor; what is out of the picture counts as not free."""
        u, v = np.meshgrid(np.linspace(-0.5, 0.5, 6), np.linspace(-0.5, 0.5, 5))
        points = np.stack(
            [
                xs[:, None] + u.ravel() * w,
                np.full((len(xs), u.size), 1 / self.metre),
                zs[:, None] + v.ravel() * d,
            ],
            -1,
        )
        seen = self.camera.project(floats(points * self.metre))
        x, y = seen[..., 0].astype(int), seen[..., 1].astype(int)
        inside = (
            (seen[..., 2] > 0.1) & (x >= 0) & (y >= 0) & (x < self.camera.width) & (y < self.camera.height)
        )
        mask = self.room.ground[np.clip(y, 0, self.camera.height - 1), np.clip(x, 0, self.camera.width - 1)]
        return floats((inside & (mask > 0.5)).mean(-1))

    def _hiding(self, boxes: Floats) -> Floats:
        """The part of each box (n, 4) behind which furniture is seen that already stands in the room."""
        rows, columns = self.occupied.shape
        left, right = (
            np.clip(x, 0, columns - 1).astype(int) for x in (boxes[:, 0], boxes[:, 0] + boxes[:, 2])
        )
        top, bottom = (np.clip(y, 0, rows - 1).astype(int) for y in (boxes[:, 1], boxes[:, 1] + boxes[:, 3]))
        total = self.occupied
        inside = total[bottom, right] - total[top, right] - total[bottom, left] + total[top, left]
        return floats(inside / np.maximum((right - left) * (bottom - top), 1))

    def _boxes(self, item: Item, xs: Floats, zs: Floats) -> tuple[Floats, Floats]:
        """The sprite's boxes in pixels (n, 4) and distances in metres (n,), standing on the footprint's near side."""
        floor = np.full_like(xs, 1 / self.metre)
        middle = np.stack([xs, floor, zs], -1)
        away = middle[:, [0, 2]] / (np.linalg.norm(middle[:, [0, 2]], axis=-1, keepdims=True) + 1e-6)
        front = middle.copy()
        front[:, [0, 2]] -= away * (0.42 * item.depth)
        centre = self.camera.project(floats(middle * self.metre))
        foot = self.camera.project(floats(front * self.metre))
        distance = centre[:, 2] / self.metre
        scale = self.camera.focal / np.maximum(distance, 0.1)
        bw, bh = item.width * scale, item.height * scale
        return floats(np.stack([centre[:, 0] - bw / 2, foot[:, 1] - bh, bw, bh], -1)), floats(distance)

    def _cost(self, item: Item, spot: Spot) -> float:
        """Lower is better; in metres of "not quite where one would put it"."""
        cost = 1.6 * sum(_covered(spot, other) for other in self.taken)
        cost += 3.0 * float(self._hiding(floats([spot.box]))[0])
        focus_x, focus_z = self._focus()
        kind = item.product.spot
        if kind == "wall":
            to_back = self.back - spot.z - spot.d / 2
            middle = self._visible_middle()
            if self.anchor is None:
                return cost + 2.2 * to_back + 0.5 * abs(spot.x - middle - self.lean)
            to_side = min(spot.x - spot.w / 2 - self.left, self.right - spot.x - spot.w / 2)
            return cost + 2.0 * to_back + 0.4 * max(to_side, 0)
        if kind in ("centre", "flat"):
            return cost + abs(spot.x - focus_x) + abs(spot.z - focus_z)
        if kind == "side":
            beside = abs(abs(spot.x - focus_x) - 1.45)
            return (
                cost + beside + 0.8 * abs(spot.z - focus_z - 0.15) + 0.15 * self._favoured(spot.x - focus_x)
            )
        to_corner = min(spot.x - self.left, self.right - spot.x) + 0.8 * (self.back - spot.z)
        return cost + to_corner + 0.3 * self._favoured(spot.x - focus_x)

    def _favoured(self, side: float) -> float:
        """0 on the side that this variation fills first, 1 on the other."""
        return float((side > 0) == (self.seed % 2 == 0))

    def _focus(self) -> tuple[float, float]:
        """The middle of the seating: before the sofa, or the middle of the visible floor."""
        if self.anchor is not None:
            return self.anchor.x, self.anchor.z - self.anchor.d / 2 - 0.85
        return self._visible_middle() + self.lean, max(0.62 * self.back, self.back - 2.2)

    def _visible_middle(self) -> float:
        """Where the middle of the picture meets the back wall, held inside the room."""
        ray = self.camera.rays(floats([self.camera.width / 2]), floats([self.camera.height / 2]))[0]
        x = float(ray[0] / max(float(ray[2]), 0.2)) * self.back
        return float(np.clip(x, 0.6 * self.left, 0.6 * self.right))


def in_order(items: list[Item]) -> list[Item]:
    """Rugs first, then what stands at walls, then what gathers around it; big before small."""
    return sorted(items, key=lambda item: (_ORDER[item.product.spot], -item.width, item.number))


def _overlap(x: float, z: float, w: float, d: float, other: Spot) -> bool:
    gap = 0.05
    return abs(x - other.x) < (w + other.w) / 2 + gap and abs(z - other.z) < (d + other.d) / 2 + gap


def _covered(spot: Spot, other: Spot) -> float:
    """The part of the smaller sprite that the two share in the picture."""
    x, y, w, h = spot.box
    ox, oy, ow, oh = other.box
    shared = max(0.0, min(x + w, ox + ow) - max(x, ox)) * max(0.0, min(y + h, oy + oh) - max(y, oy))
    return shared / max(1.0, min(w * h, ow * oh))
