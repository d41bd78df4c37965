"""One variation: surfaces, then furniture, then palette, then light, and a note of each thing done or left out."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from generations.engines.preview import light
from generations.engines.preview.arrays import Floats, by_rows, dyed, floats, luma, spread
from generations.engines.preview.camera import BACK, FLOOR
from generations.engines.preview.judging import Surface
from generations.engines.preview.look import Look
from generations.engines.preview.materials import texture, tinted
from generations.engines.preview.placement import Arrangement
from generations.engines.preview.room import CONFIDENT, Room
from generations.engines.preview.staging import Piece, stage
from generations.engines.preview.surfaces import (
    floor_coordinates,
    painted,
    project_texture,
    relaid,
    rug_albedo,
    wall_coordinates,
)

_RUGS = ((2.4, 1.6), (1.8, 1.2), (1.4, 0.9))  # metres across and into the room, the first that finds a place
_UNSURE = {"floor": "the floor", "walls": "the walls", "ceiling": "the ceiling"}


@dataclass
class Rendering:
    """A picture in linear light, the one it was made from, what new furniture covers, and what is to be said."""

    picture: Floats
    source: Floats
    cover: Floats | None = None
    applied: list[str] = field(default_factory=list)
    left_out: list[dict[str, str]] = field(default_factory=list)
    placed: list[dict[str, Any]] = field(default_factory=list)
    confidence: dict[str, float] = field(default_factory=dict)

    def leave_out(self, what: str, why: str) -> None:
        self.left_out.append({"what": what, "why": why})


class _Planes:
    """Coordinates on the floor and on the walls of every pixel, each made once and only when a texture needs them.

    The floor goes on where the box has a wall: rooms have bays and doorways, and the mask knows better.
    """

    def __init__(self, room: Room) -> None:
        self.room = room

    @cached_property
    def _rays(self) -> Floats:
        return self.room.camera.pixel_rays()

    @cached_property
    def floor(self) -> tuple[Floats, Floats]:
        """Metres across and into the room; far away at and above the horizon."""
        return floor_coordinates(self.room, self._rays)

    @cached_property
    def walls(self) -> tuple[Floats, Floats]:
        """Metres along and down the wall behind each pixel, also above and below its edges."""
        return wall_coordinates(self.room, self._rays)

    def seen(self, material: Floats, surface: Surface, plane: int, *, angle: float = 0.0) -> Floats:
        """`material` on the floor, or on all walls (`plane` BACK), in the rows where `surface` is."""
        across, down = self.floor if plane == FLOOR else self.walls
        rows = np.nonzero((surface.mask > 0.01).any(1))[0]
        out = np.zeros((*across.shape, 3), np.float32)
        if len(rows):
            band = np.s_[max(0, rows[0] - 2) : rows[-1] + 3]
            out[band] = project_texture(material, across[band], down[band], angle=angle)
        return out


def render(source: Floats, room: Room, look: Look, pieces: list[Piece]) -> Rendering:
    """The look applied to a linear picture (h, w, 3) of a room that was understood at the same size."""
    done = Rendering(source, source)
    surfaces = {"floor": room.floor, "walls": room.walls, "ceiling": room.ceiling}
    done.confidence = {name: round(surface.confidence, 2) for name, surface in surfaces.items()}
    if room.outdoors:
        for what in ("floor and walls", *(piece.name for piece in pieces)):
            done.leave_out(what, "this looks like the outside of a house, and not like a room")
        pieces = []
    else:
        _surfaces(done, room, look, rug=not any("rug" in piece.name.lower() for piece in pieces))
    _palette(done, room, look)
    if pieces:
        staged = stage(done.picture, room, pieces, look.variant)
        done.picture, done.cover = staged.picture, staged.cover
        done.placed, done.left_out = staged.placed, done.left_out + staged.left_out
    _mood(done, room, look)
    if look.variant:
        done.picture = floats(done.picture * look.light_shift)
    if look.photographic:
        done.picture = light.photographic(done.picture)
        done.applied.append("tones of a photo")
    return done


def _surfaces(done: Rendering, room: Room, look: Look, *, rug: bool) -> None:
    planes = _Planes(room)
    _floor(done, room, look, planes)
    _walls(done, room, look, planes)
    if look.ceiling is not None:
        _painted_or_left(done, room, room.ceiling, look.ceiling, "ceiling")
    if rug:
        _rug(done, room, look, planes)


def _floor(done: Rendering, room: Room, look: Look, planes: _Planes) -> None:
    if not look.floor and look.floor_paint is None:
        return
    name = look.floor or "concrete"
    material = texture(name, look.variant)
    if look.floor_paint is not None:
        material = tinted(name, look.variant, look.floor_paint)
    surface = room.floor
    if surface.confidence >= CONFIDENT:
        angle = np.pi / 4 if name == "herringbone" else 0.0
        done.picture = relaid(
            done.picture,
            room,
            planes.seen(material, surface, FLOOR, angle=float(angle)),
            surface.mask,
            seen=done.source,
            sun=_sun(look),
        )
        done.applied.append(f"floor: {look.floor or 'new colour'}")
    else:
        done.leave_out("floor", "the floor could not be told from what stands on it")


def _sun(look: Look) -> float:
    return light.MOODS[look.mood].sun if look.mood else 1.0


def _walls(done: Rendering, room: Room, look: Look, planes: _Planes) -> None:
    if look.wall_finish:
        if room.walls.confidence >= CONFIDENT:
            material = planes.seen(texture(look.wall_finish, look.variant), room.walls, BACK)
            done.picture = painted(done.picture, room, material, room.walls.mask, seen=done.source)
            done.applied.append(f"walls: {look.wall_finish}")
        else:
            done.leave_out("walls", "the walls could not be told from what stands before them")
    elif look.wall is not None:
        _painted_or_left(done, room, room.walls, look.wall, "walls")


def _painted_or_left(done: Rendering, room: Room, surface: Surface, paint: Floats, name: str) -> None:
    if surface.confidence >= CONFIDENT:
        done.picture = painted(
            done.picture, room, paint, surface.mask, seen=done.source, ceiling=name == "ceiling"
        )
        done.applied.append(f"{name}: paint")
    else:
        done.leave_out(name, f"{_UNSURE[name]} could not be told from what is before it")


def _rug(done: Rendering, room: Room, look: Look, planes: _Planes) -> None:
    if look.rug is None:
        return
    if room.rug.confidence >= CONFIDENT:
        if look.rug_named:  # the one that lies there is dyed; a style alone leaves it
            done.picture = painted(done.picture, room, look.rug, room.rug.mask, seen=done.source)
            done.applied.append("rug: new colour")
        return
    place = None
    if room.floor.confidence >= CONFIDENT:
        place = Arrangement(room, look.variant).open_place(_RUGS)
    if place is None:
        done.leave_out("rug", "there is no free floor for it")
        return
    x, z, size = place
    albedo, cover = rug_albedo(*planes.floor, (x, z), size, look.rug)
    done.picture = relaid(
        done.picture, room, albedo, floats(cover * room.ground), seen=done.source, sun=_sun(look)
    )
    done.applied.append("rug")


def _palette(done: Rendering, room: Room, look: Look) -> None:
    """The style's colour and contrast on everything; stronger on what is no known surface, mild enough for faces."""
    if look.accent is None:
        return
    picture = light.graded(done.picture, saturation=look.saturation, contrast=look.contrast)
    accent = look.accent / max(float(luma(look.accent)), 0.02)
    toward = floats(np.clip(accent, 0.4, 2.2) ** 0.35)
    toward = floats(toward / float(luma(toward)))

    def part(seen: Floats, floor: Floats, walls: Floats, ceiling: Floats, doors: Floats) -> Floats:
        # Middle tones take the tint; near-white and near-black things keep theirs.
        tone = np.sqrt(np.clip(luma(seen), 0, 1))
        known = np.clip(floor + walls + ceiling + doors, 0, 1)
        amount = 4 * tone * (1 - tone) * (0.12 + 0.5 * (1 - known))
        return floats(seen + dyed(seen, toward - 1) * spread(floats(amount)))

    done.picture = by_rows(part, picture, room.floor.mask, room.walls.mask, room.ceiling.mask, room.doors)
    done.applied.append("palette")


def _mood(done: Rendering, room: Room, look: Look) -> None:
    if not look.mood:
        return
    done.picture, new_sky = light.relight(
        done.picture, room, look.mood, seen=done.source, cover=done.cover, new_sky=look.new_sky
    )
    done.applied.append(f"light: {look.mood}")
    if light.MOODS[look.mood].sky[0] and look.new_sky and not new_sky:
        done.leave_out("view from the window", "no window was found")
