"""A client's colour, and whether it can be read. Knows no rows.

What a client is shown is on white paper or a white page, in type and in buttons with white letters; both need the
contrast of 4.5 : 1 that WCAG 2.2 asks of text.
"""

from __future__ import annotations

import re

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
    channels = [part / 255 for part in _parts(colour)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
    return 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)


def darker(colour: str) -> str:
    """The nearest to it, of the same hue, that can be read on white."""
    parts = _parts(colour)
    for percent in range(100, -1, -1):
        found = "#" + "".join(f"{part * percent // 100:02x}" for part in parts)
        if contrast_on_white(found) >= LEAST:
            return found
    return "#000000"  # pragma: no cover — black can be read


def _parts(colour: str) -> list[int]:
    return [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
