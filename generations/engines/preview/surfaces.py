"""New floors and walls in the light of the old ones: material x (what the camera saw / what was there)."""

from __future__ import annotations

import cv2
import numpy as np

from generations.engines.preview.arrays import (
    Bytes,
    Floats,
    blur,
    floats,
    guided_filter,
    luma,
    mix,
    resize,
    smoothstep,
    weighted_median,
)
from generations.engines.preview.camera import CEILING, FLOOR, LEFT, RIGHT, Camera
from generations.engines.preview.materials import METRES, SIDE
from generations.engines.preview.matting import beside, replaced
from generations.engines.preview.room import Room

_COARSEST = 7  # mip levels below the full texture
_USUAL_WALL, _WHITE_WALL = 0.62, 0.84  # albedo of an unknown wall: most are pale


def room_light(picture: Floats, room: Room) -> float:
    """Irradiance of the room in the units of the picture: what a white card on the wall would show."""
    where = (
        room.walls.mask
        if room.walls.mask.sum() > 0.02 * room.walls.mask.size
        else np.ones_like(room.walls.mask)
    )
    step = max(1, picture.shape[1] // 256)
    typical = weighted_median(luma(picture[::step, ::step]), floats(where[::step, ::step]))
    # The brighter a wall is in a well exposed photo, the whiter it is.
    albedo = _USUAL_WALL + (_WHITE_WALL - _USUAL_WALL) * smoothstep(0.3, 0.7, floats([typical]))[0]
    return float(np.clip(typical / albedo, 0.12, 1.15))


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
    right_u, right_v = np.gradient(u, axis=1), np.gradient(v, axis=1)
    down_u, down_v = np.gradient(u, axis=0), np.gradient(v, axis=0)
    wide = np.hypot(right_u, right_v) + 1e-6
    # Square root of wide x tall: between the blur of the long side and the glitter of the short one.
    footprint = np.sqrt(wide * (np.hypot(down_u, down_v) + 1e-6))
    level = np.clip(np.log2(np.maximum(footprint, 1e-3)) - 0.35, 0, _COARSEST - 0.001)
    seen = np.zeros((*u.shape, 3), np.float32)
    image = texture
    for mip in range(_COARSEST + 1):
        weight = np.clip(1 - np.abs(level - mip), 0, 1)
        if mip:
            image = floats(
                cv2.resize(image, (image.shape[1] // 2, image.shape[0] // 2), interpolation=cv2.INTER_AREA)
            )
        if weight.max() <= 0:
            continue
        side = image.shape[0]
        scale = side / SIDE
        padded = np.pad(image, ((0, 1), (0, 1), (0, 0)), mode="wrap")
        map_u, map_v = np.mod(u * scale - 0.5, side), np.mod(v * scale - 0.5, side)
        sampled = cv2.remap(
            padded, floats(map_u), floats(map_v), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        seen += floats(sampled) * floats(weight)[..., None]
    return seen


def shading(picture: Floats, mask: Floats, *, radius: int, epsilon: float) -> Floats:
    """Light on a surface over its median, (h, w, 3): shadows and sun stay, boards and stains are smoothed away."""
    light = np.log(luma(picture) + 0.004)
    height, width = light.shape
    shrink = max(1, round(max(height, width) / 512))
    small = resize(floats(light), width // shrink, height // shrink)
    smooth = guided_filter(small, small, max(1, radius // shrink), epsilon)
    # The smooth part joined to the fine edges of the picture that are strong enough to be sun or shadow.
    base = resize(smooth, width, height)
    joined = guided_filter(floats(light), base, max(2, radius // 3), epsilon / 4)
    typical = weighted_median(joined[::4, ::4], mask[::4, ::4])
    relative = np.exp(joined - typical)
    hue = blur(picture, max(2.0, max(height, width) / 170)) + 0.01
    typical_hue = floats([weighted_median(hue[::4, ::4, channel], mask[::4, ::4]) for channel in range(3)])
    tint = hue / typical_hue
    tint = tint / luma(floats(tint))[..., None]
    return floats(relative[..., None] * np.clip(tint, 0.6, 1.7) ** 0.6)


def relaid(
    picture: Floats, room: Room, albedo: Floats, mask: Floats, *, seen: Floats, sun: float = 1.0
) -> Floats:
    """The floor made of `albedo` (h, w, 3) where `mask` is, in the light that the photo `seen` has there.

    `sun` 1 keeps the patches of sun as bright as they are, 0 takes them away.
    """
    light = shading(seen, mask, radius=max(3, picture.shape[1] // 90), epsilon=0.05)
    if sun < 1:
        level = luma(light)[..., None]
        light = floats(light * (1.15 / np.maximum(level, 1.15)) ** np.float32(1 - sun))
    typical = weighted_median(luma(seen)[::4, ::4], mask[::4, ::4])
    full = room_light(seen, room)
    # The old floor's own albedo is unknown: between "as bright as the room's light makes it" and a middle grey.
    old = np.clip(typical / full, 0.06, 0.75)
    irradiance = typical / old**0.75 / 0.36**0.25
    return replaced(
        picture, beside(picture, mask), soft_shoulder(albedo * light * np.float32(irradiance)), mask
    )


def painted(picture: Floats, room: Room, paint: Floats, mask: Floats) -> Floats:
    """Walls painted in `paint` (3,) or finished in an albedo (h, w, 3), keeping every shade of the old ones."""
    step = 4
    old = floats(
        [weighted_median(picture[::step, ::step, channel], mask[::step, ::step]) for channel in range(3)]
    )
    bare = beside(picture, mask)
    ratio = bare / np.maximum(old, 0.01)
    grey = luma(floats(ratio))[..., None]
    # Coloured light stays, the old paint's unevenness fades, and a second old paint does not shine through.
    ratio = grey * np.clip(ratio / np.maximum(grey, 1e-3), 0.8, 1.25) ** 0.6
    full = room_light(picture, room)
    was = np.clip(luma(old) / full, 0.3, 0.9)
    typical = luma(old) / was**0.8 / 0.6**0.2
    return replaced(picture, bare, soft_shoulder(floats(ratio * paint * typical)), mask)


def tinted_toward(picture: Floats, target: Floats, mask: Floats, amount: float) -> Floats:
    """Where we are not sure enough to replace: the same pixels, their average moved toward `target`."""
    weight = mask[::4, ::4]
    old = floats([weighted_median(picture[::4, ::4, channel], weight) for channel in range(3)])
    wanted = target / max(float(luma(target)), 0.02)
    current = old / max(float(luma(old)), 0.02)
    brightness = np.clip(luma(target) / max(float(luma(old)), 0.02), 0.6, 1.35)
    gain = (np.clip(wanted / np.maximum(current, 0.05), 0.5, 2.0) * brightness) ** amount
    return mix(picture, soft_shoulder(floats(picture * gain)), mask)


def soft_shoulder(linear: Floats, start: float = 0.75) -> Floats:
    """Highlights rolled off instead of clipped: straight up to `start`, then toward 1."""
    over = np.maximum(linear - start, 0)
    return floats(np.minimum(linear, start) + (1 - start) * (1 - np.exp(-over / (1 - start))))


def rug_albedo(
    across: Floats, down: Floats, centre: tuple[float, float], size: tuple[float, float], paint: Floats
) -> tuple[Floats, Floats]:
    """A woven rug with a border: albedo (h, w, 3) and coverage (h, w) at plane coordinates in metres."""
    x = np.abs(across - centre[0]) / (size[0] / 2)
    z = np.abs(down - centre[1]) / (size[1] / 2)
    edge_x, edge_z = (1 - x) * size[0] / 2, (1 - z) * size[1] / 2
    edge = np.minimum(edge_x, edge_z)
    cover = smoothstep(-0.008, 0.012, floats(edge))
    weave = 1 + 0.05 * np.sin(across * 210) * np.sin(down * 210)
    border = smoothstep(0.10, 0.11, floats(edge)) * smoothstep(0.17, 0.16, floats(edge))
    tone = floats(weave * (1 - 0.38 * border))
    return floats(paint * tone[..., None]), cover


def labels_of(room: Room, camera: Camera) -> tuple[Bytes, Floats, Floats]:
    """Plane of each pixel, distance along its ray, and the rays."""
    rays = camera.pixel_rays()
    labels, along = room.box.labels(rays)
    return labels, along, rays
