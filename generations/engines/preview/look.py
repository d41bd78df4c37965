"""From a plan to things that can be drawn: what the style implies is filled in, what must stay is taken out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generations.engines.preview.arrays import Floats, colour, floats
from generations.engines.preview.modes import SEASONS
from generations.engines.preview.plan import Plan
from generations.engines.preview.styles import STYLES

_PLAIN_RUG = "cfc6b6"
_LIGHT_STEPS = ((1.0, 1.0, 1.0), (1.04, 1.0, 0.93), (0.97, 1.0, 1.05))
_WALL_STEPS = (1.0, 0.86, 1.12)  # lightness of the paint in the first, second and third variation


@dataclass(frozen=True)
class Look:
    """What to draw. None and "" leave a thing as it is; colours are linear albedo, shape (3,).

    `variant` 0, 1 or 2 changes the batch of the floor, the shade of the paint and the arrangement of the furniture.
    """

    variant: int = 0
    floor: str = ""
    floor_paint: Floats | None = None
    wall: Floats | None = None
    wall_finish: str = ""
    ceiling: Floats | None = None
    rug: Floats | None = None
    rug_named: bool = False
    mood: str = ""
    new_sky: bool = True
    accent: Floats | None = None
    saturation: float = 1.0
    contrast: float = 1.0
    photographic: bool = False
    keeps_light: bool = False

    @property
    def light_shift(self) -> Floats:
        """What the second and third variation multiply the light with: a little warmer, a little cooler."""
        return floats(_LIGHT_STEPS[0 if self.keeps_light else self.variant % 3])

    def variation(self, *, furnished: bool) -> str:
        """How this variation differs on purpose, for people; "" for the first."""
        if not self.variant:
            return ""
        first = self.variant % 3 == 1
        parts = []
        if furnished:
            parts.append(f"furniture gathered to the {'right' if first else 'left'}")
        if self.floor or self.floor_paint is not None:
            parts.append(f"floor from a {'darker' if first else 'lighter'} batch")
        if self.wall is not None:
            parts.append(f"walls a shade {'deeper' if first else 'lighter'}")
        if not self.keeps_light:
            parts.append(f"light a little {'warmer' if first else 'cooler'}")
        return ", ".join(parts)


def choose(plan: Plan, variant: int) -> Look:
    """The look of one variation of a plan."""
    style = None if plan.only_what_is_named else STYLES.get(plan.style)
    season = SEASONS.get(plan.season)
    implied = "" if style is None or style.floor in plan.refused or plan.floor_colour else style.floor
    floor = plan.floor or implied
    # A pattern of two colours can't be "a white checkerboard".
    floor_paint = plan.floor_colour if floor != "checkerboard" else ""
    wall = plan.wall or (style.wall if style and not plan.wall_finish else "")
    rug = plan.rug or (style.rug if style else "")
    if rug == "style":
        rug = (style.rug if style else "") or _PLAIN_RUG
    accent = (
        ""
        if plan.only
        else plan.accent or (season.accent if season else "") or (style.accent if style else "")
    )
    mood = plan.mood or (season.mood if season else "") or (style.mood if style else "")
    keeps_floor = plan.keeps("floor")
    named_rug = plan.rug and "rug" not in plan.keep
    return Look(
        variant=variant,
        floor="" if keeps_floor else floor,
        floor_paint=None if keeps_floor else _paint(floor_paint),
        wall=None if plan.keeps("walls") or not wall else _shade(colour(wall), variant),
        wall_finish="" if plan.keeps("walls") else plan.wall_finish,
        ceiling=None if plan.keeps("ceiling") else _paint(plan.ceiling),
        rug=None if (plan.keeps("rug") or keeps_floor) and not named_rug else _paint(rug),
        rug_named=bool(plan.rug) and plan.rug != "style",
        mood=""
        if (plan.keeps("light") and not plan.mood) or "light" in plan.keep or mood in plan.refused
        else mood,
        new_sky="windows" not in plan.keep,
        accent=_paint(accent),
        saturation=(style.saturation if style else 1.0) * (season.saturation if season else 1.0),
        contrast=style.contrast if style else 1.0,
        keeps_light="light" in plan.keep,
        photographic=plan.mode == "photo to render",
    )


def _paint(name: str) -> Floats | None:
    return colour(name) if name else None


def _shade(paint: Floats, variant: int) -> Floats:
    return floats(np.clip(paint * np.float32(_WALL_STEPS[variant % 3]), 0, 0.9))
