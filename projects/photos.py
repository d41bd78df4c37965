"""The input doctor: what arrives as a photo leaves as a clean, upright, plain sRGB picture, or with a reason.

`inspect` reads header fields in Python and wakes no decoder, so a request may call it on anything. `prepare`,
`thumbnail` decode and belong in a process of their own (`image_pool`).
"""

from __future__ import annotations

import mmap
import os
import re
import struct
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import ClassVar

import pybase64
from PIL import ExifTags, Image, ImageCms, ImageFilter, ImageOps, ImageStat

from accounts.errors import Refusal
from projects.image_headers import (
    PNG_MAGIC,
    PhotoRefused,
    UnreadableImage,
    UnsupportedImage,
    is_whole_png,
    png_size,
    sniff,
)

__all__ = [
    "PhotoRefused",
    "PreparedImage",
    "UnreadableImage",
    "UnsupportedImage",
    "check_png",
    "check_png_file",
    "inspect",
    "painted",
    "prepare",
    "read_data_url",
    "thumbnail",
    "thumbnail_of_file",
]

MAX_PIXELS = 50_000_000
MAX_SIDE = 20_000  # pixels
MIN_SIDE = 32  # pixels
THUMBNAIL_SIDE = 480  # pixels
JPEG_QUALITY = 92
# How pixels are joined, by what nobody sees: next to Lanczos 48 dB at 0.66 of its time for what engines work on, and
# 49 dB at 0.3 for thumbnails.
LARGE, SMALL = Image.Resampling.BICUBIC, Image.Resampling.HAMMING
# A decoder halves a JPEG at no cost: a phone's 4032 pixels become 2016, which is as good as 2048 and takes a quarter.
NEARLY = 0.95
GOOD_SIDE = 1024  # pixels; below this a redesign has too little to hold on to


# Thresholds of the advice, set on real rooms: mean brightness of 255; how strong, at 512 pixels, the sharpest
# hundredth of all edges is (37 and more in sharp photos, under 15 in blurred ones); long side by short side.
DARK, BLURRED, WIDE = 40, 16, 2.4
LAPLACE = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=128)


class BadDataUrl(PhotoRefused):
    """The picture must be a data URL like data:image/jpeg;base64,…"""

    title: ClassVar[str] = "Bad data URL"


class FileTooLarge(PhotoRefused):
    """The file is too large."""

    title: ClassVar[str] = "File too large"
    status: ClassVar[int] = 413


class NothingPainted(PhotoRefused):
    """Nothing was painted: mark in red what shall change."""

    title: ClassVar[str] = "Nothing painted"


class TooManyPixels(PhotoRefused):
    """The picture has too many pixels."""

    title: ClassVar[str] = "Too many pixels"


class ImageTooSmall(PhotoRefused):
    """The picture is too small."""

    title: ClassVar[str] = "Picture too small"


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What a header says; sides in pixels as stored: not yet upright, HEIC's edges still padded."""

    format: str  # JPEG, PNG, WEBP, HEIF or AVIF
    media_type: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class PreparedImage:
    """A cleaned picture and its JPEG thumbnail; sizes in pixels, upright."""

    content: bytes
    media_type: str  # image/jpeg or image/png
    width: int
    height: int
    thumbnail: bytes
    thumbnail_width: int
    thumbnail_height: int
    had_gps: bool
    resized: bool
    advice: tuple[str, ...]  # plain sentences for whoever sent the photo


def read_data_url(text: str, *, max_bytes: int) -> bytes:
    """The bytes inside `data:image/…;base64,…`; whitespace inside the base64 is ignored, nothing else is.

    What the bytes are is `inspect`'s business. Raises BadDataUrl, or FileTooLarge above `max_bytes`.
    """
    head, comma, _ = text.lstrip()[:200].partition(",")
    if not comma or not re.match(r"data:", head, re.IGNORECASE):
        raise BadDataUrl
    kind, *parameters = (part.strip().lower() for part in head[5:].split(";"))
    if not re.fullmatch(r"image/[a-z0-9.+-]+", kind):
        message = "The data URL does not hold a picture: its type must begin with image/."
        raise BadDataUrl(message)
    if "base64" not in parameters[-1:]:
        message = "The data URL must be base64: data:image/jpeg;base64,…"
        raise BadDataUrl(message)
    try:
        content = _from_base64(text.partition(",")[2])
    except ValueError:  # binascii.Error and UnicodeEncodeError are ValueErrors
        message = "The base64 in the data URL does not decode."
        raise BadDataUrl(message) from None
    if not content:
        message = "The data URL is empty."
        raise BadDataUrl(message)
    if len(content) > max_bytes:
        raise _too_large(max_bytes)
    return content


def _from_base64(text: str) -> bytes:
    """Raises ValueError. Hardly any text has white space in it, and looking for it takes longer than decoding."""
    try:
        return pybase64.b64decode(text, validate=True)
    except ValueError:
        return pybase64.b64decode("".join(text.split()), validate=True)


def inspect(content: bytes) -> ImageFacts:
    """Format and size of an untrusted file from its first bytes and header fields; nothing is decoded.

    The type is what the bytes say, never what the sender says. Raises UnsupportedImage, UnreadableImage (no
    usable header), TooManyPixels (over 50 Mpx or 20,000 pixels a side) or ImageTooSmall (under 32 a side).
    """
    if not content:
        message = "The picture file is empty."
        raise UnreadableImage(message)
    kind, read_size = sniff(content)
    try:
        width, height = read_size(content)
    except (struct.error, IndexError, ValueError, StopIteration):
        raise UnreadableImage from None
    _check_size(width, height)
    return ImageFacts(format=kind, media_type=f"image/{kind.lower()}", width=width, height=height)


def check_png(content: bytes, *, max_bytes: int, max_pixels: int) -> ImageFacts:
    """Make sure that an upstream's answer is a whole PNG of bearable size; chunks are walked, not decoded.

    Raises UnreadableImage for anything else, whatever is wrong with it: only an operator could act on it.
    """
    if len(content) > max_bytes:
        raise UnreadableImage
    return _png_facts(content, max_pixels=max_pixels)


def check_png_file(path: str | Path, *, max_bytes: int, max_pixels: int) -> ImageFacts:
    """`check_png` of a file, of which only the chunks' heads are read."""
    with Path(path).open("rb") as file:
        if not 0 < os.fstat(file.fileno()).st_size <= max_bytes:
            raise UnreadableImage
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return _png_facts(content, max_pixels=max_pixels)


def _png_facts(content: bytes | mmap.mmap, *, max_pixels: int) -> ImageFacts:
    try:
        whole = content[: len(PNG_MAGIC)] == PNG_MAGIC and is_whole_png(content)
        width, height = png_size(content) if whole else (0, 0)
    except (struct.error, IndexError):
        raise UnreadableImage from None
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE and width * height <= max_pixels):
        raise UnreadableImage
    return ImageFacts(format="PNG", media_type="image/png", width=width, height=height)


def prepare(content: bytes, *, longest_side: int = 2048, keep_png: bool = False) -> PreparedImage:
    """Decode a photo and write it anew: upright, sRGB, 8 bit, at most `longest_side` pixels, no metadata.

    The result is a JPEG on white ground; with `keep_png` a PNG source, or one with transparency, becomes a
    lossless PNG with its alpha (product cut-outs, red masks). Of an animation the first frame counts.
    Raises what `inspect` raises, and UnreadableImage when the pixels can't be decoded. Not thread-safe
    (it silences decoder warnings): call it through `image_pool`.
    """
    facts = inspect(content)
    source = _decode(content, facts, longest_side=longest_side)
    picture = source.picture
    has_alpha = picture.mode == "RGBA"
    as_png = keep_png and (facts.format == "PNG" or has_alpha)
    flat = _flat(picture)
    small = flat.resize(_fit(flat.size, THUMBNAIL_SIDE), SMALL, reducing_gap=1.4)
    return PreparedImage(
        content=_encode(picture, "PNG") if as_png else _encode(flat, "JPEG"),
        media_type="image/png" if as_png else "image/jpeg",
        width=picture.width,
        height=picture.height,
        thumbnail=_encode(small, "JPEG"),
        thumbnail_width=small.width,
        thumbnail_height=small.height,
        had_gps=source.had_gps,
        resized=source.longest > max(picture.size),
        advice=() if has_alpha else tuple(_advise(flat, longest=source.longest)),
    )


def painted(source: bytes, paint: bytes, *, longest_side: int = 2048) -> bytes:
    """`source` with pure red wherever `paint`, red on black or on nothing and of any size, is red; a JPEG.

    Both have been through `prepare`. Raises what `prepare` raises, and NothingPainted.
    """
    picture = _flat(_decode(source, inspect(source), longest_side=longest_side).picture)
    strokes = _flat(_decode(paint, inspect(paint), longest_side=longest_side).picture, ground="black")
    red = strokes.resize(picture.size, Image.Resampling.BILINEAR).getchannel("R")
    region = red.point(lambda value: 255 if value > 127 else 0)
    if region.getbbox() is None:
        raise NothingPainted
    picture.paste((255, 0, 0), mask=region)
    out = BytesIO()
    picture.save(out, "JPEG", quality=95, subsampling=0)  # colour at full resolution: the rim stays red
    return out.getvalue()


def thumbnail(png: bytes, *, longest_side: int = THUMBNAIL_SIDE) -> tuple[bytes, int, int]:
    """A JPEG of at most `longest_side` pixels on white ground, with its width and height.

    Takes any format that `inspect` takes and raises what `prepare` raises; call it through `image_pool` too.
    """
    small = _flat(_decode(png, inspect(png), longest_side=longest_side, by=SMALL).picture)
    return _encode(small, "JPEG"), small.width, small.height


def thumbnail_of_file(path: str, *, longest_side: int = THUMBNAIL_SIDE) -> tuple[bytes, int, int]:
    """`thumbnail` of a file, for an image process: the picture need not travel there."""
    return thumbnail(Path(path).read_bytes(), longest_side=longest_side)


def _too_large(max_bytes: int) -> FileTooLarge:
    return FileTooLarge(f"The file is larger than {max_bytes / 1024 / 1024:.0f} MB.")


def _check_size(width: int, height: int) -> None:
    if not (width and height):
        raise UnreadableImage
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        message = (
            f"The picture has {width:,} × {height:,} pixels ({width * height / 1e6:,.0f} million); "
            f"at most {MAX_PIXELS / 1e6:.0f} million and {MAX_SIDE:,} a side are accepted."
        )
        raise TooManyPixels(message)
    if min(width, height) < MIN_SIDE:
        message = f"The picture is only {width} × {height} pixels; each side needs at least {MIN_SIDE}."
        raise ImageTooSmall(message)


@dataclass(frozen=True, slots=True)
class _Decoded:
    picture: Image.Image  # RGB, or RGBA where something shines through; upright, sRGB, without metadata
    longest: int  # pixels, before it was scaled
    had_gps: bool


def _decode(
    content: bytes, facts: ImageFacts, *, longest_side: int, by: Image.Resampling = LARGE
) -> _Decoded:
    if facts.format == "HEIF":
        import pillow_heif  # a tenth of a second and libheif: only for those who need it

        pillow_heif.register_heif_opener()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd metadata, which is dropped anyway
            with Image.open(BytesIO(content), formats=[facts.format]) as image:
                _check_size(*image.size)  # a file can hold two sizes: this is the decoder's
                longest = max(image.size)
                had_gps = bool(image.getexif().get_ifd(ExifTags.IFD.GPSInfo)) or b"GPSLatitude" in content
                # A big JPEG is decoded at a half, a quarter or an eighth at once.
                image.draft(None, _fit(image.size, NEARLY * longest_side))
                image.load()
                size = _fit(image.size, longest_side)
                picture = _eight_bit(image).resize(size, by, reducing_gap=3.0)
                picture.info = dict(image.info)  # exif_transpose finds the orientation there
            ImageOps.exif_transpose(picture, in_place=True)
            picture = _srgb(picture, image.info.get("icc_profile"))
    except Refusal:
        raise
    except Exception as error:  # a hostile file makes a decoder fail in any way it likes
        raise UnreadableImage from error
    picture.info.clear()
    return _Decoded(picture, longest, had_gps)


def _fit(size: tuple[int, int], longest_side: float) -> tuple[int, int]:
    """`size` scaled down, never up, so that its longer side is at most `longest_side`."""
    scale = min(1.0, longest_side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _eight_bit(image: Image.Image) -> Image.Image:
    """The image in a mode that can be scaled and colour-managed: L, RGB, RGBA or CMYK."""
    if image.mode.startswith("I"):  # 16 bit grey; converting would clip it, so scale it first
        return image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image if image.mode in {"L", "RGB", "CMYK"} else image.convert("RGB")


def _srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    alpha = picture.getchannel("A") if picture.mode == "RGBA" else None
    colours = picture.convert("RGB") if alpha else picture
    if profile:
        try:
            converted = ImageCms.profileToProfile(
                colours,
                ImageCms.ImageCmsProfile(BytesIO(profile)),
                ImageCms.createProfile("sRGB"),
                renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
                outputMode="RGB",
                flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
            )
            colours = converted or colours
        except (ImageCms.PyCMSError, OSError):
            pass  # a broken profile or one for another colour space: rather plain colours than no picture
    colours = colours.convert("RGB")
    if alpha and alpha.getextrema() != (255, 255):
        colours.putalpha(alpha)
    return colours


def _flat(picture: Image.Image, *, ground: str = "white") -> Image.Image:
    """The picture on white, or another, ground."""
    if picture.mode == "RGB":
        return picture
    below = Image.new("RGB", picture.size, ground)
    below.paste(picture, mask=picture.getchannel("A"))
    return below


def _encode(picture: Image.Image, kind: str) -> bytes:
    out = BytesIO()
    picture.save(out, kind, quality=JPEG_QUALITY)
    return out.getvalue()


def _advise(picture: Image.Image, *, longest: int) -> Iterator[str]:
    """What would make a better photo; `longest` is the side of the photo as it came, in pixels."""
    grey = picture.convert("L").resize(_fit(picture.size, 512), Image.Resampling.BOX, reducing_gap=2.0)
    if longest < GOOD_SIDE:
        yield f"The photo is small ({longest} pixels wide or high); {GOOD_SIDE} or more give a better result."
    if ImageStat.Stat(grey).mean[0] < DARK:
        yield "The photo is very dark; switch on the lights or open the curtains and take it again."
    elif _sharpness(grey) < BLURRED:
        yield "The photo looks blurred; hold the camera still and wipe its lens."
    if max(picture.size) > WIDE * min(picture.size):
        yield "The photo is very wide or very tall; a normal 4:3 or 3:2 photo shows the room better."


def _sharpness(grey: Image.Image) -> int:
    """How far from flat, 0 to 128, the sharpest hundredth of the picture is; empty walls don't count."""
    edges = grey.filter(LAPLACE).crop((1, 1, grey.width - 1, grey.height - 1))  # the rim is left unfiltered
    counts = edges.histogram()
    seen = counts[0]  # clipped: further than 127
    for distance in range(127, 0, -1):
        seen += counts[128 + distance] + counts[128 - distance]
        if seen * 100 >= edges.width * edges.height:
            return distance
    return 0
