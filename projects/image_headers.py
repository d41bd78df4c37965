"""What the first bytes of a file say: its format and the size it claims. Wakes no decoder."""

from __future__ import annotations

import mmap
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import ClassVar

from accounts.errors import Refusal

# First bytes of what people send by mistake, so that the refusal can name it.
OTHER_KINDS = (
    (b"GIF8", "a GIF"),
    (b"%PDF", "a PDF"),
    (b"II*\0", "a TIFF or camera raw file"),
    (b"MM\0*", "a TIFF or camera raw file"),
    (b"BM", "a BMP"),
    (b"PK\x03\x04", "a ZIP archive or office document"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL"),
    (b"\xff\x0a", "a JPEG XL"),
)

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
PNG_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}  # by colour type
JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
MAX_PARTS = 20_000  # segments, chunks or boxes looked at; bounds the walk through a hostile file


class PhotoRefused(Refusal):
    """That picture can't be used."""

    code: ClassVar[str] = "bad_source"
    title: ClassVar[str] = "Bad picture"
    status: ClassVar[int] = 400


class UnsupportedImage(PhotoRefused):
    """That file is not a picture we can read; please send a JPEG, PNG, WebP, HEIC or AVIF."""

    title: ClassVar[str] = "Unsupported picture format"


class UnreadableImage(PhotoRefused):
    """The picture is damaged or incomplete and can't be read."""

    title: ClassVar[str] = "Unreadable picture"


def sniff(content: bytes) -> tuple[str, Callable[[bytes], tuple[int, int]]]:
    """The format that the magic bytes name, and what reads its size."""
    if content.startswith(b"\xff\xd8\xff"):
        return "JPEG", _jpeg_size
    if content.startswith(PNG_MAGIC):
        return "PNG", png_size
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "WEBP", _webp_size
    if content[4:8] == b"ftyp":
        end = min(struct.unpack(">I", content[:4])[0], 256)
        brands = {content[at : at + 4] for at in (8, *range(16, end, 4))}
        if brands & {b"avif", b"avis"}:
            return "AVIF", _heif_size
        if brands & {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}:
            return "HEIF", _heif_size
    message = f"That file is {_other_kind(content)}; please send a JPEG, PNG, WebP, HEIC or AVIF picture."
    raise UnsupportedImage(message)


def _other_kind(content: bytes) -> str:
    for start, name in OTHER_KINDS:
        if content.startswith(start):
            return name
    if content[4:8] == b"ftyp" or content.startswith((b"RIFF", b"\x1aE\xdf\xa3")):
        return "a video or sound file"
    text = content[:1024].decode("utf-8", errors="ignore").lstrip("\ufeff \t\r\n").lower()
    if "<svg" in text:
        return "an SVG drawing"
    if text.startswith(("<!doctype html", "<html")):
        return "a web page, not a picture"
    if b"\0" not in content[:1024] and len(text) > min(len(content), 1024) * 0.9:
        return "a text file, not a picture"
    return "not a picture we can read"


def _jpeg_size(content: bytes) -> tuple[int, int]:
    at = 2
    for _ in range(MAX_PARTS):
        if content[at] != 0xFF:
            break
        marker = content[at + 1]
        if marker in JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", content, at + 5)
            return width, height
        if marker == 0xFF:  # a fill byte
            at += 1
        elif marker in (0xD9, 0xDA):  # the picture's data or end before any frame header
            break
        else:
            at += 2 + struct.unpack_from(">H", content, at + 2)[0]
    raise UnreadableImage


def png_size(content: bytes | mmap.mmap) -> tuple[int, int]:
    """Width and height in pixels; may raise struct.error on a short file, UnreadableImage on a bad one."""
    length, name, width, height = struct.unpack_from(">I4sII", content, 8)
    if name != b"IHDR" or length != 13:
        raise UnreadableImage
    return width, height


def is_whole_png(content: bytes | mmap.mmap) -> bool:
    """Whether the header is valid and checksummed and the chunks, data among them, run to the end mark."""
    depth, colour = struct.unpack_from(">BB", content, 24)
    if depth not in PNG_DEPTHS.get(colour, ()) or content[26:28] != b"\0\0" or content[28] > 1:
        return False
    if zlib.crc32(content[12:29]) != struct.unpack_from(">I", content, 29)[0]:
        return False
    at, has_data = 8, False
    for _ in range(MAX_PARTS):
        length, name = struct.unpack_from(">I4s", content, at)
        at += 12 + length
        if name == b"IEND":
            return has_data and at <= len(content)
        has_data = has_data or (name == b"IDAT" and length > 0)
    return False


def _webp_size(content: bytes) -> tuple[int, int]:
    chunk = content[12:16]
    if chunk == b"VP8X":
        wide, high = content[24:27], content[27:30]
        if len(high) < 3:
            raise UnreadableImage
        return int.from_bytes(wide, "little") + 1, int.from_bytes(high, "little") + 1
    if chunk == b"VP8L" and content[20] == 0x2F:
        bits = struct.unpack_from("<I", content, 21)[0]
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if chunk == b"VP8 " and content[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", content, 26)
        return width & 0x3FFF, height & 0x3FFF
    raise UnreadableImage


def _heif_size(content: bytes) -> tuple[int, int]:
    """The largest picture that the container declares; tiles and previews inside it are smaller."""
    start, end = 0, len(content)
    for name, header in ((b"meta", 4), (b"iprp", 0), (b"ipco", 0)):
        start, end = next(part for kind, *part in _boxes(content, start, end) if kind == name)
        start += header
    sizes = [
        struct.unpack_from(">II", content, at + 4)
        for kind, at, _ in _boxes(content, start, end)
        if kind == b"ispe"
    ]
    width, height = max(sizes, key=lambda size: size[0] * size[1])
    return width, height


def _boxes(content: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """The boxes of an ISO base media file between two offsets: name, start and end of what is inside."""
    for _ in range(MAX_PARTS):
        if at + 8 > end:
            return
        length, name = struct.unpack_from(">I4s", content, at)
        start = at + 8
        if length == 1:
            length, start = struct.unpack_from(">Q", content, start)[0], at + 16
        stop = at + length if length else end
        if stop < start:
            break
        yield name, start, min(stop, end)
        at = stop
    raise UnreadableImage
