"""The interior styles that the preview engine knows, and what each implies. Data only."""

from __future__ import annotations

from dataclasses import dataclass


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
    "japandi": Style("pale oak", "e6dccb", "warm", "8a7a62", "c6bba8", 0.85, 1.0),
    "scandinavian": Style("pale oak", "f1f0ec", "daylight", "9fb0b8", "c3c6c8", 0.9, 1.0),
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
    "art deco": Style("checkerboard", "3f6662", "moody", "c5a257", "bfa36a", 1.15, 1.08),
    "farmhouse": Style("pine", "efeade", "morning", "8a7d68", "d6cbb7", 0.95, 1.0),
    "rustic": Style("smoked oak", "dccbb0", "warm", "7b5636", "9a6a48", 1.05, 1.05),
    "traditional": Style("cherry", "e3d6b9", "warm", "7a2f2c", "8e4038", 1.1, 1.05),
    "classic": Style("herringbone", "e8e0cf", "warm", "6d5a48", "a9937a", 1.0, 1.05),
    "luxury": Style("marble", "cdc3b5", "warm", "b08d4f", "4f4a46", 1.05, 1.12),
    "tropical": Style("cherry", "e9ecdd", "daylight", "3f7d52", "d9c9a0", 1.2, 1.05),
    "french country": Style("stone", "ece4d6", "morning", "8c94a8", "cdbfa9", 0.95, 1.0),
    "gothic": Style("smoked oak", "5a565c", "moody", "6c2c35", "55262c", 0.9, 1.12),
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
