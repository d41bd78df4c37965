"""Pictures in and out: decoding, sizes, the badge, and the PNG with its label."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import cv2
import numpy as np
from PIL import Image

from generations.engines.base import Again, EngineError
from generations.engines.preview.arrays import Bytes, fit, floats

SIZES = {"512": 512, "1K": 1024, "2K": 2048, "": 1024}  # longest side in pixels
_REDUCED = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}
_ORIENTATION = 0x0112  # of a JPEG, which OpenCV heeds
_PRODUCT = 800  # pixels of the longest side that a product photo needs
_MOST_PIXELS = 120_000_000  # more is refused by its header; the product's own limits are lower
SOFTWARE = "Roomwright preview engine"
_BADGE = "preview"
# Level 1 of 9 and each row against the one above: four times as fast as the default and a sixth larger.
_PACKING = (cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_UP)


def decode_to_work(content: bytes, resolution: str) -> tuple[Bytes, tuple[int, int]]:
    """The picture as RGB bytes (h, w, 3), not much larger than needed, and the size to work at and to answer with.

    EngineError "bad_source" when it is no picture; the message is for the customer.
    """
    full = _true_size(content)
    size = working_size(*full, resolution)
    # A JPEG is decoded at half, a quarter or an eighth in a fraction of the time and of the memory.
    shrink = _shrink(min(full[0] / size[0], full[1] / size[1]))
    return np.ascontiguousarray(_decoded(content, _REDUCED[shrink])[..., ::-1], np.uint8), size


def decode_product(content: bytes) -> Bytes:
    """A product photo as RGBA bytes (h, w, 4); EngineError "bad_source" when it is no picture."""
    full = _true_size(content)
    if content.startswith(b"\xff\xd8"):  # a JPEG has no alpha channel that would be lost
        picture = _decoded(content, _REDUCED[_shrink(max(full) / _PRODUCT)])
    else:
        picture = _decoded(content, cv2.IMREAD_UNCHANGED)
    codes = {2: cv2.COLOR_GRAY2RGBA, 3: cv2.COLOR_BGR2RGBA, 4: cv2.COLOR_BGRA2RGBA}
    channels = 2 if picture.ndim == 2 else picture.shape[2]
    if channels == 1:
        picture, channels = picture[..., 0], 2
    if channels not in codes:
        raise _unreadable()
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(picture), codes[channels]), np.uint8)


def _shrink(spare: float) -> int:
    return next((step for step in (8, 4, 2) if spare >= step), 1)


def _unreadable() -> EngineError:
    return EngineError("bad_source", "This picture could not be read.", again=Again.NO)


def _true_size(content: bytes) -> tuple[int, int]:
    """Width and height by the picture's header, as it is seen upright, before anything is decoded."""
    try:
        with Image.open(BytesIO(content)) as picture:
            width, height = picture.size
            turned = picture.getexif().get(_ORIENTATION, 1) in (5, 6, 7, 8)
    except Exception as error:  # whatever a broken header makes the reader stumble over
        raise _unreadable() from error
    if min(width, height) < 2 or width * height > _MOST_PIXELS:
        raise _unreadable()
    return (height, width) if turned else (width, height)


def _decoded(content: bytes, flags: int) -> Bytes:
    """The picture in OpenCV's order of channels, 8 bits each."""
    try:
        picture = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    except cv2.error:
        picture = None
    if picture is None or min(picture.shape[:2]) < 1:
        raise _unreadable()
    if picture.dtype != np.uint8:
        picture = np.clip(picture.astype(np.float32) / 257, 0, 255).astype(np.uint8)
    return np.asarray(picture, np.uint8)


def working_size(width: int, height: int, resolution: str) -> tuple[int, int]:
    """Width and height to work at and to answer with: the source's aspect, never larger than the source."""
    return fit(width, height, SIZES.get(resolution, SIZES[""]))


def scaled(picture: Bytes, width: int, height: int) -> Bytes:
    """`picture` at another size, by area average."""
    if picture.shape[:2] == (height, width):
        return picture
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def badge_box(width: int, height: int) -> tuple[int, int, int, int]:
    """Where the badge stands: x, y, width, height in pixels."""
    tall = max(9, round(height * 0.03))
    wide = min(round(tall * 3.6), width - 2)
    margin = max(1, round(min(width, height) * 0.012))
    return max(0, width - wide - margin), max(0, height - tall - margin), wide, min(tall, height)


def with_badge(picture: Bytes) -> Bytes:
    """The word "preview" on a translucent plate in the lower right corner."""
    height, width = picture.shape[:2]
    x, y, wide, tall = badge_box(width, height)
    plate: Bytes = np.zeros((tall, wide), np.uint8)
    scale = 0.55 * tall / 22
    (text_width, text_height), _ = cv2.getTextSize(_BADGE, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
    origin = (max(0, (wide - text_width) // 2), (tall + text_height) // 2 - max(1, tall // 12))
    thickness = 1 if tall < 40 else 2
    text = (
        floats(
            cv2.putText(plate, _BADGE, origin, cv2.FONT_HERSHEY_SIMPLEX, scale, 255, thickness, cv2.LINE_AA)
        )
        / 255
    )
    out = picture.copy()
    under = out[y : y + tall, x : x + wide].astype(np.float32)
    under = under * 0.72 + 18 * 0.28  # the plate keeps the word readable on white
    under += (255 - under) * (text * 0.72)[..., None]
    out[y : y + tall, x : x + wide] = np.rint(under)
    return out


def encode_png(picture: Bytes) -> bytes:
    """A PNG that says in its Software field what made it."""
    done, packed = cv2.imencode(".png", np.ascontiguousarray(picture[..., ::-1]), _PACKING)
    if not done:
        raise EngineError("engine_failed", "The preview could not be written.", again=Again.NO)
    content = packed.tobytes()
    after_header = 8 + 25  # signature, then IHDR, which is always first and always this long
    return content[:after_header] + _text_chunk("Software", SOFTWARE) + content[after_header:]


def _text_chunk(keyword: str, text: str) -> bytes:
    body = b"tEXt" + keyword.encode("latin-1") + b"\0" + text.encode("latin-1")
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
