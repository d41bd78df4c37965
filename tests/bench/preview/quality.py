"""How faithful the preview engine is, against plain baselines on the same photos."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from generations.engines.base import EngineRequest, InputImage
from generations.engines.preview import PreviewEngine
from generations.engines.preview.arrays import Floats, Mask, colour, floats, luma, to_bytes, to_linear
from generations.engines.preview.colours import COLOURS
from generations.engines.preview.output import badge_box
from generations.engines.preview.room import Room, understand
from tests.bench.preview import baselines, metrics
from tests.bench.preview.pictures import Picture, answer
from tests.bench.preview.truth import CEILING, FLOOR, WALL, WINDOW, Known

OURS = "preview engine"
PAINTS = ("sage green", "navy blue", "terracotta", "mustard")
RESTYLES = (
    ("Navy blue walls", (WALL,)),
    ("Walnut floor", (FLOOR,)),
    ("Scandinavian", (WALL, FLOOR)),
    ("Sunset", ()),
)
_VISIBLE = 5  # CIEDE2000: from here anybody sees that a pixel has changed
_INNER = 7  # pixels: how far from a border a colour is measured

Row = tuple[str, ...]


def mean(values: Iterable[float]) -> str:
    """Two digits, or a dash for nothing."""
    listed = list(values)
    return f"{np.mean(listed):.2f}" if listed else "–"


def _ask(picture: Picture, prompt: str) -> tuple[Picture, list[str]]:
    """The answer, and what was applied."""
    source = InputImage.of_bytes(cv2.imencode(".png", picture[..., ::-1])[1].tobytes(), "image/png")
    made = PreviewEngine().generate(EngineRequest(prompt=prompt, source=source, resolution="1K")).pictures[0]
    return answer(made), list(made.notes["applied"])


# Areas


def _our_areas(room: Room) -> dict[str, Mask]:
    return {
        "floor": room.floor.mask > 0.5,
        "wall": room.walls.mask > 0.5,
        "ceiling": room.ceiling.mask > 0.5,
        "window": room.window > 0.5,
    }


_CLASSES = {"floor": FLOOR, "wall": WALL, "ceiling": CEILING, "window": WINDOW}


def areas(photos: list[Known]) -> tuple[list[Row], list[Row]]:
    """Means by method, and our engine photo by photo; both rows of IoU of floor, wall, ceiling, window."""
    scores: dict[str, dict[str, list[float]]] = {}
    each: list[Row] = []
    for photo in photos:
        room = understand(to_linear(photo.picture))
        found = {OURS: _our_areas(room)} | {
            name: find(photo.picture) for name, find in baselines.AREAS.items()
        }
        for name, masks in found.items():
            for surface, mask in masks.items():
                truth = photo.area(_CLASSES[surface])
                if truth.mean() > 0.01:
                    overlap = metrics.overlap(mask, truth, photo.known)
                    scores.setdefault(name, {}).setdefault(surface, []).append(overlap)
        ours = [_one_overlap(photo, surface, found[OURS][surface]) for surface in _CLASSES]
        sure = f"{room.floor.confidence:.2f}, {room.walls.confidence:.2f}, {room.ceiling.confidence:.2f}"
        each.append((photo.name, *ours, sure))
    rows = [
        (name, *(mean(by_surface.get(surface, ())) for surface in _CLASSES))
        for name, by_surface in scores.items()
    ]
    return rows, each


def _one_overlap(photo: Known, surface: str, mask: Mask) -> str:
    truth = photo.area(_CLASSES[surface])
    return f"{metrics.overlap(mask, truth, photo.known):.2f}" if truth.mean() > 0.01 else "–"


# Structure


@dataclass
class _Kept:
    """Scores of one method over all photos and prompts."""

    borders: list[float]
    elsewhere: list[float]
    detail: list[float]
    reached: list[float]
    spilled: list[float]


def structure(photos: list[Known]) -> list[Row]:
    """A row for each method: borders kept; edges and detail kept, reached and spilled, as the report words them."""
    kept: dict[str, _Kept] = {}
    for photo in photos:
        for prompt, asked in RESTYLES:
            made = {OURS: _ask(photo.picture, prompt)[0]}
            if asked:
                made |= _plain_restyles(photo, asked)
            for name, after in made.items():
                scores = kept.setdefault(name, _Kept([], [], [], [], []))
                _keep(scores, photo, after, asked)
                if len(asked) == 1:  # a wish that leaves light and everything else alone
                    _judge_reach(scores, photo, after, asked)
    return [
        (name, *map(mean, (one.borders, one.elsewhere, one.detail, one.reached, one.spilled)))
        for name, one in kept.items()
    ]


def _plain_restyles(photo: Known, asked: tuple[int, ...]) -> dict[str, Picture]:
    """The plain tools paint the areas that k-means finds: nobody hands them a mask either."""
    found = baselines.clusters(photo.picture)
    tones = {"floor": colour("68442e"), "wall": colour(COLOURS["navy blue"])}
    made = {}
    for name, paint in baselines.PAINTS.items():
        linear = to_linear(photo.picture)
        for surface, mask in found.items():
            if _CLASSES[surface] in asked:
                linear = paint(linear, tones[surface], mask)
        made[f"k-means, {name}"] = to_bytes(linear)
    return made


def _keep(kept: _Kept, photo: Known, after: Picture, asked: tuple[int, ...]) -> None:
    borders = metrics.borders(photo.classes) & _off_badge(photo)
    elsewhere = ~photo.area(*asked) & photo.known & ~metrics.near(borders, 3) & _off_badge(photo)
    kept.borders.append(metrics.edges_kept(photo.picture, after, metrics.near(borders, 2))[1])
    kept.elsewhere.append(metrics.edges_kept(photo.picture, after, elsewhere)[2])
    kept.detail.append(metrics.detail_kept(photo.picture, after, elsewhere))


def _judge_reach(kept: _Kept, photo: Known, after: Picture, asked: tuple[int, ...]) -> None:
    before, now = (metrics.to_lab(to_linear(picture)) for picture in (photo.picture, after))
    changed = metrics.ciede2000(before, now) > _VISIBLE
    inner = ~metrics.near(metrics.borders(photo.classes), 3) & photo.known & _off_badge(photo)
    wanted = photo.area(*asked)
    kept.reached.append(float(changed[wanted & inner].mean()))
    kept.spilled.append(float(changed[~wanted & inner].mean()))


def _off_badge(photo: Known) -> Mask:
    height, width = photo.classes.shape
    x, y, wide, tall = badge_box(width, height)
    free = np.ones((height, width), bool)
    free[y - 4 : y + tall + 4, x - 4 : x + wide + 4] = False
    return free


# Colour


def colours(photos: list[Known]) -> list[Row]:
    """A row for each method: hue off, distance from a true repaint, photos painted.

    The hue's distance is that of the median wall, brought to the asked colour's own luminance. The true repaint is
    what the camera would have seen: the photo times asked colour over the paint that the renderer put on.
    """
    off: dict[str, list[tuple[float, float]]] = {}
    painted = 0
    for photo in photos:
        if photo.wall_albedo is None or photo.area(WALL).mean() < 0.05:
            continue
        where = _inner_wall(photo)
        before = to_linear(photo.picture)
        for name in PAINTS:
            paint = colour(COLOURS[name])
            true = floats(np.clip(before * (paint / photo.wall_albedo), 0, 1))
            after, applied = _ask(photo.picture, f"Paint the walls {name}")
            if any(one.startswith("walls") for one in applied):
                painted += 1
                off.setdefault(OURS, []).append(_distances(to_linear(after), true, paint, where))
            for method, cover in baselines.PAINTS.items():
                made = cover(before, paint, photo.area(WALL))
                off.setdefault(f"{method}, true mask", []).append(_distances(made, true, paint, where))
    total = len(off.get(f"{next(iter(baselines.PAINTS))}, true mask", ()))
    return [
        (
            method,
            mean(one[0] for one in pairs),
            f"{max(one[0] for one in pairs):.1f}",
            mean(one[1] for one in pairs),
            f"{painted if method == OURS else len(pairs)} of {total}",
        )
        for method, pairs in off.items()
    ]


def _inner_wall(photo: Known) -> Mask:
    """Wall away from its borders, where the photo is not burnt out."""
    solid = cv2.erode(photo.area(WALL).astype(np.uint8), np.ones((2 * _INNER + 1, 2 * _INNER + 1), np.uint8))
    return np.asarray((solid > 0) & (photo.picture.max(2) < 250) & _off_badge(photo), bool)


def _distances(after: Floats, true: Floats, paint: Floats, where: Mask) -> tuple[float, float]:
    typical = floats(np.median(after[where], 0))
    level = floats(typical * (luma(paint) / max(float(luma(typical)), 1e-4)))
    hue = metrics.ciede2000(metrics.to_lab(level), metrics.to_lab(paint))
    every = metrics.ciede2000(metrics.to_lab(after[where]), metrics.to_lab(true[where]))
    return float(hue), float(np.median(every))
