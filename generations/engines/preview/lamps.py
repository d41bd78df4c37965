"""Lamps: those seen in the photo, else one at the ceiling and two in the back corners; and the light that they give."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from generations.engines.preview.arrays import Bytes, Floats, blur, dyed, fit, floats, luma, resize, spread
from generations.engines.preview.room import Room
from generations.engines.preview.surfaces import labels_of

TINT = (1.0, 0.72, 0.46)  # of the light of a lamp, as the camera sees it by day
_SIZE = 360  # longest side in pixels at which lamps are looked for
_MOST = 8
_SMALL, _LARGE = 0.00012, 0.012  # part of the picture that a lamp covers
_BRIGHT = 0.55
_BURNS = 0.8  # what is lit by a lamp is pale, the lamp itself is nearly white
_STANDS_OUT = 0.22  # how much brighter than what is around it
_REACH = 0.17  # of the longest side


@dataclass(frozen=True)
class Lamp:
    """A bright spot in the photo, in parts of its size: middle, and the area of its shade."""

    x: float
    y: float
    area: float


def find_lamps(seen: Floats, room: Room) -> tuple[list[Lamp], Floats]:
    """Lamps in the photo, largest first, and where they glow (h, w), 0 to 1."""
    height, width = seen.shape[:2]
    small_width, small_height = fit(width, height, _SIZE)
    light = floats(np.clip(luma(resize(seen, small_width, small_height)), 0, 1))
    side = max(5, _SIZE // 11) | 1
    around = floats(cv2.morphologyEx(light, cv2.MORPH_OPEN, np.ones((side, side), np.uint8)))
    window = resize(room.window, small_width, small_height)
    near_window = cv2.dilate(floats(window > 0.3), np.ones((9, 9), np.uint8)) > 0
    flat = resize(room.floor.mask, small_width, small_height) > 0.3  # there it is a patch of sun
    spots: Bytes = ((light > _BRIGHT) & (light - around > _STANDS_OUT) & ~near_window & ~flat).astype(
        np.uint8
    )
    count, parts, stats, middles = cv2.connectedComponentsWithStats(spots)
    found: list[tuple[int, Lamp]] = []
    for part in range(1, count):
        _, _, w, h, area = (int(value) for value in stats[part])
        share = area / spots.size
        burns = area >= 3 and float(np.percentile(light[parts == part], 85)) > _BURNS
        if burns and _SMALL < share < _LARGE and 0.3 < w / h < 3.2 and area > 0.5 * w * h:
            x, y = middles[part]
            found.append((part, Lamp(float(x) / small_width, float(y) / small_height, share)))
    found = sorted(found, key=lambda pair: -pair[1].area)[:_MOST]
    glow = np.isin(parts, [part for part, _ in found]).astype(np.float32)
    return [lamp for _, lamp in found], blur(resize(glow, width, height), max(1.0, width / 500))


def lamplight(room: Room, lamps: list[Lamp]) -> Floats:
    """Irradiance (h, w, 3) with a mean of about 1."""
    height, width = room.floor.mask.shape
    small = max(8, width // 6), max(8, height // 6)
    light = _from_box(room, *small)
    if lamps:
        y, x = np.mgrid[0 : 1 : small[1] * 1j, 0 : 1 : small[0] * 1j]
        seen = np.zeros(light.shape, np.float32)
        for lamp in lamps:
            far = np.hypot((x - lamp.x) * width, (y - lamp.y) * height) / (_REACH * max(width, height))
            seen += np.float32(min(1.0, (lamp.area / 0.002) ** 0.35)) / floats(0.12 + far**2)
        light = 0.35 * light + 0.65 * seen / max(float(seen.mean()), 1e-3)
    return dyed(spread(resize(light, width, height)), floats(TINT))


def _from_box(room: Room, width: int, height: int) -> Floats:
    """Light of lamps that nobody sees on the five planes of the box, mean 1."""
    labels, along, rays = labels_of(room, room.camera.resized(width, height))
    points = rays * along[..., None]
    inward = floats([[0, -1, 0], [0, 1, 0], [1, 0, 0], [-1, 0, 0], [0, 0, -1]])[labels]
    box, metre = room.box, room.box.metre
    span = box.left + box.right
    spots = [
        ((box.right - box.left) / 2, -box.up + 0.5 * metre, 0.62 * box.depth, 1.0),
        (-box.left + 0.14 * span, 0.02, box.depth - 0.45 * metre, 0.4),
        (box.right - 0.14 * span, 0.02, box.depth - 0.45 * metre, 0.4),
    ]
    total = np.zeros(labels.shape, np.float32)
    for x, y, z, power in spots:
        way = floats([x, y, z]) - points
        distance = np.linalg.norm(way, axis=-1) + 1e-6
        facing = np.clip((way * inward).sum(-1) / distance, 0, 1)
        total += power * (0.15 + facing) / ((distance / metre) ** 2 + 0.35)
    spread = blur(floats(total), max(1.0, width / 60))
    # A part of the light arrives by way of the other walls.
    even = 0.4 * float(spread.mean()) + 0.6 * spread
    return floats(even / max(float(even.mean()), 1e-3))
