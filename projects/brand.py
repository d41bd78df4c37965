"""A client's or a workspace's colour, and whether it can be read. Knows no rows.

What a client is shown is on white paper or a white page, in type and in buttons with white letters; both need the
contrast of 4.5 : 1 that WCAG 2.2 asks of text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.errors import Refusal

LEAST = 4.5
_COLOUR = re.compile(r"#[0-9a-f]{6}")


class NotAColour(Refusal):
    """A colour is written like #24584a."""

    code, title, status = "not_a_colour", "Not a colour", 400


class ColourTooPale(Refusal):
    """This colour can't be read on white. Choose a darker one."""

    code, title, status = "colour_too_pale", "Colour too pale", 400


def checked(colour: str) -> str:
    """The colour as #rrggbb, or "" for none. Raises NotAColour, ColourTooPale (which names one that will do)."""
    colour = colour.strip().lower()
    if not colour:
        return ""
    if not _COLOUR.fullmatch(colour):
        raise NotAColour
    if contrast_on_white(colour) < LEAST:
        words = _(
            "%(colour)s on white has a contrast of %(contrast)s : 1, and text needs 4.5 : 1. %(darker)s is the same"
            " colour, dark enough."
        )
        contrast = f"{contrast_on_white(colour):.1f}"
        raise ColourTooPale(words % {"colour": colour, "contrast": contrast, "darker": darker(colour)})
    return colour


def contrast_on_white(colour: str) -> float:
    """As WCAG defines it: 1 for white, 21 for black."""
    return contrast(colour, "#ffffff")


def contrast(one: str, other: str) -> float:
    """As WCAG defines it: 1 of equals, 21 of black and white."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def darker(colour: str) -> str:
    """The nearest to it, of the same hue, that can be read on white."""
    return _towards(colour, "#000000", ["#ffffff"])


@dataclass(frozen=True)
class Tones:
    """A colour on pages of one brightness: of type and buttons, of letters on them, and of quiet areas."""

    accent: str
    strong: str
    on_accent: str
    soft: str


# What the colours of type stand on, by day and by night: paper, surface, sunk (static/css/app.css).
_DAY, _NIGHT = ("#faf7f2", "#ffffff", "#f1ece4"), ("#171513", "#211e1b", "#2a2623")


def tones(colour: str) -> tuple[Tones, Tones]:
    """The colour by day and by night, moved as little as it takes to be read on everything that it stands on."""
    day_soft, night_soft = _mixed(colour, "#ffffff", 0.9), _mixed(colour, "#171513", 0.8)
    day = _towards(colour, "#000000", [*_DAY, day_soft])
    night = _towards(colour, "#ffffff", [*_NIGHT, night_soft])
    return (
        Tones(day, _mixed(day, "#000000", 0.2), "#ffffff", day_soft),
        Tones(night, _mixed(night, "#ffffff", 0.3), _mixed(colour, "#0b0a09", 0.9), night_soft),
    )


def stylesheet(colour: str) -> str:
    """The colour as the variables of static/css/app.css."""
    day, night = (_rule(each) for each in tones(colour))
    return f":root {{ {day} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {night} }} }}\n"


def _rule(tones: Tones) -> str:
    named = {
        "accent": tones.accent,
        "accent-strong": tones.strong,
        "on-accent": tones.on_accent,
        "accent-soft": tones.soft,
    }
    return " ".join(f"--{name}: {colour};" for name, colour in named.items())


def _towards(colour: str, end: str, grounds: list[str]) -> str:
    """The first on the way from `colour` to `end` that can be read on all grounds."""
    for percent in range(101):
        found = _mixed(colour, end, percent / 100)
        if all(contrast(found, ground) >= LEAST for ground in grounds):
            return found
    return end  # pragma: no cover — black and white can be read on all that pages are made of


def _mixed(one: str, other: str, share: float) -> str:
    """`one` with so much of the other, 0 to 1."""
    pairs = zip(_parts(one), _parts(other), strict=True)
    return "#" + "".join(f"{int(mine + (theirs - mine) * share):02x}" for mine, theirs in pairs)


def _luminance(colour: str) -> float:
    channels = [part / 255 for part in _parts(colour)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _parts(colour: str) -> list[int]:
    return [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
