"""What is printed of a proposal: plain words and JPEGs, so that they cross into an image process."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PIL import Image as Pillow
from reportlab.lib.colors import HexColor


@dataclass(frozen=True)
class Pair:
    """A room before and after, as JPEGs."""

    caption: str
    before: bytes
    after: bytes


@dataclass(frozen=True)
class Row:
    """A line of the list, its amounts in words; `thumbnail` is a JPEG or b""."""

    name: str
    details: str
    quantity: str
    unit: str
    total: str
    thumbnail: bytes


@dataclass(frozen=True)
class Paper:
    """Everything that is printed. `sums` are label and amount, the last one is the total."""

    language: str
    title: str
    business: str
    business_lines: Sequence[str]
    accent: str
    logo: bytes
    client: str
    client_logo: bytes
    client_accent: str  # "" for none
    facts: Sequence[tuple[str, str]]
    introduction: str
    pairs: Sequence[Pair]
    rows: Sequence[Row]
    sums: Sequence[tuple[str, str]]
    terms: str
    words: Mapping[str, str]
    creator: str = "Roomwright"  # as the file's properties name it


def small_jpeg(content: bytes, longest_side: int) -> bytes:
    """A picture for page and paper: on white, at most `longest_side` pixels, never enlarged."""
    with Pillow.open(io.BytesIO(content)) as opened:
        picture: Pillow.Image = (
            opened.convert("RGBA") if opened.mode in ("RGBA", "LA", "P") else opened.convert("RGB")
        )
    if picture.mode == "RGBA":
        ground = Pillow.new("RGB", picture.size, "white")
        ground.paste(picture, mask=picture.getchannel("A"))
        picture = ground
    picture.thumbnail((longest_side, longest_side), Pillow.Resampling.LANCZOS, reducing_gap=2.0)
    into = io.BytesIO()
    picture.save(into, "JPEG", quality=82, optimize=True, progressive=False)
    return into.getvalue()


def is_dark(accent: str) -> bool:
    """Whether white letters can be read on this colour, with the contrast of 4.5 : 1 that text needs."""
    colour = HexColor(accent)

    def linear(part: float) -> float:
        return float(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)

    light = 0.2126 * linear(colour.red) + 0.7152 * linear(colour.green) + 0.0722 * linear(colour.blue)
    return bool(1.05 / (light + 0.05) >= 4.5)
