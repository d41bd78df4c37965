"""Furniture into the picture: cut-outs at their spots, with shadows, in the room's light; far ones first."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import cv2
import numpy as np

from generations.engines.base import EngineError, Reference
from generations.engines.preview import shadows
from generations.engines.preview.arrays import (
    Floats,
    blur,
    fit,
    floats,
    luma,
    mix,
    resize,
    smoothstep,
    to_bytes,
)
from generations.engines.preview.cutout import Cutout, cut_out
from generations.engines.preview.kept import Kept
from generations.engines.preview.occlusion import before, contact_rows
from generations.engines.preview.output import decode_product
from generations.engines.preview.placement import Arrangement, Item, Spot, in_order
from generations.engines.preview.products import product
from generations.engines.preview.room import CONFIDENT, Room
from generations.engines.preview.surfaces import room_light

_SCALES = (0.25, 4.0)  # how much smaller or larger than its name says a person may make a piece
_CUTOUTS_KEPT = 20  # a tray is tried in many rooms; at most 6 megabytes each
_BESIDE = 1.15  # of its size, the wall around a piece that hangs on it
_BARE = 0.985  # part of that which must be bare wall
_OTHER = 6.0  # Lab units, lightness halved, from which a spot of a wall is of another colour
_OTHERS = 0.03  # part of a place that may be
_NO_FLOOR = "no free floor is large enough for it"
_NO_WALL = "no free floor at the wall is large enough for it"
_HUNG_AT = 1.5  # metres from the floor to the middle of a picture on the wall


@dataclass
class Staged:
    """A picture with furniture, where the furniture covers it (h, w), and what became of each piece.

    `contacts` is where the things that stood there before meet the floor, as `contact_rows` tells it.
    """

    picture: Floats
    cover: Floats
    contacts: Floats
    placed: list[dict[str, Any]]
    left_out: list[dict[str, str]]

    def note(self, item: Item, box: tuple[float, float, float, float]) -> None:
        """Says where `item` stands; `box` is x, y, width, height in pixels, and told as fractions of the picture."""
        height, width = self.cover.shape
        x, y, w, h = box
        self.placed.append(
            {
                "number": item.number,
                "name": item.name,
                "box": [round(value, 4) for value in (x / width, y / height, w / width, h / height)],
                "at": [round((x + w / 2) / width, 4), round((y + h) / height, 4)],
                "guessed_size": item.product.guessed,
            }
        )


@dataclass(frozen=True)
class Piece:
    """A reference as it is staged: its index in the request, and None for what could not be cut out."""

    number: int
    name: str
    cutout: Cutout | None
    at: tuple[float, float] | None
    scale: float


_cutouts: Kept[Cutout | None] = Kept(_CUTOUTS_KEPT)


def _cut(content: bytes) -> Cutout | None:
    return cut_out(decode_product(content))


def cut_references(references: tuple[Reference, ...]) -> list[Piece]:
    """The references, each lifted off its background."""
    pieces: list[Piece] = []
    for number, reference in enumerate(references):
        name = reference.name.strip() or f"item {number + 1}"
        try:
            content = reference.image.read()
            cutout = _cutouts.get(content, make=partial(_cut, content))
        except EngineError:
            cutout = None
        scale = float(np.clip(reference.scale, *_SCALES))
        pieces.append(Piece(number, name, cutout, reference.at, scale))
    return pieces


def stage(picture: Floats, room: Room, pieces: list[Piece], seed: int) -> Staged:
    """Furnishes `picture`; `seed` 0, 1 or 2 arranges differently."""
    staged = Staged(picture, np.zeros(picture.shape[:2], np.float32), contact_rows(room.things), [], [])
    cut = {piece.number: piece.cutout for piece in pieces if piece.cutout is not None}
    staged.left_out = [
        {"what": piece.name, "why": "it could not be lifted off its background"}
        for piece in pieces
        if piece.cutout is None
    ]
    items = [
        Item(
            piece.number,
            piece.name,
            product(piece.name, piece.cutout.aspect),
            piece.cutout.aspect,
            piece.at,
            piece.scale,
        )
        for piece in pieces
        if piece.cutout is not None
    ]
    arrangement = Arrangement(room, seed)
    standing: list[tuple[Item, Spot]] = []
    light = room_light(picture, room)
    for item in in_order(items):
        if item.at is not None and item.product.spot not in ("hung", "ceiling"):
            spot = arrangement.place_at(item, item.at)
            if isinstance(spot, str):
                staged.left_out.append({"what": item.name, "why": spot})
            else:
                standing.append((item, spot))
        elif item.product.spot in ("hung", "ceiling"):
            _off_the_floor(staged, room, item, cut[item.number], light)
        elif room.floor.confidence < CONFIDENT:
            staged.left_out.append(
                {"what": item.name, "why": "the floor could not be told from what stands on it"}
            )
        elif item.product.spot == "flat":
            _flat(staged, room, arrangement, item, cut[item.number], light)
        elif found := arrangement.place(item):
            standing.append((item, found))
        else:
            at_wall = item.product.spot == "wall"
            staged.left_out.append({"what": item.name, "why": _NO_WALL if at_wall else _NO_FLOOR})
    tint = _light_tint(picture, room)
    for item, spot in sorted(standing, key=lambda pair: -pair[1].distance):
        _stand(staged, room, spot, cut[item.number], floats(light * tint))
        staged.note(item, spot.box)
    return staged


def _whole(box: tuple[float, float, float, float]) -> list[int]:
    return [round(value) for value in box]


def _light_tint(picture: Floats, room: Room) -> Floats:
    """A hint of the colour of the room's light, from its walls; mean 1."""
    weight = room.walls.mask[::8, ::8, None] + 0.01
    average = (picture[::8, ::8] * weight).sum((0, 1)) / weight.sum()
    return floats((average / max(float(luma(floats(average))), 0.01)) ** 0.35)


def _stand(staged: Staged, room: Room, spot: Spot, cutout: Cutout, light: Floats) -> None:
    """One piece on the floor: shadow of its footprint, contact shadow of its feet, then the piece itself."""
    x, y, w, h = _whole(spot.box)
    sprite, alpha = _resized(cutout, max(2, w), max(2, h))
    hidden = before(room.things, staged.contacts, (spot.box[1] + spot.box[3]) / room.camera.height)
    bare = floats(room.ground * (1 - hidden))
    shaded = staged.picture.copy()
    shadows.on_floor(shaded, room, spot, bare, shadows.window_point(room))
    shadows.at_feet(shaded, alpha, x, y, hidden)
    alpha = _uncovered(alpha, hidden, x, y)
    # Lower parts see less of the lamps and windows than the top does.
    fall = np.linspace(1.04, 0.86, alpha.shape[0], dtype=np.float32)[:, None, None]
    staged.picture = _pasted(shaded, floats(sprite * light * fall), alpha, x, y)
    staged.cover = _covered(staged.cover, alpha, x, y)


def _resized(cutout: Cutout, width: int, height: int) -> tuple[Floats, Floats]:
    """Colour and coverage at another size; colour is weighted by coverage so that the rim stays clean."""
    alpha = resize(cutout.alpha, width, height)
    weighted = resize(floats(cutout.picture * cutout.alpha[..., None]), width, height)
    return floats(weighted / np.maximum(alpha, 1e-3)[..., None]), alpha


def _pasted(picture: Floats, sprite: Floats, alpha: Floats, x: int, y: int) -> Floats:
    height, width = picture.shape[:2]
    left, top = max(0, x), max(0, y)
    right, bottom = min(width, x + alpha.shape[1]), min(height, y + alpha.shape[0])
    if left >= right or top >= bottom:
        return picture
    part = np.s_[top - y : bottom - y, left - x : right - x]
    out = picture.copy()
    out[top:bottom, left:right] = mix(out[top:bottom, left:right], sprite[part], alpha[part])
    return out


def _covered(cover: Floats, alpha: Floats, x: int, y: int) -> Floats:
    """`cover` with one more sprite on it."""
    white = np.ones((*alpha.shape, 1), np.float32)
    return floats(_pasted(cover[..., None], white, alpha, x, y)[..., 0])


def _uncovered(alpha: Floats, hidden: Floats, x: int, y: int) -> Floats:
    """The sprite's coverage at `x`, `y` without what `hidden` (h, w) covers."""
    height, width = hidden.shape
    rows = np.clip(np.arange(y, y + alpha.shape[0]), 0, height - 1)
    columns = np.clip(np.arange(x, x + alpha.shape[1]), 0, width - 1)
    return floats(alpha * (1 - hidden[np.ix_(rows, columns)]))


# Rugs, wall pieces, hanging lamps


def _flat(
    staged: Staged, room: Room, arrangement: Arrangement, item: Item, cutout: Cutout, light: float
) -> None:
    """A rug laid on the floor plane; it takes no room from what stands on it."""
    long, short = (
        max(item.product.metres, 0.5),
        max(item.product.metres, 0.5) / max(cutout.aspect, 1 / cutout.aspect),
    )
    flat = Item(item.number, item.name, item.product, 3.0)
    spots = arrangement.place(flat)
    if spots is None:
        staged.left_out.append({"what": item.name, "why": _NO_FLOOR})
        return
    arrangement.taken.remove(spots)
    metre = room.box.metre
    half_w, half_d = long / 2, max(short, item.product.depth * 0.8) / 2
    corners = floats(
        [
            [spots.x + sx * half_w, 1 / metre, spots.z + sz * half_d]
            for sx, sz in ((-1, 1), (1, 1), (1, -1), (-1, -1))
        ]
    )
    box = _warped(staged, room, cutout, room.camera.project(floats(corners * metre)), light, room.ground)
    staged.note(item, box)


def _off_the_floor(staged: Staged, room: Room, item: Item, cutout: Cutout, light: float) -> None:
    box, metre = room.box, room.box.metre
    if item.product.spot == "ceiling":
        top = room.camera.project(floats([[0.5 * (box.right - box.left), -box.up, 0.6 * box.depth]]))[0]
        scale = room.camera.focal / max(float(top[2]), 0.3) * metre
        w, h = round(item.width * scale), round(item.height * scale)
        x, y = round(float(top[0]) - w / 2), round(float(top[1]))
        fits = x >= 0 and y >= -h // 4 and x + w <= room.camera.width and top[2] > 0.3
        if room.ceiling.confidence > CONFIDENT and fits:
            sprite, alpha = _resized(cutout, max(2, w), max(2, h))
            staged.picture = _pasted(staged.picture, floats(sprite * light), alpha, x, y)
            staged.cover = _covered(staged.cover, alpha, x, y)
            staged.note(item, (x, y, w, h))
            return
    elif room.walls.confidence > CONFIDENT:
        high = 1 - _HUNG_AT * metre
        half_w, half_h = item.width * metre / 2, item.height * metre / 2
        free = floats(room.walls.mask * (1 - staged.cover))
        places = np.linspace(-0.8 * box.left, 0.8 * box.right, 25)
        for x in sorted(places, key=lambda place: abs(float(place) - float(places[12]))):
            corners = floats(
                [
                    [x + sx * half_w, high + sy * half_h, box.depth]
                    for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1))
                ]
            )
            seen = room.camera.project(corners)
            if _all_on(free, seen) and _is_plain(staged.picture, seen):
                where = _warped(staged, room, cutout, seen, light, smoothstep(0.2, 0.6, room.walls.mask))
                staged.note(item, where)
                return
    staged.left_out.append({"what": item.name, "why": "no free place on a wall or ceiling was found for it"})


def _all_on(mask: Floats, corners: Floats) -> bool:
    """Whether the quadrangle lies in the picture and on the mask, with a little room around it."""
    height, width = mask.shape
    inside = (corners[:, 0] > 0) & (corners[:, 1] > 0) & (corners[:, 0] < width) & (corners[:, 1] < height)
    if not inside.all() or (corners[:, 2] < 0.1).any():
        return False
    area = np.zeros(mask.shape, np.uint8)
    middle = corners[:, :2].mean(0)
    cv2.fillConvexPoly(area, np.rint(middle + _BESIDE * (corners[:, :2] - middle)).astype(np.int32), 1)
    where = area > 0
    return bool(where.any()) and float((mask[where] > 0.5).mean()) > _BARE


def _is_plain(picture: Floats, corners: Floats) -> bool:
    """Whether nothing hangs in the quadrangle: the parser takes a picture in a thin frame for wall.

    Looked at so coarsely that bricks and boards are one colour.
    """
    middle = corners[:, :2].mean(0)
    around = middle + _BESIDE * (corners[:, :2] - middle)
    low, high = around.min(0), around.max(0)
    left, top, right, bottom = (round(float(value)) for value in (*low, *high))
    spot = picture[max(0, top) : bottom + 1, max(0, left) : right + 1]
    coarse = to_bytes(resize(spot, *fit(spot.shape[1], spot.shape[0], 24)))
    lab = floats(cv2.cvtColor(floats(coarse) / 255, cv2.COLOR_RGB2LAB)) * floats([0.5, 1, 1])
    apart = np.linalg.norm(lab - np.median(lab, (0, 1)), axis=-1)
    return float((apart > _OTHER).mean()) < _OTHERS


def _warped(
    staged: Staged, room: Room, cutout: Cutout, corners: Floats, light: float, where: Floats
) -> tuple[float, float, float, float]:
    """Draws a flat piece into the quadrangle `corners` (4, 3) where `where` allows; answers its box."""
    tall, wide = cutout.alpha.shape
    source = floats([[0, 0], [wide, 0], [wide, tall], [0, tall]])
    matrix = cv2.getPerspectiveTransform(source, np.ascontiguousarray(corners[:, :2]))
    size = (room.camera.width, room.camera.height)
    colour = floats(
        cv2.warpPerspective(
            cutout.picture, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
    )
    alpha = floats(cv2.warpPerspective(cutout.alpha, matrix, size, flags=cv2.INTER_LINEAR))
    old = staged.picture
    shade = luma(blur(old, max(1.5, size[0] / 120)))
    level = np.clip(
        shade / max(float(np.median(shade[alpha > 0.5])) if (alpha > 0.5).any() else 1.0, 0.01), 0.4, 2.5
    )
    drawn = floats(alpha * where)
    staged.picture = mix(old, floats(colour * light * level[..., None]), drawn)
    staged.cover = np.maximum(staged.cover, drawn)
    x, y = corners[:, 0].min(), corners[:, 1].min()
    return float(x), float(y), float(np.ptp(corners[:, 0])), float(np.ptp(corners[:, 1]))
