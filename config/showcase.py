"""The preview engine's styles and placed furniture as the public pages show them."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.staticfiles import finders
from django.utils.functional import Promise
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from generations.engines.preview.styles import STYLES

_FOLDER, _FURNISHED = "samples/styles", "samples/furnished"

_NAMES: dict[str, Promise] = {
    "japandi": _("Japandi"),
    "scandinavian": _("Scandinavian"),
    "minimalist": _("Minimalist"),
    "modern": _("Modern"),
    "contemporary": _("Contemporary"),
    "industrial": _("Industrial"),
    "mid-century": _("Mid-century"),
    "bohemian": _("Bohemian"),
    "coastal": _("Coastal"),
    "mediterranean": _("Mediterranean"),
    "italian contemporary": _("Italian contemporary"),
    "japanese": _("Japanese"),
    "zen": _("Zen"),
    "art deco": _("Art deco"),
    "farmhouse": _("Farmhouse"),
    "rustic": _("Rustic"),
    "traditional": _("Traditional"),
    "classic": _("Classic"),
    "luxury": _("Luxury"),
    "tropical": _("Tropical"),
    "french country": _("French country"),
    "gothic": _("Gothic"),
    "wabi-sabi": _("Wabi-sabi"),
}
_FLOORS: dict[str, Promise] = {
    "pale oak": _("pale oak floor"),
    "concrete": _("concrete floor"),
    "oak": _("oak floor"),
    "herringbone": _("herringbone parquet"),
    "walnut": _("walnut floor"),
    "pine": _("pine floor"),
    "terracotta": _("terracotta tiles"),
    "marble": _("marble floor"),
    "tatami": _("tatami mats"),
    "checkerboard": _("checkerboard tiles"),
    "smoked oak": _("smoked oak floor"),
    "cherry": _("cherry floor"),
    "stone": _("stone floor"),
}
_MOODS: dict[str, Promise] = {
    "warm": _("warm evening light"),
    "daylight": _("soft daylight"),
    "moody": _("low, moody light"),
    "morning": _("fresh morning light"),
    "overcast": _("even, overcast light"),
}
# What stands in the furnished room of the start page, in the order of its pictures; sizes in pixels.
_PIECES: dict[str, tuple[Promise, int, int]] = {
    "sofa": (_("Sofa"), 240, 180),
    "coffee-table": (_("Coffee table"), 240, 180),
    "armchair": (_("Armchair"), 240, 240),
    "rug": (_("Rug"), 240, 180),
    "floor-lamp": (_("Floor lamp"), 180, 240),
    "plant": (_("Plant"), 180, 240),
}


@dataclass(frozen=True)
class Piece:
    """A product shot on the start page: a static path, its width and height in pixels."""

    name: str
    picture: str
    width: int
    height: int


def pieces() -> list[Piece]:
    """What stands in the furnished room, in the language of the page."""
    return [
        Piece(str(name), f"{_FURNISHED}/{slug}.webp", width, height)
        for slug, (name, width, height) in _PIECES.items()
    ]


@dataclass(frozen=True)
class Style:
    """One style. `colours` are hex of wall, rug and accent; `picture` is a static path, "" where there is none."""

    name: str
    slug: str
    label: str
    floor: str
    mood: str
    colours: list[str]
    picture: str


def styles() -> list[Style]:
    """All of them, in the engine's order and in the language of the page."""
    return [_style(name) for name in STYLES]


def find_style(slug: str) -> Style | None:
    """The style whose name becomes this slug."""
    return next((_style(name) for name in STYLES if slugify(name) == slug), None)


def _style(name: str) -> Style:
    data, slug = STYLES[name], slugify(name)
    # A style that the engine learns later shows its own words until it is named here.
    return Style(
        name=name,
        slug=slug,
        label=str(_NAMES.get(name, name.capitalize())),
        floor=str(_FLOORS.get(data.floor, data.floor)),
        mood=str(_MOODS.get(data.mood, data.mood)),
        colours=[f"#{colour}" for colour in (data.wall, data.rug, data.accent) if colour],
        picture=_picture(slug),
    )


def _picture(slug: str) -> str:
    for ending in ("webp", "jpg"):
        path = f"{_FOLDER}/{slug}.{ending}"
        if finders.find(path):
            return path
    return ""
