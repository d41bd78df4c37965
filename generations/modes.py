"""What a person can ask for by choosing instead of writing: modes, styles, and the prompt that comes of them.

Modes are those that the vendor publishes: one endpoint, each with its own beginning of the prompt. Knows no rows.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

# Engines read it; what reads prompts here takes it out first, as it names walls without asking for any change.
KEEP_STRUCTURE = "Keep the architecture: walls, windows and doors stay exactly where they are."


@dataclass(frozen=True)
class Mode:
    """`lead_in` begins the prompt and is English, as engines read it; `name` and `hint` are for people."""

    key: str
    name: str | Promise
    lead_in: str
    hint: str | Promise
    icon: str
    paints: bool = False  # asks for a region to be painted


MODES = {
    mode.key: mode
    for mode in (
        Mode("restyle", _("Restyle"), "Redesign this room", _("A new look for the whole room."), "sparkle"),
        Mode(
            "staging",
            _("Virtual staging"),
            "Virtually stage this empty room with furniture",
            _("Furniture for an empty room."),
            "sofa",
        ),
        Mode(
            "layout",
            _("Layout boost"),
            "Improve the layout of this room",
            _("The same things, better arranged."),
            "layout",
        ),
        Mode(
            "declutter",
            _("Declutter"),
            "Declutter this room",
            _("Tidy, with what belongs there."),
            "broom",
        ),
        Mode(
            "region",
            _("Only a part"),
            "Change only the marked region",
            _("Paint what shall change; the rest stays."),
            "brush",
            paints=True,
        ),
        Mode(
            "walls",
            _("Walls"),
            "Change only the wall texture and colour",
            _("Paint, paper or panels."),
            "wall",
        ),
        Mode("floor", _("Floor"), "Restyle only the floor", _("Wood, tiles, carpet or concrete."), "floor"),
        Mode("kitchen", _("Kitchen"), "Redesign this kitchen", _("Fronts, worktop and light."), "kitchen"),
        Mode("bathroom", _("Bathroom"), "Redesign this bathroom", _("Tiles, fittings and light."), "bath"),
        Mode(
            "windows",
            _("Windows"),
            "Restyle the windows of this room",
            _("Frames, curtains and blinds."),
            "window",
        ),
        Mode("doors", _("Doors"), "Restyle the doors of this room", _("Leaves, frames and handles."), "door"),
        Mode("stairs", _("Stairs"), "Restyle the stairs", _("Treads, rails and what is below."), "stairs"),
        Mode(
            "exterior",
            _("Exterior"),
            "Redesign the exterior of this house",
            _("The house from outside."),
            "house",
        ),
        Mode("garden", _("Garden"), "Redesign this garden", _("Plants, paths and places to sit."), "garden"),
        Mode(
            "render",
            _("Draft to photo"),
            "Turn this 3D render into a photorealistic photo",
            _("A render or sketch made real."),
            "cube",
        ),
        Mode(
            "seasonal",
            _("Season"),
            "Seasonal look for this room",
            _("Winter, spring, a feast."),
            "leaf",
        ),
    )
}
USUAL = "restyle"


def compose(*, mode: str, style: str, words: str, keep_structure: bool) -> str:
    """The prompt that is sent: the mode's beginning, the style, the person's own words, and what has to stay."""
    lead_in = MODES[mode].lead_in if mode in MODES else ""
    begins = f"{lead_in} in {style} style" if lead_in and style else (lead_in or (style and f"{style} style"))
    parts = [
        part for part in (begins, " ".join(words.split()), KEEP_STRUCTURE if keep_structure else "") if part
    ]
    ended = [part if part.endswith((".", "!", "?")) else f"{part}." for part in parts[:-1]]
    return " ".join([*ended, *parts[-1:]])


def name_of(*, mode: str, style: str, words: str) -> str:
    """What a look without a name of its own is called: by its style and the first words, else by its mode."""
    named = " · ".join(part for part in (style.capitalize(), " ".join(words.split())[:60]) if part)
    return named or (str(MODES[mode].name) if mode in MODES else gettext("Room set"))
