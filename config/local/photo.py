"""A photo from somebody's disk, made fit for one API request."""

import base64
import io
from dataclasses import dataclass
from pathlib import Path

import pillow_heif
from PIL import Image, ImageOps, UnidentifiedImageError

from config.local.errors import LocalStackError

BODY_LIMIT = 15 * 1024 * 1024  # bytes, of the API
ROOM_FOR_THE_REST = 100_000  # bytes of the body that are not the picture
LONGEST_SIDE = 3072  # pixels; what a downscaled photo has
SENT_AS_THEY_ARE = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


@dataclass(frozen=True)
class Photo:
    """`url` is a data URL, `jpeg` the same picture for a viewer, `note` says what was changed."""

    url: str
    jpeg: bytes
    note: str


def prepare(path: Path) -> Photo:
    """Read a photo; make it smaller if the request's body would be too big.

    Raises LocalStackError if the file is missing or is no picture.
    """
    pillow_heif.register_heif_opener()
    try:
        original = path.read_bytes()
        with Image.open(io.BytesIO(original)) as opened:
            kind = opened.format or ""
            upright = ImageOps.exif_transpose(opened).convert("RGB")
    except FileNotFoundError as error:
        message = f"There is no photo {path}."
        raise LocalStackError(message) from error
    except IsADirectoryError as error:
        message = f"{path} is a folder; PHOTO must name a picture."
        raise LocalStackError(message) from error
    except UnidentifiedImageError as error:
        message = f"{path} is no picture that can be opened (JPEG, PNG, WebP, HEIC and others can)."
        raise LocalStackError(message) from error
    except (Image.DecompressionBombError, OSError, SyntaxError) as error:
        message = f"{path} cannot be opened as a picture: {error}"
        raise LocalStackError(message) from error
    viewable = _jpeg(upright)
    if kind in SENT_AS_THEY_ARE and _fits(original):
        return Photo(_data_url(original, SENT_AS_THEY_ARE[kind]), viewable, "")
    note = f"{kind} of {len(original) / 1e6:.1f} MB sent as JPEG"
    if not _fits(viewable):
        upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        viewable = _jpeg(upright)
        note += f", made smaller to {upright.width} × {upright.height} pixels"
    return Photo(_data_url(viewable, "image/jpeg"), viewable, note)


def _jpeg(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def _fits(data: bytes) -> bool:
    return len(data) * 4 / 3 + ROOM_FOR_THE_REST < BODY_LIMIT


def _data_url(data: bytes, media_type: str) -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"
