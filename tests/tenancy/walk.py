"""Every address that names something, and what it names: of the URLconf, of bodies and of query strings.

Whatever is not known here makes `test_other_workspace.py` fail, so that no new address is forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from typing import Any

from django.urls import get_resolver
from rest_framework.views import APIView

from tests.review.test_walk import filled
from tests.test_conventions import patterns

API = "api/v1/"
METHODS = ("get", "head", "post", "put", "patch", "delete")

# Addresses whose text is the permission itself, or that show the same to everybody.
PUBLIC = {
    "operators/": "for operators, who are not members: tests/review/test_walk.py finds it shut",
    "accounts/^confirm-email/": "an exact key from a mail",
    "accounts/^password/reset/key/": "an exact key from a mail",
    "news/stop/": "a signed address from a mail",
    "invitations/": "an exact token from a mail",
    "styles/": "the engine's styles, the same for everybody",
    "brand/": "logo and colours, as clients see them",
    "s/": "an exact share link",
    "r/": "an exact review link; what is below it: tests/review/test_walk.py",
    "d/": "an exact delivery link",
    "o/": "published by the workspace: a picture beside its original",
    "p/": "an exact link of a proposal",
    "files/": "a signed address",
    "api/v1/incoming/": "an exact address of an upload",
}

# What a part of an address names; the first beginning that fits its route wins.
_PLACES = {
    ("reviews/", "link_id"): "review_link",
    ("proposals/", "link_id"): "proposal_link",
    ("meltflex-key/", "key_id"): "upstream_key",
    ("webhooks/", "delivery_id"): "webhook_delivery",
    ("webhook-deliveries/", "delivery_id"): "webhook_delivery",
    ("profile/exports/", "export_id"): "person_export",
}
_NOUNS = {
    **{
        f"{noun}_id": noun
        for noun in (
            *("client", "project", "room", "photo", "product", "recipe", "note", "upload", "domain"),
            *("generation", "picture", "review", "comment", "proposal", "delivery", "purchase"),
            *("endpoint", "event", "invitation", "export", "member", "session"),
        )
    },
    "workspace": "workspace",
    "set_id": "room_set",
    "link_id": "share_link",
    "item_id": "review_item",
    "line_id": "proposal_line",
    "profile_id": "export_profile",
    "key_id": "api_key",
    "key": "budget",
    "notification": "notification",
    "link": "proposal_link_number",
    "pk": "passkey",
}
# Parts of an address that name nothing of anybody's.
WORDS = {"kind": "jpeg", "turn": "close", "what": "release"}


@dataclass(frozen=True)
class Address:
    """A route of the URLconf with the nouns of its parts."""

    route: str
    name: str
    view: Any
    nouns: Mapping[str, str] = field(hash=False)

    @property
    def is_api(self) -> bool:
        return self.route.startswith(API)

    @property
    def methods(self) -> list[str]:
        """Those that an API's view has, and all for a page."""
        kind = getattr(self.view, "cls", None)
        if kind is None or not issubclass(kind, APIView):
            return list(METHODS)
        names = kind.http_method_names
        return [
            each for each in METHODS if each in names and hasattr(kind, "get" if each == "head" else each)
        ]

    @property
    def described(self) -> str:
        """Its path in the API's description."""
        named = re.sub(r"\^|\$|\(\?P(<\w+>)(?:[^()]|\([^()]*\))*\)", r"\1", self.route)
        return "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", named)

    def path(self, ids: Mapping[str, str]) -> str:
        """With these ids, by nouns."""
        return filled(self.route, {part: ids[noun] for part, noun in self.nouns.items()} | WORDS)

    def mixtures(self, mine: Mapping[str, str], theirs: Mapping[str, str]) -> Iterator[dict[str, str]]:
        """Every way to name something of the other workspace: at one place, at several, at all."""
        nouns = list(self.nouns.values())
        for choice in product((theirs, mine), repeat=len(nouns)):
            if theirs in choice:
                yield {noun: ids[noun] for noun, ids in zip(nouns, choice, strict=True)}


def parts(route: str) -> list[str]:
    """The names of what is filled into it."""
    return re.findall(r"<(?:\w+:)?(\w+)>", route)


def noun_of(route: str, part: str) -> str | None:
    """What a part of this route names; "" for a plain word, None for what nobody has said."""
    if part in WORDS:
        return ""
    for (fragment, name), noun in _PLACES.items():
        if name == part and fragment in route:
            return noun
    return _NOUNS.get(part)


def nouns_of(route: str) -> dict[str, str]:
    """What the parts of a route name, but those that are plain words."""
    return {part: noun for part in parts(route) if (noun := noun_of(route, part))}


def routes() -> list[tuple[str, Any]]:
    """All that have parts, but what is public."""
    found = [(where, item) for where, item in patterns(get_resolver()) if parts(where)]
    return [(where, item) for where, item in found if not where.startswith(tuple(PUBLIC))]


@cache
def addresses() -> list[Address]:
    """All that name something of somebody's."""
    found = []
    for route, item in routes():
        if nouns := nouns_of(route):
            found.append(Address(route, str(item.name), item.callback, nouns))
    return found
