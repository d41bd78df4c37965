"""Where the pieces of a preview stand, for a page on which they can be dragged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from generations.models import GenerationReference, Picture


@dataclass(frozen=True)
class Movable:
    """One piece as the page shows it. Fractions of the picture; `why` it found no place, "" for one that stands."""

    number: int
    name: str
    thumbnail: str
    x: float
    y: float
    width: float
    height: float
    scale: int  # percent of its usual size
    why: str


def movables(picture: Picture, references: list[GenerationReference]) -> list[Movable]:
    """The pieces of a preview, as its notes tell of them; none for pictures without furniture."""
    placed = {entry["number"]: entry for entry in picture.notes.get("placed", []) if "number" in entry}
    refused = {entry.get("number"): entry["why"] for entry in picture.notes.get("left_out", [])}
    return [_movable(row, placed.get(row.position), refused.get(row.position, "")) for row in references]


def _movable(row: GenerationReference, entry: dict[str, Any] | None, why: str) -> Movable:
    name = row.photo.name or _("Piece %(number)s") % {"number": row.position + 1}
    thumbnail, scale = row.photo.thumbnail, round(100 * row.scale)
    if entry is None:
        x, y = row.at or (0.1 + 0.08 * row.position, 0.9)
        return Movable(row.position, name, thumbnail, x, y, 0.12, 0.12, scale, why or _("It found no place."))
    (x, y), (_left, _top, width, height) = entry["at"], entry["box"]
    return Movable(row.position, name, thumbnail, x, y, width, height, scale, "")
