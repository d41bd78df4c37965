"""Light moods: exposure, white, sky in the windows, sun on the floor, lamps; all in linear light."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from generations.engines.preview.arrays import (
    Floats,
    band_of,
    blur,
    by_rows,
    colour,
    dyed,
    floats,
    luma,
    mix,
    resize,
    sampled,
    smoothstep,
    spread,
    weighted_median,
)
from generations.engines.preview.lamps import TINT, find_lamps, lamplight
from generations.engines.preview.room import CONFIDENT, Room
from generations.engines.preview.surfaces import soft_shoulder
from generations.engines.preview.windows import panes


@dataclass(frozen=True)
class Mood:
    """`level` is the brightness that the room's average moves toward (0 keeps its own exposure, times `exposure`).

    `sun` is how much of the sun's patches on the floor is left, `sky` top, middle and horizon as sRGB;
    `ground` is how bright the garden under it is. `dark` is the average brightness of a room that lamps light.
    """

    exposure: float
    white: tuple[float, float, float]
    sky: tuple[str, str, str] = ("", "", "")
    sky_light: float = 1.0
    ground: float = 1.0
    level: float = 0.0
    dark: float = 0.0
    saturation: float = 1.0
    contrast: float = 1.0
    sun: float = 1.0
    sun_tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    lamps: float = 0.0
    glow: float = 0.0
    vignette: float = 0.0


_WEAKENED = 0.75  # where some sun is left: a bright patch may be the floor's own gloss

MOODS: dict[str, Mood] = {
    "sunset": Mood(
        0.95, (1.27, 0.94, 0.6), ("5d6ea6", "f2955a", "ffd794"), 1.0, 0.5, saturation=1.12, contrast=1.06,
        sun_tint=(1.35, 0.82, 0.42), glow=0.3, vignette=0.12,
    ),
    "night": Mood(
        0.055, (0.62, 0.85, 1.4), ("060a18", "0d1630", "1b2747"), 0.55, 0.03, dark=0.095, contrast=1.06, sun=0.0,
        lamps=0.3, vignette=0.3,
    ),
    "evening": Mood(
        0.15, (0.85, 0.92, 1.2), ("1d2a52", "4d5586", "c98a74"), 0.7, 0.12, dark=0.18, sun=0.15, lamps=0.7,
        vignette=0.15,
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
    "winter": Mood(
        0.96, (0.93, 1.0, 1.09), ("c3ced8", "dbe2e8", "eef1f4"), 1.0, 0.95, saturation=0.85, sun=0.2,
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
        lamps, burning = find_lamps(seen, room)
        power = np.float32(mood.lamps)
        lit = by_rows(
            lambda seen, lamp: floats(dyed(seen, gain) + seen * lamp * power), lit, lamplight(room, lamps)
        )
        level = np.float32(1)
        if mood.dark:
            level = np.float32(np.clip(mood.dark / max(_brightness(lit), 0.004), 0.35, 2.2))
        burning = burning if cover is None else floats(burning * (1 - cover))
        glowing = floats(TINT) ** np.float32(0.6) * np.float32(1.1)

        def part(seen: Floats, before: Floats, lamp: Floats) -> Floats:
            seen = floats(seen * level)
            if lamp.any():
                seen = floats(seen + (np.maximum(seen, dyed(before, glowing)) - seen) * spread(lamp))
            return soft_shoulder(seen, 0.7)

        lit = by_rows(part, lit, picture, burning)
    else:
        lit = by_rows(lambda seen: soft_shoulder(dyed(seen, gain), 0.7), lit)
    shown = False
    if mood.sky[0] and new_sky and room.window.max() > 0.5:
        white = weighted_median(luma(np.ascontiguousarray(sampled(seen))), sampled(room.walls.mask))
        glass, sky = panes(seen, room.window, white)
        if float(glass.mean()) > 0.0008:
            band = band_of(glass)
            pane = glass if cover is None else floats(glass * (1 - cover))
            lit[band] = mix(lit[band], _view(seen[band], glass[band], sky[band], mood), pane[band])
            shown = True
    if mood.glow:
        lit = _glow(lit, room, mood)
    return graded(lit, saturation=mood.saturation, contrast=mood.contrast, vignette=mood.vignette), shown


def graded(picture: Floats, *, saturation: float, contrast: float, vignette: float = 0.0) -> Floats:
    """Saturation and contrast around a middle grey, and corners darkened by up to `vignette`."""
    height, width = picture.shape[:2]
    across, down = (floats(np.linspace(-1, 1, size) ** 2 / 2) for size in (width, height))

    def part(seen: Floats, row: Floats) -> Floats:
        grey = spread(luma(seen))
        amount: Floats | np.float32 = np.float32(saturation)
        if saturation > 1:  # what is strongly coloured gets no stronger: it would turn to neon
            red, green, blue = cv2.split(seen)
            least, most = cv2.min(cv2.min(red, green), blue), cv2.max(cv2.max(red, green), blue)
            amount = spread(floats(1 + (amount - 1) * (least / np.maximum(most, 1e-3))))
        out = floats(np.maximum(grey + (seen - grey) * amount, 0)) if saturation != 1 else np.maximum(seen, 0)
        darker: Floats | None = None
        if contrast != 1:
            light = np.maximum(luma(out) / np.float32(0.2), 5e-4)  # around the middle grey
            darker = floats(cv2.pow(light, contrast - 1))
        if vignette:
            far = np.minimum(row[:, None] + across, 1)
            corners = 1 - np.float32(vignette) * floats(cv2.pow(far, 1.2))
            darker = corners if darker is None else floats(darker * corners)
        return soft_shoulder(out if darker is None else floats(out * spread(darker)), 0.85)

    return by_rows(part, picture, down)


def photographic(picture: Floats) -> Floats:
    """The tones of a photo for the clean picture of a draft: local contrast, a film's curve, fine grain."""
    height, width = picture.shape[:2]
    light = luma(picture)
    local = np.log(light + 0.02) - np.log(blur(light, width / 40) + 0.02)
    out = picture * np.exp(0.22 * np.clip(local, -0.8, 0.8))[..., None]
    out = graded(floats(out), saturation=0.94, contrast=1.08, vignette=0.1)
    grain = blur(floats(np.random.default_rng(19).normal(0, 1, (height, width))), 0.7)
    return floats(out * (1 + 0.035 * grain[..., None]))


def _brightness(picture: Floats) -> float:
    return float(luma(np.ascontiguousarray(sampled(picture))).mean())


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
    few, weights = np.ascontiguousarray(sampled(picture)), sampled(room.floor.mask)
    # The floor far from the sun is what the sunny part would look like in shade.
    shade = np.float32(max(weighted_median(luma(few), weights), 0.01))
    # A gloss is as white as the sky: without it the boards have their own hue.
    own = floats([weighted_median(few[..., channel], weights) for channel in range(3)])
    own = own / np.float32(max(float(luma(own)), 1e-3))
    weakened = _WEAKENED * (1 - mood.sun) if mood.sun else 1.0
    tint, dullness = floats(mood.sun_tint), np.float32(0.8 * (1 - mood.sun))

    def part(seen: Floats, wide: Floats, floor: Floats) -> Floats:
        ratio = wide / shade
        few = smoothstep(1.35, 2.1, floats(ratio)) * floor
        if not few.any():
            return seen
        sunny = spread(few)
        level = floats(cv2.pow(1.2 / np.maximum(ratio, 1.2), weakened))
        out = seen * spread(1 + (level - 1) * floor)
        if dullness:
            out = out + (dyed(spread(luma(floats(out))), own) - out) * (sunny * dullness)
        return floats(out + dyed(floats(out * sunny), tint - 1))

    soft = max(2.0, picture.shape[1] / 250)
    band = band_of(room.floor.mask, round(4 * soft))
    wide = blur(luma(picture[band]), soft)
    out = picture.copy()
    out[band] = by_rows(part, picture[band], wide, room.floor.mask[band])
    return out


# Windows


def _view(seen: Floats, glass: Floats, sky: Floats, mood: Mood) -> Floats:
    """What is outside under the mood's sky; a garden keeps its own colours, in the mood's light."""
    rows = np.nonzero((glass > 0.3).any(1))[0]
    first, last = (int(rows[0]), int(rows[-1])) if len(rows) else (0, 1)
    down = (np.arange(seen.shape[0], dtype=np.float32)[:, None] - first) / max(1, last - first)
    top, middle, horizon = (colour(tone) for tone in mood.sky)
    upper = mix(
        np.broadcast_to(top, (len(down), 1, 3)),
        np.broadcast_to(middle, (len(down), 1, 3)),
        np.clip(down / 0.45, 0, 1),
    )
    new = mix(upper, np.broadcast_to(horizon, (len(down), 1, 3)), np.clip((down - 0.4) / 0.45, 0, 1))
    garden = dyed(seen, floats(mood.white) * np.float32(mood.ground))
    return mix(garden, floats(np.broadcast_to(new * np.float32(mood.sky_light), seen.shape)), sky)


def _glow(lit: Floats, room: Room, mood: Mood) -> Floats:
    """Light that spills around bright windows, as a lens and the air spread it."""
    cover = room.window
    if cover.max() <= 0:
        return lit
    # So wide a blur needs no more than a small picture.
    step, (height, width) = max(1, lit.shape[1] // 320), lit.shape[:2]
    small = floats(
        resize(lit, width // step, height // step) * resize(cover, width // step, height // step)[..., None]
    )
    spill = resize(blur(small, width / step / 14), width, height)
    strength = np.float32(mood.glow * 1.6)

    def part(seen: Floats, light: Floats) -> Floats:
        return floats(1 - (1 - np.clip(seen, 0, 1)) * (1 - np.clip(light * strength, 0, 1)))

    return by_rows(part, lit, spill)
