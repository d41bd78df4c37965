"""A picture as it leaves the workspace: sized, labelled, beside its photo, with a code to its original page.

Knows no rows and no Django: image processes import it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from math import cos, radians, sin
from pathlib import Path

import fontpkg_fira_sans
import segno
from PIL import Image, ImageDraw, ImageFont

from generations import marks

MEDIA_TYPES = {"jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp"}
EXTENSIONS = {"jpeg": ".jpg", "png": ".png", "webp": ".webp"}
BEFORE, AFTER = "Original photo", "Altered picture"  # under the halves of a pair
PREVIEW_SIDE = 1200  # pixels, the longer one
_GAP = 16  # pixels between the halves of a pair
_OPTIONS: dict[str, dict[str, object]] = {
    "jpeg": {"quality": 92, "optimize": True},
    "png": {},
    "webp": {"quality": 90, "method": 4},
}
_LETTERS = Path(fontpkg_fira_sans.__file__).parent / "files" / "FiraSans-Medium.ttf"
_LEAST_MODULE = 3  # pixels; smaller ones are not read from a screen
_QUIET = 4  # modules of white around a code, as its standard wants


@dataclass(frozen=True)
class Spec:
    """What a profile asks for; `width` and `height` are pixels, 0 for the picture's own."""

    layout: str = "single"
    format: str = "jpeg"
    width: int = 0
    height: int = 0
    fit: str = "pad"
    label: str = ""
    label_place: str = "bottom-left"
    qr: bool = False
    qr_place: str = "bottom-right"


@dataclass(frozen=True)
class Drawn:
    """A finished file, its size in pixels, and a smaller JPEG of it with a watermark."""

    file: marks.Marked
    width: int
    height: int
    preview: bytes


def draw(png: bytes, photo: bytes, spec: Spec, says: marks.Statement, by: marks.Signing | None) -> Drawn:
    """The file that `spec` asks for. `says.original` is the address behind the code."""
    with Image.open(BytesIO(png), formats=["PNG"]) as opened:
        picture = opened.convert("RGB")
    if spec.layout == "pair":
        picture = _pair(picture, _opened(photo), spec)
    elif spec.width:
        picture = _sized(picture, (spec.width, spec.height), spec.fit)
    if spec.label:
        _label(picture, spec.label, spec.label_place)
    if spec.qr:
        _code(picture, says.original, spec.qr_place)
    content = marks.encode(picture, spec.format.upper(), says, **_OPTIONS[spec.format])
    if by is None:
        file = marks.Marked(content, "no signer")
    else:
        media_type = MEDIA_TYPES[spec.format]
        file = marks.sign(content, media_type, says=says, by=by, parent=(png, "image/png"))
    return Drawn(file, picture.width, picture.height, _preview(picture, says))


def original(photo: bytes, spec: Spec) -> bytes:
    """The unaltered photo as a JPEG of the same size as the picture beside it; nothing is drawn on it."""
    picture = _opened(photo)
    if spec.width and spec.layout == "single":
        picture = _sized(picture, (spec.width, spec.height), spec.fit)
    out = BytesIO()
    picture.save(out, "JPEG", quality=92, optimize=True)
    return out.getvalue()


def _opened(photo: bytes) -> Image.Image:
    with Image.open(BytesIO(photo)) as opened:
        return opened.convert("RGB")


def _sized(picture: Image.Image, size: tuple[int, int], fit: str) -> Image.Image:
    """Exactly `size`: cut off evenly, or with white bars."""
    across, down = size[0] / picture.width, size[1] / picture.height
    scale = max(across, down) if fit == "crop" else min(across, down)
    scaled = picture.resize(
        (max(1, round(picture.width * scale)), max(1, round(picture.height * scale))),
        Image.Resampling.LANCZOS,
    )
    canvas = Image.new("RGB", size, "white")
    canvas.paste(scaled, ((size[0] - scaled.width) // 2, (size[1] - scaled.height) // 2))
    return canvas


def _pair(picture: Image.Image, photo: Image.Image, spec: Spec) -> Image.Image:
    """The photo at the left, the picture at the right, each named."""
    if spec.width:
        left = (spec.width - _GAP) // 2
        halves = (left, spec.width - _GAP - left)
        height, total = spec.height, spec.width
    else:
        halves, height = (picture.width, picture.width), picture.height
        total = 2 * picture.width + _GAP
    before = _sized(photo, (halves[0], height), spec.fit if spec.width else "pad")
    after = _sized(picture, (halves[1], height), spec.fit if spec.width else "pad")
    _label(before, BEFORE, "top-left")
    _label(after, AFTER, "top-left")
    canvas = Image.new("RGB", (total, height), "white")
    canvas.paste(before, (0, 0))
    canvas.paste(after, (halves[0] + _GAP, 0))
    return canvas


def can_letter(text: str) -> bool:
    """Whether our letters have every sign of this text; others would come out as empty boxes."""
    font = _font(24)
    missing = bytes(font.getmask("\uffff"))
    return all(sign.isspace() or bytes(font.getmask(sign)) != missing for sign in text)


def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(_LETTERS, size)


def _label(picture: Image.Image, text: str, place: str) -> None:
    """White on a dark box, so that it can be read on any picture."""
    size = max(14, round(min(picture.size) * 0.032))
    font = _font(size)
    while size > 8 and font.getlength(text) > picture.width * 0.9:
        size -= 1
        font = _font(size)
    left, top, right, bottom = font.getbbox(text)
    pad = round(size * 0.5)
    box = Image.new("RGBA", (round(right - left) + 2 * pad, round(bottom - top) + 2 * pad), (20, 18, 15, 205))
    ImageDraw.Draw(box).text((pad - left, pad - top), text, font=font, fill="white")
    picture.paste(box.convert("RGB"), _corner(picture.size, box.size, place), box.getchannel("A"))


def _code(picture: Image.Image, address: str, place: str) -> None:
    """Large enough to be read from a phone's length away, and as small as that allows."""
    code = segno.make(address, error="m", micro=False, boost_error=False)
    modules = code.symbol_size(border=_QUIET)[0]
    scale = max(_LEAST_MODULE, round(min(picture.size) * 0.16 / modules))
    out = BytesIO()
    code.save(out, kind="png", scale=scale, border=_QUIET)
    with Image.open(out) as opened:
        square = opened.convert("RGB")
    picture.paste(square, _corner(picture.size, square.size, place))


def _corner(size: tuple[int, int], box: tuple[int, int], place: str) -> tuple[int, int]:
    margin = round(min(size) * 0.02)
    x = margin if place.endswith("left") else size[0] - box[0] - margin
    y = margin if place.startswith("top") else size[1] - box[1] - margin
    return max(0, x), max(0, y)


def _preview(picture: Image.Image, says: marks.Statement) -> bytes:
    """Good enough to choose by, and of no use on a portal."""
    scale = min(1.0, PREVIEW_SIDE / max(picture.size))
    small = picture.resize(
        (max(1, round(picture.width * scale)), max(1, round(picture.height * scale))),
        Image.Resampling.LANCZOS,
    )
    mark = _watermark(small.size)
    small.paste(mark.convert("RGB"), (0, 0), mark.getchannel("A"))
    return marks.encode(small, "JPEG", says, quality=80)


@lru_cache(maxsize=2)  # a delivery's pictures are of one size or two; five megabytes each
def _watermark(size: tuple[int, int]) -> Image.Image:
    """PREVIEW all over, aslant, on nothing. Drawing and turning it takes longer than all else of a preview."""
    letters = max(18, size[0] // 14)
    font = _font(letters)
    layer = Image.new("RGBA", (size[0] * 2, size[1] * 2), (0, 0, 0, 0))
    pen = ImageDraw.Draw(layer)
    step = round(font.getlength("PREVIEW   "))
    for row, y in enumerate(range(0, layer.height, round(letters * 3.2))):
        for x in range(-step // 2 * (row % 2), layer.width, step):
            pen.text(
                (x, y),
                "PREVIEW",
                font=font,
                fill=(255, 255, 255, 130),
                stroke_width=2,
                stroke_fill=(0, 0, 0, 70),
            )
    return layer.transform(
        size, Image.Transform.AFFINE, _turned(24, layer.size, size), Image.Resampling.BICUBIC
    )


def _turned(degrees: float, whole: tuple[int, int], window: tuple[int, int]) -> tuple[float, ...]:
    """The matrix that turns `whole` around its centre and shows a window of it, at a quarter of the cost."""
    across, down = cos(radians(degrees)), sin(radians(degrees))
    x, y = window[0] // 2 - whole[0] / 2, window[1] // 2 - whole[1] / 2
    left, top = across * x - down * y + whole[0] / 2, down * x + across * y + whole[1] / 2
    return across, -down, left, down, across, top
