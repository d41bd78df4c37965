"""What each pixel of a photo shows, and which plane of the room lies behind it: answers of our own small net.

The net (room_parser.onnx) is trained on rendered rooms by training/; docs/decisions/0010-room-parser.md tells how.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock

import cv2
import numpy as np

from generations.engines.preview.arrays import GAMMA, Floats, floats, resize

# What a pixel shows. Skirting boards and switches belong to the wall; pictures, curtains and radiators are OTHER.
FLOOR, WALL, CEILING, WINDOW, DOOR, RUG, OTHER = range(7)
# The planes behind the furniture are numbered as in camera.py: FLOOR, CEILING, LEFT, RIGHT, BACK.
PLANES = 5

LONGEST = 320  # pixels of the longer side of what the net sees
_STEP = 16  # its sides are multiples of this
_LEAST = 32  # with fewer, its deepest layers have one row, and OpenCV reads memory beside it: other answers each time
_NET = Path(__file__).with_name("room_parser.onnx")
_one_at_a_time = Lock()  # a cv2.dnn net keeps its inputs and outputs inside


@dataclass(frozen=True)
class Evidence:
    """Probabilities at the net's own size: `kinds` (h, w, 7) and `planes` (h, w, 5), each summing to 1 at a pixel."""

    kinds: Floats
    planes: Floats

    def resized(self, width: int, height: int) -> Evidence:
        """The same at another size of the same picture."""
        return Evidence(_resized(self.kinds, width, height), _resized(self.planes, width, height))


def parse(linear: Floats) -> Evidence:
    """What the net makes of a picture (h, w, 3) in linear light, of any size; the same every time."""
    size = size_of(linear.shape[1], linear.shape[0])
    encoded = floats(cv2.pow(np.clip(resize(linear, *size), 0, 1), 1 / GAMMA))
    seen = np.concatenate([encoded - np.float32(0.5), _coordinates(*size)], -1)
    with _one_at_a_time:
        net = _net()
        net.setInput(np.ascontiguousarray(seen.transpose(2, 0, 1)[None]))
        kinds, planes = (np.array(answer[0], np.float32) for answer in net.forward(["kinds", "planes"]))
    return Evidence(_probabilities(kinds, *size), _probabilities(planes, *size))


def size_of(width: int, height: int) -> tuple[int, int]:
    """Width and height at which the net sees a picture of this size; for these themselves they are the same."""
    scale = LONGEST / max(height, width)
    return _stepped(width * scale), _stepped(height * scale)


@lru_cache(maxsize=1)
def _net() -> cv2.dnn.Net:
    return cv2.dnn.readNetFromONNX(str(_NET))


def _stepped(length: float) -> int:
    return max(_LEAST, round(length / _STEP) * _STEP)


def _coordinates(width: int, height: int) -> Floats:
    """x and y of each pixel, (h, w, 2); the longer side runs from -1 to 1."""
    longest = max(width, height)
    xs = (2 * np.arange(width, dtype=np.float32) + 1 - width) / longest
    ys = (2 * np.arange(height, dtype=np.float32) + 1 - height) / longest
    return floats(np.stack(np.meshgrid(xs, ys), -1))


def _probabilities(logits: Floats, width: int, height: int) -> Floats:
    """Softmax of (classes, h, w), brought to the given size, classes last."""
    raised = np.exp(logits - logits.max(0))
    return _resized(floats((raised / raised.sum(0)).transpose(1, 2, 0)), width, height)


def _resized(likely: Floats, width: int, height: int) -> Floats:
    """Four classes at a time: OpenCV shrinks no more channels at once."""
    parts = [likely[..., first : first + 4] for first in range(0, likely.shape[2], 4)]
    made = [resize(np.ascontiguousarray(part), width, height) for part in parts]
    return floats(np.concatenate([one.reshape(height, width, -1) for one in made], -1))
