"""Cameras and light: several pictures out of one scene."""

from __future__ import annotations

import math
from dataclasses import dataclass

import bpy
import numpy as np
from mathutils import Euler, Matrix

from .kinds import (
    BARE_BACK,
    BARE_CEILING,
    BARE_FLOOR,
    BARE_LEFT,
    BARE_RIGHT,
    CEILING,
    FLOOR,
    UNKNOWN,
    WINDOW,
)
from .materials import Draw, floor_skin, wall_skin
from .scenes import Scene
from .shell import Shell

_SIZES = ((200, 150), (200, 150), (208, 139), (224, 126), (150, 200), (139, 208), (174, 174))


@dataclass(frozen=True)
class View:
    """A camera: place in metres, angles in radians (yaw 0 looks along +Y), focal length for a 36 mm wide film."""

    at: tuple[float, float, float]
    yaw: float
    pitch: float
    roll: float
    lens: float
    width: int
    height: int

    def rays(self) -> np.ndarray:
        """Directions through the pixels in the room's axes, (height, width, 3)."""
        scale = 36 / self.lens / max(self.width, self.height)
        x = (np.arange(self.width) + 0.5 - self.width / 2) * scale
        y = (self.height / 2 - np.arange(self.height) - 0.5) * scale
        seen = np.stack([*np.meshgrid(x, y), np.full((self.height, self.width), -1.0)], -1)
        return seen @ self.matrix().T

    def matrix(self) -> np.ndarray:
        """Camera axes (right, up, backwards) to room axes."""
        return np.array(self._euler().to_matrix())

    def _euler(self) -> Euler:
        turn = Matrix.Rotation(-self.yaw, 3, "Z") @ Matrix.Rotation(math.pi / 2 + self.pitch, 3, "X")
        return (turn @ Matrix.Rotation(self.roll, 3, "Z")).to_euler()

    def apply(self, scene: bpy.types.Scene) -> None:
        """Points Blender's camera there."""
        if scene.camera is None:
            scene.camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
            scene.collection.objects.link(scene.camera)
            scene.camera.data.clip_start = 0.05
        scene.camera.location, scene.camera.rotation_euler = self.at, self._euler()
        scene.camera.data.lens = self.lens
        scene.render.resolution_x, scene.render.resolution_y = self.width, self.height


def draw_view(rng: Draw, shell: Shell) -> View:
    """A place a person would photograph from: standing back, mostly looking along the room or into a corner."""
    width, height = _SIZES[int(rng.integers(len(_SIZES)))]
    at, yaw = _close_up(rng, shell) if shell.taken and rng.random() < 0.25 else _overview(rng, shell)
    tall = float(np.clip(rng.normal(1.42, 0.25), 0.5, shell.height - 0.2))
    pitch = rng.normal(-0.05, 0.09) if rng.random() < 0.75 else rng.uniform(-0.5, 0.2)
    roll = rng.normal(0, 0.012) if rng.random() < 0.8 else rng.normal(0, 0.05)
    lens = math.exp(rng.uniform(math.log(13), math.log(36)))
    return View((*at, tall), yaw, pitch, roll, lens, width, height)


def _somewhere_free(rng: Draw, shell: Shell, tries: int) -> list[tuple[float, float]]:
    """Up to so many places where a person could stand; the middle if there is none."""
    found = []
    for _ in range(tries):
        x = rng.uniform(-0.5, 0.5) * (shell.width - 0.3)
        y = rng.uniform(-0.5, 0.5) * (shell.depth - 0.3)
        if not any(abs(x - a) < u + 0.15 and abs(y - b) < v + 0.15 for a, b, u, v in shell.taken):
            found.append((x, y))
    return found or [(0.0, 0.0)]


def _overview(rng: Draw, shell: Shell) -> tuple[tuple[float, float], float]:
    pick, quarter = rng.random(), float(rng.choice([0, math.pi / 2, math.pi, -math.pi / 2]))
    if pick < 0.42:
        yaw = quarter + rng.normal(0, 0.06)
    elif pick < 0.72:
        yaw = math.pi / 4 + quarter + rng.normal(0, 0.2)
    else:
        yaw = rng.uniform(-math.pi, math.pi)
    places = _somewhere_free(rng, shell, int(rng.choice([4, 20, 60])))
    backs = [-(x * math.sin(yaw) + y * math.cos(yaw)) + rng.normal(0, 0.3) for x, y in places]
    return places[int(np.argmax(backs))], yaw


def _close_up(rng: Draw, shell: Shell) -> tuple[tuple[float, float], float]:
    """Towards one piece of furniture that fills much of the picture."""
    a, b, u, v = shell.taken[int(rng.integers(len(shell.taken)))]
    wanted = max(u, v) + rng.uniform(0.7, 2.2)
    places = _somewhere_free(rng, shell, 40)
    misses = [abs(math.hypot(x - a, y - b) - wanted) for x, y in places]
    x, y = places[int(np.argmin(misses))]
    return (x, y), math.atan2(a - x, b - y) + rng.normal(0, 0.2)


def bare_labels(view: View, shell: Shell) -> np.ndarray:
    """What each ray meets when nothing stands in the room: floor, ceiling, and walls by the side they face, (h, w)."""
    rays, at = view.rays(), np.array(view.at)
    nearest = np.full(rays.shape[:2], np.inf)
    labels = np.full(rays.shape[:2], UNKNOWN, np.uint8)
    ahead = np.array([math.sin(view.yaw), math.cos(view.yaw), 0])
    aside = np.array([math.cos(view.yaw), -math.sin(view.yaw), 0])
    for kind, outline in shell.planes:
        normal = np.cross(outline[1] - outline[0], outline[2] - outline[0])
        pace = rays @ normal
        with np.errstate(divide="ignore", invalid="ignore"):
            far = ((outline[0] - at) @ normal) / pace
        hit = at + rays * np.where(np.isfinite(far), far, 0)[..., None]
        inside = np.isfinite(far) & (far > 1e-6) & (far < nearest)
        for a, b in zip(outline, np.roll(outline, -1, 0), strict=True):
            inside &= np.cross(b - a, hit - a) @ normal >= -1e-6
        nearest[inside] = far[inside]
        labels[inside] = _bare_class(kind, normal * np.sign(-((outline[0] - at) @ normal)), ahead, aside)
    return labels


def _bare_class(kind: int, facing: np.ndarray, ahead: np.ndarray, aside: np.ndarray) -> int:
    """`facing` is the plane's normal towards the camera."""
    if kind == FLOOR:
        return BARE_FLOOR
    if kind == CEILING:
        return BARE_CEILING
    across, toward = float(facing @ aside), float(facing @ -ahead)
    if toward >= abs(across):
        return BARE_BACK
    return BARE_LEFT if across > 0 else BARE_RIGHT


def relight(rng: Draw, scene: Scene) -> None:
    """New light: day through the windows, sun, lamps, or a mixture."""
    for old in [one for one in bpy.data.objects if one.type == "LIGHT"]:
        bpy.data.objects.remove(old)
    shell, mood = scene.shell, str(rng.choice(["day", "sun", "evening", "flat"], p=[0.35, 0.25, 0.2, 0.2]))
    outside = {
        "day": rng.uniform(2, 14),
        "sun": rng.uniform(3, 20),
        "evening": rng.uniform(0.0, 0.5),
        "flat": rng.uniform(1, 6),
    }[mood]
    warm = np.array([1, rng.uniform(0.6, 0.9), rng.uniform(0.3, 0.8)])
    cool = np.array([rng.uniform(0.7, 1), rng.uniform(0.85, 1), 1])
    for wall in shell.walls:
        for one in wall.openings:
            if one.kind == WINDOW and mood != "evening":
                at = wall.world(np.array([[one.x, 0.05, (one.low + one.high) / 2]]))[0]
                watts = outside * one.width * (one.high - one.low) * rng.uniform(2, 6)
                _area(at, (-math.pi / 2, 0, wall.turn), (one.width, one.high - one.low), watts, cool)
    for backdrop in shell.backdrops:
        surface = backdrop.data.materials[0].node_tree.nodes["Principled BSDF"]
        surface.inputs["Emission Strength"].default_value = outside * rng.uniform(0.3, 2) + 0.01
        backdrop.visible_diffuse = backdrop.visible_shadow = False
    if mood == "sun":
        _sun(rng)
    if mood in ("evening", "flat") or rng.random() < 0.25:
        spots = scene.lamps or [(0.0, 0.0, shell.height - 0.1)]
        for spot in spots:
            _lamp(np.array(spot), rng.uniform(10, 60), warm if rng.random() < 0.75 else cool)
    if mood == "flat" or rng.random() < 0.3:
        size = (shell.width * 0.6, shell.depth * 0.6)
        _area(
            np.array([0, 0, shell.height - 0.02]),
            (0, 0, 0),
            size,
            rng.uniform(0.5, 4) * size[0] * size[1],
            cool,
        )
    _fill(rng, shell, outside)


def _fill(rng: Draw, shell: Shell, outside: float) -> None:
    """Light without a direction: what many bounces leave, and all there is behind open doors."""
    world = bpy.context.scene.world or bpy.data.worlds.new("world")
    bpy.context.scene.world = world
    world.use_nodes = True
    ground = world.node_tree.nodes["Background"]
    ground.inputs["Color"].default_value = (*(rng.uniform(0.85, 1) for _ in range(3)), 1)
    ground.inputs["Strength"].default_value = rng.uniform(0.2, 1.0) + 0.1 * outside
    world.light_settings.ao_factor = rng.uniform(0.2, 1.0)
    world.light_settings.distance = rng.uniform(1, 5)
    if rng.random() < 0.6:  # what the floor throws back: ceilings are bright by day
        size = (shell.width * 0.8, shell.depth * 0.8)
        colour = np.array([1, rng.uniform(0.85, 1), rng.uniform(0.7, 1)])
        _area(
            np.array([0, 0, 0.03]),
            (math.pi, 0, 0),
            size,
            (0.3 + 0.2 * outside) * rng.uniform(0.3, 2) * size[0] * size[1],
            colour,
        )


def _light(kind: str, at: np.ndarray, watts: float, colour: np.ndarray) -> bpy.types.Object:
    data = bpy.data.lights.new("light", kind)
    data.energy, data.color = watts, tuple(colour)
    made = bpy.data.objects.new("light", data)
    made.location, made.visible_camera = tuple(at), False
    bpy.context.scene.collection.objects.link(made)
    return made


def _area(
    at: np.ndarray,
    angles: tuple[float, float, float],
    size: tuple[float, float],
    watts: float,
    colour: np.ndarray,
) -> None:
    made = _light("AREA", at, watts, colour)
    made.data.shape, made.data.size, made.data.size_y = "RECTANGLE", size[0], size[1]
    made.rotation_euler = angles


def _sun(rng: Draw) -> None:
    made = _light(
        "SUN", np.zeros(3), rng.uniform(3, 25), np.array([1, rng.uniform(0.8, 1), rng.uniform(0.6, 1)])
    )
    made.data.angle = rng.uniform(0.005, 0.05)
    made.rotation_euler = (rng.uniform(0.5, 1.3), 0, rng.uniform(0, 2 * math.pi))


def _lamp(at: np.ndarray, watts: float, colour: np.ndarray) -> None:
    _light("POINT", at, watts, colour).data.shadow_soft_size = 0.1


def repaint(rng: Draw, shell: Shell) -> None:
    """New materials on walls and floor."""
    skin = wall_skin(rng)
    for wall in shell.wall_objects:
        if rng.random() < 0.85:
            wall.data.materials[0] = skin
    if shell.floor_object and rng.random() < 0.8:
        shell.floor_object.data.materials[0] = floor_skin(rng)
