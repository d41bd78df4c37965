"""The pictures of the start page, by the engine itself: `make style-gallery` makes them anew.

python -m tests.bench.preview.showcase
"""

from __future__ import annotations

import sys

from PIL import Image

from tests.bench.preview.pictures import SAMPLES, Photo, drawn, products

# The prompt stands below the picture on the page, in templates/public/start.html.
HERO = "Japandi living room with a light oak floor, a rug, linen curtains and warm light"
FURNISHED = "Place these items naturally in this room"
ITEMS = ("sofa", "coffee table", "armchair", "rug", "floor lamp", "plant")
_WIDTHS, _ITEM = (720, 1344), 240  # pixels
_QUALITY = 80


def main() -> None:
    """The hero's after, the furnished room's before and after, and what stands in it."""
    room, empty = SAMPLES / "room.jpg", SAMPLES / "rooms/empty-living.jpg"
    after = drawn(Photo("room", room), HERO, [], resolution="2K")
    after.save(SAMPLES / "room-after.jpg", quality=92)
    _at_widths(after, "room-after")
    with Image.open(empty) as before:
        _at_widths(before, "furnished/before")
    furnished = drawn(Photo("empty-living", empty), FURNISHED, list(ITEMS), resolution="2K")
    _at_widths(furnished, "furnished/after")
    for name in ITEMS:
        with Image.open(products()[name]) as product:
            product.thumbnail((_ITEM, _ITEM), Image.Resampling.LANCZOS)
            product.save(SAMPLES / f"furnished/{name.replace(' ', '-')}.webp", quality=_QUALITY)


def _at_widths(picture: Image.Image, name: str) -> None:
    for width in _WIDTHS:
        width = min(width, picture.width)
        size = (width, round(picture.height * width / picture.width))
        path = SAMPLES / f"{name}-{width}.webp"
        path.parent.mkdir(exist_ok=True)
        picture.resize(size, Image.Resampling.LANCZOS).save(path, quality=_QUALITY, method=6)
        sys.stdout.write(f"{path.name}: {path.stat().st_size / 1000:.0f} kB\n")


if __name__ == "__main__":
    main()
