"""Marks inside picture files: they say that a machine altered the picture, and who says so.

Two of them: XMP with IPTC's digital source type, which any program reads and anybody can write, and a signed C2PA
manifest, which breaks when the file is changed. XMP goes in first, as the signature covers it. Knows no rows and no
Django: image processes import it.
"""

from __future__ import annotations

import json
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Literal
from xml.sax.saxutils import escape

from PIL import Image

from projects import photos
from projects.image_headers import PNG_MAGIC

# IPTC's vocabulary: http://cv.iptc.org/newscodes/digitalsourcetype/
_VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"
ALTERED = f"{_VOCABULARY}compositeWithTrainedAlgorithmicMedia"  # a photo that a model altered
GENERATED = f"{_VOCABULARY}trainedAlgorithmicMedia"  # nothing in it was ever before a camera

_XMP_KEYWORD = b"XML:com.adobe.xmp"
_MOST_XMP = 512 * 1024  # bytes of a packet that are looked at
_SOURCE_TYPE = re.compile(
    r"""DigitalSourceType(?:\s*=\s*|\s+rdf:resource\s*=\s*)["']([^"'<]{1,200})["']"""
    r"""|DigitalSourceType\s*>\s*([^<\s]{1,200})"""
)
# Chunks of a PNG that say something beside the picture: the engine's own words, places, older marks.
_TALKING_CHUNKS = (b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"caBX", b"tIME")
_PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">
<Iptc4xmpExt:DigitalSourceType>{source_type}</Iptc4xmpExt:DigitalSourceType>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{caption}</rdf:li></rdf:Alt></dc:description>{source}
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""


@dataclass(frozen=True)
class Statement:
    """What a file says of itself. `caption` for people; `original`: the address of the unaltered photo's page."""

    source_type: str
    caption: str
    original: str = ""
    title: str = ""  # in the manifest: the picture's public id
    agent: str = ""  # in the manifest: what altered it


@dataclass(frozen=True)
class Signing:
    """Whose signature: a chain of certificates and the key of the first, both PEM."""

    chain: bytes
    key: bytes
    algorithm: str = "es256"


@dataclass(frozen=True)
class Marked:
    """A file with its marks; `problem` says why it could not be signed, "" when it was."""

    content: bytes
    problem: str

    @property
    def is_signed(self) -> bool:
        """Has a manifest, and not only XMP."""
        return not self.problem


@dataclass(frozen=True)
class Found:
    """What a file says of itself, read back. All texts come from the file, which anybody may have written."""

    manifest: Literal["none", "intact", "broken"]
    is_ours: bool = False  # signed by a certificate that one of the given anchors vouches for
    signer: str = ""
    source_types: tuple[str, ...] = ()  # of the manifest
    failures: tuple[str, ...] = ()  # C2PA's own codes
    xmp_source_type: str = ""


# --- Writing ---------------------------------------------------------------------------------------------


def packet(says: Statement) -> bytes:
    """The XMP packet of a statement."""
    source = f"\n<dc:source>{escape(says.original)}</dc:source>" if says.original else ""
    caption = escape(says.caption)
    return _PACKET.format(source_type=says.source_type, caption=caption, source=source).encode()


def encode(picture: Image.Image, kind: str, says: Statement, **options: Any) -> bytes:
    """The picture as PNG, JPEG or WEBP with the statement as XMP and nothing else beside the pixels."""
    out = BytesIO()
    if kind == "PNG":
        picture.save(out, kind, **options)
        return png_with_xmp(out.getvalue(), packet(says))
    picture.save(out, kind, xmp=packet(says), exif=b"", **options)
    return out.getvalue()


def png_with_xmp(png: bytes, xmp: bytes) -> bytes:
    """The same pixels with this packet, and without any other text that stood in the file."""
    body = _XMP_KEYWORD + b"\0\0\0\0\0" + xmp  # not compressed, no language, no translated keyword
    parts = [PNG_MAGIC]
    for kind, chunk in _chunks(png):
        if kind not in _TALKING_CHUNKS:
            parts.append(chunk)
        if kind == b"IHDR":
            parts.append(_chunk(b"iTXt", body))
    return b"".join(parts)


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(PNG_MAGIC)
    while at + 12 <= len(png):
        (length,) = struct.unpack_from(">I", png, at)
        yield png[at + 4 : at + 8], png[at : at + 12 + length]
        at += 12 + length


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def sign(
    content: bytes, media_type: str, *, says: Statement, by: Signing, parent: tuple[bytes, str] | None = None
) -> Marked:
    """`content` with a manifest. `parent` is the marked file that it was made from, with its media type.

    Never raises for what the signer does wrong: then the file is as it came, and the reason is told.
    """
    import c2pa  # 25 MB of library: for those who need it

    actions: list[dict[str, Any]] = [
        {
            "action": "c2pa.created",
            "digitalSourceType": says.source_type,
            "description": says.caption,
            "softwareAgent": {"name": says.agent or "Roomwright"},
        }
    ]
    if parent:
        opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": ["parent"]}}
        actions = [
            opened,
            {
                "action": "c2pa.converted",
                "digitalSourceType": says.source_type,
                "description": says.caption,
                "parameters": {"ingredientIds": ["parent"]},
            },
        ]
    manifest = {
        "claim_generator_info": [{"name": "Roomwright", "version": "1"}],
        "title": says.title or "picture",
        "assertions": [{"label": "c2pa.actions", "data": {"actions": actions}}],
    }
    try:
        info = c2pa.C2paSignerInfo(
            alg=by.algorithm.encode(), sign_cert=by.chain, private_key=by.key, ta_url=None
        )
        with _context() as context, c2pa.Signer.from_info(info) as signer:
            builder = c2pa.Builder(json.dumps(manifest), context)
            if parent:
                ingredient = {"title": says.title, "relationship": "parentOf", "instance_id": "parent"}
                builder.add_ingredient(ingredient, parent[1], BytesIO(parent[0]))
            out = BytesIO()
            builder.sign(signer, media_type, BytesIO(content), out)
        return Marked(out.getvalue(), "")
    except Exception as error:  # the picture is there and paid for, whatever its signer is at
        return Marked(content, f"{type(error).__name__}: {error}"[:300] or "unknown")


def mark_png(png: bytes, *, says: Statement, by: Signing) -> Marked:
    """An engine's PNG, its pixels untouched, with both marks. What manifest it came with becomes the parent."""
    has_manifest = any(kind == b"caBX" for kind, _ in _chunks(png))
    plain = png_with_xmp(png, packet(says))
    return sign(plain, "image/png", says=says, by=by, parent=(png, "image/png") if has_manifest else None)


def mark_png_file(path: str, *, says: Statement, by: Signing) -> str:
    """`mark_png` of a file in place, at once or not at all. Returns why it could not be signed, or ""."""
    marked = mark_png(Path(path).read_bytes(), says=says, by=by)
    draft = Path(f"{path}.marked")
    draft.write_bytes(marked.content)
    draft.replace(path)
    return marked.problem


def _context(**more: Any) -> Any:
    """Nothing is fetched from anywhere, whatever a file asks for, and no thumbnails are put into manifests."""
    import c2pa

    settings = {
        "builder": {"thumbnail": {"enabled": False}},
        "verify": {
            "verify_after_sign": False,
            "remote_manifest_fetch": False,
            "ocsp_fetch": False,
            "verify_trust": True,
        },
        **more,
    }
    return c2pa.Context(settings=c2pa.Settings.from_dict(settings))


# --- Reading ---------------------------------------------------------------------------------------------


def read(content: bytes, *, anchors: bytes) -> Found:
    """What marks an untrusted file has, and whether they hold; `anchors` are PEM certificates that are ours.

    Decodes the picture first. Raises PhotoRefused for what is no picture.
    """
    facts = photos.inspect(content)
    photos.thumbnail(content, longest_side=64)  # raises for what only looks like a picture
    xmp = _xmp_source_type(content)
    import c2pa

    media_type = {"HEIF": "image/heic"}.get(facts.format, facts.media_type)
    trust = {"trust": {"trust_anchors": anchors.decode()}} if anchors else {}
    try:
        with (
            _context(**trust) as context,
            c2pa.Reader(media_type, BytesIO(content), context=context) as reader,
        ):
            told = json.loads(reader.json())
            state = reader.get_validation_state()
    except c2pa.C2paError.ManifestNotFound:
        return Found("none", xmp_source_type=xmp)
    except c2pa.C2paError as error:
        if str(error).startswith("Remote"):  # the file names one elsewhere, which nobody here fetches
            return Found("none", xmp_source_type=xmp)
        return Found("broken", failures=(str(error)[:200],), xmp_source_type=xmp)
    return _found(told, state or "", xmp)


def _found(told: dict[str, Any], state: str, xmp: str) -> Found:
    active = told.get("manifests", {}).get(told.get("active_manifest"), {})
    signature = active.get("signature_info") or {}
    failures = told.get("validation_results", {}).get("activeManifest", {}).get("failure", [])
    names = [signature.get("issuer") or "", signature.get("common_name") or ""]
    return Found(
        manifest="intact" if state in ("Valid", "Trusted") else "broken",
        is_ours=state == "Trusted",
        signer=", ".join(name for name in names if name)[:200],
        source_types=tuple(_source_types(told)),
        failures=tuple(sorted({str(failure.get("code")) for failure in failures})),
        xmp_source_type=xmp,
    )


def _source_types(told: dict[str, Any]) -> list[str]:
    """Of every action in every manifest of the file, each once."""
    found = []
    for manifest in told.get("manifests", {}).values():
        for assertion in manifest.get("assertions", []):
            data = assertion.get("data")
            actions = data.get("actions", []) if isinstance(data, dict) else []
            found += [str(action["digitalSourceType"]) for action in actions if "digitalSourceType" in action]
    return list(dict.fromkeys(found))


def _xmp_source_type(content: bytes) -> str:
    """IPTC's digital source type in the file's XMP, "" without one."""
    try:
        with Image.open(BytesIO(content)) as image:
            raw = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    except Exception:  # odd metadata; that the picture itself can be read was seen before
        return ""
    text = raw.decode("utf-8", errors="replace") if isinstance(raw, bytes) else str(raw)
    found = _SOURCE_TYPE.search(text[:_MOST_XMP])
    return (found[1] or found[2]).strip() if found else ""
