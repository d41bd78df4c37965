"""How large a piece of furniture is and where people put it, from its name. Data, and one look-up."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Product:
    """Metres. `measure` says which of width and height gives the picture its scale; `depth` is the footprint's.

    `tallest` bounds the height that a photo from above shows of it: a table seen at an angle is not a bar.

    `spot`: wall (back against one), centre, side (beside the centre), corner, flat (on the floor), hung (on a wall),
    ceiling. `guessed` when the name said nothing.
    """

    measure: str
    metres: float
    depth: float
    spot: str
    guessed: bool = False
    tallest: float = 9.0


# The first entry whose word is in the name wins: "coffee table" before "table", "floor lamp" before "lamp".
_KNOWN: tuple[tuple[str, Product], ...] = (
    ("coffee table", Product("width", 1.15, 0.65, "centre", tallest=0.62)),
    ("side table", Product("height", 0.55, 0.45, "side")),
    ("end table", Product("height", 0.55, 0.45, "side")),
    ("bedside", Product("height", 0.55, 0.42, "side")),
    ("nightstand", Product("height", 0.55, 0.42, "side")),
    ("console", Product("width", 1.2, 0.36, "wall", tallest=0.95)),
    ("dining table", Product("width", 1.7, 0.9, "centre", tallest=1.0)),
    ("round table", Product("height", 0.75, 1.0, "centre")),
    ("desk", Product("width", 1.4, 0.65, "wall", tallest=1.0)),
    ("table lamp", Product("height", 0.55, 0.3, "corner")),
    ("pendant", Product("height", 0.8, 0.4, "ceiling")),
    ("chandelier", Product("height", 0.8, 0.6, "ceiling")),
    ("ceiling lamp", Product("height", 0.5, 0.5, "ceiling")),
    ("lamp", Product("height", 1.55, 0.45, "corner")),
    ("table", Product("width", 1.3, 0.75, "centre", tallest=1.0)),
    ("rug", Product("width", 2.4, 1.6, "flat")),
    ("carpet", Product("width", 2.4, 1.6, "flat")),
    ("armchair", Product("width", 0.82, 0.8, "side", tallest=1.15)),
    ("lounge chair", Product("width", 0.8, 0.8, "side", tallest=1.15)),
    ("accent chair", Product("width", 0.76, 0.75, "side", tallest=1.1)),
    ("office chair", Product("height", 1.05, 0.6, "side")),
    ("dining chair", Product("height", 0.88, 0.52, "side")),
    ("chaise", Product("width", 1.6, 0.8, "side")),
    ("loveseat", Product("width", 1.55, 0.88, "wall", tallest=1.05)),
    ("sectional", Product("width", 2.8, 1.6, "wall", tallest=1.2)),
    ("sofa", Product("width", 2.1, 0.92, "wall", tallest=1.05)),
    ("couch", Product("width", 2.1, 0.92, "wall", tallest=1.05)),
    ("settee", Product("width", 1.6, 0.8, "wall", tallest=1.1)),
    ("chair", Product("height", 0.86, 0.6, "side")),
    ("stool", Product("height", 0.5, 0.4, "side")),
    ("ottoman", Product("width", 0.65, 0.6, "centre", tallest=0.55)),
    ("pouf", Product("width", 0.55, 0.55, "centre", tallest=0.5)),
    ("bench", Product("width", 1.2, 0.42, "wall", tallest=0.75)),
    ("bookshelf", Product("height", 1.85, 0.36, "wall")),
    ("bookcase", Product("height", 1.85, 0.36, "wall")),
    ("shelving", Product("height", 1.85, 0.36, "wall")),
    ("shelf", Product("height", 1.8, 0.36, "wall")),
    ("wardrobe", Product("height", 2.0, 0.6, "wall")),
    ("cabinet", Product("width", 1.2, 0.45, "wall", tallest=1.5)),
    ("sideboard", Product("width", 1.6, 0.45, "wall", tallest=1.0)),
    ("credenza", Product("width", 1.6, 0.45, "wall", tallest=0.95)),
    ("dresser", Product("width", 1.2, 0.48, "wall", tallest=1.15)),
    ("tv stand", Product("width", 1.6, 0.42, "wall", tallest=0.75)),
    ("media", Product("width", 1.6, 0.42, "wall", tallest=0.75)),
    ("bed", Product("width", 1.75, 2.05, "wall", tallest=1.5)),
    ("crib", Product("width", 1.3, 0.7, "wall")),
    ("painting", Product("width", 1.0, 0.05, "hung")),
    ("poster", Product("height", 0.8, 0.05, "hung")),
    ("picture", Product("width", 0.8, 0.05, "hung")),
    ("wall art", Product("width", 1.0, 0.05, "hung")),
    ("artwork", Product("width", 1.0, 0.05, "hung")),
    ("mirror", Product("height", 1.0, 0.05, "hung")),
    ("clock", Product("height", 0.4, 0.05, "hung")),
    ("vase", Product("height", 0.45, 0.25, "corner")),
    ("basket", Product("height", 0.45, 0.4, "corner")),
    ("tree", Product("height", 1.7, 0.6, "corner")),
    ("plant", Product("height", 1.0, 0.5, "corner")),
)


def product(name: str, aspect: float) -> Product:
    """What `name` is, or a guess from the picture's width over height."""
    said = " ".join(re.findall(r"[a-z]+", name.lower()))
    for word, known in _KNOWN:
        if re.search(rf"\b{word}s?\b", said):
            return known
    if aspect > 1.6:
        return Product("width", 2.0, 0.9, "wall", guessed=True)
    if aspect > 0.7:
        return Product("width", 0.85, 0.75, "side", guessed=True)
    return Product("height", 1.5, 0.45, "corner", guessed=True)
