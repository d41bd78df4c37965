"""Mask mode: only what the customer painted in solid red is made anew."""

from __future__ import annotations

import cv2
import numpy as np

from generations.engines.preview import light
from generations.engines.preview.arrays import (
    Bytes,
    Floats,
    Mask,
    blur,
    colour,
    fit,
    floats,
    luma,
    mix,
    resize,
    smoothstep,
    to_bytes,
    to_linear,
)
from generations.engines.preview.camera import FLOOR
from generations.engines.preview.look import Look
from generations.engines.preview.materials import mean_colour, texture, tinted
from generations.engines.preview.render import Rendering
from generations.engines.preview.room import Room
from generations.engines.preview.surfaces import (
    labels_of,
    plane_coordinates,
    project_texture,
    room_light,
    soft_shoulder,
)

_FILL_SIZE = 288  # longest side in pixels at which the hole is filled


def red_region(source: Bytes) -> Mask:
    """The painted region: solid red, with the rim that JPEG smears around it."""
    red, green, blue = (source[..., channel].astype(np.int16) for channel in range(3))
    # Paint has no other hue in it: an orange cushion has more green than blue.
    solid = ((red > 185) & (green < 75) & (blue < 75) & (np.abs(green - blue) < 35)).astype(np.uint8)
    solid = np.asarray(cv2.morphologyEx(solid, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), np.uint8)
    if not solid.any():
        return np.asarray(solid, bool)
    solid = np.asarray(cv2.morphologyEx(solid, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)), np.uint8)
    # The rim: reddish pixels touching the region, at most a few pixels wide.
    reddish = (red - np.maximum(green, blue) > 45) & (red > 90)
    near = np.asarray(cv2.dilate(solid, np.ones((9, 9), np.uint8)), bool)
    return np.asarray(
        cv2.dilate((solid > 0).astype(np.uint8) | (reddish & near), np.ones((3, 3), np.uint8)), bool
    )


def filled(source: Bytes, region: Mask, room: Room | None = None) -> Bytes:
    """The picture with the region filled in from around it: smooth, as nothing is known of what was there.

    A `room` tells planes apart, and things from them: each is filled from its own kind, so that a wall does not run
    into the floor, and from where it is bare.
    """
    height, width = region.shape
    small_size = fit(width, height, _FILL_SIZE)
    # Red pixels must not bleed into the small picture, so the average is taken over the others only.
    keep = floats(~region)
    weight = floats(cv2.resize(keep, small_size, interpolation=cv2.INTER_AREA))
    outside = floats(cv2.resize(floats(source * keep[..., None]), small_size, interpolation=cv2.INTER_AREA))
    small = np.asarray(np.clip(outside / np.maximum(weight, 1e-3)[..., None], 0, 255), np.uint8)
    hole = weight < 0.35
    kinds = np.zeros(hole.shape, np.uint8)
    clear = np.ones(hole.shape, bool)
    if room is not None:
        kinds = np.asarray(cv2.resize(areas(room), small_size, interpolation=cv2.INTER_NEAREST), np.uint8)
        clear = resize(floats(np.maximum(room.things, room.window)), *small_size) < 0.3
    smooth = _filled_by_kind(small, hole, kinds, clear)
    big = resize(smooth, width, height)
    grain = np.random.default_rng(3).normal(0, 1.6, (height, width, 1))
    return np.asarray(np.where(region[..., None], np.clip(np.rint(big + grain), 0, 255), source), np.uint8)


def areas(room: Room) -> Bytes:
    """The plane of each pixel by the room's box, all walls being one."""
    labels, _, _ = labels_of(room, room.camera)
    return np.minimum(labels, 2)


def _filled_by_kind(small: Bytes, hole: Mask, kinds: Bytes, clear: Mask) -> Floats:
    """The holes of a small picture filled, for each kind from the pixels of that kind alone that are `clear`."""
    out = floats(small)
    for kind in np.unique(kinds[hole]):
        member = hole & (kinds == kind)
        known = ~hole & (kinds == kind)
        # What stands in the way tells nothing of a wall; but where nothing else is seen, it is all there is.
        for choice in (known & clear, known, ~hole):
            if choice.sum() > 40:
                out[member] = _continued(floats(small), choice)[member]
                break
        else:
            out[member] = 128
    return floats(np.where(hole[..., None], blur(out, 0.8), out))


def _continued(picture: Floats, known: Mask) -> Floats:
    """`picture` (h, w, 3) carried on from where it is known: the nearest counts most, and nothing streaks."""
    weight = floats(known)
    out = np.broadcast_to(picture[known].mean(0), picture.shape)
    for reach in (64, 32, 16, 8, 4, 2):
        heard = blur(weight, reach)
        near = blur(floats(picture * weight[..., None]), reach) / np.maximum(heard, 1e-4)[..., None]
        out = mix(floats(out), floats(near), smoothstep(0.01, 0.25, heard))
    return floats(out)


def render_region(base: Bytes, region: Mask, room: Room, look: Look, paint: Floats | None) -> Rendering:
    """The filled picture `base` with the region restyled; outside of it every pixel is `base`'s own.

    `paint` is the colour asked for, whatever surface it was asked for.
    """
    picture = to_linear(base)
    done = Rendering(picture, picture)
    inside = floats(region)
    labels, along, rays = labels_of(room, room.camera)
    on_floor = float((labels[region] == FLOOR).mean()) if region.any() else 0.0
    material = look.floor if on_floor > 0.5 or not look.wall_finish else look.wall_finish
    new = picture
    if material and (on_floor > 0.5 or look.wall_finish):
        across, down = plane_coordinates(room, labels, along, rays)
        image = texture(material, look.variant) if paint is None else tinted(material, look.variant, paint)
        new = _lit(picture, project_texture(image, across, down), inside, room)
        done.applied.append(f"region: {material}")
    elif paint is not None or (look.wall is not None and on_floor <= 0.5):
        chosen = paint if paint is not None else look.wall
        if chosen is not None:
            new = _lit(picture, chosen, inside, room)
            done.applied.append("region: colour")
    elif material:
        new = _lit(picture, mean_colour(material, look.variant), inside, room)
        done.applied.append(f"region: {material} colour")
    if look.mood:
        new, _ = light.relight(new, room, look.mood, seen=picture)
        done.applied.append(f"light in the region: {look.mood}")
    if not done.applied:
        new = floats(new * np.float32((1.0, 0.94, 1.06)[look.variant % 3]))
        done.applied.append("region filled from around it")
    # Faded over two pixels on the inside, where a hard outline would show the brush.
    soft = floats(smoothstep(0.45, 1.0, blur(inside, 1.5)) * inside)
    done.picture = mix(picture, new, soft)
    return done


def _lit(picture: Floats, albedo: Floats, inside: Floats, room: Room) -> Floats:
    """`albedo` in the light that the filled region suggests."""
    where = inside > 0.5
    shade = luma(picture)
    typical = float(np.median(shade[where])) if where.any() else 0.3
    relative = np.clip(shade / max(typical, 0.01), 0.4, 2.2)[..., None]
    return soft_shoulder(floats(albedo * relative * np.float32(room_light(picture, room))))


def asked_colour(*names: str) -> Floats | None:
    """The first colour that was named, as linear albedo."""
    return next((colour(name) for name in names if name), None)


def finish(done: Rendering, base: Bytes, region: Mask) -> Bytes:
    """The rendering as bytes; outside of the region it is `base` to the byte."""
    return np.asarray(np.where(region[..., None], to_bytes(done.picture), base), np.uint8)
