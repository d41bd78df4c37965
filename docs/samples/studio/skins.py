"""Materials with chosen colours. Colours are sRGB hex; lengths in metres."""

from __future__ import annotations

import bpy
from training.materials import Nodes, Skin, Tone, shade


def tone(hexadecimal: str) -> Tone:
    """Linear light of an sRGB colour."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (byte / 255 for byte in bytes.fromhex(hexadecimal))
    )
    return (red, green, blue)


def _bump(made: Nodes, height: bpy.types.NodeSocket, deep: float, strength: float = 0.5) -> None:
    bump = made.add("Bump", Height=height, Strength=strength, Distance=deep)
    made.tree.links.new(bump.outputs["Normal"], made.surface.inputs["Normal"])


def _set(made: Nodes, **inputs: float) -> None:
    for name, value in inputs.items():
        made.surface.inputs[name.replace("_", " ")].default_value = value


def plaster(colour: str) -> Skin:
    """Painted wall: even, with the trace of a roller."""
    base = tone(colour)
    made = Nodes("plaster", base, rough=0.9)
    where = made.place()
    roller = made.add("TexNoise", Vector=where, Scale=220.0, Detail=3.0)
    _bump(made, roller.outputs["Fac"], 0.0008, 0.35)
    wide = made.add("TexNoise", Vector=where, Scale=0.9, Detail=4.0)
    return made.done(made.ramp(wide.outputs["Fac"], [(0.3, shade(base, 0.975)), (0.7, shade(base, 1.025))]))


def plain(colour: str, *, rough: float = 0.5, metal: float = 0.0, coat: float = 0.0) -> Skin:
    """Lacquer, steel, ceramics."""
    made = Nodes("plain", tone(colour), rough=rough, metal=metal)
    _set(made, Coat_Weight=coat, Coat_Roughness=0.08)
    return made.done()


def glow(colour: str, strength: float) -> Skin:
    """A lampshade with the light on."""
    return Nodes("glow", tone(colour), rough=0.9).done(glow=strength)


def wood(colour: str, *, upright: bool = False, rough: float = 0.42, shift: float = 0.0) -> Skin:
    """Furniture wood: growth rings drawn out along the grain, with pores."""
    base = tone(colour)
    made = Nodes("wood", base, rough=rough)
    long = (14.0, 0.9, 1.0) if upright else (0.9, 14.0, 1.0)
    where = made.place(long, shift=shift)
    rings = made.add("TexNoise", Vector=where, Scale=1.6, Detail=5.0, Roughness=0.55, Distortion=0.6)
    pores = made.add(
        "TexNoise", Vector=made.place((long[0] * 9, long[1] * 9, 1.0), shift=shift), Scale=2.0, Detail=2.0
    )
    colours = made.ramp(
        rings.outputs["Fac"], [(0.32, shade(base, 0.66)), (0.5, base), (0.7, shade(base, 1.16))]
    )
    dark = made.ramp(pores.outputs["Fac"], [(0.38, (0.72, 0.7, 0.68)), (0.52, (1, 1, 1))])
    _bump(made, pores.outputs["Fac"], 0.0006, 0.25)
    return made.done(made.blend(0.6, colours, dark, "MULTIPLY"))


def boards(
    colour: str, *, wide: float = 0.16, long: float = 1.7, turn: float = 0.0, rough: float = 0.36
) -> Skin:
    """A floor of boards: each its own tone, bevelled joints, grain, a worn sheen."""
    base = tone(colour)
    made = Nodes("boards", base, rough=rough)
    where = made.place(turn=turn)
    brick = made.add(
        "TexBrick",
        Vector=where,
        Color1=(*shade(base, 0.78), 1),
        Color2=(*shade(base, 1.12), 1),
        Mortar=(*shade(base, 0.22), 1),
        Scale=1.0,
        Mortar_Size=0.0014,
        Mortar_Smooth=0.2,
        Bias=0.0,
        Brick_Width=long,
        Row_Height=wide,
    )
    brick.offset, brick.offset_frequency = 0.37, 2
    grain_at = made.add("Mapping", Vector=where, Scale=(0.9, 13, 1))
    # Every board gets a place of its own in the grain: its tone moves the coordinates.
    apart = made.add("VectorMath")
    apart.operation = "MULTIPLY_ADD"
    made.tree.links.new(brick.outputs["Color"], apart.inputs[0])
    apart.inputs[1].default_value = (90, 40, 0)
    made.tree.links.new(grain_at.outputs["Vector"], apart.inputs[2])
    grain = made.add(
        "TexNoise", Vector=apart.outputs[0], Scale=1.5, Detail=5.0, Roughness=0.55, Distortion=0.8
    )
    streaks = made.ramp(
        grain.outputs["Fac"], [(0.3, (0.62, 0.6, 0.57)), (0.5, (0.95, 0.95, 0.95)), (0.7, (1.12, 1.1, 1.08))]
    )
    worn = made.add("TexNoise", Vector=where, Scale=2.2, Detail=3.0)
    sheen = made.ramp(worn.outputs["Fac"], [(0.3, (rough * 0.75,) * 3), (0.7, (rough * 1.35,) * 3)])
    made.tree.links.new(sheen, made.surface.inputs["Roughness"])
    _bump(made, brick.outputs["Fac"], -0.0015, 0.6)
    return made.done(made.blend(0.75, brick.outputs["Color"], streaks, "MULTIPLY"))


def tiles(
    colour: str,
    *,
    wide: float = 0.45,
    high: float = 0.45,
    joint: str = "8f8a82",
    rough: float = 0.18,
    offset: float = 0.0,
) -> Skin:
    """Glazed tiles with joints, hardly two of one tone."""
    base = tone(colour)
    made = Nodes("tiles", base, rough=rough)
    where = made.place()
    brick = made.add(
        "TexBrick",
        Vector=where,
        Color1=(*shade(base, 0.95), 1),
        Color2=(*shade(base, 1.04), 1),
        Mortar=(*tone(joint), 1),
        Scale=1.0,
        Mortar_Size=0.0025,
        Mortar_Smooth=0.3,
        Bias=0.0,
        Brick_Width=wide,
        Row_Height=high,
    )
    brick.offset = offset
    cloud = made.add("TexNoise", Vector=where, Scale=3.5, Detail=5.0)
    veil = made.ramp(cloud.outputs["Fac"], [(0.35, (0.93, 0.93, 0.92)), (0.65, (1, 1, 1))])
    _bump(made, brick.outputs["Fac"], -0.002, 0.7)
    return made.done(made.blend(0.9, brick.outputs["Color"], veil, "MULTIPLY"))


def marble(colour: str = "e9e6e1") -> Skin:
    """Polished stone with grey veins."""
    base = tone(colour)
    made = Nodes("marble", base, rough=0.14)
    warp = made.add("TexNoise", Vector=made.place(), Scale=3.0, Detail=8.0, Roughness=0.6, Distortion=1.6)
    return made.done(made.ramp(warp.outputs["Fac"], [(0.44, base), (0.5, shade(base, 0.62)), (0.54, base)]))


def cloth(
    colour: str, *, weave: float = 900.0, deep: float = 0.0015, sheen: float = 0.25, other: str = ""
) -> Skin:
    """Upholstery and linen: a fine weave, and a soft edge against the light."""
    base = tone(colour)
    made = Nodes("cloth", base, rough=0.95)
    where = made.place()
    threads = made.add("TexNoise", Vector=where, Scale=weave, Detail=2.0)
    _set(made, Sheen_Weight=sheen, Sheen_Roughness=0.4)
    _bump(made, threads.outputs["Fac"], deep, 0.5)
    second = tone(other) if other else shade(base, 1.18)
    mottled = made.add("TexNoise", Vector=where, Scale=weave / 5, Detail=3.0)
    return made.done(made.ramp(mottled.outputs["Fac"], [(0.35, shade(base, 0.84)), (0.65, second)]))


def stripes(one: str, other: str, *, pitch: float = 0.08) -> Skin:
    """A woven stripe."""
    made = Nodes("stripes", tone(one), rough=1.0)
    wave = made.add("TexWave", Vector=made.place(), Scale=0.314 / pitch, Distortion=0.15)
    return made.done(made.ramp(wave.outputs["Color"], [(0.48, tone(one)), (0.52, tone(other))]))


def picture(*colours: str, scale: float = 2.2, shift: float = 0.0) -> Skin:
    """An abstract painting in these colours."""
    made = Nodes("picture", tone(colours[0]), rough=0.6)
    noise = made.add("TexNoise", Vector=made.place(shift=shift), Scale=scale, Detail=1.5, Distortion=1.2)
    stops = [(0.36 + 0.28 * i / max(1, len(colours) - 1), tone(colour)) for i, colour in enumerate(colours)]
    node_colour = made.ramp(noise.outputs["Fac"], stops)
    node_colour.node.color_ramp.interpolation = "CONSTANT"
    return made.done(node_colour)


def leaf(colour: str = "3f6b35") -> Skin:
    """Leaves let some light through."""
    base = tone(colour)
    made = Nodes("leaf", base, rough=0.45)
    noise = made.add("TexNoise", Vector=made.place(), Scale=9.0)
    return made.done(made.ramp(noise.outputs["Fac"], [(0.35, shade(base, 0.7)), (0.65, shade(base, 1.3))]))


def mirror() -> Skin:
    """Silvered glass."""
    return plain("c9d2d5", rough=0.015, metal=1.0)


def sheer(colour: str = "f4f1ea") -> Skin:
    """Thin curtain cloth: a part of the light goes through."""
    made = Nodes("sheer", tone(colour), rough=1.0)
    clear = made.add("BsdfTransparent")
    through = made.add("BsdfTranslucent", Color=(*tone(colour), 1))
    cloth_side = made.tree.nodes.new("ShaderNodeMixShader")
    cloth_side.inputs[0].default_value = 0.5
    made.tree.links.new(made.surface.outputs[0], cloth_side.inputs[1])
    made.tree.links.new(through.outputs[0], cloth_side.inputs[2])
    both = made.tree.nodes.new("ShaderNodeMixShader")
    both.inputs[0].default_value = 0.35
    made.tree.links.new(cloth_side.outputs[0], both.inputs[1])
    made.tree.links.new(clear.outputs[0], both.inputs[2])
    made.tree.links.new(both.outputs[0], made.tree.nodes["Material Output"].inputs["Surface"])
    return made.skin


def view(
    *,
    sky: str = "d3e2f0",
    low: str = "f0efe9",
    green: str = "87917a",
    far: str = "a9b5b0",
    strength: float = 4.0,
) -> Skin:
    """What is outside: sky over a hazy tree line and a lawn; V is height in metres over the room's floor."""
    made = Nodes("view", tone(sky))
    where = made.add("TexCoord").outputs["UV"]
    crowns = made.add("TexNoise", Vector=where, Scale=0.9, Detail=7.0, Roughness=0.62)
    high = made.add("SeparateXYZ", Vector=where).outputs["Y"]
    ragged = made.add("Math", Value=high)
    ragged.operation = "ADD"
    wobble = made.add("MapRange", Value=crowns.outputs["Fac"])
    for name, value in (("From Min", 0.25), ("From Max", 0.75), ("To Min", -0.9), ("To Max", 0.9)):
        wobble.inputs[name].default_value = value
    made.tree.links.new(wobble.outputs[0], ragged.inputs[1])
    scaled = made.add("MapRange", Value=ragged.outputs[0])
    for name, value in (("From Min", -2.0), ("From Max", 6.0)):
        scaled.inputs[name].default_value = value
    stops = [
        (0.22, shade(tone(green), 1.25)),
        (0.3, tone(green)),
        (0.36, shade(tone(green), 0.6)),
        (0.44, tone(far)),
        (0.47, tone(low)),
        (0.8, tone(sky)),
    ]
    return made.done(made.ramp(scaled.outputs[0], stops), glow=strength)
