"""Light moods: exposure, white, sky in the windows, sun on the floor, lamps; all in linear light."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from generations.engines.preview.arrays import (
    Floats,
    blur,
    colour,
    floats,
    luma,
    mix,
    resize,
    smoothstep,
    weighted_median,
)
from generations.engines.preview.camera import CEILING_HEIGHT
from generations.engines.preview.room import CONFIDENT, Room
from generations.engines.preview.surfaces import labels_of, soft_shoulder
from generations.engines.preview.windows import outline

_PANE = 128  # pixels of a window's flat view
_LAMP = (1.0, 0.72, 0.46)


@dataclass(frozen=True)
class Mood:
    """`level` is the brightness that the room's average moves toward (0 keeps its own exposure, times `exposure`).

    `sun` is how much of the sun's patches on the floor is left, `sky` top, middle and horizon as sRGB;
    `ground` is how bright the garden under it is.
    """

    exposure: float
    white: tuple[float, float, float]
    sky: tuple[str, str, str] = ("", "", "")
    sky_light: float = 1.0
    ground: float = 1.0
    level: float = 0.0
    saturation: float = 1.0
    contrast: float = 1.0
    sun: float = 1.0
    sun_tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    lamps: float = 0.0
    glow: float = 0.0
    vignette: float = 0.0


MOODS: dict[str, Mood] = {
    "sunset": Mood(
        0.95, (1.27, 0.94, 0.6), ("5d6ea6", "f2955a", "ffd794"), 1.0, 0.5, saturation=1.12, contrast=1.06,
        sun_tint=(1.35, 0.82, 0.42), glow=0.3, vignette=0.12,
    ),
    "night": Mood(
        0.16, (0.72, 0.9, 1.28), ("060a18", "0d1630", "1b2747"), 0.55, 0.03, saturation=0.9, sun=0.0, lamps=0.42,
        vignette=0.2,
    ),
    "evening": Mood(
        0.34, (0.92, 0.94, 1.12), ("1d2a52", "4d5586", "c98a74"), 0.7, 0.12, sun=0.15, lamps=0.75, vignette=0.1,
    ),
    "daylight": Mood(
        1.12, (1.0, 1.0, 1.0), ("6fa8e0", "b9d8f2", "eef6fb"), 1.1, level=0.42, saturation=1.05, glow=0.12,
    ),
    "morning": Mood(
        1.08, (1.07, 1.0, 0.88), ("8db9e2", "dfe3e0", "ffe6bd"), 1.05, level=0.36, sun_tint=(1.12, 0.98, 0.8),
        glow=0.2,
    ),
    "overcast": Mood(
        0.88, (0.95, 1.0, 1.07), ("b4bcc4", "ccd2d6", "dde0e2"), 0.9, 0.7, saturation=0.78, contrast=0.94, sun=0.12,
    ),
    "moody": Mood(0.66, (1.03, 0.99, 0.95), saturation=0.88, contrast=1.16, sun=0.6, lamps=0.12, vignette=0.45),
    "warm": Mood(1.0, (1.09, 0.99, 0.82), level=0.24, saturation=1.04, lamps=0.12),
    "cool": Mood(1.02, (0.9, 0.99, 1.15), level=0.24, saturation=0.97),
}  # fmt: skip


def relight(
    picture: Floats, room: Room, name: str, *, seen: Floats, cover: Floats | None = None, new_sky: bool = True
) -> tuple[Floats, bool]:
    """`picture` in the light of a mood, and whether a window was found to show another sky in.

    Window panes are looked for in the photo `seen`; what stands before them is `cover` (h, w). Without `new_sky` the
    view stays.
    """
    mood = MOODS[name]
    lit = _sun(picture, room, mood)
    gain = floats(mood.white) * np.float32(_exposure(picture, mood))
    if mood.lamps:
        lit = lit * (gain + _lamplight(room) * np.float32(mood.lamps * _lamp_need(picture, mood)))
    else:
        lit = lit * gain
    lit = soft_shoulder(floats(lit), 0.7)
    shown = False
    if mood.sky[0] and new_sky:
        for window in room.windows:
            corners = outline(window, room.camera, room.box)
            if corners is not None:
                view, glass = _new_sky(seen, corners, mood)
                lit = mix(lit, view, glass if cover is None else floats(glass * (1 - cover)))
                shown = True
    if mood.glow:
        lit = _glow(lit, room, mood)
    return graded(lit, saturation=mood.saturation, contrast=mood.contrast, vignette=mood.vignette), shown


def graded(picture: Floats, *, saturation: float, contrast: float, vignette: float = 0.0) -> Floats:
    """Saturation and contrast around a middle grey, and corners darkened by up to `vignette`."""
    grey = luma(picture)[..., None]
    out = np.maximum(grey + (picture - grey) * np.float32(saturation), 0)
    if contrast != 1:
        pivot = np.float32(0.2)
        light = np.maximum(luma(floats(out)), 1e-4)[..., None]
        out = out * (light / pivot) ** np.float32(contrast - 1)
    if vignette:
        height, width = picture.shape[:2]
        y, x = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
        out = out * (1 - vignette * np.clip((x**2 + y**2) / 2, 0, 1) ** 1.2)[..., None]
    return soft_shoulder(floats(out), 0.85)


def _brightness(picture: Floats) -> float:
    return float(luma(picture[::4, ::4]).mean())


def _lamp_need(picture: Floats, mood: Mood) -> float:
    """Lamps burn as bright in a dark room as in a bright one: what is added is aimed at one level, within reason."""
    return float(np.clip(0.3 / max(_brightness(picture), 0.05), 0.55, 1.8)) if mood.lamps > 0.2 else 1.0


def _exposure(picture: Floats, mood: Mood) -> float:
    if not mood.level:
        return mood.exposure
    # Half of the way, and never darker: a bright room stays bright and a dark one is opened.
    wanted = (mood.level / max(_brightness(picture), 0.02)) ** 0.6
    return float(np.clip(wanted, 1.0, 2.6)) * mood.exposure


def _sun(picture: Floats, room: Room, mood: Mood) -> Floats:
    """Sun patches on the floor weakened or coloured; only where the floor is known, or furniture would fade."""
    unchanged = mood.sun == 1 and mood.sun_tint == (1.0, 1.0, 1.0)
    if unchanged or room.furnished or room.floor.confidence < CONFIDENT:
        return picture
    light = luma(picture)
    # The floor far from the sun is what the sunny part would look like in shade.
    shade = max(weighted_median(light[::4, ::4], room.floor.mask[::4, ::4]), 0.01)
    wide = blur(light, max(2.0, picture.shape[1] / 250))
    ratio = np.maximum(wide / shade, 1e-3)
    sunny = smoothstep(1.35, 2.1, floats(ratio)) * room.floor.mask
    gain = np.where(ratio > 1.2, (1.2 / np.maximum(ratio, 1.2)) ** (1 - mood.sun), 1)
    out = picture * mix(np.ones_like(gain, np.float32), floats(gain), room.floor.mask)[..., None]
    return mix(floats(out), floats(out * floats(mood.sun_tint)), sunny)


def _lamplight(room: Room) -> Floats:
    """Warm irradiance (h, w, 3) of a ceiling lamp and two lamps near the back corners on the five planes."""
    height, width = room.floor.mask.shape
    small_width, small_height = max(8, width // 6), max(8, height // 6)
    labels, along, rays = labels_of(room, room.camera.resized(small_width, small_height))
    points = rays * along[..., None]
    inward = floats([[0, -1, 0], [0, 1, 0], [1, 0, 0], [-1, 0, 0], [0, 0, -1]])[labels]
    box, metre = room.box, room.box.metre
    span = box.left + box.right
    lamps = [
        ((box.right - box.left) / 2, -box.up + 0.5 * metre, 0.62 * box.depth, 1.0),
        (-box.left + 0.14 * span, 0.02, box.depth - 0.45 * metre, 0.4),
        (box.right - 0.14 * span, 0.02, box.depth - 0.45 * metre, 0.4),
    ]
    total = np.zeros(labels.shape, np.float32)
    for x, y, z, power in lamps:
        way = floats([x, y, z]) - points
        distance = np.linalg.norm(way, axis=-1) + 1e-6
        facing = np.clip((way * inward).sum(-1) / distance, 0, 1)
        total += power * (0.15 + facing) / ((distance / metre) ** 2 + 0.35)
    spread = blur(floats(total), max(1.0, small_width / 60))
    # Half of the light arrives by way of the other walls.
    even = 0.6 * float(spread.mean()) + 0.4 * spread
    scale = 0.9 / max(float(even.mean()), 1e-3) * (CEILING_HEIGHT / 2.6)
    return resize(floats((even * scale)[..., None] * floats(_LAMP)), width, height)


# Windows


def _new_sky(seen: Floats, corners: Floats, mood: Mood) -> tuple[Floats, Floats]:
    """The view out of one window under the mood's sky, and where its glass is; a garden keeps its own colours."""
    height, width = seen.shape[:2]
    square = floats([[0, 0], [_PANE, 0], [_PANE, _PANE], [0, _PANE]])
    flatten = cv2.getPerspectiveTransform(corners, square)
    flat = floats(cv2.warpPerspective(seen, flatten, (_PANE, _PANE), flags=cv2.INTER_AREA))
    panes = _panes(flat)
    light = luma(flat)
    brightest = max(float(np.percentile(light, 90)), 0.05)
    soft = blur(flat, 1.5)
    green = soft[..., 1] / (0.5 * (soft[..., 0] + soft[..., 2]) + 0.01)
    is_sky = smoothstep(0.3, 0.6, floats(luma(soft) / brightest)) * smoothstep(1.3, 1.1, floats(green))
    down = np.linspace(0, 1, _PANE, dtype=np.float32)[:, None]
    top, middle, horizon = (colour(tone) for tone in mood.sky)
    upper = mix(
        np.broadcast_to(top, (_PANE, 1, 3)), np.broadcast_to(middle, (_PANE, 1, 3)), np.clip(down / 0.4, 0, 1)
    )
    sky = mix(upper, np.broadcast_to(horizon, (_PANE, 1, 3)), np.clip((down - 0.35) / 0.35, 0, 1))
    garden = floats(flat * floats(mood.white) * np.float32(mood.ground))
    view = mix(garden, floats(sky * np.float32(mood.sky_light)), is_sky)
    size = (width, height)
    back = np.linalg.inv(flatten)
    placed = floats(
        cv2.warpPerspective(view, back, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    )
    cover = floats(cv2.warpPerspective(panes, back, size, flags=cv2.INTER_LINEAR))
    return placed, floats(np.clip(cover, 0, 1))


def _panes(flat: Floats) -> Floats:
    """1 on glass, 0 on frame and bars, for a window seen from the front.

    Bars run straight from side to side, so a row or a column is bar or glass as a whole.
    """
    light = np.clip(luma(flat), 0, 1)
    glass = np.outer(_between_bars(light), _between_bars(light.T))
    return blur(floats(glass), 0.7)


def _between_bars(light: Floats) -> Floats:
    """For each row of a flat window (n, n), 1 where it is glass: neither rim nor a thin stripe unlike its sides."""
    # The median over a row sees past the bars that cross it.
    levels = np.stack([np.percentile(light, part, axis=1) for part in (30, 60)], -1)
    count = len(levels)
    # What a thin stripe adds to or takes from its sides; a horizon or a fading sky adds nothing.
    kernel = np.ones((count // 9, 1), np.uint8)
    wide = floats(np.pad(levels, ((count // 9, count // 9), (0, 0)), mode="edge"))
    middle = np.s_[count // 9 : -(count // 9)]
    bright = levels - floats(cv2.morphologyEx(wide, cv2.MORPH_OPEN, kernel))[middle]
    dark = floats(cv2.morphologyEx(wide, cv2.MORPH_CLOSE, kernel))[middle] - levels
    glass = (np.maximum(bright, dark).max(-1) < 0.05).astype(np.float32)
    for ordered, rows in ((levels, glass), (levels[::-1], glass[::-1])):
        depth = 0
        while depth < count // 8 and float(np.abs(ordered[depth] - ordered[0]).max()) < 0.05:
            depth += 1
        if depth < count // 8:  # a rim that never ends is the sky itself, not a frame
            rows[: depth + 1] = 0
    return np.asarray(np.minimum(glass, np.minimum(np.roll(glass, 1), np.roll(glass, -1))), np.float32)


def _glow(lit: Floats, room: Room, mood: Mood) -> Floats:
    """Light that spills around bright windows, as a lens and the air spread it."""
    cover = room.window_mask()
    if cover.max() <= 0:
        return lit
    spill = blur(floats(lit * cover[..., None]), lit.shape[1] / 14)
    return floats(1 - (1 - np.clip(lit, 0, 1)) * (1 - np.clip(spill * mood.glow * 1.6, 0, 1)))
