"""What a plain tool would do: areas from a few strokes or from a rule of thumb, and paint without light."""

from __future__ import annotations

import cv2
import numpy as np

from generations.engines.preview.arrays import Bytes, Floats, Mask, floats, mix
from tests.bench.preview.pictures import Picture

_SMALL = 320  # pixels of the longest side that clusters and cuts work on


def _shrunk(picture: Picture) -> Picture:
    scale = _SMALL / max(picture.shape[:2])
    size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _grown(mask: Mask, like: Picture) -> Mask:
    size = (like.shape[1], like.shape[0])
    return np.asarray(cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST), bool)


def _strokes(shape: tuple[int, ...]) -> dict[str, tuple[slice, slice]]:
    """Where someone in a hurry would click for floor and wall."""
    height, width = shape[:2]
    return {
        "floor": np.s_[int(0.9 * height) : int(0.98 * height), int(0.3 * width) : int(0.7 * width)],
        "wall": np.s_[int(0.28 * height) : int(0.42 * height), int(0.4 * width) : int(0.75 * width)],
    }


def bands(picture: Picture) -> dict[str, Mask]:
    """The lower two fifths are floor; the rest but for the uppermost eighth is wall."""
    rows = np.arange(picture.shape[0])[:, None] / picture.shape[0]
    full = np.ones(picture.shape[:2], bool)
    return {"floor": full & (rows > 0.6), "wall": full & (rows > 0.125) & (rows <= 0.6)}


def clusters(picture: Picture) -> dict[str, Mask]:
    """Seven k-means clusters of colour and height; a surface is those that its stroke touches most."""
    small = _shrunk(picture)
    lab = cv2.cvtColor(floats(small / 255), cv2.COLOR_RGB2LAB)
    rows = np.broadcast_to(np.linspace(0, 45, small.shape[0], dtype=np.float32)[:, None], small.shape[:2])
    features = np.concatenate([floats(lab), rows[..., None]], -1).reshape(-1, 4)
    cv2.setRNGSeed(1)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 30, 0.5)
    _, found, _ = cv2.kmeans(floats(features), 7, np.empty(0), stop, 3, cv2.KMEANS_PP_CENTERS)
    labels = np.asarray(found).reshape(small.shape[:2])
    masks = {}
    for name, stroke in _strokes(small.shape).items():
        count = np.bincount(labels[stroke].ravel(), minlength=7)
        masks[name] = _grown(np.isin(labels, np.nonzero(count > 0.2 * count.sum())[0]), picture)
    return masks


def cuts(picture: Picture) -> dict[str, Mask]:
    """GrabCut from the same strokes: the stroke is surely it, the opposite end of the picture surely not."""
    small = _shrunk(picture)
    height = small.shape[0]
    masks = {}
    for name, stroke in _strokes(small.shape).items():
        state: Bytes = np.full(small.shape[:2], cv2.GC_PR_BGD, np.uint8)
        rows = np.s_[height // 2 :] if name == "floor" else np.s_[height // 8 : int(0.65 * height)]
        state[rows] = cv2.GC_PR_FGD
        state[: height // 4 if name == "floor" else height // 20] = cv2.GC_BGD
        if name == "wall":
            state[int(0.85 * height) :] = cv2.GC_BGD
        state[stroke] = cv2.GC_FGD
        cv2.setRNGSeed(1)
        cv2.grabCut(
            small, state, (0, 0, 1, 1), np.zeros((1, 65)), np.zeros((1, 65)), 4, cv2.GC_INIT_WITH_MASK
        )
        masks[name] = _grown((state == cv2.GC_FGD) | (state == cv2.GC_PR_FGD), picture)
    return masks


AREAS = {"lower 40 % is floor": bands, "k-means, seeded": clusters, "GrabCut, seeded": cuts}


def multiplied(linear: Floats, paint: Floats, mask: Mask) -> Floats:
    """The paint over the photo in "multiply", as a layer in a picture editor."""
    return mix(linear, floats(linear * paint), floats(mask))


def flat(linear: Floats, paint: Floats, mask: Mask) -> Floats:
    """The paint as it is on the tin, over everything."""
    return mix(linear, floats(np.broadcast_to(paint, linear.shape)), floats(mask))


PAINTS = {"multiply": multiplied, "flat paint": flat}
