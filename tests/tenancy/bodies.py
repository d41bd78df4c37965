"""Bodies that the API's description calls valid, and the members of them that name something."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.fakes import png

JSON, FORM = "application/json", "multipart/form-data"
LONGEST_ID = 40

# Members of bodies that name something, and what it may be.
NOUNS: dict[str, tuple[str, ...]] = {
    **{
        noun: (noun,)
        for noun in ("client", "project", "room", "photo", "picture", "recipe", "product", "member", "upload")
    },
    "photos": ("photo",),
    "pictures": ("picture",),
    "products": ("product",),
    "profile": ("export_profile",),
    "replaces": ("review_item", "picture"),
    "cover": ("photo", "picture"),
    "before": ("room", "photo"),
    "until": ("event",),
}
# The same of query strings.
ASKED = {
    **{noun: (noun,) for noun in ("client", "project", "room", "person", "label")},
    "item": ("review_item",),
    "subject": ("endpoint", "generation"),
    "by": ("person",),
}
# Words of query strings that name nothing.
ASKED_WORDS = {
    "q",
    "fields",
    "month",
    "mode",
    "style",
    "state",
    "type",
    "reason",
    "status",
    "kind",
    "cursor",
    "expand",
    "sort",
}
# Short texts that name nothing of a workspace's.
WORDS = {
    *("accent", "colour", "phone", "tax_name", "plan", "pack", "image", "imageUrl", "paint", "event_types"),
    *("referenceImages", "referenceImageUrls", "image_url", "name"),
}
# What the description can't say about a body: which of its members belong together.
_TOGETHER: dict[str, dict[str, Any]] = {
    "OrderInputRequest": {"by": 1},
    "LineInputRequest": {"name": "Curtains", "quantity": "1.00", "unit_price": "40.00"},
    "GenerationBodyRequest": {"prompt": "Oak", "photo": "{photo}"},
    "PriceBodyRequest": {"prompt": "Oak", "photo": "{photo}"},
    "RoomSetInputRequest": {"project": "{project}", "photos": ["{photo}"], "style": "japandi"},
    "ReplayInputRequest": {"since": "2026-11-20T00:00:00Z", "until": "2026-11-21T00:00:00Z"},
    "WebhookEndpointInputRequest": {"url": "https://example.com/more"},
    "PatchedWebhookEndpointChangeRequest": {"description": "Till"},
    "GenerateBodyRequest": {"prompt": "Oak"},
    "PatchedReviewChangeRequest": {"title": "Looks"},
}
_FORMATS = {
    "email": "ada@example.com",
    "date": "2027-01-01",
    "decimal": "1.00",
    "uri": "https://example.com/",
}


@cache
def described() -> dict[str, Any]:
    """What was released."""
    found: dict[str, Any] = json.loads((Path(settings.BASE_DIR) / "docs" / "openapi.json").read_text())
    return found


def operation(path: str, method: str) -> dict[str, Any]:
    """Empty where nothing is described."""
    found: dict[str, Any] = described()["paths"].get(path, {}).get(method, {})
    return found


def shapes(asked: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each media type of an operation's body, with the name of what it holds."""
    for media, content in asked.get("requestBody", {}).get("content", {}).items():
        yield media, content["schema"]["$ref"].rpartition("/")[2]


def shape(name: str) -> dict[str, Any]:
    """A schema by its name."""
    found: dict[str, Any] = described()["components"]["schemas"][name]
    return found


def example(name: str, ids: Mapping[str, str]) -> dict[str, Any]:
    """A body of this shape with all that it needs, naming things by these ids."""
    if name in _TOGETHER:
        return {
            member: [each.format(**ids) for each in value]
            if isinstance(value, list)
            else value.format(**ids)
            if isinstance(value, str)
            else value
            for member, value in _TOGETHER[name].items()
        }
    members = shape(name)["properties"]
    needed = shape(name).get("required") or list(members)[:1]
    return {member: _value(member, members[member], ids) for member in needed}


def _value(member: str, rule: Mapping[str, Any], ids: Mapping[str, str]) -> Any:
    rule = shape(rule["$ref"].rpartition("/")[2]) if "$ref" in rule else rule
    rule = rule["oneOf"][0] if "oneOf" in rule else rule
    kind = rule.get("type", "string")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "array":
        items = rule["items"]
        held = items["$ref"].rpartition("/")[2] if "$ref" in items else ""
        return [example(held, ids) if held else _value(member, items, ids)]
    if member in NOUNS and "format" not in rule:
        return ids[NOUNS[member][0]]
    if kind == "string":
        return _text(rule)
    return {"integer": rule.get("minimum", 1), "number": 1.0, "boolean": True}.get(kind)


def _text(rule: Mapping[str, Any]) -> Any:
    if "enum" in rule:
        return rule["enum"][0]
    if rule.get("format") == "binary":
        return SimpleUploadedFile("room.png", png(), "image/png")
    return _FORMATS.get(rule.get("format", ""), "Words"[: rule.get("maxLength", 5)])


def naming(name: str, ids: Mapping[str, str]) -> Iterator[tuple[str, str, dict[str, Any], Any]]:
    """Each member of such a body that names something: its name, the noun, a body, and how to put an id into it.

    The last is a function of the body and an id.
    """
    for member, rule in shape(name)["properties"].items():
        if "$ref" in rule.get("items", {}):
            for inner, noun, one, put in naming(rule["items"]["$ref"].rpartition("/")[2], ids):
                body = example(name, ids) | {member: [one]}
                yield f"{member}.{inner}", noun, body, lambda b, i, m=member, p=put: p(b[m][0], i)
        elif member in NOUNS and "format" not in rule:
            is_list = "items" in rule
            for noun in NOUNS[member]:
                yield (
                    member,
                    noun,
                    copy.deepcopy(example(name, ids)),
                    lambda b, i, m=member, many=is_list: b.update({m: [i] if many else i}),
                )


def asked_by(asked: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each name in an operation's query that names something, and the noun."""
    for parameter in asked.get("parameters", []):
        if parameter["in"] == "query" and parameter["name"] in ASKED:
            yield from ((parameter["name"], noun) for noun in ASKED[parameter["name"]])


def unknown() -> list[str]:
    """Members of bodies that might name something and of which nobody has said whether they do."""
    found = set()
    for name, rule in described()["components"]["schemas"].items():
        if name.endswith("Request"):
            found |= {
                f"{name}.{member}"
                for member, each in rule.get("properties", {}).items()
                if member not in NOUNS and member not in WORDS and _may_be_an_id(each.get("items", each))
            }
        found |= {
            f"?{parameter['name']}"
            for item in described()["paths"].values()
            for asked in item.values()
            for parameter in asked.get("parameters", [])
            if parameter["in"] == "query"
            and parameter["name"] not in ASKED.keys() | ASKED_WORDS
            and _may_be_an_id(parameter["schema"])
        }
    return sorted(found)


def _may_be_an_id(rule: Mapping[str, Any]) -> bool:
    kinds = rule.get("type", [])
    is_text = "string" in (kinds if isinstance(kinds, list) else [kinds])
    says_what_it_is = {"enum", "format", "pattern"} & set(rule)
    return is_text and not says_what_it_is and rule.get("maxLength", LONGEST_ID) <= LONGEST_ID
