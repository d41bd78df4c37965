"""The few array operations that the whole renderer is made of. Pictures are float32 RGB in linear light, 0 to 1."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

GAMMA = 2.2
LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
_TO_LINEAR = (np.arange(256, dtype=np.float32) / 255) ** GAMMA
_AT_ONCE = 1 << 14  # pixels: with what is made of them on the way they stay in a processor's cache
_COUNTED = 200  # samples across the longest side: enough for a median
_BINS = 512  # in which a median is looked for first


def floats(values: Any) -> Floats:
    """`values` as float32; OpenCV's own annotations promise less than it keeps."""
    return np.asarray(values, np.float32)


def to_linear(image: Bytes) -> Floats:
    """sRGB bytes to linear light."""
    if image.ndim < 2:
        return floats(_TO_LINEAR[image])
    return floats(cv2.LUT(image, _TO_LINEAR))


def to_bytes(linear: Floats) -> Bytes:
    """Linear light, clipped to 0..1, to sRGB bytes."""
    out = np.empty(linear.shape, np.uint8)
    for some in rows_at_once(linear):
        encoded = cv2.pow(np.clip(linear[some], 0, 1), 1 / GAMMA)
        out[some] = cv2.convertScaleAbs(encoded, alpha=255)
    return out


def rows_at_once(image: Floats) -> Iterator[slice]:
    """Slices of rows that cover the picture, each small enough that chains of operations on it are quick."""
    step = max(1, _AT_ONCE // image.shape[1]) if image.ndim > 1 else len(image)
    for top in range(0, len(image), step):
        yield np.s_[top : top + step]


def by_rows(work: Callable[..., Floats], *images: Floats) -> Floats:
    """`work(*images)` a few rows at a time; it must look at one pixel at a time. The answer is like the first image."""
    out = np.empty(images[0].shape, np.float32)
    for some in rows_at_once(images[0]):
        out[some] = work(*(image[some] for image in images))
    return out


def band_of(mask: Floats, margin: int = 0) -> slice:
    """The rows in which the mask is, and `margin` more on both sides; all rows where there are none."""
    rows = np.flatnonzero(mask.max(1) > 0.004)
    if not len(rows):
        return np.s_[:]
    return np.s_[max(0, int(rows[0]) - margin) : int(rows[-1]) + 1 + margin]


def sampled(image: Floats) -> Floats:
    """Some pixels of a picture or a mask, the same ones for all of one size: for medians and averages."""
    step = max(1, max(image.shape[:2]) // _COUNTED)
    return image[step // 2 :: step, step // 2 :: step]


def colour(hexadecimal: str) -> Floats:
    """An sRGB colour such as "c8a27a" in linear light, shape (3,)."""
    return to_linear(np.frombuffer(bytes.fromhex(hexadecimal), np.uint8))


def luma(linear: Floats) -> Floats:
    """Luminance of the last axis."""
    if linear.ndim == 3:
        return floats(
            cv2.transform(linear, LUMA[None])
        )  # many times quicker than a product of small matrices
    return floats(linear @ LUMA)


def spread(mask: Floats) -> Floats:
    """A mask (h, w) for each of three channels: numpy is many times slower where it repeats a last axis of one."""
    return floats(cv2.cvtColor(np.ascontiguousarray(mask), cv2.COLOR_GRAY2RGB))


def dyed(picture: Floats, tint: Floats) -> Floats:
    """`picture` (h, w, 3) times `tint` (3,); numpy is many times slower with three numbers."""
    return floats(cv2.transform(picture, np.diag(floats(tint))))


def strongest(claims: Floats) -> npt.NDArray[np.int64]:
    """The index of the greatest of the last axis of (h, w, n), the first of equals; numpy is slow on short axes."""
    first, *rest = (np.ascontiguousarray(claims[..., index]) for index in range(claims.shape[-1]))
    winner: Bytes = np.zeros(first.shape, np.uint8)
    for index, claim in enumerate(rest, 1):
        np.maximum(winner, (claim > first) * np.uint8(index), out=winner)
        first = np.maximum(first, claim)
    return winner.astype(np.int64)


def resize(image: Floats, width: int, height: int) -> Floats:
    """Area average when it shrinks, bilinear when it grows."""
    if image.shape[:2] == (height, width):
        return image
    if image.ndim == 3 and image.shape[2] > 4:  # more channels than OpenCV resizes at once
        parts = [resize(image[..., index], width, height) for index in range(image.shape[2])]
        return floats(np.stack(parts, -1))
    shrinks = height * width < image.shape[0] * image.shape[1]
    return floats(
        cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    )


def fit(width: int, height: int, longest: int) -> tuple[int, int]:
    """The size with the same aspect whose longest side is at most `longest`."""
    scale = min(1.0, longest / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def blur(image: Floats, sigma: float) -> Floats:
    """Gaussian blur; a wide one is made on a smaller picture, where it costs little and looks the same."""
    height, width = image.shape[:2]
    shrink = max(1, int(sigma / 2.5))
    if shrink > 1 and min(height, width) > 4 * shrink:
        small = resize(image, width // shrink, height // shrink)
        return resize(floats(cv2.GaussianBlur(small, (0, 0), sigma / shrink)), width, height)
    return floats(cv2.GaussianBlur(image, (0, 0), max(sigma, 0.3)))


def smoothstep(low: float, high: float, values: Floats) -> Floats:
    """0 below `low`, 1 above `high`, smooth between; falls instead of rising when `low` > `high`."""

    def part(some: Floats) -> Floats:
        t = np.clip((some - low) / (high - low), 0, 1)
        return floats(t * t * (3 - 2 * t))

    return by_rows(part, values) if values.ndim == 2 else part(values)


def guided_filter(guide: Floats, values: Floats, radius: int, epsilon: float) -> Floats:
    """`values` smoothed so that they keep the edges of `guide` (both one channel, same shape)."""
    return guided_filters(guide, [values], radius, epsilon)[0]


def guided_filters(
    guide: Floats, images: list[Floats], radius: int, epsilon: float, *, size: tuple[int, int] | None = None
) -> list[Floats]:
    """`guided_filter` of several images by one guide.

    With `size` the images are of this small width and height, the slopes are found there, and the answers are as large
    as the guide (He and Sun, Fast Guided Filter, 2015); the radius is in pixels of the guide.
    """
    if size:
        few = resize(guide, *size)
        radius = max(1, round(radius * size[0] / guide.shape[1]))
        full = guide.shape[1], guide.shape[0]

        # What is nowhere in the picture, often rugs and doors, costs nothing.
        shown = [index for index, image in enumerate(images) if image.any()]
        out = [np.zeros_like(guide)] * len(images)
        for index, (slope, offset) in zip(
            shown, _fits(few, [images[index] for index in shown], radius, epsilon), strict=True
        ):
            out[index] = resize(slope, *full)
            out[index] *= guide
            out[index] += resize(offset, *full)
        return out
    return [floats(slope * guide + offset) for slope, offset in _fits(guide, images, radius, epsilon)]


def _fits(guide: Floats, images: list[Floats], radius: int, epsilon: float) -> list[tuple[Floats, Floats]]:
    """Slope and offset at each pixel by which the guide tells each image."""
    size = (2 * radius + 1, 2 * radius + 1)

    def mean(image: Floats) -> Floats:
        return floats(cv2.blur(image, size))

    mean_guide = mean(guide)
    spread = mean(guide * guide) - mean_guide**2 + np.float32(epsilon)
    out = []
    for values in images:
        mean_values = mean(values)
        slope = (mean(guide * values) - mean_guide * mean_values) / spread
        offset = mean_values - slope * mean_guide
        out.append((mean(floats(slope)), mean(floats(offset))))
    return out


def mix(below: Floats, above: Floats, amount: Floats | float) -> Floats:
    """`above` over `below`; a mask of shape (h, w) is spread over the channels."""
    if isinstance(amount, np.ndarray) and amount.ndim == below.ndim - 1:
        if below.shape == above.shape and below.shape[2:] == (3,):

            def part(one: Floats, other: Floats, share: Floats) -> Floats:
                return floats(one + (other - one) * spread(share))

            return by_rows(part, below, above, amount)
        amount = amount[..., None]
    return floats(below + (above - below) * amount)


def weighted_median(values: Floats, weights: Floats) -> float:
    """The value below which half of the weight lies; 0 where there is no weight."""
    flat, heavy = values.ravel(), weights.ravel()
    keep = heavy > 0
    if not keep.any():
        return 0.0
    flat, heavy = flat[keep], heavy[keep]
    # Only the values near the answer are put in order.
    low, high = float(flat.min()), float(flat.max())
    bins = ((flat - np.float32(low)) * np.float32(_BINS / max(high - low, 1e-12))).astype(np.int32)
    total = np.cumsum(np.bincount(bins, heavy, _BINS + 1))
    middle = int(np.searchsorted(total, total[-1] / 2))
    near = bins == middle
    flat, heavy = flat[near], heavy[near]
    order = np.argsort(flat, kind="stable")
    before = total[middle - 1] if middle else 0.0
    within = np.cumsum(heavy[order], dtype=np.float64)
    place = int(np.searchsorted(within, total[-1] / 2 - before))
    return float(flat[order[min(place, len(order) - 1)]])
