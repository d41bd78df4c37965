"""Contact sheets of the preview engine: every room with eight prompts, and furniture placed into eight rooms.

python -m tests.bench.preview.sheet                               our own rooms, into docs/preview
python -m tests.bench.preview.sheet --photos ../shared/data/rooms other photos, into var/preview-sheet
python -m tests.bench.preview.sheet --room bedroom --prompt "Japandi at night" --items sofa,plant
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from PIL import Image

from tests.bench.preview.cells import Cell, asked, read, sheet
from tests.bench.preview.pictures import ROOT, VAR, Photo, as_input, packed, products, references, rooms
from tests.bench.preview.wishes import PLACEMENTS, PROMPTS, prompt

_SHEET_BYTES = 1_500_000


def say(text: str) -> None:
    """One line to the person who waits."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def prompt_rows(photos: list[Photo]) -> list[list[Cell]]:
    """The photo, what the engine sees in it, and its eight prompts: a row for each room."""
    rows = []
    for number, photo in enumerate(photos):
        started = time.perf_counter()
        picture = photo.picture()
        source = as_input(picture)
        cells = [asked(source, prompt(column, number)) for column in range(len(PROMPTS))]
        rows.append([Cell(photo.name, picture), read(picture), *cells])
        say(f"{photo.name}: {len(cells)} prompts in {time.perf_counter() - started:.1f} s")
    return rows


def placement_rows(photos: list[Photo], across: int = 4) -> list[list[Cell]]:
    """Eight sets of products, each into the room that suits, or the next one."""
    cells = []
    for number, (name, words, names) in enumerate(PLACEMENTS):
        photo = next((one for one in photos if one.name == name), photos[number % len(photos)])
        cell = asked(as_input(photo.picture()), words, references(list(names)), resolution="1K")
        cell.title = f"{photo.name}: {words}"
        cells.append(cell)
        say(f"{cell.title}: {cell.seconds:.1f} s")
    return [cells[start : start + across] for start in range(0, len(cells), across)]


def save(made: Image.Image, path: Path) -> None:
    """A JPEG, as good as fits into a sheet's bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for quality in (84, 78, 72, 64, 56, 46):
        made.save(path, quality=quality, optimize=True)
        if path.stat().st_size <= _SHEET_BYTES:
            break
    say(f"{_shown(path)}: {made.width} × {made.height}, {path.stat().st_size / 1e6:.2f} MB")


def _shown(path: Path) -> Path:
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


def whole(photos: list[Photo], folder: Path) -> int:
    """Both sheets; how many cells are broken."""
    rows = prompt_rows(photos)
    save(sheet(rows, 300, 200), folder / "prompts.jpg")
    placements = placement_rows(photos)
    save(sheet(placements, 560, 374), folder / "placements.jpg")
    broken = [cell for row in [*rows, *placements] for cell in row if cell.picture is None]
    for cell in broken:
        say(f"no picture: {cell.title}: {cell.small[0][1]}")
    return len(broken)


def single(photo: Photo, words: str, items: list[str]) -> None:
    """One cell at full size, beside its photo, and the bare answer."""
    picture = photo.picture()
    cell = asked(as_input(picture), words, references(items), resolution="1K")
    folder = VAR / "preview-sheet"
    name = "-".join(
        [photo.name, *"".join(c if c.isalnum() else " " for c in words.lower()).split()[:6], *items]
    )
    save(sheet([[Cell(photo.name, picture), cell]], 800, 560), folder / f"{name}.jpg".replace(" ", "-"))
    if cell.picture is not None:
        (folder / f"{name}-bare.jpg".replace(" ", "-")).write_bytes(packed(cell.picture))
    for _, line in cell.small:
        say(line)


def main() -> int:
    """Exit code 1 when a cell is broken."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=Path, help="a folder of other photos")
    parser.add_argument("--out", type=Path, help="where the sheets go")
    parser.add_argument("--room", help="one cell only: a room's name")
    parser.add_argument("--prompt", default="Japandi")
    parser.add_argument("--items", default="", help=f"of {', '.join(products())}; commas between")
    options = parser.parse_args()
    photos = rooms(options.photos)
    if options.room:
        chosen = [photo for photo in photos if photo.name == options.room]
        if not chosen:
            parser.error(f"no such room; there are {', '.join(photo.name for photo in photos)}")
        single(chosen[0], options.prompt, [name.strip() for name in options.items.split(",") if name.strip()])
        return 0
    folder = options.out or (VAR / "preview-sheet" if options.photos else ROOT / "docs/preview")
    return 1 if whole(photos, folder) else 0


if __name__ == "__main__":
    sys.exit(main())
