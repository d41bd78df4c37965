"""Renders rooms and products: see the package's own words for how to start it."""

from __future__ import annotations

import argparse
import json
import math
import tempfile
import time
from pathlib import Path

import bpy
import numpy as np
from mathutils import Vector
from PIL import Image
from training.exr import read_exr
from training.kinds import KINDS, WINDOW

from . import skins
from .house import _light
from .products import SHOTS, Shot

_ROOT = Path(__file__).resolve().parents[3]
_SAMPLES, _TRUTH = _ROOT / "static/samples", _ROOT / "tests/generations/engines/data"
_SHOULDER = 0.72  # linear light up to here is shown as it is; above, highlights roll off towards white
_CLASS_COLOURS = (
    (150, 110, 70),
    (205, 200, 190),
    (240, 240, 245),
    (110, 170, 230),
    (190, 140, 100),
    (170, 60, 60),
    (60, 90, 60),
)


def fresh(size: tuple[int, int], samples: int, *, quick: bool = False) -> bpy.types.Scene:
    """An empty scene for Cycles on one thread, with the denoiser on and the class of each pixel beside the picture."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.render.threads_mode, scene.render.threads = "FIXED", 1
    cycles = scene.cycles
    cycles.samples, cycles.seed, cycles.use_adaptive_sampling = (
        max(6, samples // 4) if quick else samples,
        1,
        False,
    )
    cycles.use_denoising, cycles.denoiser = True, "OPENIMAGEDENOISE"
    cycles.denoising_input_passes, cycles.denoising_prefilter = "RGB_ALBEDO_NORMAL", "ACCURATE"
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = 5, 4, 2
    cycles.transparent_max_bounces = 6
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.sample_clamp_indirect = 5
    scene.view_layers[0].use_pass_object_index = True
    image = scene.render.image_settings
    image.file_format, image.exr_codec, image.color_depth = "OPEN_EXR_MULTILAYER", "NONE", "32"
    shrink = 3 if quick else 1
    scene.render.resolution_x, scene.render.resolution_y = (side // shrink for side in size)
    scene.world = bpy.data.worlds.new("world")
    scene.world.use_nodes = True
    return scene


def sky(scene: bpy.types.Scene, colour: str, strength: float) -> None:
    """Light from everywhere."""
    ground = scene.world.node_tree.nodes["Background"]
    ground.inputs["Color"].default_value, ground.inputs["Strength"].default_value = (
        (*skins.tone(colour), 1),
        strength,
    )


def camera(
    scene: bpy.types.Scene,
    at: tuple[float, ...],
    toward: tuple[float, ...],
    lens: float,
    *,
    level: bool = False,
) -> None:
    """`level`: the camera is held straight and its lens shifted, as for architecture, so that uprights stay upright."""
    made = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.collection.objects.link(made)
    scene.camera, made.data.lens, made.data.clip_start = made, lens, 0.02
    made.location = at
    look = Vector(toward) - Vector(at)
    if level:
        made.data.shift_y = look.z / math.hypot(look.x, look.y) * lens / 36
        look.z = 0
    made.rotation_euler = look.to_track_quat("-Z", "Y").to_euler()


def developed(scene: bpy.types.Scene) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Renders; linear colour (h, w, 3), alpha and the class of each pixel."""
    for thing in bpy.data.objects:
        if thing.type == "MESH":
            thing.pass_index = int(thing.get("kind", len(KINDS) - 1)) + 1
    with tempfile.TemporaryDirectory() as folder:
        scene.render.filepath = f"{folder}/picture.exr"
        bpy.ops.render.render(write_still=True)
        layers = read_exr(Path(scene.render.filepath))
    colour = np.stack([layers[f"ViewLayer.Combined.{part}"] for part in "RGB"], -1).astype(np.float32)
    numbers = np.rint(layers["ViewLayer.IndexOB.X"]).astype(int)
    return (
        colour,
        np.asarray(layers["ViewLayer.Combined.A"], np.float32),
        np.where(numbers == 0, WINDOW, numbers - 1),
    )


def exposed(linear: np.ndarray, key: float) -> np.ndarray:
    """Brought to where the camera's meter would: the typical pixel of the middle part at `key`."""
    height, width = linear.shape[:2]
    middle = linear[height // 8 : -height // 8, width // 8 : -width // 8] @ np.array(
        [0.2126, 0.7152, 0.0722], np.float32
    )
    return linear * (key / float(np.median(middle)))


def rolled_off(linear: np.ndarray) -> np.ndarray:
    """Highlights that run out gently, as in a camera."""
    over = np.maximum(linear - _SHOULDER, 0)
    return np.minimum(linear, _SHOULDER) + (1 - _SHOULDER) * (1 - np.exp(-over / (1 - _SHOULDER) / 1.6))


def shown(linear: np.ndarray, *, grain: float = 0.0) -> Image.Image:
    """sRGB, with a camera's faint noise."""
    low = linear <= 0.0031308
    encoded = np.where(low, 12.92 * linear, 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055)
    if grain:
        noise = np.random.default_rng(1).normal(0, 1, linear.shape[:2])
        noise = (noise + np.roll(noise, 1, 0) + np.roll(noise, 1, 1)) / 1.73
        encoded = encoded + (grain / 255) * noise[..., None]
    return Image.fromarray(np.rint(np.clip(encoded, 0, 1) * 255).astype(np.uint8))


def save(image: Image.Image, path: Path, most: int) -> None:
    """A JPEG of at most `most` bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for quality in (88, 85, 82, 78, 74):
        image.save(path, quality=quality, optimize=True, progressive=True)
        if path.stat().st_size <= most:
            return


def product(name: str, shot: Shot, folder: Path, *, quick: bool) -> None:
    """The thing on white: the ground only catches its shadow."""
    scene = fresh(shot.size, 6, quick=quick)
    scene.render.film_transparent = True
    scene.cycles.denoising_prefilter, scene.cycles.denoising_quality = "NONE", "BALANCED"
    scene.cycles.max_bounces = 4
    sky(scene, "ffffff", 0.75 if not shot.flat_light else 0.95)
    shot.thing().stand(turn=shot.turn)
    upright = shot.flat_light and shot.at[2] < 2
    mesh = bpy.data.meshes.new("ground")
    plane = (
        [(-30, 0.002, -30), (30, 0.002, -30), (30, 0.002, 30), (-30, 0.002, 30)]
        if upright
        else [(-30, -30, 0), (30, -30, 0), (30, 30, 0), (-30, 30, 0)]
    )
    mesh.from_pydata(plane, [], [(0, 1, 2, 3)])
    mesh.materials.append(skins.plain("f4f4f4", rough=1))
    ground = bpy.data.objects.new("ground", mesh)
    ground.is_shadow_catcher = True
    scene.collection.objects.link(ground)
    key = _light("AREA", (-2.4, -2.6, 3.6), 150 if not shot.flat_light else 60, "ffffff")
    key.data.size = 2.2
    key.rotation_euler = (Vector((0, 0, 0.4)) - key.location).to_track_quat("-Z", "Y").to_euler()
    camera(scene, shot.at, shot.toward, shot.lens)
    colour, alpha, _ = developed(scene)
    white = colour + (1 - np.clip(alpha, 0, 1))[..., None]
    save(shown(white), folder / f"{name}.jpg", 58_000)


def room(name: str, folder: Path, truth: Path, *, quick: bool) -> None:
    """A room's picture and, beside the tests, its classes at half size."""
    from .rooms import ROOMS

    plan = ROOMS[name]
    scene = fresh(plan.size, plan.samples, quick=quick)
    sky(scene, plan.sky, plan.sky_strength)
    plan.furnish()
    camera(scene, plan.at, plan.toward, plan.lens, level=plan.level)
    colour, _, kinds = developed(scene)
    save(shown(rolled_off(exposed(colour, plan.key)), grain=1.1), folder / f"{name}.jpg", 176_000)
    classes = Image.fromarray(kinds[::2, ::2].astype(np.uint8), "P")
    classes.putpalette([part for tone in _CLASS_COLOURS for part in tone])
    truth.mkdir(parents=True, exist_ok=True)
    classes.save(truth / f"{name}.png", optimize=True)
    paints = truth / "rooms.json"
    known = json.loads(paints.read_text()) if paints.exists() else {}
    known[name] = {"wall": [round(part, 4) for part in skins.tone(plan.wall)], "title": plan.title}
    paints.write_text(json.dumps(dict(sorted(known.items())), indent=1) + "\n")


def main() -> None:
    """Renders what is named, or everything."""
    from .rooms import ROOMS

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("rooms", "products"))
    parser.add_argument("names", nargs="*")
    parser.add_argument(
        "--quick", action="store_true", help="a third of the size, grainy, into the temporary folder"
    )
    options = parser.parse_args()
    scratch = Path(tempfile.gettempdir()) / "studio"
    for name in options.names or (ROOMS if options.what == "rooms" else SHOTS):
        started = time.process_time()
        if options.what == "rooms":
            target = scratch if options.quick else _SAMPLES / "rooms"
            room(name, target, scratch if options.quick else _TRUTH, quick=options.quick)
        else:
            product(
                name, SHOTS[name], scratch if options.quick else _SAMPLES / "products", quick=options.quick
            )
        print(f"{name}: {time.process_time() - started:.0f} s of processor time", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
