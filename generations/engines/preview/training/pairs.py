"""The rendered pairs: reading them, and making each look like a different photograph every time it is used."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from .kinds import BARE_LEFT, BARE_RIGHT, PER_KIND, WALL, WINDOW

HELD_OUT = 12  # every twelfth scene is never trained on


@dataclass(frozen=True)
class Pair:
    """Linear light (h, w, 3) float16, object numbers, bare room."""

    colour: np.ndarray
    numbers: np.ndarray
    bare: np.ndarray


def read_scene(path: Path) -> list[Pair]:
    """All views of one scene."""
    with np.load(path) as arrays:
        return [
            Pair(arrays[f"colour{i}"], arrays[f"numbers{i}"], arrays[f"bare{i}"])
            for i in range(len(arrays.files) // 3)
        ]


def scene_files(folder: Path, *, held_out: bool) -> list[Path]:
    """Files of the scenes that are trained on, or of those that never are."""
    return [path for path in sorted(folder.glob("*.npz")) if (int(path.stem) % HELD_OUT == 0) == held_out]


def coordinates(height: int, width: int) -> np.ndarray:
    """x and y of each pixel, (2, h, w); the longer side runs from -1 to 1."""
    longest = max(height, width)
    xs = (2 * np.arange(width, dtype=np.float32) + 1 - width) / longest
    ys = (2 * np.arange(height, dtype=np.float32) + 1 - height) / longest
    return np.stack(np.meshgrid(xs, ys))


def plainly(pair: Pair, height: int, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The pair as a decent camera would take it, for scoring: sRGB bytes, classes, bare room."""
    light = pair.colour.astype(np.float32)
    light = light * (0.55 / max(float(np.percentile(light.mean(-1), 70)), 1e-4))
    picture = np.clip(light / (1 + 0.25 * light) * 1.1, 0, 1) ** (1 / 2.2)
    size = (width, height)
    shrunk = cv2.resize(
        picture, size, interpolation=cv2.INTER_AREA if width < picture.shape[1] else cv2.INTER_LINEAR
    )
    kinds = cv2.resize((pair.numbers // PER_KIND).astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    bare = cv2.resize(pair.bare, size, interpolation=cv2.INTER_NEAREST)
    return np.rint(shrunk * 255).astype(np.uint8), kinds, bare


class Darkroom:
    """Random photographs of a pair: framing, colours of things, light, film, lens and compression all vary."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng

    def develop(self, pair: Pair, height: int, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """sRGB as float32 0 to 1 (h, w, 3), classes and bare room, at this size."""
        light = pair.colour.astype(np.float32)
        if self.rng.random() < 0.6:
            light = light * self._tints(pair.numbers)
        if self.rng.random() < 0.25:
            light = light * self._grain(pair.numbers)[..., None]
        picture = self._film(light)
        picture, numbers, bare = self._frame(picture, pair.numbers, pair.bare, height, width)
        kinds = (numbers // PER_KIND).astype(np.uint8)
        return self._lens(picture), kinds, bare

    def _tints(self, numbers: np.ndarray) -> np.ndarray:
        """Some objects take another colour; walls mostly take one together."""
        found, where = np.unique(numbers, return_inverse=True)
        spread, gain = self.rng.uniform(0.1, 0.6), np.ones((len(found), 3), np.float32)
        chosen = self.rng.random(len(found)) < 0.6
        gain[chosen] = np.exp(
            self.rng.normal(0, spread, (int(chosen.sum()), 1))
            + self.rng.normal(0, spread / 2, (int(chosen.sum()), 3))
        )
        walls = found // PER_KIND == WALL
        if self.rng.random() < 0.85:
            gain[walls] = np.exp(self.rng.normal(0, spread) + self.rng.normal(0, spread / 2, 3))
        if self.rng.random() < 0.4:  # the view outside is not always the brightest thing
            gain[found // PER_KIND == WINDOW] *= np.exp(self.rng.uniform(-3.5, 1.0))
        return gain[where.reshape(numbers.shape)]

    def _grain(self, numbers: np.ndarray) -> np.ndarray:
        """A texture of blotches or threads on a third of the objects."""
        height, width = numbers.shape
        coarse = self.rng.normal(
            0, 1, (int(self.rng.integers(4, height)), int(self.rng.integers(4, width)))
        ).astype(np.float32)
        texture = np.exp(
            self.rng.uniform(0.05, 0.35) * cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
        )
        found, where = np.unique(numbers, return_inverse=True)
        chosen = self.rng.random(len(found)) < 0.35
        return np.where(chosen[where.reshape(numbers.shape)], texture, 1)

    def _smooth(self, height: int, width: int, size: float) -> np.ndarray:
        grid = self.rng.normal(0, size, (int(self.rng.integers(2, 5)), int(self.rng.integers(2, 5)))).astype(
            np.float32
        )
        return cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)

    def _film(self, light: np.ndarray) -> np.ndarray:
        """Exposure, white balance, uneven light and a tone curve."""
        rng, (height, width) = self.rng, light.shape[:2]
        light = light * np.exp(
            rng.normal(0, 0.09, 3) + np.array([1, 0, -1]) * rng.normal(0, rng.choice([0.1, 0.3]))
        ).astype(np.float32)
        if rng.random() < 0.5:
            light = light * np.exp(self._smooth(height, width, rng.uniform(0.1, 0.5)))[..., None]
        if rng.random() < 0.3:  # pools of coloured lamp light
            pool = np.exp(2 * np.minimum(self._smooth(height, width, 1.0), 1.5))[..., None]
            light = light * (1 + 0.3 * pool * np.exp(rng.normal(0, 0.3, 3)).astype(np.float32))
        middle = float(np.percentile(light.mean(-1), rng.uniform(40, 85)))
        aim = (
            float(np.exp(rng.uniform(np.log(0.06), np.log(1.1))))
            if rng.random() < 0.5
            else rng.uniform(0.3, 0.7)
        )
        light = light * (aim / max(middle, 1e-4))
        shoulder = rng.uniform(0, 0.8)
        light = light * (1 + shoulder * 0.4) / (1 + shoulder * light)
        picture = np.clip(light, 0, 1) ** (1 / rng.uniform(1.7, 2.6))
        if rng.random() < 0.5:  # contrast, lifted blacks
            picture = picture + rng.uniform(-0.25, 0.25) * np.sin(2 * np.pi * picture) / (2 * np.pi)
            floor = max(0.0, rng.normal(0, 0.05))
            picture = floor + (1 - floor) * picture
        grey = picture.mean(-1, keepdims=True)
        return np.clip(grey + (picture - grey) * rng.uniform(0.2, 1.5), 0, 1).astype(np.float32)

    def _frame(
        self, picture: np.ndarray, numbers: np.ndarray, bare: np.ndarray, height: int, width: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """A crop with slight turn and stretch, perhaps mirrored."""
        rng, (full_height, full_width) = self.rng, picture.shape[:2]
        stretch = float(np.exp(rng.normal(0, 0.07)))
        fit = min(full_width / (width * stretch), full_height / height)  # source pixels per target pixel
        scale = fit * (rng.uniform(0.5, 1.0) if rng.random() < 0.6 else 1.0)
        turn = rng.normal(0, 0.02) if rng.random() < 0.5 else 0.0
        mirror = -1 if rng.random() < 0.5 else 1
        span_x, span_y = scale * stretch * width, scale * height
        middle = (
            full_width / 2 + rng.uniform(-0.5, 0.5) * (full_width - span_x),
            full_height / 2 + rng.uniform(-0.5, 0.5) * (full_height - span_y),
        )
        cos, sin = np.cos(turn), np.sin(turn)
        matrix = np.array(
            [
                [mirror * scale * stretch * cos, -scale * sin, 0],
                [mirror * scale * stretch * sin, scale * cos, 0],
            ],
            np.float32,
        )
        matrix[:, 2] = np.array(middle) - matrix[:, :2] @ np.array([width / 2 - 0.5, height / 2 - 0.5]) - 0.5
        flags = cv2.WARP_INVERSE_MAP
        out = cv2.warpAffine(
            picture, matrix, (width, height), flags=flags | cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        kinds = cv2.warpAffine(
            numbers, matrix, (width, height), flags=flags | cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE
        )
        rooms = cv2.warpAffine(
            bare, matrix, (width, height), flags=flags | cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE
        )
        if mirror < 0:
            swap = np.arange(256, dtype=np.uint8)
            swap[[BARE_LEFT, BARE_RIGHT]] = BARE_RIGHT, BARE_LEFT
            rooms = swap[rooms]
        return out, kinds, rooms

    def _lens(self, picture: np.ndarray) -> np.ndarray:
        """Vignette, blur or sharpening, noise, JPEG."""
        rng, (height, width) = self.rng, picture.shape[:2]
        if rng.random() < 0.3:
            x, y = coordinates(height, width)
            picture = picture * (1 - rng.uniform(0, 0.45) * (x**2 + y**2))[..., None]
        pick = rng.random()
        if pick < 0.3:
            picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 1.3))
        elif pick < 0.6:
            picture = picture + rng.uniform(0.3, 1.5) * (
                picture - cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.5, 1.2))
            )
        if rng.random() < 0.5:
            spread = rng.uniform(0.002, 0.04)
            picture = picture + rng.normal(0, spread, picture.shape).astype(np.float32)
        if rng.random() < 0.04:
            picture = np.repeat(picture.mean(-1, keepdims=True), 3, -1)
        picture = np.clip(picture, 0, 1)
        if rng.random() < 0.35:
            quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 95))]
            coded = cv2.imencode(".jpg", np.rint(picture * 255).astype(np.uint8), quality)[1]
            picture = cv2.imdecode(coded, cv2.IMREAD_COLOR).astype(np.float32) / 255
        return picture.astype(np.float32)
