"""One picture of a contact sheet: the engine's answer above a label that says what was asked and what was left out."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from generations.engines.base import EngineError, EngineRequest, InputImage, Reference
from generations.engines.preview import PreviewEngine
from generations.engines.preview.arrays import Floats, fit, floats, mix, to_linear
from generations.engines.preview.output import scaled
from generations.engines.preview.room import understand
from tests.bench.preview.pictures import Picture, answer

_PAPER, _INK, _QUIET, _WARNING = (24, 25, 27), (240, 240, 238), (165, 168, 172), (240, 178, 92)
_BROKEN = (255, 96, 84)
_TINTS = ((230, 140, 50), (70, 130, 220), (245, 225, 90), (60, 220, 200))  # floor, walls, ceiling, windows
_LINES = 4  # of small print below a prompt


@dataclass
class Cell:
    """`picture` is None when the engine refused or failed; `small` are lines of colour and text below the title."""

    title: str
    picture: Picture | None
    small: list[tuple[tuple[int, int, int], str]] = field(default_factory=list)
    seconds: float = 0.0


def asked(
    source: InputImage, prompt: str, references: Sequence[Reference] = (), *, resolution: str = "512"
) -> Cell:
    """Asks the engine once. Anything but a picture makes a cell that says so in red, so that no sheet is lost to it."""
    started = time.perf_counter()
    request = EngineRequest(prompt=prompt, source=source, references=tuple(references), resolution=resolution)
    try:
        picture = PreviewEngine().generate(request).pictures[0]
    except EngineError as error:
        return Cell(prompt, None, [(_BROKEN, f"refused: {error.message}")])
    except Exception as error:
        return Cell(prompt, None, [(_BROKEN, f"BROKEN: {type(error).__name__}: {error}")])
    cell = Cell(prompt, answer(picture), _said(picture.notes), time.perf_counter() - started)
    if references:
        names = ", ".join(reference.name for reference in references)
        cell.small.insert(0, (_QUIET, f"with: {names}"))
    return cell


def _said(notes: Mapping[str, Any]) -> list[tuple[tuple[int, int, int], str]]:
    lines = []
    done = [*notes.get("applied", ()), *(f"placed {one.get('name')}" for one in notes.get("placed", ()))]
    lines.append((_QUIET, "done: " + ("; ".join(done) or "nothing")))
    if ignored := notes.get("ignored"):
        lines.append((_QUIET, "not read: " + ", ".join(ignored)))
    left_out = [(_WARNING, f"left out: {one['what']}: {one['why']}") for one in notes.get("left_out", ())]
    return [*lines, *left_out]


def read(picture: Picture) -> Cell:
    """What the engine takes for floor, walls, ceiling and windows, painted over the photo, and how sure it is."""
    size = fit(picture.shape[1], picture.shape[0], 512)
    room = understand(to_linear(scaled(picture, *size)))
    shown: Floats = floats(scaled(picture, *size))
    surfaces = (("floor", room.floor), ("walls", room.walls), ("ceiling", room.ceiling))
    for mask, tone in zip([one.mask for _, one in surfaces] + [room.window], _TINTS, strict=True):
        shown = mix(shown, floats(np.array(tone)), floats(0.55 * mask))
    sure = ", ".join(f"{name} {surface.confidence:.2f}" for name, surface in surfaces)
    return Cell("what the engine sees", np.asarray(shown, np.uint8), [(_QUIET, f"sure of {sure}")])


def drawn(cell: Cell, width: int, height: int) -> Image.Image:
    """The cell at this width, its picture fitted into `height`, its label below."""
    size = max(9, round(width / 28 if width < 400 else width / 36))
    bold, small = ImageFont.load_default(size), ImageFont.load_default(max(8, round(size * 0.8)))
    label = round(size * 1.5) * 2 + round(size * 1.12) * _LINES
    sheet = Image.new("RGB", (width, height + label), _PAPER)
    pen = ImageDraw.Draw(sheet)
    if cell.picture is None:
        pen.line((8, 8, width - 8, height - 8), _BROKEN, 2)
        pen.line((8, height - 8, width - 8, 8), _BROKEN, 2)
    else:
        picture = Image.fromarray(np.asarray(cell.picture))
        picture.thumbnail((width - 4, height), Image.Resampling.LANCZOS)
        sheet.paste(picture, ((width - picture.width) // 2, (height - picture.height) // 2))
    y = height + 3
    for line in _wrapped(pen, cell.title, bold, width - 10)[:2]:
        pen.text((5, y), line, _INK, bold)
        y += round(size * 1.25)
    for colour, text in _fitting(pen, cell.small, small, width - 10):
        pen.text((5, y), text, colour, small)
        y += round(size * 1.08)
    return sheet


def _fitting(
    pen: ImageDraw.ImageDraw,
    small: list[tuple[tuple[int, int, int], str]],
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    width: int,
) -> list[tuple[tuple[int, int, int], str]]:
    """As many lines as there is room for, what was left out before what was done."""
    ordered = sorted(small, key=lambda one: (one[0] == _QUIET, one[1].startswith("not read")))
    lines = [(colour, line) for colour, text in ordered for line in _wrapped(pen, text, font, width)]
    if len(lines) > _LINES:
        lines = [*lines[: _LINES - 1], (lines[_LINES - 1][0], lines[_LINES - 1][1].rstrip(".,;") + " …")]
    return lines


def _wrapped(
    pen: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int
) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        if lines and pen.textlength(f"{lines[-1]} {word}", font) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def sheet(rows: Sequence[Sequence[Cell]], width: int, height: int) -> Image.Image:
    """Cells in rows."""
    drawings = [[drawn(cell, width, height) for cell in row] for row in rows]
    tall = drawings[0][0].height
    made = Image.new("RGB", (width * max(len(row) for row in rows), tall * len(rows)), _PAPER)
    for y, row in enumerate(drawings):
        for x, drawing in enumerate(row):
            made.paste(drawing, (x * width, y * tall))
    return made
