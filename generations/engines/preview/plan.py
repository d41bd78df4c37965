"""What a prompt asks for: what to change, what to leave alone, what was not understood or can't be shown."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Plan:
    """What the prompt asks for. Empty text means nothing was asked; `style` fills such gaps when it is drawn.

    `keep` names surfaces that must stay as they are: walls, floor, ceiling, windows, light, rug, everything.
    `refused` are floors, colours, moods and styles that were ruled out, as the other fields would name them.
    `accent` is a colour that belongs to no surface. `mode` is the kind of work (modes.MODES), `only` the surfaces that
    may change where the rest was ruled out, `cannot` names what was asked for and can't be shown (modes.CANNOT), and
    `furnishings` the pieces of furniture that were spoken of.
    """

    mode: str = ""
    style: str = ""
    floor: str = ""
    floor_colour: str = ""
    wall: str = ""
    wall_finish: str = ""
    ceiling: str = ""
    mood: str = ""
    rug: str = ""
    accent: str = ""
    season: str = ""
    only: tuple[str, ...] = ()
    cannot: tuple[str, ...] = ()
    furnishings: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    understood: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()
        }

    def keeps(self, surface: str) -> bool:
        """Whether the prompt names `surface` as one to leave alone, or others as the only ones to change."""
        return surface in self.keep or bool(self.only and surface not in self.only)

    @property
    def only_what_is_named(self) -> bool:
        """ "Keep everything, but …": a style then implies nothing, and only its named wishes are drawn."""
        return "everything" in self.keep

    @property
    def empty(self) -> bool:
        """Nothing that could be drawn was asked for."""
        return not any(
            (self.style, self.floor, self.floor_colour, self.wall, self.wall_finish, self.ceiling, self.mood,
             self.rug, self.accent, self.season, self.mode == "photo to render")
        )  # fmt: skip
