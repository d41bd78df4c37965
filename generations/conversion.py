"""A picture in another shape, size and format. Knows no rows: image processes, which have no Django, import it."""

from __future__ import annotations

from io import BytesIO

from PIL import Image

JPEG_QUALITY = 90
WEB_SIDE = 1600  # pixels, the longer one
WEB_QUALITY = 82


def convert(png: bytes, kind: str, shape: tuple[int, int]) -> tuple[bytes, int, int]:
    """The picture cropped evenly to `shape` (width, height), as `png`, `jpeg` or `web` (WebP); with its size."""
    with Image.open(BytesIO(png), formats=["PNG"]) as opened:
        picture = opened.convert("RGB")
    left, top = (picture.width - shape[0]) // 2, (picture.height - shape[1]) // 2
    picture = picture.crop((left, top, left + shape[0], top + shape[1]))
    out = BytesIO()
    if kind == "png":
        picture.save(out, "PNG")
    elif kind == "jpeg":
        picture.save(out, "JPEG", quality=JPEG_QUALITY, optimize=True, progressive=True)
    else:
        scale = min(1.0, WEB_SIDE / max(picture.size))
        small = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        if small != picture.size:
            picture = picture.resize(small, Image.Resampling.LANCZOS, reducing_gap=3.0)
        picture.save(out, "WEBP", quality=WEB_QUALITY, method=4)
    return out.getvalue(), picture.width, picture.height
