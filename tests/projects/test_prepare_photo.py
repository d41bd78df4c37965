"""What arrives as a photo leaves as a clean, upright, plain sRGB picture, or with a reason."""

from __future__ import annotations

import base64
import binascii
import struct
import sys
import time
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pillow_heif
import pytest
from PIL import Image, ImageCms, ImageDraw, ImageFilter, PngImagePlugin

from projects import photos
from projects.photos import (
    BadDataUrl,
    FileTooLarge,
    ImageTooSmall,
    PhotoRefused,
    TooManyPixels,
    UnreadableImage,
    UnsupportedImage,
    check_png,
    check_png_file,
    inspect,
    prepare,
    read_data_url,
    thumbnail,
    thumbnail_of_file,
)

RED, GREEN, BLUE, WHITE = (220, 30, 30), (30, 160, 30), (30, 30, 220), (255, 255, 255)
BIG = 10**9


def room(width: int = 128, height: int = 96, mode: str = "RGB") -> Image.Image:
    """Red upper left, green upper right, blue lower left, white lower right: shows every turn and flip."""
    image = Image.new("RGB", (width, height), WHITE)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width // 2 - 1, height // 2 - 1), RED)
    draw.rectangle((width // 2, 0, width, height // 2 - 1), GREEN)
    draw.rectangle((0, height // 2, width // 2 - 1, height), BLUE)
    return image.convert(mode)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def opened(content: bytes) -> Image.Image:
    image = Image.open(BytesIO(content))
    image.load()
    return image


def corners(image: Image.Image) -> list[str]:
    """The names of the colours in the four quarters: upper left, upper right, lower left, lower right."""
    names = {"red": RED, "green": GREEN, "blue": BLUE, "white": WHITE}
    plain, found = image.convert("RGB"), []
    for y in (image.height // 4, image.height * 3 // 4):
        for x in (image.width // 4, image.width * 3 // 4):
            pixel = plain.getpixel((x, y))
            assert isinstance(pixel, tuple)
            distances = {
                name: sum(abs(a - b) for a, b in zip(pixel, colour, strict=True))
                for name, colour in names.items()
            }
            found.append(min(distances, key=lambda name: distances[name]))
    return found


def exif(orientation: int | None = None, *, gps: bool = False) -> Image.Exif:
    data = Image.Exif()
    data[0x010F] = "Phone maker"
    if orientation:
        data[0x0112] = orientation
    if gps:
        data.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)})
    return data


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, data: bytes = b"", *, depth: int = 8, colour: int = 0) -> bytes:
    """A PNG by hand, so that it may lie."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def bomb() -> bytes:
    """A valid grey PNG of 400 million black pixels in about 400 kB; the packed rows are repeated."""
    packer = zlib.compressobj(9, wbits=-15)
    rows = packer.compress(b"\0" * 20_001 * 100) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = struct.pack(">HH", 20_001 * 20_000 % 65_521, 1)  # Adler-32 of that many zeros
    return png(20_000, 20_000, b"\x78\xda" + rows * 200 + b"\x03\0" + checksum)


def heic(image: Image.Image, **options: Any) -> bytes:
    out = BytesIO()
    pillow_heif.from_pillow(image).save(out, **options)
    return out.getvalue()


def jpeg_header(width: int, height: int) -> bytes:
    return b"\xff\xd8\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\x01\x11\x00\xff\xd9"


# What arrives.

READABLE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "jpeg": ("JPEG", lambda: encoded(room(), "JPEG")),
    "progressive jpeg": ("JPEG", lambda: encoded(room(), "JPEG", progressive=True)),
    "grey jpeg": ("JPEG", lambda: encoded(room(mode="L"), "JPEG")),
    "cmyk jpeg": ("JPEG", lambda: encoded(room(mode="CMYK"), "JPEG")),
    "several pictures in one jpeg": (
        "JPEG",
        lambda: encoded(room(), "MPO", save_all=True, append_images=[room(32, 32)]),
    ),
    "jpeg with a program behind it": (
        "JPEG",
        lambda: encoded(room(), "JPEG") + b"PK\x03\x04<script>alert(1)</script>",
    ),
    "png": ("PNG", lambda: encoded(room(), "PNG")),
    "16 bit colour png": ("PNG", lambda: png(128, 96, zlib.compress(deep_rows(3)), depth=16, colour=2)),
    "palette png": ("PNG", lambda: encoded(room(mode="P"), "PNG")),
    "palette png with a hole": (
        "PNG",
        lambda: encoded(room().quantize(8), "PNG", transparency=bytes([255, 255, 0])),
    ),
    "one bit png": ("PNG", lambda: encoded(room(mode="1"), "PNG")),
    "grey png with alpha": ("PNG", lambda: encoded(room(mode="LA"), "PNG")),
    "animated png": (
        "PNG",
        lambda: encoded(room(), "PNG", save_all=True, append_images=[Image.new("RGB", (128, 96))]),
    ),
    "webp": ("WEBP", lambda: encoded(room(), "WEBP", quality=95)),
    "lossless webp": ("WEBP", lambda: encoded(room(), "WEBP", lossless=True)),
    "webp with alpha": ("WEBP", lambda: encoded(room(mode="RGBA"), "WEBP", exact=True)),
    "webp with metadata": ("WEBP", lambda: encoded(room(), "WEBP", exif=exif())),
    "animated webp": (
        "WEBP",
        lambda: encoded(room(), "WEBP", save_all=True, append_images=[Image.new("RGB", (128, 96))]),
    ),
    "heic": ("HEIF", lambda: heic(room(), quality=95)),
    "avif": ("AVIF", lambda: encoded(room(), "AVIF", quality=95)),
    "animated avif": (
        "AVIF",
        lambda: encoded(room(), "AVIF", save_all=True, append_images=[Image.new("RGB", (128, 96))]),
    ),
}


def deep_rows(channels: int) -> bytes:
    """The room as 16 bit rows; the low byte is noise that a reader must not take for the high one."""
    image, rows = room(mode="RGB" if channels == 3 else "L"), b""
    for y in range(image.height):
        line = image.crop((0, y, image.width, y + 1)).tobytes()
        rows += b"\0" + b"".join(bytes((value, 0x7F)) for value in line)
    return rows


@pytest.mark.parametrize("name", READABLE)
def test_every_accepted_kind_is_recognised_and_cleaned(name: str) -> None:
    kind, make = READABLE[name]
    content = make()
    facts = inspect(content)
    assert (facts.format, facts.width, facts.height) == (kind, 128, 96)
    assert facts.media_type == f"image/{kind.lower()}"
    result = prepare(content)
    image = opened(result.content)
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (128, 96))
    assert (result.media_type, result.width, result.height) == ("image/jpeg", 128, 96)
    assert not result.resized
    if not name.startswith(("grey", "one bit", "palette png with a hole")):
        assert corners(image) == ["red", "green", "blue", "white"]
    assert b"<script>" not in result.content


def test_sixteen_bit_grey_is_scaled_and_not_clipped() -> None:
    image = opened(prepare(png(128, 96, zlib.compress(deep_rows(1)), depth=16), keep_png=True).content)
    greys = room(mode="L")
    for at in ((5, 5), (120, 5), (5, 80), (120, 80)):
        assert image.convert("L").getpixel(at) == pytest.approx(greys.getpixel(at), abs=1)


REFUSED: dict[str, tuple[type[PhotoRefused], str, Callable[[], bytes]]] = {
    "empty": (UnreadableImage, "empty", lambda: b""),
    "gif": (UnsupportedImage, "is a GIF", lambda: encoded(room(), "GIF")),
    "svg": (
        UnsupportedImage,
        "an SVG",
        lambda: b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>',
    ),
    "pdf": (UnsupportedImage, "a PDF", lambda: encoded(room(), "PDF")),
    "tiff": (UnsupportedImage, "a TIFF", lambda: encoded(room(), "TIFF")),
    "bmp": (UnsupportedImage, "a BMP", lambda: encoded(room(), "BMP")),
    "text": (UnsupportedImage, "a text file", lambda: "Grüße aus dem Wohnzimmer\n".encode() * 100),
    "web page": (UnsupportedImage, "a web page", lambda: b"\n<!DOCTYPE html><html><body>403</body></html>"),
    "video": (UnsupportedImage, "a video", lambda: b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0" * 64),
    "zip": (UnsupportedImage, "a ZIP", lambda: b"PK\x03\x04" + b"\0" * 64),
    "noise": (UnsupportedImage, "not a picture", lambda: bytes(range(128, 256)) + b"\0" * 64),
    "gif that begins like a script": (UnsupportedImage, "is a GIF", lambda: b"GIF89a/*" + b"\0" * 40),
    "bomb of 400 million pixels": (TooManyPixels, "400 million.*50 million", bomb),
    "very long strip": (TooManyPixels, "20,000 a side", lambda: png(20_001, 40)),
    "webp of 268 million pixels": (
        TooManyPixels,
        "268 million",
        lambda: b"RIFF\x1a\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xff\x3f\x00\xff\x3f\x00",
    ),
    "jpeg of 4 billion pixels": (TooManyPixels, "50 million", lambda: jpeg_header(65_535, 65_535)),
    "icon": (ImageTooSmall, "16 × 16", lambda: encoded(room(16, 16), "PNG")),
    "line": (ImageTooSmall, "500 × 31", lambda: encoded(room(500, 31), "JPEG")),
    "png without size": (UnreadableImage, "damaged", lambda: png(0, 100)),
    "jpeg without size": (UnreadableImage, "damaged", lambda: jpeg_header(100, 0)),
    "png that ends in its header": (UnreadableImage, "damaged", lambda: png(64, 64)[:20]),
    "jpeg that ends in its header": (UnreadableImage, "damaged", lambda: jpeg_header(64, 64)[:6]),
    "jpeg of nothing but fill bytes": (UnreadableImage, "damaged", lambda: b"\xff\xd8" + b"\xff" * 3_000_000),
    "webp without picture": (UnreadableImage, "damaged", lambda: b"RIFF\x04\0\0\0WEBP"),
    "heic without boxes": (UnreadableImage, "damaged", lambda: b"\0\0\0\x18ftypheic\0\0\0\0heicmif1"),
    "avif of endless empty boxes": (
        UnreadableImage,
        "damaged",
        lambda: b"\0\0\0\x18ftypavif\0\0\0\0avifmif1" + b"\0\0\0\x08free" * 300_000,
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_used_is_refused_by_its_header_alone(name: str) -> None:
    refusal, words, make = REFUSED[name]
    content = make()
    started = time.perf_counter()
    with pytest.raises(refusal, match=words) as caught:
        inspect(content)
    assert time.perf_counter() - started < 0.2
    assert caught.value.code == "bad_source"
    with pytest.raises(refusal):
        prepare(content)


def test_a_header_is_read_without_waking_a_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    contents = [make() for _, make in READABLE.values()]
    large = bomb()
    monkeypatch.setattr(Image, "open", None)
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    for content in contents:
        assert inspect(content).width == 128
    assert len(large) < 500_000
    with pytest.raises(TooManyPixels):
        inspect(large)


@pytest.mark.parametrize("name", ["jpeg", "png", "lossless webp", "heic", "avif"])
@pytest.mark.parametrize("share", [0.5, 0.8])
def test_a_truncated_picture_is_unreadable(name: str, share: float) -> None:
    content = READABLE[name][1]()
    with pytest.raises(UnreadableImage):
        prepare(content[: int(len(content) * share)])


@pytest.mark.parametrize(
    "content",
    [
        png(128, 96, b"this is not zlib"),
        png(128, 96, zlib.compress(b"\0" * 10)),
        png(128, 96, b"", colour=9),
        jpeg_header(64, 64),
    ],
)
def test_a_damaged_picture_is_unreadable(content: bytes) -> None:
    with pytest.raises(UnreadableImage):
        prepare(content)


# What leaves.


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_a_photo_taken_in_any_orientation_stands_upright(orientation: int, kind: str) -> None:
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = room().transpose(undo[orientation]) if orientation in undo else room()
    result = prepare(encoded(stored, kind, exif=exif(orientation)))
    assert (result.width, result.height) == (128, 96)
    image = opened(result.content)
    assert corners(image) == ["red", "green", "blue", "white"]
    assert corners(opened(result.thumbnail)) == ["red", "green", "blue", "white"]
    assert not image.getexif()


def test_a_phones_heic_stands_upright() -> None:
    stored = room().transpose(Image.Transpose.ROTATE_90)
    result = prepare(heic(stored, quality=95, exif=exif(6).tobytes()))
    assert (result.width, result.height) == (128, 96)
    assert corners(opened(result.content)) == ["red", "green", "blue", "white"]


XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><exif:GPSLatitude>52,31.2N</exif:GPSLatitude></x:xmpmeta>'


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("keep_png", [False, True])
def test_where_and_with_what_a_photo_was_taken_is_removed(kind: str, keep_png: bool) -> None:
    content = encoded(room(), kind, exif=exif(gps=True))
    assert b"Phone maker" in content
    result = prepare(content, keep_png=keep_png)
    assert result.had_gps
    for out in (result.content, result.thumbnail):
        assert b"Phone maker" not in out
        assert not opened(out).getexif()


def test_comments_texts_and_profiles_are_removed() -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_itxt("XML:com.adobe.xmp", XMP.decode())
    texts.add_text("Comment", "the flat of Mrs Miller", zip=True)
    jpeg = encoded(room(), "JPEG", comment=b"the flat of Mrs Miller", xmp=XMP)
    for content in (jpeg, encoded(room(), "PNG", pnginfo=texts)):
        result = prepare(content, keep_png=True)
        assert result.had_gps
        image = opened(result.content)
        assert (
            not {"comment", "Comment", "xmp", "XML:com.adobe.xmp", "icc_profile", "exif"} & image.info.keys()
        )
        assert b"Miller" not in result.content


def test_a_photo_without_a_place_says_so() -> None:
    assert not prepare(encoded(room(), "JPEG", exif=exif())).had_gps


def test_broken_metadata_does_not_spoil_a_picture() -> None:
    content = encoded(room(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff" + b"\xff" * 40)
    assert prepare(content).width == 128


def test_colours_are_taken_from_the_profile_and_written_as_srgb() -> None:
    """A profile with red and blue exchanged proves that it is read; an unusable one changes nothing."""
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    wide = encoded(room(), "JPEG", icc_profile=lab.tobytes())
    assert corners(opened(prepare(wide).content)) == [
        "red",
        "green",
        "blue",
        "white",
    ]  # wrong space: left alone
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert corners(opened(prepare(encoded(room(), "PNG", icc_profile=srgb)).content))[0] == "red"
    assert prepare(encoded(room(), "PNG", icc_profile=b"not a profile")).width == 128
    swapped = with_swapped_primaries(srgb)
    assert corners(opened(prepare(encoded(room(), "PNG", icc_profile=swapped)).content))[:3] == [
        "blue",
        "green",
        "red",
    ]


def with_swapped_primaries(profile: bytes) -> bytes:
    """The profile with its red and blue primaries exchanged, in the table of tags."""
    return profile.replace(b"rXYZ", b"!!!!").replace(b"bXYZ", b"rXYZ").replace(b"!!!!", b"bXYZ")


def test_transparency_lies_on_white_or_is_kept_for_cutouts() -> None:
    cutout = room(mode="RGBA")
    cutout.paste((0, 0, 0, 0), (0, 0, 64, 48))
    content = encoded(cutout, "PNG")
    flat = prepare(content)
    assert corners(opened(flat.content)) == ["white", "green", "blue", "white"]
    kept = prepare(content, keep_png=True)
    image = opened(kept.content)
    assert (image.format, image.mode, kept.media_type) == ("PNG", "RGBA", "image/png")
    assert image.getchannel("A").getpixel((5, 5)) == 0
    assert corners(opened(kept.thumbnail)) == ["white", "green", "blue", "white"]
    webp = prepare(encoded(cutout, "WEBP", lossless=True), keep_png=True)
    assert opened(webp.content).mode == "RGBA"


def test_a_red_mask_keeps_its_exact_red_and_a_jpeg_stays_a_jpeg() -> None:
    mask = room()
    mask.paste((255, 0, 0), (10, 10, 30, 30))
    result = prepare(encoded(mask, "PNG"), keep_png=True)
    assert opened(result.content).tobytes() == mask.tobytes()
    assert prepare(encoded(mask, "JPEG"), keep_png=True).media_type == "image/jpeg"


@pytest.mark.parametrize(
    ("size", "limit", "expected"),
    [((3000, 1500), 2048, (2048, 1024)), ((900, 1800), 600, (300, 600)), ((300, 200), 2048, (300, 200))],
)
def test_pictures_are_scaled_down_and_never_up(
    size: tuple[int, int], limit: int, expected: tuple[int, int]
) -> None:
    result = prepare(encoded(room(*size), "JPEG"), longest_side=limit)
    assert (result.width, result.height) == opened(result.content).size == expected
    assert result.resized == (size != expected)
    assert max(result.thumbnail_width, result.thumbnail_height) <= 480
    assert opened(result.thumbnail).size == (result.thumbnail_width, result.thumbnail_height)


@pytest.mark.parametrize(
    ("size", "limit", "decoded", "expected"),
    [
        ((6000, 4000), 1500, (1500, 1000), (1500, 1000)),
        ((4032, 3024), 2048, (2016, 1512), (2016, 1512)),  # a phone's: nearly as large as it may be
        ((3600, 2700), 2048, (3600, 2700), (2048, 1536)),  # half of it would be too small
        ((8000, 6000), 2048, (2000, 1500), (2000, 1500)),
    ],
)
def test_a_large_jpeg_is_decoded_at_a_fraction_of_its_size(
    size: tuple[int, int],
    limit: int,
    decoded: tuple[int, int],
    expected: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = encoded(room(*size), "JPEG")
    sizes: list[tuple[int, int]] = []
    really = photos._eight_bit

    def watched(image: Image.Image) -> Image.Image:
        sizes.append(image.size)
        return really(image)

    monkeypatch.setattr(photos, "_eight_bit", watched)
    result = prepare(content, longest_side=limit)
    assert sizes == [decoded]
    assert (result.width, result.height) == opened(result.content).size == expected
    assert result.resized


# Advice.


def pattern(width: int, height: int) -> Image.Image:
    image = Image.new("L", (width, height), 200)
    draw = ImageDraw.Draw(image)
    for at in range(0, width, 64):
        draw.rectangle((at, 0, at + 20, height), 90)
    return image


def advice(image: Image.Image) -> str:
    return " ".join(prepare(encoded(image, "JPEG")).advice)


def test_a_good_photo_gets_no_advice() -> None:
    assert advice(pattern(1600, 1200)) == ""


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (lambda: pattern(1000, 800), "small (1000 pixels"),
        (lambda: pattern(1600, 1200).point(lambda value: value // 8), "very dark"),
        (lambda: pattern(1600, 1200).filter(ImageFilter.GaussianBlur(8)), "blurred"),
        (lambda: pattern(2000, 500), "very wide"),
    ],
)
def test_a_poor_photo_gets_the_advice_that_fits(image: Callable[[], Image.Image], words: str) -> None:
    found = prepare(encoded(image(), "JPEG")).advice
    assert len(found) == 1
    assert words in found[0]


# Data URLs, thumbnails, and what an upstream sends.


@pytest.mark.parametrize(
    "text",
    [
        "data:image/png;base64,{}",
        "DATA:Image/PNG;Base64,{}",
        "data:image/jpeg;charset=utf-8;base64,{}",
        "  data:image/webp;base64,\n{}\n",
    ],
)
def test_a_data_url_gives_its_bytes(text: str) -> None:
    content = bytes(range(256)) * 3
    body = base64.b64encode(content).decode()
    wrapped = "\r\n".join(body[at : at + 76] for at in range(0, len(body), 76))
    assert read_data_url(text.format(body), max_bytes=768) == content
    assert read_data_url(text.format(wrapped), max_bytes=768) == content


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "must be a data URL"),
        ("https://example.com/room.jpg", "must be a data URL"),
        ("iVBORw0KGgo=", "must be a data URL"),
        ("data:image/png;base64", "must be a data URL"),
        ("data:text/html;base64,AAAA", "does not hold a picture"),
        ("data:;base64,AAAA", "does not hold a picture"),
        ("data:image/;base64,AAAA", "does not hold a picture"),
        ("data:image/png,AAAA", "must be base64"),
        ("data:image/png;base64;x=1,AAAA", "must be base64"),
        ("data:image/png;base64,AA!A", "does not decode"),
        ("data:image/png;base64,AAA", "does not decode"),
        ("data:image/png;base64,AA==AAAA", "does not decode"),
        ("data:image/png;base64,ÄÄÄÄ", "does not decode"),
        ("data:image/png;base64,_-__", "does not decode"),
        ("data:image/png;base64,", "is empty"),
        ("data:image/png;base64, \n", "is empty"),
    ],
)
def test_a_broken_data_url_is_refused_with_its_own_sentence(text: str, words: str) -> None:
    with pytest.raises(BadDataUrl, match=words):
        read_data_url(text, max_bytes=1000)


@pytest.mark.parametrize("size", [1_048_577, 1_048_578, 3_000_000])
def test_a_data_url_above_the_limit_is_refused(size: int) -> None:
    text = "data:image/png;base64," + binascii.b2a_base64(b"x" * size).decode()
    with pytest.raises(FileTooLarge, match="1 MB") as refusal:
        read_data_url(text, max_bytes=1_048_576)
    assert refusal.value.status == 413


def test_a_thumbnail_is_a_small_jpeg_of_the_whole_picture() -> None:
    content, width, height = thumbnail(encoded(room(1200, 900, "RGBA"), "PNG"))
    image = opened(content)
    assert (image.format, image.size) == ("JPEG", (width, height)) == ("JPEG", (480, 360))
    assert corners(image) == ["red", "green", "blue", "white"]


def test_a_whole_png_from_an_upstream_is_accepted() -> None:
    for mode in ("RGB", "RGBA", "L", "P", "1"):
        facts = check_png(encoded(room(mode=mode), "PNG"), max_bytes=BIG, max_pixels=128 * 96)
        assert (facts.format, facts.width, facts.height) == ("PNG", 128, 96)


def test_a_picture_in_a_file_is_checked_and_made_small_as_one_in_memory(tmp_path: Path) -> None:
    content = encoded(room(1200, 900), "PNG")
    path = tmp_path / "picture.png"
    path.write_bytes(content)
    in_file = check_png_file(path, max_bytes=BIG, max_pixels=BIG)
    assert in_file == check_png(content, max_bytes=BIG, max_pixels=BIG)
    assert thumbnail_of_file(str(path)) == thumbnail(content)


GOOD_PNG = encoded(room(), "PNG")


@pytest.mark.parametrize(
    ("content", "max_bytes", "max_pixels"),
    [
        (b"", BIG, BIG),
        (encoded(room(), "JPEG"), BIG, BIG),
        (b"<html>502 Bad Gateway</html>", BIG, BIG),
        (GOOD_PNG, len(GOOD_PNG) - 1, BIG),
        (GOOD_PNG, BIG, 128 * 96 - 1),
        (GOOD_PNG[:-1], BIG, BIG),
        (GOOD_PNG[:60], BIG, BIG),
        (GOOD_PNG[:28], BIG, BIG),
        (GOOD_PNG[:8], BIG, BIG),
        (GOOD_PNG[:18] + b"\1" + GOOD_PNG[19:], BIG, BIG),
        (png(128, 96), BIG, BIG),
        (png(0, 48, b"x"), BIG, BIG),
        (png(128, 96, b"x", depth=3), BIG, BIG),
        (png(128, 96, b"x", colour=5), BIG, BIG),
        (b"\x89PNG\r\n\x1a\n" + chunk(b"IDAT", b"x" * 20) + chunk(b"IEND", b""), BIG, BIG),
        (png(20_000, 20_000, b"x"), BIG, 50_000_000),
    ],
)
def test_anything_else_from_an_upstream_is_unreadable(
    tmp_path: Path, content: bytes, max_bytes: int, max_pixels: int
) -> None:
    with pytest.raises(UnreadableImage):
        check_png(content, max_bytes=max_bytes, max_pixels=max_pixels)
    path = tmp_path / "answer.png"
    path.write_bytes(content)
    with pytest.raises(UnreadableImage):
        check_png_file(path, max_bytes=max_bytes, max_pixels=max_pixels)
