"""What is seen through windows: the panes, without frames and bars, and the sky in them."""

from __future__ import annotations

import cv2
import numpy as np

from generations.engines.preview.arrays import Floats, Mask, band_of, blur, floats, luma, resize, smoothstep

_LEAST = 0.0012  # part of the picture that the smallest window covers
_AS_BRIGHT = 0.85  # of the brightest: the same day is outside of all windows of a room
_PICTURE = 0.25  # of the largest window
_LAMPLIT, _DUSK = (
    0.15,
    0.3,
)  # luminance of walls and of windows by night, and the least part of these that is blue
_SIZE = 400  # longest side in pixels at which windows are told apart
_BAR = 45  # a bar is at most this part of the picture's width across
_LONG = 26  # and at least this part long


def panes(seen: Floats, window: Floats, room_light: float) -> tuple[Floats, Floats]:
    """Where the photo `seen` shows the outside, and how much of that is sky; (h, w) both, 0 to 1.

    `window` is where windows are. One no brighter than the walls (`room_light`), or clearly darker than another one,
    and shows nothing blue or green is a closed curtain, a picture or white tiles, and stays as it is. What a window
    shows by night is too dark to be told from the sky, and is all taken for it.
    """
    light = luma(seen)
    outside, night = _outside(seen, light, window, room_light)
    glass = floats(window * outside)
    panes, sky = np.zeros_like(light), np.zeros_like(light)
    if glass.max() <= 0.05:
        return panes, sky
    longest = max(light.shape)
    box = band_of(glass, longest // 24), band_of(glass.T, longest // 24)
    panes[box], sky[box] = _in_box(seen[box], light[box], glass[box], seen.shape[1], longest)
    if night.any():
        # No bars are looked for: between trees and sky there are edges, and the lamps show the frame.
        glassy = window * _dark_glass(seen, light, room_light)
        panes = floats(panes + (glassy - panes) * night)
        sky = floats(np.maximum(sky, night))
    return panes, sky


def _dark_glass(seen: Floats, light: Floats, room_light: float) -> Floats:
    """1 where a window by night has panes: they are blue or black, while lamps light its frame."""
    soft = blur(seen, 0.8)
    blue = smoothstep(0.85, 1.1, floats(soft[..., 2] / (soft[..., 0] + np.float32(0.002))))
    return floats(np.maximum(blue, smoothstep(0.4, 0.25, floats(light / np.float32(room_light)))))


def _in_box(seen: Floats, light: Floats, glass: Floats, width: int, longest: int) -> tuple[Floats, Floats]:
    """`panes` of the part of the picture where windows are; `width` and `longest` are the whole picture's sides."""
    glass = floats(glass * (1 - _bars(light, longest)))
    wide = blur(light, max(1.0, width / 160))
    flat = smoothstep(0.2, 0.06, floats(np.abs(light - wide) / (wide + 0.05)))
    blown = smoothstep(0.8, 0.93, wide)
    soft = blur(seen, max(0.8, width / 500))
    blue = smoothstep(1.15, 1.4, floats(soft[..., 2] / (soft[..., 0] + 0.01))) * smoothstep(0.08, 0.16, wide)
    sky = blur(floats(np.maximum(blown, blue) * flat), max(0.6, width / 700))
    return blur(glass, max(0.5, width / 1600)), sky


def _outside(seen: Floats, light: Floats, window: Floats, room_light: float) -> tuple[Floats, Floats]:
    """1 in each window that shows daylight, falling to 0 on its dark parts; 0 in what is no window. Then where of that
    a window shows the night, 0 to 1."""
    height, width = light.shape
    scale = min(1.0, _SIZE / max(height, width))
    small = max(2, round(width * scale)), max(2, round(height * scale))
    small_light, small_seen = resize(light, *small), resize(seen, *small)
    where: Mask = resize(window, *small) > 0.5
    count, parts, stats, _ = cv2.connectedComponentsWithStats(where.astype(np.uint8))
    out, night = np.zeros(small_light.shape, np.float32), np.zeros(small_light.shape, np.float32)
    members: list[Mask] = [
        parts == part for part in range(1, count) if stats[part, cv2.CC_STAT_AREA] >= _LEAST * where.size
    ]
    areas = [float(member.sum()) for member in members]
    lights = [float(np.percentile(small_light[member], 85)) for member in members]
    plain = max(1.12 * room_light, _AS_BRIGHT * max(lights, default=0.0))
    for member, area, bright in zip(members, areas, lights, strict=True):
        inside = small_seen[member]
        dusk = float((inside[:, 2] > 1.2 * inside[:, 0]).mean())
        if bright < _LAMPLIT and room_light < _LAMPLIT and dusk > _DUSK:
            out[member] = night[member] = 1
            continue
        blue = float(((inside[:, 2] > 1.2 * inside[:, 0]) & (inside[:, 2] > 0.12)).mean())
        green = float(((inside[:, 1] > 1.15 * inside[:, 0]) & (inside[:, 1] > 1.15 * inside[:, 2])).mean())
        # Beside a large window a small one that is darker is a picture of the sky.
        beside = area < _PICTURE * max(areas) and bright < _AS_BRIGHT * max(lights)
        if bright < 0.12 or (bright < plain and (beside or blue + green < 0.12)):
            continue
        out[member] = smoothstep(0.12, 0.4, floats(small_light[member] / bright))
    return resize(out, width, height), resize(night, width, height)


def _bars(light: Floats, longest: int) -> Floats:
    """1 on thin straight bars, upright or level, lighter or darker than what is on both their sides."""
    thick = 2 * max(1, round(longest / _BAR / 2)) + 1
    long = max(5, round(longest / _LONG))
    square = np.ones((thick, thick), np.uint8)
    found = np.zeros_like(light)
    clipped = floats(np.clip(light, 0, 1))
    for shape in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT):
        thin = floats(cv2.morphologyEx(clipped, shape, square)) / (clipped + 0.08)
        for line in (np.ones((long, 1), np.uint8), np.ones((1, long), np.uint8)):
            found = np.maximum(found, floats(cv2.morphologyEx(thin, cv2.MORPH_OPEN, line)))
    return smoothstep(0.08, 0.2, found)
