"""Shadows that new furniture throws: where it stands, where its feet touch the floor, and away from the window."""

from __future__ import annotations

import cv2
import numpy as np

from generations.engines.preview.arrays import Bytes, Floats, blur, floats, resize
from generations.engines.preview.placement import Spot
from generations.engines.preview.room import Room

_UNDER, _CAST, _CONTACT = 0.5, 0.24, 0.55  # how much light is lost
_GROWN = 1.06  # of the footprint, as light comes from all of the room
_LONG = 0.32  # of the piece's height, how far the shadow reaches away from the window
_HIGHEST = 1.3  # metres that throw a shadow; what is higher lights the floor again


def window_point(room: Room) -> tuple[float, float] | None:
    """X and Z in metres of the middle of the windows; None where there are none."""
    step = 8
    mask = room.window[::step, ::step]
    if mask.sum() < 0.004 * mask.size:
        return None
    ys, xs = np.mgrid[: mask.shape[0], : mask.shape[1]]
    x, y = (float((axis * mask).sum() / mask.sum()) * step for axis in (xs, ys))
    ray = room.camera.rays(floats([x]), floats([y]))
    _, along = room.box.labels(ray)
    point = ray[0] * along[0] / np.float32(room.box.metre)
    return float(point[0]), float(point[2])


def on_floor(
    picture: Floats, room: Room, spot: Spot, bare: Floats, window: tuple[float, float] | None
) -> None:
    """Darkens `picture` in place under and beside the footprint, where `bare` (h, w) says that floor is seen."""
    wide = max(1.5, 0.07 * room.camera.focal / max(spot.distance, 0.3))
    _darken(picture, _outline(room, spot, 0.0, 0.0), bare, wide, _UNDER)
    if window is None:
        return
    away = np.array([spot.x - window[0], spot.z - window[1]])
    away /= np.linalg.norm(away) + 1e-6
    tall = min(spot.box[3] * spot.distance / room.camera.focal, _HIGHEST)
    shift = away * _LONG * tall
    _darken(picture, _outline(room, spot, float(shift[0]), float(shift[1])), bare, 2.2 * wide, _CAST)


def _outline(room: Room, spot: Spot, right: float, back: float) -> Floats | None:
    """A rounded rectangle on the floor, moved by metres, in pixels (n, 2)."""
    turns = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    x = spot.x + right + np.sign(np.cos(turns)) * np.abs(np.cos(turns)) ** 0.4 * spot.w / 2 * _GROWN
    z = spot.z + back + np.sign(np.sin(turns)) * np.abs(np.sin(turns)) ** 0.4 * spot.d / 2 * _GROWN
    metre = room.box.metre
    seen = room.camera.project(floats(np.stack([x * metre, np.ones_like(x), z * metre], -1)))
    return None if (seen[:, 2] < 0.05).any() else floats(seen[:, :2])


def _darken(picture: Floats, outline: Floats | None, bare: Floats, wide: float, strength: float) -> None:
    if outline is None:
        return
    height, width = bare.shape
    margin = 3 * wide + 2
    left, top = (int(max(0, low - margin)) for low in outline.min(0))
    right, bottom = (
        int(min(limit, high + margin)) for limit, high in zip((width, height), outline.max(0), strict=True)
    )
    if left >= right or top >= bottom:
        return
    shadow: Bytes = np.zeros((bottom - top, right - left), np.uint8)
    cv2.fillPoly(shadow, [np.rint(outline - floats([left, top])).astype(np.int32)], 255)
    area = np.s_[top:bottom, left:right]
    dark = blur(floats(shadow / 255), wide) * np.float32(strength) * bare[area]
    picture[area] *= (1 - dark)[..., None]


def at_feet(picture: Floats, alpha: Floats, x: int, y: int, hidden: Floats) -> None:
    """A dark line in place where the lowest parts of the sprite touch the floor; none on what stands before it."""
    tall, wide = alpha.shape
    band = max(2, tall // 14)
    strip = resize(floats(alpha[-3 * band :]), wide, band)
    soft = max(1.0, wide / 90)
    margin = int(3 * soft) + 2
    dark = blur(floats(np.pad(strip, margin)), soft)
    left, top = x - margin, y + tall - band + max(1, band // 4) - margin
    height, width = hidden.shape
    x0, y0 = max(0, left), max(0, top)
    x1, y1 = min(width, left + dark.shape[1]), min(height, top + dark.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    part = dark[y0 - top : y1 - top, x0 - left : x1 - left] * np.float32(_CONTACT)
    picture[y0:y1, x0:x1] *= (1 - part * (1 - hidden[y0:y1, x0:x1]))[..., None]
