"""Reads the uncompressed OpenEXR files that Blender writes: as much of the format as that takes."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

_PLAIN = {1: np.dtype("<f2"), 2: np.dtype("<f4")}


def _header(data: bytes) -> tuple[dict[str, bytes], int]:
    attributes, at = {}, 8
    while data[at]:
        name_end = data.index(0, at)
        kind_end = data.index(0, name_end + 1)
        (size,) = struct.unpack_from("<i", data, kind_end + 1)
        start = kind_end + 5
        attributes[data[at:name_end].decode()] = data[start : start + size]
        at = start + size
    return attributes, at + 1


def _channels(listed: bytes) -> list[tuple[str, np.dtype]]:
    found, at = [], 0
    while listed[at]:
        end = listed.index(0, at)
        (kind,) = struct.unpack_from("<i", listed, end + 1)
        found.append((listed[at:end].decode(), _PLAIN[kind]))
        at = end + 17
    return found


def read_exr(path: Path) -> dict[str, np.ndarray]:
    """Every channel as an array (height, width). Only scan lines without compression."""
    data = path.read_bytes()
    attributes, at = _header(data)
    if attributes["compression"] != b"\0":
        raise ValueError("compressed")
    left, top, right, bottom = struct.unpack("<4i", attributes["dataWindow"])
    width, height = right - left + 1, bottom - top + 1
    channels = _channels(attributes["channels"])
    row = np.dtype([("head", "<i4", 2)] + [(f"c{i}", kind, width) for i, (_, kind) in enumerate(channels)])
    rows = np.frombuffer(data, row, height, at + 8 * height)
    return {name: rows[f"c{i}"] for i, (name, _) in enumerate(channels)}
