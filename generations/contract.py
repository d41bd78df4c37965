"""The body of `POST /api/v1/generate`, read and checked. Source: the MeltFlex contract (docs/api.md).

Knows no rows: it turns JSON into values, or raises the refusal that says what to do.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from accounts.errors import Refusal
from billing.pricing import LEVELS, MAX_VARIATIONS
from generations.ask import MAX_PIECES as MAX_REFERENCES
from generations.ask import RESOLUTIONS
from projects import photos
from projects.services import IncomingImage

MAX_PROMPT = 10_000  # characters
EXTENSIONS: Mapping[str, Any] = {"resolution": None, "designLevel": "quick", "mask": False, "variations": 1}


class InvalidRequest(Refusal):
    """The request has a missing or invalid field."""

    code, title, status = "invalid_request", "Invalid request", 400


class MissingPrompt(InvalidRequest):
    """`prompt` is required: a text that says how the room shall look."""

    code, title = "prompt_required", "Missing required field: prompt"


class MissingImage(InvalidRequest):
    """A picture of the room is required: `image` (base64 data URL) or `imageUrl` (public address)."""

    code, title = "image_required", "Missing required field: image or imageUrl"


class TooManyReferences(InvalidRequest):
    """At most 10 reference images can be sent with one request."""

    code, title = "too_many_references", "Too many reference images"


@dataclass(frozen=True)
class GenerateBody:
    """What a body says, with the contract's rules applied (addresses win over base64)."""

    prompt: str
    image: IncomingImage | None  # None only where it may be missing
    references: tuple[IncomingImage, ...]
    resolution: str
    design_level: str
    mask: bool
    variations: int
    extensions_sent: tuple[str, ...]  # fields beyond the documentation that the body carries
    extensions_used: tuple[str, ...]  # those of them with a value other than the default


def parse(body: object, *, needs_prompt: bool = True, needs_image: bool = True) -> GenerateBody:
    """Read a decoded JSON body; raises InvalidRequest or one of the image refusals. Fetches and decodes nothing."""
    if not isinstance(body, Mapping):
        raise InvalidRequest("The body must be a JSON object.")
    prompt = body.get("prompt")
    if prompt is None and not needs_prompt:
        prompt = ""
    if prompt is not None and not isinstance(prompt, str):
        raise InvalidRequest("`prompt` must be a string.", field="prompt")
    if prompt is None or (needs_prompt and not prompt.strip()):
        raise MissingPrompt(field="prompt")
    if len(prompt) > MAX_PROMPT:
        said = f"`prompt` may have at most {MAX_PROMPT} characters; this has {len(prompt)}."
        raise InvalidRequest(said, field="prompt")
    sent = tuple(name for name in EXTENSIONS if body.get(name) is not None)
    return GenerateBody(
        prompt=prompt.strip(),
        image=_image(body, is_needed=needs_image),
        references=_references(body),
        resolution=_choice(body, "resolution", RESOLUTIONS) or "",
        design_level=_choice(body, "designLevel", tuple(LEVELS)) or "quick",
        mask=_mask(body),
        variations=_variations(body),
        extensions_sent=sent,
        extensions_used=tuple(name for name in sent if body[name] != EXTENSIONS[name]),
    )


def sha256(body: Mapping[str, Any]) -> str:
    """The same for the same body, whatever the order of its fields."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def text(body: Mapping[str, Any], name: str) -> str:
    """A member that is text, "" where it is missing; raises InvalidRequest."""
    value = body.get(name)
    if value is None or value == "":
        return ""
    if not isinstance(value, str):
        raise InvalidRequest(f"`{name}` must be a string.", field=name)
    return value


def _image(body: Mapping[str, Any], *, is_needed: bool) -> IncomingImage | None:
    url, data_url = text(body, "imageUrl"), text(body, "image")
    if url:
        return IncomingImage(url=url)
    if not data_url and is_needed:
        raise MissingImage(field="image")
    return decoded(data_url, "image") if data_url else None


def decoded(data_url: str, field: str, name: str = "") -> IncomingImage:
    """The picture in a data URL; a refusal names the field."""
    try:
        return IncomingImage(
            content=photos.read_data_url(data_url, max_bytes=settings.PHOTO_BYTES), name=name
        )
    except Refusal as refusal:
        refusal.english = f"`{field}`: {refusal.english}"
        raise


def _list(body: Mapping[str, Any], name: str) -> list[str]:
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise InvalidRequest(f"`{name}` must be a list of strings.", field=name)
    if len(value) > MAX_REFERENCES:
        raise TooManyReferences(f"`{name}` has {len(value)} images; at most {MAX_REFERENCES} are allowed.")
    return value


def _references(body: Mapping[str, Any]) -> tuple[IncomingImage, ...]:
    urls, data_urls = _list(body, "referenceImageUrls"), _list(body, "referenceImages")
    names = _names(body)
    if urls:  # the vendor prefers addresses and does not mix
        return tuple(IncomingImage(url=url, name=_at(names, i)) for i, url in enumerate(urls))
    return tuple(decoded(item, f"referenceImages[{i}]", _at(names, i)) for i, item in enumerate(data_urls))


def _at(names: list[str], index: int) -> str:
    return names[index] if index < len(names) else ""


def _names(body: Mapping[str, Any]) -> list[str]:
    products = body.get("referenceProducts")
    if products is None:
        return []
    if not isinstance(products, list) or not all(isinstance(item, Mapping) for item in products):
        raise InvalidRequest('`referenceProducts` must be a list of objects like {"name": "Sofa"}.')
    names = [item.get("name") or "" for item in products]
    if not all(isinstance(name, str) for name in names):
        raise InvalidRequest("Each `name` in `referenceProducts` must be a string.")
    return names


def _choice(body: Mapping[str, Any], name: str, valid: tuple[str, ...]) -> str | None:
    value = body.get(name)
    if value is not None and value not in valid:
        raise _not_among(name, valid)
    return value


def _mask(body: Mapping[str, Any]) -> bool:
    value = body.get("mask", False)
    if value is not None and not isinstance(value, bool):
        raise _not_among("mask", (True, False))
    return bool(value)


def _variations(body: Mapping[str, Any]) -> int:
    value = body.get("variations")
    valid = tuple(range(1, MAX_VARIATIONS + 1))
    if value is None:
        return 1
    if isinstance(value, bool) or not isinstance(value, int) or value not in valid:
        raise _not_among("variations", valid)
    return value


def _not_among(name: str, valid: tuple[Any, ...]) -> InvalidRequest:
    listed = ", ".join(json.dumps(value) for value in valid)
    return InvalidRequest(f"`{name}` must be one of {listed}.", field=name, validValues=list(valid))
