"""One example picture for each style, of the same room, by the engine itself: `make style-gallery`.

python -m tests.bench.preview.gallery [--only japandi] [--room empty-living] [--items sofa,plant]
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from PIL import Image

from generations.engines.preview.styles import STYLES
from tests.bench.preview.pictures import SAMPLES, Photo, drawn, rooms

_WIDTH, _BYTES = 480, 30_000
_ROOM, _ITEMS = "empty-living", "sofa,coffee table,floor lamp,plant,picture"


def made(photo: Photo, style: str, items: list[str]) -> Image.Image:
    """The room in a style, furnished, as wide as a card of the gallery."""
    picture = drawn(photo, style, items, resolution="1K")
    picture.thumbnail((_WIDTH, _WIDTH), Image.Resampling.LANCZOS)
    return picture


def save(picture: Image.Image, path: Path) -> int:
    """A JPEG as good as fits into a card's bytes; how many it took."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for quality in (86, 82, 78, 72, 64, 54):
        picture.save(path, quality=quality, optimize=True, progressive=True)
        if path.stat().st_size <= _BYTES:
            break
    return path.stat().st_size


def main() -> None:
    """All styles, or one."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=STYLES)
    parser.add_argument("--room", default=_ROOM)
    parser.add_argument("--items", default=_ITEMS)
    parser.add_argument("--out", type=Path, default=SAMPLES / "styles")
    options = parser.parse_args()
    photo = next((room for room in rooms() if room.name == options.room), rooms()[0])
    items = [name.strip() for name in options.items.split(",") if name.strip()]
    for style in [options.only] if options.only else STYLES:
        started = time.perf_counter()
        size = save(made(photo, style, items), options.out / f"{style.replace(' ', '-')}.jpg")
        sys.stdout.write(f"{style}: {size / 1000:.0f} kB, {time.perf_counter() - started:.1f} s\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
