"""Renders the sample pictures in static/samples: product shots on white and a furnished room.

Everything in them is made here, from boxes, cylinders and procedural materials, so the pictures are wholly ours. Needs
Blender as a module (`pip install bpy`, Python 3.11), which the project itself does not:

    python docs/samples/render_samples.py static/samples [sofa lamp table rug living]
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from pathlib import Path

import bpy
from mathutils import Vector

Point = tuple[float, float, float]

# Materials: colour in linear light, roughness, and a texture that breaks it up


def material(
    name: str, tone: Point, *, rough: float = 0.7, wood: bool = False, weave: float = 0.0
) -> bpy.types.Material:
    """A plain surface, a wooden one with grain along X, or cloth with about `weave` threads a metre."""
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    nodes, links = made.node_tree.nodes, made.node_tree.links
    surface = nodes["Principled BSDF"]
    surface.inputs["Base Color"].default_value = (*tone, 1)
    surface.inputs["Roughness"].default_value = rough
    place = nodes.new("ShaderNodeTexCoord")
    if wood:
        stretch = nodes.new("ShaderNodeMapping")
        stretch.inputs["Scale"].default_value = (1.5, 14, 14)
        grain = nodes.new("ShaderNodeTexNoise")
        grain.inputs["Scale"].default_value = 3
        grain.inputs["Detail"].default_value = 8
        ramp = nodes.new("ShaderNodeValToRGB")
        ramp.color_ramp.elements[0].position, ramp.color_ramp.elements[1].position = 0.35, 0.7
        ramp.color_ramp.elements[0].color = (*(part * 0.62 for part in tone), 1)
        ramp.color_ramp.elements[1].color = (*tone, 1)
        links.new(place.outputs["Object"], stretch.inputs["Vector"])
        links.new(stretch.outputs["Vector"], grain.inputs["Vector"])
        links.new(grain.outputs["Fac"], ramp.inputs["Fac"])
        links.new(ramp.outputs["Color"], surface.inputs["Base Color"])
    if weave:
        threads = nodes.new("ShaderNodeTexNoise")
        threads.inputs["Scale"].default_value = weave
        bump = nodes.new("ShaderNodeBump")
        bump.inputs["Strength"].default_value = 0.35
        bump.inputs["Distance"].default_value = 0.004
        links.new(place.outputs["Object"], threads.inputs["Vector"])
        links.new(threads.outputs["Fac"], bump.inputs["Height"])
        links.new(bump.outputs["Normal"], surface.inputs["Normal"])
    return made


# Shapes: metres, Z up, standing on Z = 0


def box(size: Point, at: Point, skin: bpy.types.Material, *, round_by: float = 0.01) -> bpy.types.Object:
    """A box with rounded edges; `at` is its middle."""
    bpy.ops.mesh.primitive_cube_add(size=1, location=at)
    made = bpy.context.object
    made.scale = size
    bpy.ops.object.transform_apply(location=False, rotation=False, scale=True)
    if round_by:
        bevel = made.modifiers.new("round", "BEVEL")
        bevel.width, bevel.segments = round_by, 6
    made.data.materials.append(skin)
    if round_by:
        bpy.ops.object.shade_smooth()
    return made


def rod(
    start: Point, end: Point, radius: float, skin: bpy.types.Material, *, taper: float = 1.0
) -> bpy.types.Object:
    """A round bar; `taper` is the radius at the end over that at the start."""
    a, b = Vector(start), Vector(end)
    bpy.ops.mesh.primitive_cone_add(
        vertices=48, radius1=radius, radius2=radius * taper, depth=(b - a).length, location=(a + b) / 2
    )
    made = bpy.context.object
    made.rotation_euler = (b - a).to_track_quat("Z", "Y").to_euler()
    made.data.materials.append(skin)
    bpy.ops.object.shade_smooth()
    return made


def sofa(x: float = 0, y: float = 0) -> None:
    cloth = material("sofa cloth", (0.16, 0.25, 0.28), rough=0.95, weave=420)
    legs = material("sofa legs", (0.32, 0.17, 0.08), wood=True)
    box((2.02, 0.84, 0.22), (x, y, 0.27), cloth, round_by=0.04)
    box((2.0, 0.2, 0.5), (x, y + 0.33, 0.57), cloth, round_by=0.07)
    for side in (-1, 1):
        box((0.2, 0.86, 0.42), (x + side * 0.94, y, 0.4), cloth, round_by=0.07)
        box((0.82, 0.66, 0.17), (x + side * 0.415, y - 0.09, 0.45), cloth, round_by=0.06)
        back = box((0.8, 0.18, 0.42), (x + side * 0.41, y + 0.19, 0.68), cloth, round_by=0.08)
        back.rotation_euler.x = math.radians(-10)
        for depth in (-1, 1):
            rod(
                (x + side * 0.9, y + depth * 0.34, 0.17),
                (x + side * 0.93, y + depth * 0.37, 0),
                0.028,
                legs,
                taper=0.6,
            )


def lamp(x: float = 0, y: float = 0, *, lit: float = 0.0) -> None:
    brass = material("brass", (0.55, 0.38, 0.16), rough=0.3)
    brass.node_tree.nodes["Principled BSDF"].inputs["Metallic"].default_value = 1
    linen = material("linen shade", (0.78, 0.68, 0.52), rough=0.95, weave=500)
    if lit:
        surface = linen.node_tree.nodes["Principled BSDF"]
        surface.inputs["Emission Color"].default_value = (1, 0.72, 0.42, 1)
        surface.inputs["Emission Strength"].default_value = lit
    rod((x, y, 0), (x, y, 0.025), 0.15, brass)
    rod((x, y, 0.02), (x, y, 1.35), 0.012, brass)
    rod((x, y, 1.2), (x, y, 1.55), 0.23, linen, taper=0.78)


def table(x: float = 0, y: float = 0) -> None:
    oak = material("oak", (0.5, 0.3, 0.14), rough=0.45, wood=True)
    box((1.15, 0.62, 0.035), (x, y, 0.4), oak, round_by=0.012)
    box((0.98, 0.46, 0.05), (x, y, 0.36), oak, round_by=0.006)
    box((0.98, 0.46, 0.02), (x, y, 0.14), oak, round_by=0.006)
    for side in (-1, 1):
        for depth in (-1, 1):
            rod(
                (x + side * 0.47, y + depth * 0.2, 0.38),
                (x + side * 0.53, y + depth * 0.26, 0),
                0.026,
                oak,
                taper=0.65,
            )


def rug(x: float = 0, y: float = 0) -> None:
    """Wool with a border and a field of lozenges."""
    ground = material("rug ground", (0.55, 0.47, 0.37), rough=1, weave=260)
    dark = material("rug dark", (0.11, 0.15, 0.2), rough=1, weave=260)
    warm = material("rug warm", (0.45, 0.14, 0.07), rough=1, weave=260)
    box((2.4, 1.6, 0.012), (x, y, 0.006), dark, round_by=0.004)
    box((2.2, 1.4, 0.012), (x, y, 0.0075), ground, round_by=0.004)
    for column in range(-3, 4):
        for row in range(-1, 2):
            tile = box((0.19, 0.19, 0.012), (x + column * 0.3, y + row * 0.42, 0.009), dark, round_by=0.004)
            tile.rotation_euler.z = math.pi / 4
            heart = box((0.09, 0.09, 0.012), (x + column * 0.3, y + row * 0.42, 0.0105), warm, round_by=0.004)
            heart.rotation_euler.z = math.pi / 4


# Scenes


def empty_scene(width: int, height: int, samples: int) -> bpy.types.Scene:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.use_denoising, scene.cycles.seed = samples, True, 1
    scene.render.resolution_x, scene.render.resolution_y = width, height
    scene.render.image_settings.file_format, scene.render.image_settings.quality = "JPEG", 90
    scene.view_settings.view_transform = "Standard"
    scene.world = bpy.data.worlds.new("world")
    scene.world.use_nodes = True
    return scene


def camera(scene: bpy.types.Scene, at: Point, toward: Point, lens: float) -> None:
    bpy.ops.object.camera_add(location=at)
    scene.camera = bpy.context.object
    scene.camera.data.lens = lens
    scene.camera.rotation_euler = (Vector(toward) - Vector(at)).to_track_quat("-Z", "Y").to_euler()


def area_light(at: Point, toward: Point, size: float, watts: float, tone: Point = (1, 1, 1)) -> None:
    bpy.ops.object.light_add(type="AREA", location=at)
    made = bpy.context.object
    made.data.size, made.data.energy, made.data.color = size, watts, tone
    made.rotation_euler = (Vector(toward) - Vector(at)).to_track_quat("-Z", "Y").to_euler()


def sweep(skin: bpy.types.Material) -> None:
    """A floor that bends up into a wall behind the object, so that no horizon is seen."""
    profile = [(-20.0, 0.0), (2.5, 0.0)] + [
        (2.5 + 3 * math.sin(turn), 3 - 3 * math.cos(turn))
        for turn in (math.radians(3 * i) for i in range(1, 31))
    ]
    points = [(x, y, z) for y, z in [*profile, (5.5, 20.0)] for x in (-20, 20)]
    faces = [(2 * i, 2 * i + 1, 2 * i + 3, 2 * i + 2) for i in range(len(points) // 2 - 1)]
    mesh = bpy.data.meshes.new("sweep")
    mesh.from_pydata(points, [], faces)
    mesh.materials.append(skin)
    mesh.shade_smooth()
    bpy.context.collection.objects.link(bpy.data.objects.new("sweep", mesh))


def product_shot(furnish: Callable[[], None], at: Point, toward: Point, lens: float) -> bpy.types.Scene:
    """One piece on a white sweep, in soft light from above and the left."""
    scene = empty_scene(800, 600, 32)
    scene.world.node_tree.nodes["Background"].inputs["Color"].default_value = (1, 1, 1, 1)
    scene.world.node_tree.nodes["Background"].inputs["Strength"].default_value = 0.75
    white = material("white", (0.9, 0.9, 0.9), rough=1)
    sweep(white)
    furnish()
    area_light((-2.5, -2.5, 4), (0, 0, 0.3), 3, 120)
    camera(scene, at, toward, lens)
    scene.view_settings.exposure = 0.1
    return scene


def living_room() -> bpy.types.Scene:
    """A furnished room: boards, pale walls, a window on the left with the sun in it."""
    scene = empty_scene(1344, 896, 40)
    scene.world.node_tree.nodes["Background"].inputs["Color"].default_value = (0.75, 0.87, 1, 1)
    scene.world.node_tree.nodes["Background"].inputs["Strength"].default_value = 0.85
    wall = material("wall", (0.68, 0.67, 0.64), rough=0.95)
    white = material("white", (0.85, 0.85, 0.84), rough=0.6)
    boards = [
        material(f"board {i}", (0.36 + 0.03 * i, 0.2 + 0.018 * i, 0.09 + 0.01 * i), rough=0.5, wood=True)
        for i in range(4)
    ]
    for row in range(36):
        for part in range(4):
            skin = boards[(row * 7 + part * 5) % 4]
            at = (-2.6 + 1.7 * part + 0.55 * (row % 3) - 0.55, -3.4 + 0.16 * row, -0.01)
            box((1.69, 0.158, 0.02), at, skin, round_by=0.002)
    box((6, 6.6, 0.1), (0, -1, -0.08), material("under the boards", (0.05, 0.04, 0.03)), round_by=0)
    box((6, 0.1, 2.7), (0, 2.25, 1.35), wall, round_by=0)
    box((0.1, 6, 2.7), (2.55, -0.8, 1.35), wall, round_by=0)
    box((6, 6.6, 0.1), (0, -1, 2.75), white, round_by=0)
    # The left wall around a window of 1.5 by 1.4 metres.
    for size, at in (
        ((0.1, 6, 0.75), (-2.55, -0.8, 0.375)),
        ((0.1, 6, 0.55), (-2.55, -0.8, 2.425)),
        ((0.1, 1.45, 1.4), (-2.55, 1.5, 1.45)),
        ((0.1, 3.1, 1.4), (-2.55, -2.25, 1.45)),
    ):
        box(size, at, wall, round_by=0)
    for y in (-0.68, 0.04, 0.75):
        box((0.08, 0.05, 1.38), (-2.53, y, 1.45), white, round_by=0)
    for z in (0.775, 2.125):
        box((0.09, 1.47, 0.05), (-2.53, 0.037, z), white, round_by=0)
    box((5.1, 0.02, 0.09), (0, 2.19, 0.045), white)
    box((0.02, 6, 0.09), (2.49, -0.8, 0.045), white)
    sofa(0.3, 1.6)
    table(0.3, 0.55)
    rug(0.3, 0.6)
    lamp(1.85, 1.75, lit=1.2)
    box((0.9, 0.03, 0.65), (0.3, 2.19, 1.6), material("frame", (0.05, 0.05, 0.05)))
    box((0.78, 0.03, 0.53), (0.3, 2.18, 1.6), material("print", (0.62, 0.42, 0.28)))
    bpy.ops.object.light_add(type="SUN", rotation=(math.radians(52), 0, math.radians(-62)))
    bpy.context.object.data.energy, bpy.context.object.data.angle = 4, 0.01
    area_light((-2.8, 0.04, 1.5), (0, 0.3, 1), 1.4, 80, (0.85, 0.93, 1))
    area_light((0, -3.4, 2.2), (0, 1, 0.4), 2.5, 34)
    camera(scene, (0.55, -3.2, 1.45), (-0.12, 1.5, 1.05), 20)
    scene.view_settings.exposure = 0.15
    return scene


SCENES: dict[str, Callable[[], bpy.types.Scene]] = {
    "sofa": lambda: product_shot(sofa, (1.5, -4.2, 1.5), (0, 0, 0.42), 62),
    "lamp": lambda: product_shot(lamp, (0, -5, 1.3), (0, 0, 0.78), 70),
    "table": lambda: product_shot(table, (1.1, -2.7, 1.25), (0, 0, 0.2), 60),
    "rug": lambda: product_shot(rug, (0, -0.01, 5), (0, 0, 0), 58),
    "living": living_room,
}


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for name in sys.argv[2:] or SCENES:
        shot = SCENES[name]()
        shot.render.filepath = str((folder / f"{name}.jpg").resolve())
        bpy.ops.render.render(write_still=True)
