"""Pictures in and out: decoding, sizes, the badge, and the PNG with its label."""

from __future__ import annotations

import struct
import zlib

import cv2
import numpy as np

from generations.engines.base import Again, EngineError, InputImage
from generations.engines.preview.arrays import Bytes, fit, floats

SIZES = {"512": 512, "1K": 1024, "2K": 2048, "": 1024}  # longest side in pixels
SOFTWARE = "Roomwright preview engine"
_BADGE = "preview"
_COMPRESSION = 2  # of 9: twice as fast as the default and a tenth larger


def decode(image: InputImage, *, alpha: bool = False) -> Bytes:
    """The picture as RGB bytes (h, w, 3), or RGBA with `alpha`.

    EngineError "bad_source" when it is no picture; the message is for the customer.
    """
    packed = np.frombuffer(image.read(), np.uint8)
    try:
        picture = (
            cv2.imdecode(packed, cv2.IMREAD_UNCHANGED if alpha else cv2.IMREAD_COLOR) if packed.size else None
        )
    except cv2.error:
        picture = None
    if picture is None or min(picture.shape[:2]) < 2:
        raise EngineError("bad_source", "This picture could not be read.", again=Again.NO)
    if picture.dtype != np.uint8:
        picture = (picture / 257).astype(np.uint8)
    if not alpha:
        return np.ascontiguousarray(picture[..., ::-1], np.uint8)
    codes = {2: cv2.COLOR_GRAY2RGBA, 3: cv2.COLOR_BGR2RGBA, 4: cv2.COLOR_BGRA2RGBA}
    channels = 2 if picture.ndim == 2 else picture.shape[2]
    return np.asarray(cv2.cvtColor(picture, codes[channels]), np.uint8)


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
    done, packed = cv2.imencode(
        ".png", np.ascontiguousarray(picture[..., ::-1]), [cv2.IMWRITE_PNG_COMPRESSION, _COMPRESSION]
    )
    if not done:
        raise EngineError("engine_failed", "The preview could not be written.", again=Again.NO)
    content = packed.tobytes()
    after_header = 8 + 25  # signature, then IHDR, which is always first and always this long
    return content[:after_header] + _text_chunk("Software", SOFTWARE) + content[after_header:]


def _text_chunk(keyword: str, text: str) -> bytes:
    body = b"tEXt" + keyword.encode("latin-1") + b"\0" + text.encode("latin-1")
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
