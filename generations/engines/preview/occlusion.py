"""What stands before a new piece of furniture: things whose foot is lower in the picture are nearer to the camera."""

from __future__ import annotations

import cv2
import numpy as np

from generations.engines.preview.arrays import Bytes, Floats, Mask, fit, floats, resize

_SIZE = 400  # longest side in pixels at which things are told apart
_SPREAD = 0.05  # part of the width over which the feet of a thing hold up what is between them
_LEAST = 0.0004  # part of the picture that the smallest thing covers


def contact_rows(things: Floats) -> Floats:
    """For each pixel of `things` (h, w) the row, 0 to 1, where that thing meets the floor; 0 where there is none.

    What the picture's lower edge cuts off stands before everything: 2.
    """
    height, width = things.shape
    small_width, small_height = fit(width, height, _SIZE)
    solid = (resize(things, small_width, small_height) > 0.5).astype(np.uint8)
    count, parts, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=8)
    out = np.zeros(solid.shape, np.float32)
    across = np.ones((1, 2 * max(1, round(_SPREAD * small_width)) + 1), np.uint8)
    for part in range(1, count):
        x, y, w, h, area = (int(value) for value in stats[part])
        if area < _LEAST * solid.size:
            continue
        box = np.s_[y : y + h, x : x + w]
        member: Mask = parts[box] == part
        lowest = np.where(member.any(0), y + h - member[::-1].argmax(0), 0)
        feet = floats(cv2.dilate(floats(lowest[None]), across))[0] / small_height
        feet = np.where(feet >= 1 - 1.5 / small_height, 2.0, feet)
        out[box][member] = np.broadcast_to(feet, member.shape)[member]
    return floats(cv2.resize(out, (width, height), interpolation=cv2.INTER_NEAREST))


def before(things: Floats, contacts: Floats, row: float) -> Floats:
    """How much of each pixel (h, w) is covered by a thing that stands before a piece whose foot is at `row`, 0 to 1."""
    nearer: Bytes = (contacts > row + 0.012).astype(np.uint8)
    # The small picture's outline is coarse: grown, and then cut by the mask that has the picture's own edges.
    grown = cv2.dilate(nearer, np.ones((5, 5), np.uint8))
    return floats(things * grown)
