"""New floors and walls in the light of the old ones: material x (what the camera saw / what was there)."""

from __future__ import annotations

import cv2
import numpy as np

from generations.engines.preview.arrays import (
    Bytes,
    Floats,
    band_of,
    blur,
    by_rows,
    dyed,
    floats,
    guided_filter,
    luma,
    resize,
    sampled,
    smoothstep,
    spread,
    weighted_median,
)
from generations.engines.preview.camera import CEILING, FLOOR, LEFT, RIGHT, Camera
from generations.engines.preview.materials import METRES, SIDE
from generations.engines.preview.matting import beside, reach_of, replaced
from generations.engines.preview.room import CONFIDENT, Room

_COARSEST = 7  # mip levels below the full texture
_SEEN = 0.01  # part of the picture from which a ceiling tells the hue of the light
_TINTED = 0.35  # the part of the light's hue that paint on a wall takes on
_WHITE_CEILING = 0.8
_LIGHTS = (0.4, 1.7)  # of its luminance: the least and the most that a channel of a room's light has
_USUAL_WALL, _WHITE_WALL = 0.62, 0.84  # albedo of an unknown wall: most are pale


def room_light(picture: Floats, room: Room) -> float:
    """Irradiance of the room in the units of the picture: what a white card on the wall would show."""
    where = (
        room.walls.mask
        if room.walls.mask.sum() > 0.02 * room.walls.mask.size
        else np.ones_like(room.walls.mask)
    )
    typical = weighted_median(luma(np.ascontiguousarray(sampled(picture))), sampled(where))
    # The brighter a wall is in a well exposed photo, the whiter it is.
    albedo = _USUAL_WALL + (_WHITE_WALL - _USUAL_WALL) * smoothstep(0.3, 0.7, floats([typical]))[0]
    return float(np.clip(typical / albedo, 0.12, 1.15))


def light_tint(picture: Floats, room: Room) -> Floats:
    """The hue of the room's light, (3,) with a luminance of 1: that of the ceiling, as nearly all are white."""
    if room.ceiling.confidence < CONFIDENT or room.ceiling.mask.mean() < _SEEN:
        return np.ones(3, np.float32)
    few, weights = sampled(picture), sampled(room.ceiling.mask)
    seen = floats([weighted_median(few[..., channel], weights) for channel in range(3)])
    tint = seen / max(float(luma(seen)), 1e-3)
    # A ceiling of another hue than light can have is painted.
    if tint.min() < _LIGHTS[0] or tint.max() > _LIGHTS[1]:
        return np.ones(3, np.float32)
    return floats(tint)


def plane_coordinates(room: Room, labels: Bytes, along: Floats, rays: Floats) -> tuple[Floats, Floats]:
    """Metres across and down each pixel's own plane: X and Z on floor and ceiling, along and Y on walls."""
    points = rays * along[..., None] / np.float32(room.box.metre)
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    level = (labels == FLOOR) | (labels == CEILING)
    side = (labels == LEFT) | (labels == RIGHT)
    return floats(np.where(side, z, x)), floats(np.where(level, z, y))


def floor_coordinates(room: Room, rays: Floats) -> tuple[Floats, Floats]:
    """Metres X and Z where each ray meets the plane of the floor; the horizon is held at a far distance."""
    along = 1 / np.maximum(rays[..., 1], np.float32(0.02)) / np.float32(room.box.metre)
    return floats(rays[..., 0] * along), floats(rays[..., 2] * along)


def wall_coordinates(room: Room, rays: Floats) -> tuple[Floats, Floats]:
    """Metres along and down the wall that each ray meets, as if there were no floor or ceiling before it."""
    box = room.box
    x, z = rays[..., 0], np.maximum(rays[..., 2], np.float32(1e-4))
    back, side = (
        z / np.float32(box.depth),
        np.where(x < 0, -x / np.float32(box.left), x / np.float32(box.right)),
    )
    along = 1 / np.maximum(np.maximum(back, side), np.float32(1e-3)) / np.float32(box.metre)
    across = np.where(side > back, z, x) * along
    return floats(across), floats(rays[..., 1] * along)


def project_texture(texture: Floats, across: Floats, down: Floats, *, angle: float = 0.0) -> Floats:
    """`texture` seen at plane coordinates in metres, each pixel from the mip level that fits its footprint."""
    pixels_per_metre = SIDE / METRES
    cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    u = floats((across * cosine - down * sine) * pixels_per_metre)
    v = floats((across * sine + down * cosine) * pixels_per_metre)
    level = np.clip(np.log2(np.maximum(_footprint(u, v), 1e-3)) - 0.35, 0, _COARSEST - 0.001)
    seen = np.zeros((*u.shape, 3), np.float32)
    image = texture
    for mip in range(_COARSEST + 1):
        if mip:
            image = floats(
                cv2.resize(image, (image.shape[1] // 2, image.shape[0] // 2), interpolation=cv2.INTER_AREA)
            )
        weight = np.clip(1 - np.abs(level - np.float32(mip)), 0, 1)
        if weight.max() <= 0:
            continue
        rows = band_of(weight)  # far away rows need the coarse levels, near ones the fine
        side = image.shape[0]
        scale = np.float32(side / SIDE)
        padded = np.pad(image, ((0, 1), (0, 1), (0, 0)), mode="wrap")
        map_u, map_v = (_wrapped(floats(axis[rows] * scale - np.float32(0.5)), side) for axis in (u, v))
        found = cv2.remap(padded, map_u, map_v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        seen[rows] += floats(found) * spread(weight[rows])
    return seen


def _wrapped(places: Floats, side: int) -> Floats:
    """Each place modulo `side`; many times quicker than numpy's, which is exact in the last bit."""
    turns = np.floor(places * np.float32(1 / side))
    turns *= np.float32(side)
    return floats(places - turns)


def _footprint(u: Floats, v: Floats) -> Floats:
    """Texture pixels that a pixel covers: the root of wide x tall, between the blur of the long side and the glitter of
    the short one. It changes slowly: every fourth pixel is asked."""
    step = 4
    if min(u.shape) < 4 * step:
        step = 1
    across = [np.gradient(axis[::step, ::step], axis=1) / step for axis in (u, v)]
    down = [np.gradient(axis[::step, ::step], axis=0) / step for axis in (u, v)]
    area = (np.hypot(*across) + 1e-6) * (np.hypot(*down) + 1e-6)
    return resize(floats(np.sqrt(area)), u.shape[1], u.shape[0])


def shading(picture: Floats, mask: Floats, *, radius: int, epsilon: float) -> Floats:
    """Light on a surface over its median, (h, w, 3): shadows and sun stay, boards and stains are smoothed away."""
    light = floats(cv2.log(luma(picture) + np.float32(0.004)))
    height, width = light.shape
    shrink = max(1, round(radius / 5.6))
    small = resize(floats(light), width // shrink, height // shrink)
    smooth = guided_filter(small, small, max(1, radius // shrink), epsilon)
    # The smooth part joined to the fine edges of the picture that are strong enough to be sun or shadow.
    base = resize(smooth, width, height)
    joined = guided_filter(floats(light), base, max(2, radius // 3), epsilon / 4)
    weights = sampled(mask)
    typical = weighted_median(sampled(joined), weights)
    hue = blur(picture, max(2.0, radius / 1.9))
    few = sampled(hue)
    typical_hue = floats([weighted_median(few[..., channel], weights) for channel in range(3)]) + np.float32(
        0.01
    )

    def part(colour: Floats, level: Floats) -> Floats:
        tint = dyed(colour + np.float32(0.01), floats(1 / typical_hue))
        tint = np.clip(tint / spread(luma(tint)), 0.6, 1.7)
        return floats(floats(cv2.pow(tint, 0.6)) * spread(floats(cv2.exp(level - np.float32(typical)))))

    return by_rows(part, hue, joined)


def relaid(
    picture: Floats, room: Room, albedo: Floats, mask: Floats, *, seen: Floats, sun: float = 1.0
) -> Floats:
    """The floor made of `albedo` (h, w, 3) where `mask` is, in the light that the photo `seen` has there.

    `sun` 1 keeps the patches of sun as bright as they are, 0 takes them away.
    """
    radius = max(3, picture.shape[1] // 90)
    full = room_light(seen, room)
    band = band_of(mask, 4 * radius), band_of(mask.T, 4 * radius)
    photo, where = np.ascontiguousarray(seen[band]), np.ascontiguousarray(mask[band])
    light = shading(photo, where, radius=radius, epsilon=0.05)
    typical = weighted_median(luma(np.ascontiguousarray(sampled(photo))), sampled(where))
    # The old floor's own albedo is unknown: between "as bright as the room's light makes it" and a middle grey.
    old = np.clip(typical / full, 0.06, 0.75)
    irradiance = floats(light_tint(seen, room) * np.float32(typical / old**0.75 / 0.36**0.25))

    def part(lit: Floats, material: Floats) -> Floats:
        if sun < 1:
            level = 1.15 / np.maximum(luma(lit), 1.15)
            lit = floats(lit * spread(floats(cv2.pow(level, 1 - sun))))
        return soft_shoulder(dyed(material * lit, irradiance))

    out = picture.copy()
    old_floor = beside(picture[band], where, reach_of(mask))
    out[band] = replaced(picture[band], old_floor, by_rows(part, light, albedo[band]), where)
    return out


def painted(
    picture: Floats, room: Room, paint: Floats, mask: Floats, *, seen: Floats, ceiling: bool = False
) -> Floats:
    """Walls painted in `paint` (3,) or finished in an albedo (h, w, 3), keeping every shade of the old ones.

    The light is that of the photo `seen`, whatever was painted before. A `ceiling` was white, so that another white
    makes it no brighter.
    """
    few, weights = sampled(picture), sampled(mask)
    old = floats([weighted_median(few[..., channel], weights) for channel in range(3)])
    full = room_light(seen, room)
    was = np.clip(luma(old) / full, _WHITE_CEILING if ceiling else 0.3, 0.9)
    # An eye takes most of the light's hue off a wall that it knows to be navy.
    tint = light_tint(seen, room) ** np.float32(1 if ceiling else _TINTED)
    typical = floats(tint * np.float32(luma(old) / was**0.8 / 0.6**0.2))

    flat = paint.ndim == 1

    def part(seen: Floats, albedo: Floats) -> Floats:
        ratio = dyed(seen, floats(1 / np.maximum(old, 0.01)))
        grey = spread(luma(ratio))
        # Coloured light stays, the old paint's unevenness fades, and a second old paint does not shine through.
        hue = floats(cv2.pow(np.clip(ratio / np.maximum(grey, 1e-3), 0.8, 1.25), 0.6))
        hue *= grey
        return soft_shoulder(dyed(hue, paint * typical) if flat else dyed(hue * albedo, typical))

    reach = reach_of(mask)
    band = band_of(mask, round(4 * reach))
    out = picture.copy()
    bare = beside(picture[band], mask[band], reach)
    new = by_rows(part, bare, bare if flat else paint[band])
    out[band] = replaced(picture[band], bare, new, mask[band])
    return out


def soft_shoulder(linear: Floats, start: float = 0.75) -> Floats:
    """Highlights rolled off instead of clipped: straight up to `start`, then toward 1."""
    low, room_left = np.float32(start), np.float32(1 - start)

    def part(some: Floats) -> Floats:
        if not some.size or some.max() <= low:
            return some
        # low + left x (1 - exp(-over / left)) above `low`, in place of new arrays at each step
        over = np.maximum(some - low, 0)
        over *= -1 / room_left
        bent = floats(cv2.exp(over)).reshape(some.shape)
        bent *= -room_left
        bent += room_left
        bent += np.minimum(some, low)
        return bent

    return by_rows(part, linear) if linear.ndim == 3 else part(linear)


def rug_albedo(
    across: Floats, down: Floats, centre: tuple[float, float], size: tuple[float, float], paint: Floats
) -> tuple[Floats, Floats]:
    """A woven rug with a border: albedo (h, w, 3) and coverage (h, w) at plane coordinates in metres."""
    x = np.abs(across - centre[0]) / (size[0] / 2)
    z = np.abs(down - centre[1]) / (size[1] / 2)
    edge_x, edge_z = (1 - x) * size[0] / 2, (1 - z) * size[1] / 2
    edge = np.minimum(edge_x, edge_z)
    cover = smoothstep(-0.008, 0.012, floats(edge))
    albedo = np.zeros((*cover.shape, 3), np.float32)
    band = band_of(cover)
    edge, across, down = floats(edge[band]), across[band], down[band]
    weave = 1 + 0.05 * np.sin(across * 210) * np.sin(down * 210)
    border = smoothstep(0.10, 0.11, edge) * smoothstep(0.17, 0.16, edge)
    albedo[band] = dyed(spread(floats(weave * (1 - 0.38 * border))), paint)
    return albedo, cover


def labels_of(room: Room, camera: Camera) -> tuple[Bytes, Floats, Floats]:
    """Plane of each pixel, distance along its ray, and the rays."""
    rays = camera.pixel_rays()
    labels, along = room.box.labels(rays)
    return labels, along, rays
