"""Renders labelled pairs: PYTHONPATH=generations/engines/preview python -m training.render FOLDER FIRST COUNT [VIEWS]

One file per scene, `<seed>.npz`, with for each view its picture in linear light (float16), the number of the object at each
pixel (class * 2000 + running number) and the bare room behind the furniture. Files that exist are kept, so it can go on.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import bpy
import numpy as np

from .exr import read_exr
from .kinds import OTHER, PER_KIND, UNKNOWN, WINDOW
from .scenes import draw_scene
from .shell import Shell
from .views import View, bare_labels, draw_view, relight, repaint

_SAMPLES = 4


def set_up(scratch: Path) -> bpy.types.Scene:
    """Cycles as quick as it goes: few samples, short paths, denoised; labels come with the first sample."""
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.render.threads_mode, scene.render.threads = "FIXED", 1
    scene.render.use_persistent_data = True
    cycles = scene.cycles
    cycles.samples, cycles.use_adaptive_sampling = _SAMPLES, False
    cycles.use_denoising, cycles.denoising_prefilter, cycles.denoising_quality = True, "NONE", "FAST"
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = 4, 2, 1
    cycles.transparent_max_bounces = 4
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.use_fast_gi, cycles.fast_gi_method, cycles.ao_bounces_render = True, "REPLACE", 1
    cycles.sample_clamp_indirect = 4
    scene.view_layers[0].use_pass_object_index = True
    picture = scene.render.image_settings
    picture.file_format, picture.exr_codec, picture.color_depth = "OPEN_EXR_MULTILAYER", "NONE", "32"
    scene.render.filepath = str(scratch)
    return scene


def number_objects() -> None:
    """The class and a running number, readable in every pixel."""
    for count, thing in enumerate(one for one in bpy.data.objects if one.type == "MESH"):
        thing.pass_index = int(thing["kind"]) * PER_KIND + count % (PER_KIND - 1) + 1


def promising(view: View) -> bool:
    """A few rays tell whether the view can be useful, before it costs a rendering."""
    bpy.context.view_layer.update()
    world, rays = bpy.context.evaluated_depsgraph_get(), view.rays()
    kinds = np.zeros(7)
    for ray in rays[:: max(1, view.height // 12), :: max(1, view.width // 14)].reshape(-1, 3):
        hit, _, _, _, thing, _ = bpy.context.scene.ray_cast(world, view.at, ray)
        kinds[int(thing["kind"]) if hit else WINDOW] += 1
    kinds /= kinds.sum()
    return bool(kinds[OTHER] < 0.75 and kinds.max() < 0.88)


def promising_view(rng: np.random.Generator, shell: Shell) -> tuple[View | None, np.ndarray]:
    """The first of a few views that may be useful, with its bare labels."""
    for _ in range(5):
        view = draw_view(rng, shell)
        bare = bare_labels(view, shell)
        if (bare == UNKNOWN).mean() <= 0.02 and promising(view):
            return view, bare
    return None, np.empty(0)


def useful(numbers: np.ndarray, bare: np.ndarray) -> bool:
    """Whether the view shows a room: not only a wall or the back of a cupboard."""
    kinds = numbers // PER_KIND
    shares = np.bincount(kinds.ravel(), minlength=7) / kinds.size
    known = np.bincount(bare[bare != UNKNOWN].ravel(), minlength=5) / bare.size
    return bool(
        shares[OTHER] < 0.75
        and shares.max() < 0.88
        and (known > 0.03).sum() >= 2
        and (bare == UNKNOWN).mean() < 0.02
    )


def render_scene(seed: int, views: int, scratch: Path) -> dict[str, np.ndarray]:
    """Arrays of one scene's useful views."""
    scene = draw_scene(seed)
    rng = np.random.default_rng((seed, 1))
    blender = set_up(scratch)
    number_objects()
    made: dict[str, np.ndarray] = {}
    count = 0
    for index in range(views):
        if index and index % 2 == 0:
            repaint(rng, scene.shell)
        view, bare = promising_view(rng, scene.shell)
        if view is None:
            continue
        relight(rng, scene)
        view.apply(blender)
        bpy.ops.render.render(write_still=True)
        layers = read_exr(scratch)
        numbers = np.rint(layers["ViewLayer.IndexOB.X"]).astype(np.uint16)
        numbers[numbers == 0] = WINDOW * PER_KIND
        if not useful(numbers, bare):
            continue
        colour = np.stack([layers[f"ViewLayer.Combined.{part}"] for part in "RGB"], -1)
        made[f"colour{count}"] = np.clip(colour, 0, 6e4).astype(np.float16)
        made[f"numbers{count}"], made[f"bare{count}"] = numbers, bare
        count += 1
    return made


def main() -> None:
    """Renders COUNT scenes from number FIRST on."""
    folder, first, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    views = int(sys.argv[4]) if len(sys.argv) > 4 else 6
    folder.mkdir(parents=True, exist_ok=True)
    scratch = (folder / "scratch.exr").resolve()
    start, pairs = time.monotonic(), 0
    for seed in range(first, first + count):
        target = folder / f"{seed:06d}.npz"
        if target.exists():
            continue
        made = render_scene(seed, views, scratch)
        pairs += len(made) // 3
        with target.with_suffix(".part").open("wb") as file:
            np.savez(file, **made)
        target.with_suffix(".part").rename(target)
        minutes = (time.monotonic() - start) / 60
        print(f"{seed}: {pairs} pairs, {pairs / minutes:.0f} a minute", flush=True)


if __name__ == "__main__":
    main()
