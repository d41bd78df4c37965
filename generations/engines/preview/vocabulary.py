"""The words that the preview engine knows, and what each stands for. Data only."""

from __future__ import annotations

from dataclasses import dataclass

# Paint, as sRGB. Names of two words are matched before their parts.
COLOURS: dict[str, str] = {
    "white": "f0eee9",
    "off white": "ece5d8",
    "cream": "eee0c4",
    "ivory": "eee6d3",
    "beige": "d8c6a8",
    "greige": "c3b8a8",
    "taupe": "a99a89",
    "sand": "d9c39c",
    "tan": "c49e72",
    "brown": "7d5a40",
    "chocolate": "553a2a",
    "caramel": "b67c46",
    "grey": "a6a7a8",
    "gray": "a6a7a8",
    "light grey": "cbccce",
    "light gray": "cbccce",
    "dark grey": "55585c",
    "dark gray": "55585c",
    "charcoal": "43464a",
    "graphite": "4a4d52",
    "black": "2b2b2d",
    "sage": "a3ad8c",
    "sage green": "a3ad8c",
    "olive": "7c7b4f",
    "olive green": "7c7b4f",
    "green": "6f9470",
    "dark green": "33503f",
    "forest green": "33503f",
    "emerald": "23694f",
    "mint": "bcd8c4",
    "teal": "2f7478",
    "turquoise": "5bb0ad",
    "aqua": "9fd0d0",
    "blue": "5f86ad",
    "light blue": "b3cbdc",
    "sky blue": "a5c6de",
    "dusty blue": "8ea4b8",
    "navy": "2c3c58",
    "navy blue": "2c3c58",
    "dark blue": "2c3c58",
    "lavender": "c3b8d4",
    "lilac": "c9b7d3",
    "purple": "76568c",
    "plum": "613a55",
    "pink": "e3b4b4",
    "blush": "e6c6bb",
    "dusty pink": "d2a29d",
    "rose": "cf9692",
    "red": "a53f38",
    "burgundy": "6c2c35",
    "terracotta": "c37a58",
    "rust": "a65a37",
    "coral": "e39077",
    "peach": "efc4a2",
    "orange": "d68544",
    "yellow": "e2c264",
    "mustard": "c7993d",
    "ochre": "c08f45",
    "gold": "c5a257",
}

# What a floor can be made of: the words -> the texture in materials.py.
FLOORS: dict[str, str] = {
    "oak": "oak",
    "light oak": "pale oak",
    "pale oak": "pale oak",
    "white oak": "pale oak",
    "natural oak": "oak",
    "dark oak": "smoked oak",
    "smoked oak": "smoked oak",
    "walnut": "walnut",
    "dark wood": "walnut",
    "light wood": "pale oak",
    "bleached wood": "pale oak",
    "wood": "oak",
    "wooden": "oak",
    "hardwood": "oak",
    "parquet": "herringbone",
    "herringbone": "herringbone",
    "chevron": "herringbone",
    "laminate": "oak",
    "planks": "oak",
    "ash": "pale oak",
    "birch": "pale oak",
    "maple": "pale oak",
    "pine": "pine",
    "cherry": "cherry",
    "mahogany": "cherry",
    "teak": "cherry",
    "bamboo": "pine",
    "tile": "tile",
    "tiles": "tile",
    "tiled": "tile",
    "ceramic": "tile",
    "porcelain": "tile",
    "checkerboard": "checkerboard",
    "chequered": "checkerboard",
    "marble": "marble",
    "terrazzo": "terrazzo",
    "terracotta": "terracotta",
    "stone": "stone",
    "slate": "slate",
    "limestone": "stone",
    "travertine": "stone",
    "concrete": "concrete",
    "cement": "concrete",
    "microcement": "concrete",
    "carpet": "carpet",
    "carpeted": "carpet",
    "tatami": "tatami",
    "brick": "brick",
}

# What a wall can be made of beside paint.
WALL_FINISHES: dict[str, str] = {
    "brick": "brick",
    "exposed brick": "brick",
    "concrete": "concrete",
    "wood panelling": "panelling",
    "wood paneling": "panelling",
    "panelled": "panelling",
    "paneled": "panelling",
    "panelling": "panelling",
    "paneling": "panelling",
    "slats": "panelling",
    "marble": "marble",
    "stone": "stone",
}

# Light moods: the words -> the mood in light.py.
MOODS: dict[str, str] = {
    "sunset": "sunset",
    "golden": "sunset",
    "golden hour": "sunset",
    "golden light": "sunset",
    "dusk": "sunset",
    "sundown": "sunset",
    "night": "night",
    "nighttime": "night",
    "night time": "night",
    "midnight": "night",
    "evening": "evening",
    "lamplight": "evening",
    "candlelight": "evening",
    "twilight": "evening",
    "daylight": "daylight",
    "day": "daylight",
    "daytime": "daylight",
    "bright": "daylight",
    "brighter": "daylight",
    "sunny": "daylight",
    "sunlight": "daylight",
    "sunlit": "daylight",
    "airy": "daylight",
    "noon": "daylight",
    "natural light": "daylight",
    "morning": "morning",
    "sunrise": "morning",
    "dawn": "morning",
    "overcast": "overcast",
    "cloudy": "overcast",
    "rainy": "overcast",
    "grey day": "overcast",
    "moody": "moody",
    "dark": "moody",
    "dim": "moody",
    "dramatic": "moody",
    "intimate": "moody",
    "warm": "warm",
    "warmer": "warm",
    "cozy": "warm",
    "cosy": "warm",
    "warm light": "warm",
    "cool": "cool",
    "cooler": "cool",
    "cold": "cool",
    "fresh": "cool",
}


@dataclass(frozen=True)
class Style:
    """What a style word alone implies. `grade` is saturation and contrast of everything that is not a surface."""

    floor: str
    wall: str
    mood: str
    accent: str
    rug: str = ""
    saturation: float = 1.0
    contrast: float = 1.0


STYLES: dict[str, Style] = {
    "japandi": Style("pale oak", "e6dccb", "warm", "8a7a62", "d8cfbf", 0.85, 1.0),
    "scandinavian": Style("pale oak", "f1f0ec", "daylight", "9fb0b8", "d9dbdc", 0.9, 1.0),
    "minimalist": Style("concrete", "f2f2f0", "daylight", "b5b5b3", "", 0.7, 1.02),
    "modern": Style("oak", "e4e3e0", "daylight", "6d7780", "b9bab9", 0.95, 1.08),
    "contemporary": Style("herringbone", "dcd8d1", "daylight", "86796c", "c6c0b6", 0.95, 1.05),
    "industrial": Style("concrete", "9b948c", "moody", "6f5140", "5a5550", 0.8, 1.12),
    "mid-century": Style("walnut", "e5d9bd", "warm", "c47a35", "b9743d", 1.1, 1.05),
    "bohemian": Style("pine", "e6cdb0", "warm", "b05c3c", "b5654a", 1.25, 1.05),
    "coastal": Style("pale oak", "d3e1e6", "daylight", "5f8fae", "e8e3d6", 1.0, 1.0),
    "mediterranean": Style("terracotta", "f0e6d2", "daylight", "3f77a0", "", 1.15, 1.05),
    "italian contemporary": Style("marble", "dcd5ca", "warm", "6f5f50", "8c8c8e", 0.9, 1.08),
    "japanese": Style("tatami", "ede3cd", "warm", "59503f", "", 0.85, 1.0),
    "zen": Style("pale oak", "e3dccb", "morning", "7f8c6b", "", 0.8, 0.98),
    "art deco": Style("checkerboard", "2f4f4c", "moody", "c5a257", "bfa36a", 1.15, 1.15),
    "farmhouse": Style("pine", "efeade", "morning", "8a7d68", "d6cbb7", 0.95, 1.0),
    "rustic": Style("smoked oak", "dccbb0", "warm", "7b5636", "9a6a48", 1.05, 1.05),
    "traditional": Style("cherry", "e3d6b9", "warm", "7a2f2c", "8e4038", 1.1, 1.05),
    "classic": Style("herringbone", "e8e0cf", "warm", "6d5a48", "a9937a", 1.0, 1.05),
    "luxury": Style("marble", "cdc3b5", "warm", "b08d4f", "4f4a46", 1.05, 1.12),
    "tropical": Style("cherry", "e9ecdd", "daylight", "3f7d52", "d9c9a0", 1.2, 1.05),
    "french country": Style("stone", "ece4d6", "morning", "8c94a8", "cdbfa9", 0.95, 1.0),
    "gothic": Style("smoked oak", "3c3a3f", "moody", "6c2c35", "55262c", 0.9, 1.18),
    "wabi-sabi": Style("concrete", "cbbfae", "overcast", "877560", "", 0.75, 0.97),
}

STYLE_ALIASES: dict[str, str] = {
    "scandi": "scandinavian",
    "nordic": "scandinavian",
    "hygge": "scandinavian",
    "minimal": "minimalist",
    "minimalistic": "minimalist",
    "loft": "industrial",
    "midcentury": "mid-century",
    "mid century": "mid-century",
    "mid-century modern": "mid-century",
    "mid century modern": "mid-century",
    "midcentury modern": "mid-century",
    "retro": "mid-century",
    "boho": "bohemian",
    "boho chic": "bohemian",
    "beach": "coastal",
    "nautical": "coastal",
    "hamptons": "coastal",
    "greek": "mediterranean",
    "italian": "italian contemporary",
    "deco": "art deco",
    "modern farmhouse": "farmhouse",
    "country": "farmhouse",
    "cottage": "farmhouse",
    "victorian": "traditional",
    "classical": "classic",
    "elegant": "classic",
    "parisian": "classic",
    "luxurious": "luxury",
    "glam": "luxury",
    "french": "french country",
    "wabi sabi": "wabi-sabi",
    "jungle": "tropical",
    "chalet": "rustic",
}

# What a word points at. Colours and materials belong to the nearest of these.
SURFACES: dict[str, str] = {
    "wall": "walls",
    "walls": "walls",
    "floor": "floor",
    "floors": "floor",
    "flooring": "floor",
    "ground": "floor",
    "ceiling": "ceiling",
    "window": "windows",
    "windows": "windows",
    "light": "light",
    "lighting": "light",
    "rug": "rug",
    "rugs": "rug",
    "furniture": "furniture",
    "everything": "everything",
    "all": "everything",
}

# Things that the engine can't restyle: a colour or material beside one is not for walls or floor.
FURNISHINGS = frozenset(
    "sofa sofas couch chair chairs armchair armchairs table tables desk lamp lamps bed beds shelf shelves bookshelf "
    "cabinet cabinets dresser sideboard curtain curtains cushion cushions pillow pillows plant plants mirror art "
    "painting countertop countertops island door doors beam beams accents details furnishings kitchen appliances "
    "blanket throw stool stools ottoman bench wardrobe nightstand fireplace vase".split()
)

KEEPING = (
    "do not change",
    "don't change",
    "dont change",
    "do not touch",
    "don't touch",
    "dont touch",
    "do not alter",
    "don't alter",
    "do not repaint",
    "don't repaint",
    "do not replace",
    "don't replace",
    "without changing",
    "keep",
    "keeping",
    "leave",
    "preserve",
    "retain",
)
REFUSING = ("no", "without", "not", "avoid", "remove", "don't want", "do not want", "don't add", "do not add")

# Words that carry no wish of their own and are not worth listing as ignored.
FILLERS = frozenset(
    "a an the and or of in on at to for with from by as is are be it its this that these those my our your me i we "
    "room rooms living bedroom interior space design redesign restyle style styled styling look looks feel make "
    "turn transform into convert give add use using want would like please render photo picture image photorealistic "
    "realistic during time colour color coloured colored paint painted painting tone tones palette theme very more "
    "some new nice beautiful place put naturally items item piece pieces furniture soft existing original current "
    "same unchanged untouched only just everything all there have has should through made covered finish too but so "
    "don't dont do not lay change changing replace floor wall walls floors flooring light lighting ceiling "
    "window windows touch".split()
)
