"""Procedural materials: every picture on every surface is computed from noise, bricks, waves and cells."""

from __future__ import annotations

import colorsys
from collections.abc import Callable, Sequence

import bpy
import numpy as np

Tone = tuple[float, float, float]
Skin = bpy.types.Material
Draw = np.random.Generator


def tone(rng: Draw, *, pale: float = 0.5, vivid: float = 0.25) -> Tone:
    """A random colour in linear light: `pale` is its usual value, `vivid` its usual saturation, both 0 to 1."""
    value = float(np.clip(rng.normal(pale, 0.2), 0.02, 0.95))
    hue = rng.uniform(0.02, 0.14) if rng.random() < 0.5 else rng.random()
    red, green, blue = colorsys.hsv_to_rgb(hue, float(np.clip(abs(rng.normal(0, vivid)), 0, 0.95)), value)
    return (red**1.6, green**1.6, blue**1.6)


def wood_tone(rng: Draw) -> Tone:
    """From near black wenge over oak to limed and grey boards."""
    value = rng.choice([rng.uniform(0.06, 0.25), rng.uniform(0.3, 0.6), rng.uniform(0.6, 0.85)])
    red, green, blue = colorsys.hsv_to_rgb(rng.uniform(0.04, 0.11), rng.uniform(0.05, 0.65), value)
    return (red**1.6, green**1.6, blue**1.6)


def shade(base: Tone, by: float) -> Tone:
    """The colour made darker or brighter."""
    red, green, blue = (float(min(part * by, 0.97)) for part in base)
    return (red, green, blue)


class Nodes:
    """A material's node tree under construction."""

    def __init__(self, name: str, base: Tone, *, rough: float = 0.7, metal: float = 0.0) -> None:
        self.skin = bpy.data.materials.new(name)
        self.skin.use_nodes = True
        self.tree = self.skin.node_tree
        self.surface = self.tree.nodes["Principled BSDF"]
        self.surface.inputs["Base Color"].default_value = (*base, 1)
        self.surface.inputs["Roughness"].default_value = rough
        self.surface.inputs["Metallic"].default_value = metal

    def add(self, kind: str, **inputs: object) -> bpy.types.Node:
        """A node of this kind with these input values or links; names are written with _ for spaces."""
        node = self.tree.nodes.new(f"ShaderNode{kind}")
        for name, value in inputs.items():
            socket = node.inputs[name.replace("_", " ")]
            if isinstance(value, bpy.types.NodeSocket):
                self.tree.links.new(value, socket)
            else:
                socket.default_value = value
        return node

    def place(
        self, scale: Sequence[float] = (1, 1, 1), turn: float = 0.0, shift: float = 0.0
    ) -> bpy.types.NodeSocket:
        """The surface's own coordinates in metres, scaled and turned."""
        where = self.add("TexCoord").outputs["UV"]
        move = self.add("Mapping", Vector=where, Scale=scale, Location=(shift, shift * 0.7, 0))
        move.inputs["Rotation"].default_value = (0, 0, turn)
        return move.outputs["Vector"]

    def ramp(self, value: bpy.types.NodeSocket, stops: Sequence[tuple[float, Tone]]) -> bpy.types.NodeSocket:
        """A colour for each value."""
        node = self.add("ValToRGB", Fac=value)
        ramp = node.color_ramp
        for index, (position, colour) in enumerate(stops):
            stop = ramp.elements[index] if index < 2 else ramp.elements.new(position)
            stop.position, stop.color = position, (*colour, 1)
        return node.outputs["Color"]

    def blend(
        self, amount: bpy.types.NodeSocket | float, one: object, other: object, mode: str = "MIX"
    ) -> bpy.types.NodeSocket:
        """Two colours mixed."""
        node = self.tree.nodes.new("ShaderNodeMixRGB")
        node.blend_type = mode
        for socket, value in zip(node.inputs, (amount, one, other), strict=True):
            if isinstance(value, bpy.types.NodeSocket):
                self.tree.links.new(value, socket)
            else:
                socket.default_value = (*value, 1) if isinstance(value, tuple) else value
        return node.outputs["Color"]

    def done(self, colour: bpy.types.NodeSocket | None = None, glow: float = 0.0) -> Skin:
        """The material, with this colour; `glow` makes it shine by itself."""
        if colour is not None:
            self.tree.links.new(colour, self.surface.inputs["Base Color"])
        if glow:
            if colour is not None:
                self.tree.links.new(colour, self.surface.inputs["Emission Color"])
            else:
                self.surface.inputs["Emission Color"].default_value = self.surface.inputs[
                    "Base Color"
                ].default_value
            self.surface.inputs["Emission Strength"].default_value = glow
        return self.skin


def plain(rng: Draw, base: Tone, *, rough: float | None = None, metal: float = 0.0) -> Skin:
    """One even colour."""
    return Nodes("plain", base, rough=rng.uniform(0.3, 1) if rough is None else rough, metal=metal).done()


def paint(rng: Draw, base: Tone | None = None) -> Skin:
    """Wall paint with faint blotches."""
    base = base or tone(rng, pale=0.8, vivid=0.15)
    made = Nodes("paint", base, rough=rng.uniform(0.5, 1))
    noise = made.add("TexNoise", Vector=made.place(), Scale=rng.uniform(0.5, 3), Detail=3.0)
    spread = rng.uniform(0, 0.1)
    return made.done(
        made.ramp(noise.outputs["Fac"], [(0.3, shade(base, 1 - spread)), (0.7, shade(base, 1 + spread))])
    )


def concrete(rng: Draw) -> Skin:
    """Cast or plastered grey, sometimes with stains."""
    base = tone(rng, pale=0.55, vivid=0.06)
    made = Nodes("concrete", base, rough=rng.uniform(0.3, 0.9))
    noise = made.add("TexNoise", Vector=made.place(), Scale=rng.uniform(0.8, 5), Detail=8.0, Roughness=0.65)
    spread = rng.uniform(0.1, 0.45)
    return made.done(
        made.ramp(noise.outputs["Fac"], [(0.3, shade(base, 1 - spread)), (0.7, shade(base, 1 + spread))])
    )


def wood(rng: Draw, base: Tone | None = None) -> Skin:
    """Furniture wood with grain along the first direction or the second."""
    base = base or wood_tone(rng)
    made = Nodes("wood", base, rough=rng.uniform(0.15, 0.7))
    stretch = (1.5, 16, 16) if rng.random() < 0.6 else (16, 1.5, 16)
    grain = made.add(
        "TexNoise", Vector=made.place(stretch, shift=rng.uniform(0, 9)), Scale=rng.uniform(1, 4), Detail=6.0
    )
    return made.done(
        made.ramp(grain.outputs["Fac"], [(0.35, shade(base, rng.uniform(0.5, 0.9))), (0.68, base)])
    )


def planks(rng: Draw) -> Skin:
    """Boards, parquet or laminate."""
    base = wood_tone(rng)
    made = Nodes("planks", base, rough=rng.uniform(0.12, 0.7))
    turn = rng.choice([0, np.pi / 2, np.pi / 4, -np.pi / 4], p=[0.42, 0.42, 0.08, 0.08])
    where = made.place(turn=float(turn), shift=rng.uniform(0, 9))
    boards = made.add(
        "TexBrick",
        Vector=where,
        Color1=(*shade(base, rng.uniform(0.55, 0.95)), 1),
        Color2=(*shade(base, rng.uniform(1, 1.25)), 1),
        Mortar=(*shade(base, rng.uniform(0.15, 0.7)), 1),
        Scale=1.0,
        Mortar_Size=rng.uniform(0.0005, 0.004),
        Brick_Width=rng.uniform(0.4, 2.2),
        Row_Height=rng.uniform(0.06, 0.24),
    )
    boards.offset = rng.uniform(0.2, 0.5)
    stretch = made.add("Mapping", Vector=where, Scale=(1.2, 14, 1))
    grain = made.add("TexNoise", Vector=stretch.outputs["Vector"], Scale=rng.uniform(1, 3), Detail=6.0)
    streaks = made.ramp(
        grain.outputs["Fac"], [(0.3, shade((0.9, 0.9, 0.9), rng.uniform(0.5, 1))), (0.7, (1, 1, 1))]
    )
    return made.done(made.blend(rng.uniform(0.3, 1), boards.outputs["Color"], streaks, "MULTIPLY"))


def tiles(rng: Draw, *, large: bool = True) -> Skin:
    """Square or oblong tiles with joints."""
    base = tone(rng, pale=0.6, vivid=0.15)
    made = Nodes("tiles", base, rough=rng.uniform(0.08, 0.6))
    width = rng.uniform(0.25, 1.0) if large else rng.uniform(0.05, 0.3)
    other = shade(base, rng.uniform(0.85, 1.15)) if rng.random() < 0.8 else tone(rng)
    bricks = made.add(
        "TexBrick",
        Vector=made.place(turn=float(rng.choice([0, np.pi / 4], p=[0.8, 0.2])), shift=rng.uniform(0, 5)),
        Color1=(*base, 1),
        Color2=(*other, 1),
        Mortar=(*tone(rng, pale=0.55, vivid=0.05), 1),
        Scale=1.0,
        Mortar_Size=rng.uniform(0.002, 0.009),
        Brick_Width=width,
        Row_Height=width * rng.choice([1.0, 1.0, 0.5, 0.33]),
    )
    bricks.offset = float(rng.choice([0.0, 0.5]))
    noise = made.add("TexNoise", Vector=made.place(), Scale=rng.uniform(1, 6), Detail=6.0)
    veins = made.ramp(
        noise.outputs["Fac"], [(0.35, shade((0.9, 0.9, 0.9), rng.uniform(0.5, 1.1))), (0.6, (1, 1, 1))]
    )
    return made.done(made.blend(rng.uniform(0, 1), bricks.outputs["Color"], veins, "MULTIPLY"))


def brickwork(rng: Draw) -> Skin:
    """Bricks, raw or painted."""
    base = (
        (rng.uniform(0.2, 0.5), rng.uniform(0.08, 0.2), rng.uniform(0.04, 0.12))
        if rng.random() < 0.6
        else tone(rng)
    )
    made = Nodes("bricks", base, rough=0.9)
    bricks = made.add(
        "TexBrick",
        Vector=made.place(),
        Color1=(*shade(base, rng.uniform(0.5, 0.9)), 1),
        Color2=(*shade(base, rng.uniform(1, 1.4)), 1),
        Mortar=(*tone(rng, pale=0.6, vivid=0.05), 1),
        Scale=1.0,
        Mortar_Size=rng.uniform(0.006, 0.014),
        Brick_Width=rng.uniform(0.2, 0.26),
        Row_Height=rng.uniform(0.06, 0.09),
    )
    noise = made.add("TexNoise", Vector=made.place(), Scale=9.0, Detail=6.0)
    dirt = made.ramp(noise.outputs["Fac"], [(0.3, (0.6, 0.6, 0.6)), (0.6, (1, 1, 1))])
    return made.done(made.blend(0.8, bricks.outputs["Color"], dirt, "MULTIPLY"))


def pile(rng: Draw, base: Tone | None = None) -> Skin:
    """Carpet or cloth: even, mottled or woven."""
    base = base or tone(rng, pale=0.5, vivid=0.25)
    made = Nodes("pile", base, rough=1.0)
    noise = made.add("TexNoise", Vector=made.place(), Scale=rng.uniform(3, 150), Detail=4.0)
    low, high = shade(base, rng.uniform(0.5, 0.95)), shade(base, rng.uniform(1, 1.3))
    return made.done(made.ramp(noise.outputs["Fac"], [(0.3, low), (0.7, high)]))


def pattern(rng: Draw, *, size: float = 1.0, vivid: float = 0.4, near: Tone | None = None) -> Skin:
    """Stripes, checks, cells, dots, swirls or blobs in two to four colours; `size` is about the repeat in metres."""
    first = near or tone(rng, vivid=vivid)
    made = Nodes("pattern", first, rough=rng.uniform(0.6, 1))
    where = made.place(turn=float(rng.choice([0, np.pi / 2, np.pi / 4])), shift=rng.uniform(0, 9))
    scale = 1 / size
    kind = rng.choice(["wave", "checker", "cells", "magic", "noise", "bricks"])
    if kind == "wave":
        node = made.add(
            "TexWave", Vector=where, Scale=scale * 0.3, Distortion=rng.choice([0.0, 0.0, 4.0, 12.0])
        )
        node.wave_type = str(rng.choice(["BANDS", "BANDS", "RINGS"]))
        value = node.outputs["Fac"]
    elif kind == "checker":
        value = made.add("TexChecker", Vector=where, Scale=scale * 2).outputs["Fac"]
    elif kind == "cells":
        value = made.add(
            "TexVoronoi", Vector=where, Scale=scale * 2, Randomness=float(rng.choice([0.0, 1.0]))
        ).outputs[0]
    elif kind == "magic":
        value = made.add("TexMagic", Vector=where, Scale=scale * 0.7, Distortion=rng.uniform(0.5, 3)).outputs[
            "Fac"
        ]
    elif kind == "noise":
        value = made.add("TexNoise", Vector=where, Scale=scale * 1.5, Detail=rng.uniform(0, 6)).outputs["Fac"]
    else:
        node = made.add("TexBrick", Vector=where, Scale=scale * 2, Mortar_Size=rng.uniform(0.01, 0.1))
        value = node.outputs["Fac"] if rng.random() < 0.3 else node.outputs["Color"]
    count = int(rng.integers(2, 5))
    close = rng.uniform(0.5, 1.6)
    tones = [first] + [shade(first, close) if near else tone(rng, vivid=vivid) for _ in range(count - 1)]
    made_ramp = made.ramp(value, [(0.25 + 0.5 * i / count, one) for i, one in enumerate(tones)])
    if rng.random() < 0.5:
        made.tree.nodes["Color Ramp"].color_ramp.interpolation = "CONSTANT"
    return made.done(made_ramp)


def artwork(rng: Draw, glow: float = 0.0) -> Skin:
    """A picture, a poster or a screen: two patterns over each other."""
    if rng.random() < 0.25:
        return pattern(rng, size=rng.uniform(0.1, 1), vivid=0.6)
    made = Nodes("art", tone(rng), rough=rng.uniform(0.1, 0.9))
    where = made.place((rng.uniform(0.5, 3), rng.uniform(0.5, 3), 1), shift=rng.uniform(0, 30))
    noise = made.add(
        "TexNoise", Vector=where, Scale=rng.uniform(1, 8), Detail=8.0, Distortion=rng.uniform(0, 3)
    )
    cells = made.add("TexVoronoi", Vector=where, Scale=rng.uniform(2, 9))
    ground = made.ramp(noise.outputs["Fac"], [(p, tone(rng, vivid=0.4)) for p in (0.3, 0.45, 0.55, 0.7)])
    return made.done(made.blend(rng.uniform(0, 0.6), ground, cells.outputs["Color"], "OVERLAY"), glow)


def sheer(rng: Draw) -> Skin:
    """A thin white curtain that lets light and the view through."""
    base = tone(rng, pale=0.9, vivid=0.05)
    made = Nodes("sheer", base, rough=1.0)
    made.surface.inputs["Alpha"].default_value = rng.uniform(0.4, 0.9)
    return made.done()


def one_of(rng: Draw, makers: dict[Callable[[Draw], Skin], float]) -> Skin:
    """A material from one of the makers, drawn by weight."""
    weights = np.array(list(makers.values()))
    return list(makers)[int(rng.choice(len(makers), p=weights / weights.sum()))](rng)


def wall_skin(rng: Draw) -> Skin:
    """Mostly paint."""
    patterned = lambda draw: pattern(  # noqa: E731
        draw, size=draw.uniform(0.05, 0.6), near=tone(draw, pale=0.6, vivid=0.2)
    )
    return one_of(
        rng,
        {
            paint: 0.58,
            patterned: 0.14,
            concrete: 0.06,
            brickwork: 0.07,
            tiles: 0.05,
            planks: 0.05,
            pile: 0.05,
        },
    )


def floor_skin(rng: Draw) -> Skin:
    """Mostly wood."""
    patterned = lambda draw: pattern(draw, size=draw.uniform(0.1, 0.8), vivid=0.2)  # noqa: E731
    return one_of(
        rng,
        {
            planks: 0.5,
            tiles: 0.17,
            pile: 0.18,
            concrete: 0.1,
            patterned: 0.05,
        },
    )


def ceiling_skin(rng: Draw) -> Skin:
    """Mostly white."""
    white = lambda draw: paint(draw, tone(draw, pale=0.9, vivid=0.03))  # noqa: E731
    return one_of(rng, {white: 0.72, paint: 0.13, planks: 0.08, concrete: 0.07})
