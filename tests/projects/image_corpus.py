"""Bombs, liars and polyglots, built here byte by byte: no file in the repository that a scanner would stumble over.

Each is made when it is asked for. `REFUSED` has to be refused; `HARMLESS` are pictures with something in them, which
has to be gone from what comes out; `EITHER` may be one or the other, within the same bounds of time and memory.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pillow_heif
from PIL import Image

MARK = b"<script>alert('roomwright-corpus')</script>"  # what no output may carry
MB = 1024 * 1024


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    """The image as a file of this kind."""
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def room(width: int = 128, height: int = 96, mode: str = "RGB") -> Image.Image:
    """A picture with something in it."""
    return Image.linear_gradient("L").resize((width, height)).convert(mode)


def jpeg(width: int = 128, height: int = 96, **options: Any) -> bytes:
    """A plain good one."""
    return encoded(room(width, height), "JPEG", **options)


# --- PNG -------------------------------------------------------------------------------------------------

PNG = b"\x89PNG\r\n\x1a\n"


def chunk(name: bytes, data: bytes) -> bytes:
    """One chunk with a right checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, *chunks: bytes, data: bytes = b"", depth: int = 8, colour: int = 0) -> bytes:
    """A PNG that may lie: `chunks` stand before the data."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = [chunk(b"IHDR", header), *chunks, chunk(b"IDAT", data), chunk(b"IEND", b"")]
    return PNG + b"".join(parts)


def good_rows(width: int = 64, height: int = 64) -> bytes:
    """Packed rows of a grey picture."""
    return zlib.compress(b"\0" * (width + 1) * height)


def zeros(megabytes: int) -> bytes:
    """So many megabytes of zeros, packed to about a thousandth; one packed megabyte, repeated."""
    packer = zlib.compressobj(9, wbits=-15)
    one = packer.compress(b"\0" * MB) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = struct.pack(">HH", megabytes * MB % 65_521, 1)  # Adler-32 of that many zeros
    return b"\x78\xda" + one * megabytes + b"\x03\0" + checksum


def apng(frames: int, *, claimed: int | None = None) -> bytes:
    """An animation of so many frames; `claimed` is what its header says."""
    control = chunk(b"acTL", struct.pack(">II", claimed if claimed is not None else frames, 0))
    rows, parts = good_rows(), []
    for number in range(frames):
        frame = struct.pack(">IIIIIHHBB", number * 2, 64, 64, 0, 0, 1, 10, 0, 0)
        parts.append(chunk(b"fcTL", frame))
        if number:
            parts.append(chunk(b"fdAT", struct.pack(">I", number * 2 - 1) + rows))
    return png(64, 64, control, *parts[:1], data=rows)[:-12] + b"".join(parts[1:]) + chunk(b"IEND", b"")


# --- JPEG ------------------------------------------------------------------------------------------------


def segment(marker: int, data: bytes) -> bytes:
    """One marker segment."""
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def with_segments(*segments: bytes) -> bytes:
    """A good JPEG with these right after its start."""
    whole = jpeg()
    return whole[:2] + b"".join(segments) + whole[2:]


def frame_header(width: int, height: int) -> bytes:
    """A start of frame that says this size."""
    return segment(0xC0, struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00")


def exif_directory(entries: bytes, count: int, *, following: int = 0) -> bytes:
    """An APP1 segment with one directory."""
    body = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", count) + entries + struct.pack("<I", following)
    return segment(0xE1, body)


def many_scans(scans: int, side: int) -> bytes:
    """A progressive JPEG whose last refinement comes again and again: each repeat is a pass over all pixels."""
    whole = jpeg(side, side, progressive=True, quality=20)
    last = whole.rindex(b"\xff\xda")
    return whole[:last] + whole[last:-2] * scans + whole[-2:]


# --- WebP, HEIC, AVIF ------------------------------------------------------------------------------------


def riff(*chunks: bytes) -> bytes:
    """A WebP file of these chunks."""
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webp_chunk(name: bytes, data: bytes) -> bytes:
    """One of them."""
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def canvas(width: int, height: int, flags: int = 0) -> bytes:
    """The header of an extended WebP."""
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return webp_chunk(b"VP8X", bytes([flags, 0, 0, 0]) + size)


def huge_lossless() -> bytes:
    """A lossless picture that says 16,384 × 16,384 pixels."""
    return webp_chunk(b"VP8L", b"\x2f" + struct.pack("<I", 0x3FFF | 0x3FFF << 14) + b"\0" * 64)


def heic(width: int = 128, height: int = 96) -> bytes:
    """A plain good one."""
    out = BytesIO()
    pillow_heif.from_pillow(room(width, height)).save(out, quality=40)
    return out.getvalue()


def heic_that_says(width: int, height: int, *, really: tuple[int, int]) -> bytes:
    """Every declared size replaced; the coded picture stays what it is."""
    content = heic(*really)
    parts, at = [], 0
    while (found := content.find(b"ispe", at)) >= 0:
        parts.append(content[at : found + 8] + struct.pack(">II", width, height))
        at = found + 16
    return b"".join([*parts, content[at:]])


def box(name: bytes, data: bytes, *, length: int | None = None) -> bytes:
    """One box; `length` is what it says of itself."""
    return struct.pack(">I4s", len(data) + 8 if length is None else length, name) + data


def ftyp(brand: bytes) -> bytes:
    """The first box of the file."""
    return box(b"ftyp", brand + b"\0\0\0\0" + brand + b"mif1")


def declared(brand: bytes, width: int, height: int) -> bytes:
    """A container that declares one picture of this size and has none."""
    size = box(b"ispe", struct.pack(">III", 0, width, height))
    return ftyp(brand) + box(b"meta", b"\0\0\0\0" + box(b"iprp", box(b"ipco", size)))


# --- What pretends ---------------------------------------------------------------------------------------


def zipped(content: bytes = MARK) -> bytes:
    """A ZIP archive."""
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        archive.writestr("run.html", content)
    return out.getvalue()


def tiff_of(width: int, height: int) -> bytes:
    """A TIFF header that says this size."""
    tags = [(256, width), (257, height), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1), (278, height)]
    rows = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + rows + b"\0\0\0\0"


def gif(frames: int = 1, width: int = 64, height: int = 64) -> bytes:
    """An animation of so many frames."""
    frame = b"\x21\xf9\x04\0\x01\0\0\0\x2c" + struct.pack("<HHHH", 0, 0, 1, 1) + b"\0\x02\x02\x44\x01\0"
    return (
        b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\0\0\0\0\0\xff\xff\xff" + frame * frames + b";"
    )


LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    + b"]><svg xmlns='http://www.w3.org/2000/svg'><text>&j;</text></svg>"
)

REFUSED: dict[str, Callable[[], bytes]] = {
    "png of 400 million pixels": lambda: png(20_000, 20_000, data=zeros(400)),
    "png of four billion pixels": lambda: png(2**31 - 1, 2**31 - 1, data=good_rows()),
    "png wider than 32 bits of bytes": lambda: png(20_000, 2_501, depth=16, colour=6, data=good_rows()),
    "png with a negative chunk": lambda: PNG + struct.pack(">I4s", 0xFFFFFFFF, b"IHDR") + b"\0" * 64,
    "png cut in its data": lambda: encoded(room(), "PNG")[:120],
    "jpeg of four billion pixels": lambda: b"\xff\xd8" + frame_header(65_535, 65_535) + b"\xff\xd9",
    "jpeg with a second, huge frame": lambda: (
        jpeg()[:2] + frame_header(64, 64) + frame_header(65_000, 65_000)
    ),
    "jpeg cut in its tables": lambda: jpeg()[:100],
    "jpeg cut in its data": lambda: jpeg(900, 900)[:-4_000],
    "jpeg of thirty megabytes of segments and no picture": lambda: (
        b"\xff\xd8" + segment(0xE2, b"x" * 65_000) * 460
    ),
    "jpeg of half a million empty segments": lambda: b"\xff\xd8" + segment(0xEF, b"") * 500_000,
    "webp of 268 million pixels": lambda: riff(canvas(16_384, 16_384), huge_lossless()),
    "webp, lossless, of 268 million pixels": lambda: riff(huge_lossless()),
    "webp whose canvas is small and picture huge": lambda: riff(canvas(64, 64), huge_lossless()),
    "webp of a canvas alone": lambda: riff(canvas(4_000, 4_000)),
    "webp that says four gigabytes": lambda: b"RIFF\xff\xff\xff\xffWEBPVP8 \xff\xff\xff\xff" + b"\0" * 40,
    "heic of 4 billion pixels": lambda: declared(b"heic", 65_535, 65_535),
    "heic that says it is larger than it is": lambda: heic_that_says(60_000, 60_000, really=(128, 96)),
    "heic of boxes without end": lambda: (
        ftyp(b"heic") + box(b"meta", b"\0\0\0\0" + box(b"free", b"") * 200_000)
    ),
    "heic with a box of negative length": lambda: ftyp(b"heic") + box(b"meta", b"\0" * 16, length=2),
    "heic with a box of 2^64 bytes": lambda: (
        ftyp(b"heic") + struct.pack(">I4sQ", 1, b"meta", 2**64 - 1) + b"\0" * 64
    ),
    "heic in heic in heic": lambda: (
        ftyp(b"heic") + box(b"meta", b"\0\0\0\0" + box(b"meta", b"\0" * 20) * 5_000)
    ),
    "heic cut in half": lambda: heic(400, 300)[: len(heic(400, 300)) // 2],
    "avif of 4 billion pixels": lambda: declared(b"avif", 65_535, 65_535),
    "avif of nothing": lambda: declared(b"avif", 128, 96),
    "tiff of 4 billion pixels": lambda: tiff_of(65_535, 65_535),
    "gif of ten thousand frames": lambda: gif(10_000),
    "gif of 4 billion pixels": lambda: gif(1, 65_535, 65_535),
    "gif that is a script": lambda: b"GIF89a/*" + b"\0" * 40 + b"*/=1;" + MARK,
    "svg with a script": lambda: b"<svg xmlns='http://www.w3.org/2000/svg'>" + MARK + b"</svg>",
    "svg of a billion laughs": lambda: LAUGHS,
    "svg, packed": lambda: gzip.compress(LAUGHS),
    "page that calls itself a jpeg": lambda: b"<!DOCTYPE html><title>room.jpg</title>" + MARK,
    "page that begins with a jpeg's first bytes": lambda: b"\xff\xd8\xff\xe0<!DOCTYPE html>" + MARK * 20,
    "page that begins with a png's first bytes": lambda: PNG + MARK * 20,
    "program": lambda: b"\x7fELF\x02\x01\x01" + b"\0" * 64,
    "zip of a gigabyte of zeros": lambda: zipped(b"\0" * 200 * MB),
    "pdf": lambda: b"%PDF-1.7\n%\xff\xd8\xff\n" + MARK,
    "postscript": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n(run) system\n",
    "bmp of 4 billion pixels": lambda: (
        b"BM" + struct.pack("<IHHIIiiHHII", 54, 0, 0, 54, 40, 65_535, 65_535, 1, 24, 0, 0)
    ),
    "icon": lambda: b"\0\0\1\0\1\0" + b"\0" * 40,
    "photoshop file of 30,000 pixels a side": lambda: (
        b"8BPS\0\1" + b"\0" * 6 + struct.pack(">HIIHH", 3, 30_000, 30_000, 8, 3)
    ),
    "jpeg 2000": lambda: b"\0\0\0\x0cjP  \r\n\x87\n" + b"\0" * 64,
    "zeros": lambda: b"\0" * MB,
}

HARMLESS: dict[str, Callable[[], bytes]] = {
    "jpeg with an archive behind it": lambda: jpeg() + zipped(),
    "jpeg with a page behind it": lambda: jpeg() + b"<!DOCTYPE html>" + MARK,
    "jpeg with a script in its comment": lambda: with_segments(segment(0xFE, MARK)),
    "jpeg with a page in a segment": lambda: with_segments(segment(0xE3, b"<html>" + MARK)),
    "jpeg with a thousand full segments": lambda: with_segments(
        *[segment(0xE4, MARK + b"x" * 20_000)] * 1_000
    ),
    "jpeg with ten megabytes of profile": lambda: with_segments(
        *[segment(0xE2, b"ICC_PROFILE\0" + bytes([n, 160]) + b"\xff" * 65_000) for n in range(1, 161)]
    ),
    "jpeg with a text of sixty kilobytes of XMP": lambda: with_segments(
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + LAUGHS.ljust(60_000))
    ),
    "jpeg whose EXIF claims four billion entries": lambda: with_segments(
        exif_directory(struct.pack("<HHII", 0x010E, 2, 0xFFFFFFFF, 0x7FFFFFFF) * 40, 0xFFFF)
    ),
    "jpeg whose EXIF leads in a circle": lambda: with_segments(
        exif_directory(
            struct.pack("<HHII", 0x8769, 4, 1, 8) + struct.pack("<HHII", 0x8825, 4, 1, 8), 2, following=8
        )
    ),
    "png with a page behind it": lambda: encoded(room(), "PNG") + b"<html>" + MARK,
    "png with an archive behind it": lambda: encoded(room(), "PNG") + zipped(),
    "png with a script in its texts": lambda: png(
        64, 64, chunk(b"tEXt", b"Comment\0" + MARK), data=good_rows()
    ),
    "png with a gigabyte behind its last row": lambda: png(64, 64, data=zeros(1_000)),
    "png of two thousand frames": lambda: apng(2_000),
    "png that claims two billion frames": lambda: apng(3, claimed=2**31 - 1),
    "webp of three hundred frames": lambda: encoded(
        room(64, 64),
        "WEBP",
        save_all=True,
        append_images=[room(64, 64).point(lambda v, n=n: (v + n) % 256) for n in range(1, 300)],
    ),
    "webp with a page behind it": lambda: encoded(room(), "WEBP") + b"<html>" + MARK,
    "heic with a page behind it": lambda: heic() + box(b"free", MARK),
}

EITHER: dict[str, Callable[[], bytes]] = {
    "png with fewer rows than it says": lambda: png(4_000, 4_000, data=zlib.compress(b"\0" * 4_001 * 10)),
    "png whose text unpacks to a gigabyte": lambda: png(
        64, 64, chunk(b"zTXt", b"Comment\0\0" + zeros(1_000)), data=good_rows()
    ),
    "png whose international text unpacks to a gigabyte": lambda: png(
        64, 64, chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zeros(1_000)), data=good_rows()
    ),
    "png whose profile unpacks to a gigabyte": lambda: png(
        64, 64, chunk(b"iCCP", b"icc\0\0" + zeros(1_000)), data=good_rows()
    ),
    "png of a hundred texts of a megabyte": lambda: png(
        64, 64, *[chunk(b"zTXt", b"k%d\0\0" % n + zeros(1)) for n in range(100)], data=good_rows()
    ),
    "png of a hundred thousand empty chunks": lambda: png(
        64, 64, chunk(b"teSt", b"") * 100_000, data=good_rows()
    ),
    "heic that says it is smaller than it is": lambda: heic_that_says(64, 64, really=(2_000, 1_500)),
    "jpeg with a profile that claims a table of 2^32 cells": lambda: jpeg(
        icc_profile=b"\0\0\0\xa8none\4\0\0\0mntrRGB Lab "
        + b"\0" * 12
        + b"acsp"
        + b"\0" * 88
        + b"\0\0\0\1A2B0\0\0\0\x90\0\0\0\x18"
        + b"mft2\0\0\0\0\3\3\xff\0"
        + b"\0" * 12
    ),
}

# Within what is accepted, and as much work as that can be.
LARGEST: dict[str, Callable[[], bytes]] = {
    "png of 50 million pixels, 16 bit with alpha": lambda: png(
        10_000, 5_000, data=zeros(382), depth=16, colour=6
    ),
    "png of 50 million pixels, one bit": lambda: png(20_000, 2_500, data=zeros(7), depth=1),
    "png of 50 million pixels, 16 bit grey": lambda: png(10_000, 5_000, data=zeros(96), depth=16),
    "jpeg of 50 million pixels": lambda: jpeg(10_000, 5_000),
    "progressive jpeg of 49 million pixels": lambda: jpeg(7_000, 7_000, progressive=True),
    "jpeg of 49 million pixels and two thousand scans": lambda: many_scans(2_000, 7_000),
    "webp of 50 million pixels": lambda: encoded(
        Image.new("RGB", (10_000, 5_000), "white"), "WEBP", quality=10, method=0
    ),
}
