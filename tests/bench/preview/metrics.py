"""Measures of faithfulness: overlap of areas, edges that stay, distance of colours."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from generations.engines.preview.arrays import Floats, Mask, floats, luma, to_linear
from tests.bench.preview.pictures import Picture

_FAR = 2  # pixels that an edge may have moved and still be the same
_STEP = 0.06  # of log luminance over two pixels, or the same of a hue's: what counts as an edge


def overlap(one: Mask, other: Mask, where: Mask | None = None) -> float:
    """Intersection over union, of the pixels `where`."""
    if where is not None:
        one, other = one & where, other & where
    either = np.count_nonzero(one | other)
    return np.count_nonzero(one & other) / either if either else 1.0


def borders(classes: Picture) -> Mask:
    """Pixels where one class meets another."""
    across, down = np.zeros(classes.shape, bool), np.zeros(classes.shape, bool)
    across[:, 1:] = classes[:, 1:] != classes[:, :-1]
    down[1:] = classes[1:] != classes[:-1]
    return across | down


def edges(picture: Picture) -> Mask:
    """Thin lines where brightness or hue steps, whatever the exposure: from the gradient of logarithms."""
    log = np.log(to_linear(picture) + 0.01)
    level = cv2.GaussianBlur(floats(log.mean(2)), (0, 0), 1.0)
    hue = cv2.GaussianBlur(floats(log - log.mean(2, keepdims=True)), (0, 0), 1.0)
    strength = _gradient(floats(level))
    for channel in range(3):
        strength = np.maximum(strength, _gradient(floats(hue[..., channel])))
    ridge = strength >= cv2.dilate(strength, np.ones((3, 3), np.uint8)) - 1e-6
    return np.asarray((strength > _STEP) & ridge, bool)


def _gradient(image: Floats) -> Floats:
    return floats(np.hypot(cv2.Sobel(image, cv2.CV_32F, 1, 0) / 4, cv2.Sobel(image, cv2.CV_32F, 0, 1) / 4))


def near(lines: Mask, far: int = _FAR) -> Mask:
    """Everything within `far` pixels of a line."""
    return np.asarray(cv2.dilate(lines.astype(np.uint8), np.ones((2 * far + 1, 2 * far + 1), np.uint8)), bool)


def edges_kept(before: Picture, after: Picture, where: Mask) -> tuple[float, float, float]:
    """Precision, recall and F-score of the edges of `after` against those of `before`, of the pixels `where`."""
    old, new = edges(before), edges(after)
    found = _share(new & where, near(old))
    kept = _share(old & where, near(new))
    return found, kept, 2 * found * kept / max(found + kept, 1e-9)


def _share(lines: Mask, area: Mask) -> float:
    total = np.count_nonzero(lines)
    return np.count_nonzero(lines & area) / total if total else 1.0


def detail_kept(before: Picture, after: Picture, where: Mask) -> float:
    """Correlation of the fine detail of log luminance, of the pixels `where`: -1 to 1. Deaf to exposure and shade."""

    def detail(picture: Picture) -> Floats:
        log = np.log(luma(to_linear(picture)) + 0.02)
        return floats(log - cv2.GaussianBlur(floats(log), (0, 0), 6))

    old, new = detail(before)[where], detail(after)[where]
    old, new = old - old.mean(), new - new.mean()
    scale = float(np.sqrt((old**2).sum() * (new**2).sum()))
    return float((old * new).sum() / scale) if scale > 1e-6 else 1.0


def to_lab(linear: Floats) -> npt.NDArray[np.float64]:
    """Linear sRGB (..., 3) to CIE L*a*b* under D65."""
    matrix = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]], np.float64
    )
    xyz = linear.astype(np.float64) @ matrix.T / matrix.sum(1)
    curve = np.where(xyz > (6 / 29) ** 3, np.cbrt(np.maximum(xyz, 0)), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = np.moveaxis(curve, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1)


def ciede2000(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The CIEDE2000 difference of L*a*b* colours (..., 3); Sharma, Wu and Dalal 2005."""
    light_1, a_1, b_1 = np.moveaxis(one, -1, 0)
    light_2, a_2, b_2 = np.moveaxis(other, -1, 0)
    chroma_7 = ((np.hypot(a_1, b_1) + np.hypot(a_2, b_2)) / 2) ** 7
    stretch = 1 + 0.5 * (1 - np.sqrt(chroma_7 / (chroma_7 + 25**7)))
    a_1, a_2 = a_1 * stretch, a_2 * stretch
    chroma_1, chroma_2 = np.hypot(a_1, b_1), np.hypot(a_2, b_2)
    hue_1, hue_2 = np.degrees(np.arctan2(b_1, a_1)) % 360, np.degrees(np.arctan2(b_2, a_2)) % 360
    grey = chroma_1 * chroma_2 == 0
    turn = np.where(grey, 0, (hue_2 - hue_1 + 180) % 360 - 180)
    lightness, chroma = light_2 - light_1, chroma_2 - chroma_1
    hue = 2 * np.sqrt(chroma_1 * chroma_2) * np.sin(np.radians(turn) / 2)
    middle_light, middle_chroma = (light_1 + light_2) / 2, (chroma_1 + chroma_2) / 2
    middle_hue = np.where(grey, hue_1 + hue_2, hue_1 + turn / 2)
    weight = (
        1
        - 0.17 * np.cos(np.radians(middle_hue - 30))
        + 0.24 * np.cos(np.radians(2 * middle_hue))
        + 0.32 * np.cos(np.radians(3 * middle_hue + 6))
        - 0.20 * np.cos(np.radians(4 * middle_hue - 63))
    )
    light_scale = 1 + 0.015 * (middle_light - 50) ** 2 / np.sqrt(20 + (middle_light - 50) ** 2)
    chroma_scale, hue_scale = 1 + 0.045 * middle_chroma, 1 + 0.015 * middle_chroma * weight
    blue = 2 * np.sqrt(middle_chroma**7 / (middle_chroma**7 + 25**7))
    blue = -blue * np.sin(np.radians(60 * np.exp(-((((middle_hue % 360) - 275) / 25) ** 2))))
    parts = lightness / light_scale, chroma / chroma_scale, hue / hue_scale
    total = parts[0] ** 2 + parts[1] ** 2 + parts[2] ** 2 + blue * parts[1] * parts[2]
    return np.asarray(np.sqrt(np.maximum(total, 0)), np.float64)
