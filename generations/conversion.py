"""A picture in another shape, size and format. Knows no rows: image processes, which have no Django, import it.

A copy says again what its picture says of itself: encoding it anew has lost that.
"""

from __future__ import annotations

from io import BytesIO

from PIL import Image

from generations import marks

JPEG_QUALITY = 90
WEB_SIDE = 1600  # pixels, the longer one
WEB_QUALITY = 82


MEDIA_TYPES = {"png": "image/png", "jpeg": "image/jpeg", "web": "image/webp"}


def marked_copy(
    png: bytes, kind: str, shape: tuple[int, int], says: marks.Statement, by: marks.Signing | None
) -> tuple[marks.Marked, int, int]:
    """`convert`, labelled, and signed as made from `png`; without `by` it stays unsigned. With its size."""
    content, width, height = convert(png, kind, shape, says)
    media_type = MEDIA_TYPES[kind]
    if by is None:
        return marks.Marked(content, "no signer"), width, height
    return marks.sign(content, media_type, says=says, by=by, parent=(png, "image/png")), width, height


def convert(png: bytes, kind: str, shape: tuple[int, int], says: marks.Statement) -> tuple[bytes, int, int]:
    """The picture cropped evenly to `shape` (width, height), as `png`, `jpeg` or `web` (WebP); with its size."""
    with Image.open(BytesIO(png), formats=["PNG"]) as opened:
        picture = opened.convert("RGB")
    left, top = (picture.width - shape[0]) // 2, (picture.height - shape[1]) // 2
    picture = picture.crop((left, top, left + shape[0], top + shape[1]))
    if kind == "png":
        content = marks.encode(picture, "PNG", says)
    elif kind == "jpeg":
        content = marks.encode(picture, "JPEG", says, quality=JPEG_QUALITY, optimize=True, progressive=True)
    else:
        scale = min(1.0, WEB_SIDE / max(picture.size))
        small = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        if small != picture.size:
            picture = picture.resize(small, Image.Resampling.LANCZOS, reducing_gap=3.0)
        content = marks.encode(picture, "WEBP", says, quality=WEB_QUALITY, method=4)
    return content, picture.width, picture.height
