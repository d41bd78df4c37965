"""What can go wrong with a MeltFlex, how often, and the pictures it gives."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field

# What can befall a call, in the order in which chances are added up. The second group has charged and stays charged.
TURNED_AWAY = ("busy", "busy_silent", "unauthorized", "broke", "reset_before")
CHARGED = (
    *("unavailable", "reset_after", "cut", "drip", "no_png", "no_json", "bomb"),
    *("cost_zero", "cost_odd", "cost_huge", "cost_text"),
)
OUTCOMES = (*TURNED_AWAY, "failed", *CHARGED)


@dataclass(frozen=True)
class Faults:
    """`chances` gives outcomes of OUTCOMES their probability; what is left of 1 succeeds. Times are in seconds."""

    chances: dict[str, float] = field(default_factory=dict)
    latency: tuple[float, float] = (0.0, 0.0)  # from, to
    at_once: int = 0  # calls in work above which it answers 429; 0 for no limit
    burst_every: float = 0.0  # counted from the last change of the faults; 0 for no bursts
    burst_lasts: float = 0.0  # for so long everything is answered 429
    drip_lasts: float = 10.0  # a byte now and then, then a reset
    picture_bytes: int = 0  # about so large is a picture; 0 for a tiny one
    refused_keys: tuple[str, ...] = ()  # always 401
    broke_keys: tuple[str, ...] = ()  # always 402

    def __post_init__(self) -> None:
        unknown = set(self.chances) - set(OUTCOMES)
        if unknown or sum(self.chances.values()) > 1:
            raise ValueError(f"no such outcomes: {sorted(unknown)}, or chances above 1 in all")


def png(side: int, pixels: bytes | None = None) -> bytes:
    """A square PNG: of these RGB bytes, or a tiny file that only claims its size."""
    rows = b"\0" * 1000
    if pixels is not None:
        wide = side * 3
        rows = b"".join(b"\0" + pixels[at : at + wide] for at in range(0, side * wide, wide))
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
