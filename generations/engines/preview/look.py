"""From a plan to things that can be drawn: what the style implies is filled in, what must stay is taken out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generations.engines.preview.arrays import Floats, colour, floats
from generations.engines.preview.plan import Plan
from generations.engines.preview.vocabulary import STYLES

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
    mood: str = ""
    accent: Floats | None = None
    saturation: float = 1.0
    contrast: float = 1.0


def choose(plan: Plan, variant: int) -> Look:
    """The look of one variation of a plan."""
    style = STYLES.get(plan.style)
    wall = plan.wall or (style.wall if style and not plan.wall_finish else "")
    rug = plan.rug
    if rug == "style":
        rug = (style.rug if style else "") or "cfc6b6"
    elif not rug and style:
        rug = style.rug
    accent = plan.accent or (style.accent if style else "")
    # "golden light, keep the walls": each surface named is left out, and "keep the light" is the mood.
    return Look(
        variant=variant,
        floor=""
        if plan.keeps("floor")
        else plan.floor or (style.floor if style and not plan.floor_colour else ""),
        floor_paint=None if plan.keeps("floor") or not plan.floor_colour else colour(plan.floor_colour),
        wall=None if plan.keeps("walls") or not wall else _shade(colour(wall), variant),
        wall_finish="" if plan.keeps("walls") else plan.wall_finish,
        ceiling=None if plan.keeps("ceiling") or not plan.ceiling else colour(plan.ceiling),
        rug=None if plan.keeps("rug") or plan.keeps("floor") or not rug else colour(rug),
        mood="" if plan.keeps("light") else plan.mood or (style.mood if style else ""),
        accent=None if plan.keeps("everything") or not accent else colour(accent),
        saturation=style.saturation if style else 1.0,
        contrast=style.contrast if style else 1.0,
    )


def _shade(paint: Floats, variant: int) -> Floats:
    return floats(np.clip(paint * np.float32(_WALL_STEPS[variant % 3]), 0, 0.9))
