"""The embedded engine: reads the request, understands the room once, renders each variation."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from generations.engines.base import (
    Again,
    EngineError,
    EnginePicture,
    EngineRequest,
    EngineResult,
)
from generations.engines.preview import output, region
from generations.engines.preview.arrays import Bytes, Floats, to_bytes, to_linear
from generations.engines.preview.kept import Kept
from generations.engines.preview.look import Look, choose
from generations.engines.preview.modes import CANNOT
from generations.engines.preview.plan import Plan
from generations.engines.preview.prompt import read_prompt
from generations.engines.preview.render import Rendering, render
from generations.engines.preview.room import CONFIDENT, Room, understand
from generations.engines.preview.staging import cut_references

_MOST_VARIATIONS = 3
# Without a wish or furniture a picture still answers, and says why it is nearly the same.
_NOTHING_UNDERSTOOD = "no word of it is one that the preview knows"


class PreviewEngine:
    """Draws what a prompt asks for by image processing and a small net of our own; same bytes every time."""

    name = "preview"
    repeatable = True

    def generate(self, request: EngineRequest) -> EngineResult:
        """One PNG a variation, 1 to 3, each with notes on what was done; EngineError "bad_source" for no picture."""
        cv2.setNumThreads(1)  # many of these run side by side, one to a process
        plan = read_prompt(request.prompt)
        variations = max(1, min(request.variations, _MOST_VARIATIONS))
        if request.mask:
            return _mask_mode(plan, request, variations)
        picture, room = _scene(request.source.read(), request.resolution)
        pieces = cut_references(request.references)
        pictures = []
        for variant in range(variations):
            look = choose(plan, variant)
            done = render(picture, room, look, pieces)
            pictures.append(_answer(to_bytes(done.picture), plan, done, request, look))
        return EngineResult(tuple(pictures))


def generate(request: EngineRequest) -> EngineResult:
    """`PreviewEngine().generate` as a plain function, which a process pool can send to a child."""
    return PreviewEngine().generate(request)


# One room, as people try one photo with many prompts, and a large one takes a few hundred megabytes.
_scenes: Kept[tuple[Floats, Room]] = Kept(1)


def _scene(content: bytes, resolution: str) -> tuple[Floats, Room]:
    """The linear picture at working size and the room in it."""

    def make() -> tuple[Floats, Room]:
        decoded, size = output.decode_to_work(content, resolution)
        picture = to_linear(output.scaled(decoded, *size))
        picture.setflags(write=False)
        return picture, understand(picture)

    return _scenes.get(content, resolution, make=make)


def _mask_mode(plan: Plan, request: EngineRequest, variations: int) -> EngineResult:
    """Fills and restyles the red region of the source, and nothing else."""
    source, size = output.decode_to_work(request.source.read(), request.resolution)
    painted = region.red_region(source)
    if not painted.any():
        raise EngineError("bad_source", "No red region was found in this picture.", again=Again.NO)
    inside = output.scaled(painted.astype(np.uint8) * 255, *size) > 0
    base = output.scaled(region.filled(source, painted), *size)
    room = understand(to_linear(base))
    if max(room.floor.confidence, room.walls.confidence) > CONFIDENT:
        base = region.filled(base, inside, room)
    paint = region.asked_colour(plan.accent, plan.floor_colour, plan.wall, plan.ceiling)
    pictures = []
    for variant in range(variations):
        look = choose(plan, variant)
        done = region.render_region(base, inside, room, look, paint)
        for reference in request.references:
            done.leave_out(
                reference.name or "item", "furniture is not placed into a painted region by the preview"
            )
        pictures.append(_answer(region.finish(done, base, inside), plan, done, request, look))
    return EngineResult(tuple(pictures))


def _answer(picture: Bytes, plan: Plan, done: Rendering, request: EngineRequest, look: Look) -> EnginePicture:
    notes: dict[str, Any] = {
        "engine": PreviewEngine.name,
        "plan": plan.as_dict(),
        "understood": list(plan.understood),
        "ignored": list(plan.ignored),
        "applied": done.applied,
        "left_out": done.left_out + beyond(plan, request),
        "placed": done.placed,
        "confidence": done.confidence,
        "unchanged": not done.applied and not done.placed,
        "variation": look.variation(furnished=bool(done.placed)),
    }
    if plan.empty and not request.references and not request.mask:
        notes["left_out"].append({"what": "prompt", "why": _NOTHING_UNDERSTOOD})
    return EnginePicture(output.encode_png(output.with_badge(picture)), notes=notes)


def beyond(plan: Plan, request: EngineRequest) -> list[dict[str, str]]:
    """What the prompt asks for and no preview can show, each with its reason."""
    named = " ".join(reference.name.lower() for reference in request.references)
    out = []
    for what in plan.cannot:
        if (what == "virtual staging" and request.references) or (what == "declutter" and request.mask):
            continue
        out.append({"what": what, "why": f"the preview {CANNOT[what]}"})
    furniture = [piece for piece in plan.furnishings if piece.rstrip("s") not in named]
    if furniture:
        out.append({"what": ", ".join(furniture), "why": f"the preview {CANNOT['furniture']}"})
    return out
