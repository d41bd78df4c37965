"""The few array operations that the whole renderer is made of. Pictures are float32 RGB in linear light, 0 to 1."""

from __future__ import annotations

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


def floats(values: Any) -> Floats:
    """`values` as float32; OpenCV's own annotations promise less than it keeps."""
    return np.asarray(values, np.float32)


def to_linear(image: Bytes) -> Floats:
    """sRGB bytes to linear light."""
    return floats(_TO_LINEAR[image])


def to_bytes(linear: Floats) -> Bytes:
    """Linear light, clipped to 0..1, to sRGB bytes."""
    encoded = cv2.pow(np.clip(linear, 0, 1), 1 / GAMMA)
    return np.asarray(np.rint(floats(encoded) * 255), np.uint8)


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
    shrink = max(1, int(sigma / 4))
    if shrink > 1 and min(height, width) > 4 * shrink:
        small = resize(image, width // shrink, height // shrink)
        return resize(floats(cv2.GaussianBlur(small, (0, 0), sigma / shrink)), width, height)
    return floats(cv2.GaussianBlur(image, (0, 0), max(sigma, 0.3)))


def smoothstep(low: float, high: float, values: Floats) -> Floats:
    """0 below `low`, 1 above `high`, smooth between; falls instead of rising when `low` > `high`."""
    t = np.clip((values - low) / (high - low), 0, 1)
    return floats(t * t * (3 - 2 * t))


def guided_filter(guide: Floats, values: Floats, radius: int, epsilon: float) -> Floats:
    """`values` smoothed so that they keep the edges of `guide` (both one channel, same shape)."""
    return guided_filters(guide, [values], radius, epsilon)[0]


def guided_filters(guide: Floats, images: list[Floats], radius: int, epsilon: float) -> list[Floats]:
    """`guided_filter` of several images by one guide."""
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
        out.append(floats(mean(floats(slope)) * guide + mean(floats(offset))))
    return out


def mix(below: Floats, above: Floats, amount: Floats | float) -> Floats:
    """`above` over `below`; a mask of shape (h, w) is spread over the channels."""
    if isinstance(amount, np.ndarray) and amount.ndim == below.ndim - 1:
        amount = amount[..., None]
    return floats(below + (above - below) * amount)


def weighted_median(values: Floats, weights: Floats) -> float:
    """The value below which half of the weight lies; 0 where there is no weight."""
    flat, heavy = values.ravel(), weights.ravel()
    keep = heavy > 0
    if not keep.any():
        return 0.0
    order = np.argsort(flat[keep], kind="stable")
    total = np.cumsum(heavy[keep][order])
    return float(flat[keep][order][np.searchsorted(total, total[-1] / 2)])
