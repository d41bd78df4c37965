"""What Schemathesis loads: in requests that are meant to be right, ids name things that are there."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import schemathesis
from schemathesis import GenerationMode

POOL: dict[str, list[Any]] = json.loads(Path(os.environ["DESCRIBED_IDS"]).read_text())
# Members of bodies that name something, and what.
_MEMBERS = {
    **{name: f"{name}_id" for name in ("client", "project", "room", "photo", "picture", "recipe", "member")},
    "product": "product_id",
    "products": "product_id",
    "photos": "photo_id",
    "pictures": "picture_id",
    "profile": "profile_id",
    "upload": "upload_id",
}
_OFTEN = 0.8  # the rest is left as it came: ids of nothing


@schemathesis.hook
def before_call(
    context: schemathesis.HookContext, case: schemathesis.Case[Any], kwargs: dict[str, Any]
) -> None:
    """Real ids in the path and the body, but not in requests that are meant to be wrong."""
    allowed = [
        each.definition["schema"]["items"]["enum"] for each in case.operation.query if each.name == "fields"
    ]
    sent = (case.query or {}).get("fields")
    words = sent if isinstance(sent, list) else str(sent).split(",")
    if allowed and set(words) <= set(
        allowed[0]
    ):  # all of them: what is left out on request is not what is described
        case.query["fields"] = ",".join(allowed[0])
    meta = case.meta
    if meta is None or meta.generation.mode == GenerationMode.NEGATIVE:
        return
    chance = random.Random(repr((case.path_parameters, str(case.body)[:200])))  # the same for the same case
    noun = case.path.removeprefix("/api/v1/").partition("/")[0]
    place = -1 if case.method.upper() == "DELETE" else chance.randrange(3)
    if chance.random() < _OFTEN:
        for name in list(case.path_parameters or {}):
            if known := POOL.get(f"{noun}.{name}") or POOL.get(name):
                # What may be removed is the last; with the others goes on what has to find them.
                case.path_parameters[name] = known[place] if place < 0 else known[place % len(known)]
    if isinstance(case.body, dict):
        _name_real_things(case.body, place, chance)


def _name_real_things(body: dict[str, Any], place: int, chance: random.Random) -> None:
    """In a body; of one place, for what belongs together is made together."""
    for name, kind in _MEMBERS.items():
        sent, known = body.get(name), POOL.get(kind)
        if not sent or not known or chance.random() >= _OFTEN:
            continue
        found = known[place % len(known)]
        if not isinstance(sent, list):
            body[name] = found
        elif isinstance(sent[0], str):
            body[name] = [found]
