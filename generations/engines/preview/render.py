"""One variation: surfaces, then furniture, then palette, then light, and a note of each thing done or left out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from generations.engines.preview import light
from generations.engines.preview.arrays import Floats, blur, floats, luma, mix
from generations.engines.preview.camera import BACK, FLOOR
from generations.engines.preview.look import Look
from generations.engines.preview.materials import mean_colour, texture, tinted
from generations.engines.preview.room import CONFIDENT, PLAUSIBLE, Room, Surface
from generations.engines.preview.staging import Piece, stage
from generations.engines.preview.surfaces import (
    labels_of,
    painted,
    plane_coordinates,
    project_texture,
    relaid,
    room_light,
    rug_albedo,
    tinted_toward,
)

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

    def leave_out(self, what: str, why: str) -> None:
        self.left_out.append({"what": what, "why": why})


class _Planes:
    """Plane coordinates of every pixel, made once and only when a texture needs them."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.labels, along, rays = labels_of(room, room.camera)
        self.across, self.down = plane_coordinates(room, self.labels, along, rays)

    def seen(self, material: Floats, plane: int, *, angle: float = 0.0) -> Floats:
        """`material` on the floor, or on all walls (`plane` BACK); rows above or beside the plane are not computed."""
        region = self.labels == FLOOR if plane == FLOOR else self.labels >= 2
        rows = np.nonzero(region.any(1))[0]
        out = np.zeros((*self.labels.shape, 3), np.float32)
        if len(rows):
            band = np.s_[max(0, rows[0] - 8) : rows[-1] + 9]
            # Just outside of the region the coordinates are another plane's; the mask's soft rim hides that.
            out[band] = project_texture(material, self.across[band], self.down[band], angle=angle)
        return out


def render(source: Floats, room: Room, look: Look, pieces: list[Piece]) -> Rendering:
    """The look applied to a linear picture (h, w, 3) of a room that was understood at the same size."""
    done = Rendering(source, source)
    planes = _Planes(room)
    _floor(done, room, look, planes)
    _walls(done, room, look, planes)
    if look.ceiling is not None:
        _painted_or_left(done, room, room.ceiling, look.ceiling, "ceiling")
    if not any("rug" in piece.name.lower() for piece in pieces):
        _rug(done, room, look, planes)
    _palette(done, room, look)
    if pieces:
        staged = stage(done.picture, room, pieces, look.variant)
        done.picture, done.cover = staged.picture, staged.cover
        done.placed, done.left_out = staged.placed, done.left_out + staged.left_out
    _mood(done, room, look)
    return done


def _floor(done: Rendering, room: Room, look: Look, planes: _Planes) -> None:
    if not look.floor and look.floor_paint is None:
        return
    name = look.floor or "concrete"
    material = texture(name, look.variant)
    if look.floor_paint is not None:
        material = tinted(name, look.variant, look.floor_paint)
    surface = room.floor
    if surface.confidence >= CONFIDENT and not room.furnished:
        angle = np.pi / 4 if name == "herringbone" else 0.0
        done.picture = relaid(
            done.picture,
            room,
            planes.seen(material, FLOOR, angle=float(angle)),
            surface.mask,
            seen=done.source,
            sun=_sun(look),
        )
        done.applied.append(f"floor: {look.floor or 'new colour'}")
    elif surface.confidence >= PLAUSIBLE:
        target = look.floor_paint if look.floor_paint is not None else mean_colour(name, look.variant)
        target = floats(target * room_light(done.picture, room))
        done.picture = tinted_toward(done.picture, target, surface.mask, 0.55)
        done.applied.append(f"floor tone: {look.floor or 'new colour'}")
        done.leave_out("floor pattern", "furniture stands on the floor, so only its colour was changed")
    else:
        done.leave_out("floor", "the floor could not be told from what stands on it")


def _sun(look: Look) -> float:
    return light.MOODS[look.mood].sun if look.mood else 1.0


def _walls(done: Rendering, room: Room, look: Look, planes: _Planes) -> None:
    if look.wall_finish:
        if room.walls.confidence >= CONFIDENT:
            material = planes.seen(texture(look.wall_finish, look.variant), BACK)
            done.picture = painted(done.picture, room, material, _brushed(room.walls.mask, room))
            done.applied.append(f"walls: {look.wall_finish}")
        else:
            done.leave_out("walls", "the walls could not be told from what stands before them")
    elif look.wall is not None:
        _painted_or_left(done, room, room.walls, look.wall, "walls")


def _brushed(mask: Floats, room: Room) -> Floats:
    """The mask as it is painted: in a furnished room its rim is uncertain, so it fades instead of ending."""
    return floats(0.9 * blur(mask, mask.shape[1] / 260)) if room.furnished else mask


def _painted_or_left(done: Rendering, room: Room, surface: Surface, paint: Floats, name: str) -> None:
    if surface.confidence >= CONFIDENT:
        done.picture = painted(done.picture, room, paint, _brushed(surface.mask, room))
        done.applied.append(f"{name}: paint")
    elif surface.confidence >= PLAUSIBLE:
        target = floats(paint * room_light(done.picture, room))
        done.picture = tinted_toward(done.picture, target, surface.mask, 0.6)
        done.applied.append(f"{name}: tint")
    else:
        done.leave_out(name, f"{_UNSURE[name]} could not be told from what is before it")


def _rug(done: Rendering, room: Room, look: Look, planes: _Planes) -> None:
    if look.rug is None:
        return
    if room.floor.confidence < CONFIDENT or room.furnished:
        done.leave_out("rug", "there is no free floor for it")
        return
    metre = room.box.metre
    left, right, back = -room.box.left / metre, room.box.right / metre, room.box.depth / metre
    size = (min(2.4, 0.55 * (right - left)), min(1.6, 0.4 * back))
    ray = room.camera.rays(floats([room.camera.width / 2]), floats([room.camera.height / 2]))[0]
    z = max(0.62 * back, back - 2.3)
    x = float(
        np.clip(
            float(ray[0] / max(float(ray[2]), 0.2)) * z, left + size[0] / 2 + 0.2, right - size[0] / 2 - 0.2
        )
    )
    albedo, cover = rug_albedo(planes.across, planes.down, (x, z), size, look.rug)
    cover = floats(cover * (planes.labels == FLOOR) * room.floor.mask)
    if cover.sum() < 0.004 * cover.size:
        done.leave_out("rug", "there is no free floor for it")
        return
    done.picture = relaid(done.picture, room, albedo, cover, seen=done.source, sun=_sun(look))
    done.applied.append("rug")


def _palette(done: Rendering, room: Room, look: Look) -> None:
    """The style's colour and contrast on everything; stronger on what is no known surface, mild enough for faces."""
    if look.accent is None:
        return
    known = np.clip(room.floor.mask + room.walls.mask + room.ceiling.mask, 0, 1)
    picture = light.graded(done.picture, saturation=look.saturation, contrast=look.contrast)
    accent = look.accent / max(float(luma(look.accent)), 0.02)
    toward = floats(np.clip(accent, 0.4, 2.2) ** 0.35)
    toward = floats(toward / float(luma(toward)))
    # Middle tones take the tint; near-white and near-black things keep theirs.
    tone = luma(picture)
    middle = np.clip(4 * np.sqrt(np.clip(tone, 0, 1)) * (1 - np.sqrt(np.clip(tone, 0, 1))), 0, 1)
    done.picture = mix(picture, floats(picture * toward), floats(middle * (0.12 + 0.5 * (1 - known))))
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
