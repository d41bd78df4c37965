"""Held-out scores: PYTHONPATH=generations/engines/preview python -m training.score PAIRS ONNX [REFERENCE]

REFERENCE is an older parser of five classes at 160 x 120, scored on the same pictures. For it rugs were other things and
doors did not exist: five-class scores, ours too, merge the former and leave out the latter.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

from .kinds import BARE, DOOR, KINDS, LONGEST, OTHER, RUG, UNKNOWN
from .pairs import coordinates, plainly, read_scene, scene_files
from .train import size_of

_BINS = 15
_MERGED = np.array([4 if kind in (DOOR, RUG, OTHER) else kind for kind in range(len(KINDS))], np.uint8)
_MERGED_NAMES = ("floor", "wall", "ceiling", "window", "other")

Answer = tuple[np.ndarray, ...]  # probabilities (h, w, classes)


class Tally:
    """Confusion and calibration of one answer over all pictures."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.confusion = np.zeros((len(names), len(names)))
        self.bins = np.zeros((3, _BINS))  # how many, how sure, how often right

    def add(self, likely: np.ndarray, truth: np.ndarray) -> None:
        """`likely` (h, w, classes), `truth` (h, w) with UNKNOWN."""
        known = truth != UNKNOWN
        best, sure, true = likely.argmax(-1)[known], likely.max(-1)[known], truth[known]
        np.add.at(self.confusion, (true, best), 1)
        place = np.minimum((sure * _BINS).astype(int), _BINS - 1)
        for row, weights in enumerate((None, sure, best == true)):
            self.bins[row] += np.bincount(place, weights=weights, minlength=_BINS)

    def report(self, title: str) -> None:
        """One line of scores."""
        hit = np.diag(self.confusion)
        overlap = hit / np.maximum(self.confusion.sum(0) + self.confusion.sum(1) - hit, 1)
        count, sure, right = self.bins
        error = np.abs(sure - right).sum() / count.sum()
        words = " ".join(f"{name} {value:.3f}" for name, value in zip(self.names, overlap, strict=True))
        print(
            f"{title}: {words} | mean {overlap.mean():.3f}, right {hit.sum() / count.sum():.3f}, ECE {error:.3f}"
        )

    def reliability(self) -> None:
        """How often it is right, by how sure it is."""
        count, sure, right = self.bins
        print(
            "  sure -> right: "
            + ", ".join(
                f"{s / n:.2f} -> {r / n:.2f}" for n, s, r in zip(count, sure, right, strict=True) if n > 50
            )
        )


def softmax(logits: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(classes, h, w) to probabilities at this width and height."""
    raised = np.exp(logits - logits.max(0))
    return cv2.resize((raised / raised.sum(0)).transpose(1, 2, 0), size, interpolation=cv2.INTER_LINEAR)


def ours(path: Path) -> Callable[[np.ndarray], Answer]:
    """The net in an ONNX file as a function of an sRGB picture."""
    net = cv2.dnn.readNetFromONNX(str(path))

    def answer(picture: np.ndarray) -> Answer:
        height, width = picture.shape[:2]
        planes = [picture.astype(np.float32).transpose(2, 0, 1) / 255 - 0.5, coordinates(height, width)]
        net.setInput(np.concatenate(planes)[None])
        return tuple(softmax(one[0], (width, height)) for one in net.forward(["kinds", "planes"]))

    return answer


def reference(path: Path) -> Callable[[np.ndarray], Answer]:
    """The older net, the same way."""
    net = cv2.dnn.readNetFromONNX(str(path))

    def answer(picture: np.ndarray) -> Answer:
        small = cv2.resize(picture, (160, 120), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        net.setInput(reference_input(small))
        return (softmax(net.forward()[0], picture.shape[1::-1]),)

    return answer


def reference_input(small: np.ndarray) -> np.ndarray:
    """What the older net was fed with, as far as its scores tell: of the usual ways the one it does best with."""
    xs, ys = np.meshgrid(np.linspace(-1, 1, 160, dtype=np.float32), np.linspace(-1, 1, 120, dtype=np.float32))
    return np.concatenate([small.transpose(2, 0, 1) - 0.5, np.stack([xs, ys])])[None].astype(np.float32)


def held_out(folder: Path) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Pictures of scenes that were never trained on."""
    for path in scene_files(folder, held_out=True):
        for pair in read_scene(path):
            yield plainly(pair, *size_of(pair.colour.shape[1] / pair.colour.shape[0], LONGEST))


def main() -> None:
    """Prints the scores."""
    cv2.setNumThreads(1)
    parse = ours(Path(sys.argv[2]))
    older = reference(Path(sys.argv[3])) if len(sys.argv) > 3 else None
    tallies = [Tally(KINDS), Tally(BARE), Tally(_MERGED_NAMES), Tally(_MERGED_NAMES)]
    pictures = 0
    for picture, kinds, bare in held_out(Path(sys.argv[1])):
        seen, behind = parse(picture)
        pictures += 1
        tallies[0].add(seen, kinds)
        tallies[1].add(behind, bare)
        merged = np.stack([seen[..., kind == _MERGED].sum(-1) for kind in range(5)], -1)
        five = np.where(kinds == DOOR, UNKNOWN, _MERGED[kinds])
        tallies[2].add(merged, five)
        if older:
            tallies[3].add(older(picture)[0], five)
    print(f"{pictures} held-out pictures")
    for tally, title in zip(tallies, ("visible", "bare", "five classes", "reference"), strict=True):
        if tally.confusion.any():
            tally.report(title)
            tally.reliability()


if __name__ == "__main__":
    main()
