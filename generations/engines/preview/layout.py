"""Where floor, ceiling and walls meet: the box that explains best a picture's edges and what the parser saw."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from generations.engines.preview.arrays import Floats, floats, resize
from generations.engines.preview.camera import LEFT, Box, Camera
from generations.engines.preview.segments import Segments, disagreement, find_poses

_SAMPLES = 22  # points along each edge of the box
_NEAREST = 0.12  # camera heights: edges start this close to the camera
_STRONG = 0.55
_EVIDENCE_NEEDED = 0.17  # an edge of the box that crosses even area below this counts against it
_HOPELESS = 0.09  # a camera that explains this much less of the segments than the best is not searched
_COARSE = 44  # pixels of the longest side, at which boxes are held against what the parser saw
_PARSER = 1.8  # what the parser's agreement weighs beside the edges

# Each edge's two ends as places in (-left, right, depth, -up, 1, -1); the last stands for "beside the camera".
_L, _R, _FAR, _TOP, _BOTTOM, _NEAR = range(6)
_ENDS = np.array(
    [
        [(_L, _BOTTOM, _FAR), (_R, _BOTTOM, _FAR)],
        [(_L, _BOTTOM, _NEAR), (_L, _BOTTOM, _FAR)],
        [(_R, _BOTTOM, _NEAR), (_R, _BOTTOM, _FAR)],
        [(_L, _TOP, _FAR), (_R, _TOP, _FAR)],
        [(_L, _TOP, _NEAR), (_L, _TOP, _FAR)],
        [(_R, _TOP, _NEAR), (_R, _TOP, _FAR)],
        [(_L, _TOP, _FAR), (_L, _BOTTOM, _FAR)],
        [(_R, _TOP, _FAR), (_R, _BOTTOM, _FAR)],
    ]
)


@dataclass(frozen=True)
class Layout:
    """`support` is 0 to 1: how much of the visible edges of the box is seen as edges in the picture.

    `seams` is the same for each of the eight edges, in the order of `_corners`: back, left and right of the floor,
    the same of the ceiling, and the two corners of the back wall. `agreement` is the part of the picture that
    the box and the parser take for the same plane.
    """

    camera: Camera
    box: Box
    support: float
    agreement: float
    seams: tuple[float, ...]


def _edge_maps(lab: Floats) -> Floats:
    """Change across x and y, (h, w, 2): soft corners of painted walls count nearly as much as hard edges."""
    across, down = (
        _greatest(floats(cv2.Sobel(lab, cv2.CV_32F, *axis, ksize=3, scale=0.25))) for axis in ((1, 0), (0, 1))
    )
    size = floats(cv2.magnitude(across, down))
    size = size + np.float32(1.2 + 1.5 * float(np.median(size)))
    return floats(cv2.merge([across / size, down / size]))


def _greatest(change: Floats) -> Floats:
    """Of the channels of (h, w, 3), the one farthest from 0, with its sign."""
    first, *rest = cv2.split(change)
    for other in rest:
        first = np.where(np.abs(other) > np.abs(first), other, first)
    return floats(first)


def _corners(boxes: Floats) -> Floats:
    """Starts and ends of the eight edges of each box (n, 4), shape (n, 8, 2, 3). The first three bound the floor."""
    left, right, depth, up = boxes.T
    one = np.ones_like(left)
    return np.stack([-left, right, depth, -up, one, -one], -1)[:, _ENDS]


def along_edges(
    edges: Floats, camera: Camera, boxes: Floats, *, strongest: float = 1.0
) -> tuple[Floats, Floats]:
    """Evidence and visible length of each edge of each box, (n, 8) both, in diagonals of the picture.

    No point counts for more than `strongest`: while searching, a corner that is faint all along must say more than a
    picture frame that fills half of the way.
    """
    ends = _corners(boxes)
    seen = (ends.reshape(-1, 3) @ camera.matrix.T).reshape(ends.shape)
    start, end = seen[:, :, 0], seen[:, :, 1]
    # Clip at the near plane: what is behind the camera has no picture.
    rise = end[..., 2] - start[..., 2]
    cut = np.clip((_NEAREST - start[..., 2]) / np.where(np.abs(rise) < 1e-6, 1e-6, rise), 0, 1)[..., None]
    start = np.where(start[..., 2:] < _NEAREST, start + cut * (end - start), start)
    end = np.where(end[..., 2:] < _NEAREST, seen[:, :, 0] + cut * (seen[:, :, 1] - seen[:, :, 0]), end)
    steps = floats((np.arange(_SAMPLES) + 0.5) / _SAMPLES)
    height, width = edges.shape[:2]
    middle = np.array([width / 2, height / 2], np.float32)
    focal = np.float32(camera.focal)
    first, last = (
        floats(point[..., :2] / np.maximum(point[..., 2:], np.float32(1e-3)) * focal + middle)
        for point in (start, end)
    )
    # The line in the picture, limited to what is inside so that no sample is wasted.
    low, high = _inside(first, last, width, height)
    move = last - first
    share = low[..., None] + (high - low)[..., None] * steps
    length = floats(np.hypot(move[..., 0], move[..., 1]))
    x = np.clip(first[..., :1] + share * move[..., :1], 0, width - 1).astype(np.int32)
    y = np.clip(first[..., 1:] + share * move[..., 1:], 0, height - 1).astype(np.int32)
    pixel = y * width + x
    normal = move / (length[..., None] + np.float32(1e-6))
    across = edges[..., 0].ravel()[pixel] * normal[..., 1:] - edges[..., 1].ravel()[pixel] * normal[..., :1]
    strength = np.minimum(np.abs(across), strongest)
    visible = length * np.maximum(high - low, 0) / np.float32(np.hypot(width, height))
    return floats(strength.mean(-1)), floats(visible)


class _Evidence:
    """Scores boxes against one picture and one camera."""

    def __init__(self, edges: Floats, camera: Camera, planes: Floats) -> None:
        self.camera, self.edges = camera, edges
        height, width = edges.shape[:2]
        scale = _COARSE / max(width, height)
        coarse_width, coarse_height = max(4, round(width * scale)), max(4, round(height * scale))
        self.rays = camera.resized(coarse_width, coarse_height).pixel_rays().reshape(-1, 3)
        # What the parser says for each plane at each pixel, furniture taken away: (planes, pixels), natural logs.
        self.words = np.log(np.clip(resize(planes, coarse_width, coarse_height), 0.02, 1)).reshape(-1, 5).T

    def areas(self, boxes: Floats) -> Floats:
        """How well the five areas of each box explain what the parser saw; (n,)."""
        x, y, z = self.rays.T
        left, right, depth, up = boxes.T[..., None]
        # The plane met first is the one approached fastest, in its own distances: as Box.labels, for many boxes.
        paces = (np.broadcast_to(y, (len(boxes), len(y))), -y / up, -x / left, x / right, z / depth)
        labels, fastest = np.zeros(paces[0].shape, np.uint8), paces[0].copy()
        for plane, pace in enumerate(paces[1:], 1):
            # Planes come in order, so that the last one that is faster has the highest number.
            np.maximum(labels, (pace > fastest) * np.uint8(plane), out=labels)
            np.maximum(fastest, pace, out=fastest)
        word = labels.astype(np.int32)
        word *= len(self.rays)
        word += np.arange(len(self.rays), dtype=np.int32)
        said = np.take(self.words.ravel(), word)
        return floats(_PARSER * said.mean(1))

    def agreement(self, box: Floats) -> float:
        """The part of the picture that the box and the parser take for the same plane, all walls being one."""
        labels, _ = Box(*(float(value) for value in box)).labels(self.rays)
        said = np.minimum(self.words.argmax(0), LEFT)
        return float((np.minimum(labels, LEFT) == said).mean())

    def scores(self, boxes: Floats, *, areas: bool = True) -> Floats:
        strength, visible = along_edges(self.edges, self.camera, boxes, strongest=_STRONG)
        importance = np.array([1.4, 1.2, 1.2, 1.0, 0.9, 0.9, 1.0, 1.0], np.float32)
        found = ((strength - _EVIDENCE_NEEDED) * visible * importance).sum(-1)
        left, right, depth, up = boxes.T
        doubt = (
            (np.log(up / 0.85) / 0.45) ** 2
            + 0.3 * (np.log(depth / 2.6) / 0.6) ** 2
            + 0.3 * (np.log((left + right) / 3.0) / 0.6) ** 2
        )
        score = found - 0.035 * doubt
        return floats(score + self.areas(boxes)) if areas else floats(score)


def _inside(first: Floats, last: Floats, width: int, height: int) -> tuple[Floats, Floats]:
    """Where along each segment it enters and leaves the picture: two of (n, e) in 0..1."""
    low = np.zeros(first.shape[:2], np.float32)
    high = np.ones(first.shape[:2], np.float32)
    for axis, size in ((0, width), (1, height)):
        move = last[..., axis] - first[..., axis]
        move = np.where(np.abs(move) < 1e-6, 1e-6, move)
        a, b = (0 - first[..., axis]) / move, (size - first[..., axis]) / move
        low = np.maximum(low, np.minimum(a, b))
        high = np.minimum(high, np.maximum(a, b))
    high = np.maximum(high, low)
    return floats(low), floats(high)


def _search(evidence: _Evidence) -> tuple[Floats, float]:
    """The best box for one camera: many random ones, then small steps from the best of them."""
    random = np.random.default_rng(11)
    low = np.log(np.array([0.25, 0.25, 0.8, 0.32], np.float32))
    high = np.log(np.array([6.0, 6.0, 7.0, 1.7], np.float32))
    boxes = floats(np.exp(random.uniform(low, high, (1600, 4))))
    boxes = boxes[np.argsort(-evidence.scores(boxes, areas=False), kind="stable")[:260]]
    step = 0.09
    for turn in range(6):
        leaders = boxes[np.argsort(-evidence.scores(boxes), kind="stable")[:14]]
        if turn in (1, 3):
            # One wall at a time through its whole range: small steps never find a wall that is far away.
            boxes = floats(
                np.concatenate([leaders, *(_scanned(leader, low, high) for leader in leaders[:3])])
            )
            continue
        moved = np.repeat(leaders, 12, 0) * np.exp(random.normal(0, step, (len(leaders) * 12, 4)))
        boxes = floats(np.concatenate([leaders, np.clip(moved, np.exp(low), np.exp(high))]))
        step *= 0.55
    scores = evidence.scores(boxes)
    return boxes[int(scores.argmax())], float(scores.max())


def _scanned(box: Floats, low: Floats, high: Floats, count: int = 36) -> Floats:
    """`box` with each of its four distances in turn at many values between exp(low) and exp(high)."""
    values = np.exp(np.linspace(low, high, count))
    boxes = np.repeat(box[None], 4 * len(values), 0).reshape(4, len(values), 4)
    for side in range(4):
        boxes[side, :, side] = values[:, side]
    return floats(boxes.reshape(-1, 4))


def find_layout(lab: Floats, segments: Segments, planes: Floats) -> Layout:
    """The most plausible camera and box for a small CIELAB picture (L 0..100) and its parser's planes."""
    height, width = lab.shape[:2]
    best: tuple[float, Layout] | None = None
    poses = find_poses(segments, width, height)
    edges = floats(cv2.blur(_edge_maps(lab), (3, 3)))
    for camera, agreement in poses:
        if agreement < poses[0][1] - _HOPELESS:
            continue
        evidence = _Evidence(edges, camera, planes)
        winner, score = _search(evidence)
        strength, visible = along_edges(evidence.edges, camera, winner[None], strongest=_STRONG)
        layout = Layout(
            camera,
            Box(*(float(value) for value in winner)),
            _support(strength[0], visible[0]),
            evidence.agreement(winner),
            _seams(strength[0]),
        )
        if best is None or score + agreement > best[0]:
            best = (score + agreement, layout)
    if best is None:  # find_poses always names one
        raise AssertionError
    return best[1]


def sharpened(layout: Layout, lab: Floats) -> Layout:
    """The same layout moved onto the edges of a larger picture of the same view."""
    height, width = lab.shape[:2]
    random = np.random.default_rng(13)
    camera = layout.camera.resized(width, height)
    edges = floats(cv2.blur(_edge_maps(lab), (3, 3)))
    box = floats([layout.box.left, layout.box.right, layout.box.depth, layout.box.up])
    start, reach = box, np.float32(0.08)
    best: tuple[float, Camera, Floats] | None = None
    step = 1.0
    for _ in range(3):
        for trial in range(7):
            turn = random.normal(0, 0.004 * step, 3) if trial else np.zeros(3)
            lens = float(np.exp(random.normal(0, 0.012 * step))) if trial else 1.0
            seen = Camera(
                camera.focal * lens, width, height,
                camera.yaw + float(turn[0]), camera.pitch + float(turn[1]), camera.roll + float(turn[2]),
            )  # fmt: skip
            near = floats(box * np.exp(random.normal(0, 0.02 * step, (24, 4))))
            # The foot of a skirting board is a few hundredths away from its top, for one wall alone.
            boxes = floats(
                np.concatenate([box[None], near, _scanned(box, np.log(box) - reach, np.log(box) + reach, 13)])
            )
            strength, visible = along_edges(edges, seen, boxes)
            scores = ((strength - _EVIDENCE_NEEDED) * np.minimum(visible, 0.5)).sum(-1)
            # A far step needs a clear gain: the first layout was also judged by its areas.
            scores -= 0.6 * np.abs(np.log(boxes / start)).sum(-1) + 2.0 * np.abs(turn).sum()
            winner = int(scores.argmax())
            if best is None or scores[winner] > best[0]:
                best = (float(scores[winner]), seen, boxes[winner])
        if best is not None:
            _, camera, box = best
        step *= 0.55
        reach = reach * np.float32(0.6)
    small = camera.resized(layout.camera.width, layout.camera.height)
    strength, _ = along_edges(edges, camera, box[None], strongest=_STRONG)
    return Layout(
        small, Box(*(float(value) for value in box)), layout.support, layout.agreement, _seams(strength[0])
    )


def _seams(strength: Floats) -> tuple[float, ...]:
    return tuple(float(value) for value in np.clip(strength / 0.4, 0, 1))


def _support(strength: Floats, visible: Floats) -> float:
    total = float(visible.sum())
    return float((np.clip(strength / 0.4, 0, 1) * visible).sum()) / total if total > 0 else 0.0


def upright_density(segments: Segments, camera: Camera, inside: Floats) -> float:
    """Length of upright segments within the mask `inside` per its diagonal: floors have few, furniture has many."""
    if not len(segments.ends):
        return 0.0
    height, width = inside.shape
    longest = max(width, height)
    down = camera.matrix[:, 1]
    angle = disagreement(segments, down, np.array(camera.focal / longest, np.float32))
    middle = segments.ends.mean(1) * longest + [width / 2, height / 2]
    x = np.clip(middle[:, 0], 0, width - 1).astype(int)
    y = np.clip(middle[:, 1], 0, height - 1).astype(int)
    upright = (angle < np.radians(4)) & (inside[y, x] > 0.5)
    size = np.sqrt(max(float(inside.sum()), 1.0)) / longest
    return float(segments.lengths[upright].sum()) / float(size)
