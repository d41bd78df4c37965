"""Which way the camera looks: line segments of a picture against the three directions of a box room."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from generations.engines.preview.arrays import Bytes, Floats, floats
from generations.engines.preview.camera import Camera, rotation

_WIDTH_OF_AGREEMENT = np.radians(2.0)  # a segment this far off a direction counts for 1/e
_USUAL_FOCAL = 0.72  # of the longest side: phones and estate agents' wide angles
_MOST_SEGMENTS = 160


@dataclass(frozen=True)
class Segments:
    """Straight edges: end points relative to the middle of the picture, in units of its longest side; (n, 2, 2)."""

    ends: Floats

    @property
    def lengths(self) -> Floats:
        return floats(np.linalg.norm(self.ends[:, 1] - self.ends[:, 0], axis=-1))


def find_segments(grey: Bytes) -> Segments:
    """The longest straight edges of a one-channel picture."""
    height, width = grey.shape
    found: object = cv2.createLineSegmentDetector().detect(grey)[0]
    if found is None:  # OpenCV's annotations deny it, a blank picture proves it
        return Segments(np.zeros((0, 2, 2), np.float32))
    ends = (floats(found).reshape(-1, 2, 2) - np.array([width / 2, height / 2], np.float32)) / max(
        width, height
    )
    segments = Segments(floats(ends))
    longest = np.argsort(-segments.lengths, kind="stable")[:_MOST_SEGMENTS]
    return Segments(segments.ends[longest[segments.lengths[longest] > 0.025]])


def disagreement(segments: Segments, directions: Floats, focal: Floats) -> Floats:
    """Angles in radians between segments and the way to vanishing points, as they are seen in the picture.

    `directions` (..., 3) are in camera axes and `focal` (...) in longest sides; the answer has shape (..., n).
    """
    middle = segments.ends.mean(1)
    along = segments.ends[:, 1] - segments.ends[:, 0]
    x, y, z = (directions[..., None, axis] for axis in range(3))
    toward_x = x * focal[..., None] - middle[:, 0] * z
    toward_y = y * focal[..., None] - middle[:, 1] * z
    cross = np.abs(toward_x * along[:, 1] - toward_y * along[:, 0])
    return floats(np.arcsin(np.clip(cross / (np.hypot(toward_x, toward_y) * segments.lengths + 1e-9), 0, 1)))


def _scores(segments: Segments, poses: Floats) -> Floats:
    """How well each pose (n, 4) of focal, yaw, pitch, roll explains the segments; higher is better."""
    axes = rotation(poses[:, 1], poses[:, 2], poses[:, 3]).swapaxes(1, 2)  # (n, axis, 3)
    angle = disagreement(segments, axes, np.repeat(poses[:, :1], 3, 1))
    agreement = np.exp(-((angle / _WIDTH_OF_AGREEMENT) ** 2)).max(1)
    explained = agreement @ segments.lengths
    focal, yaw, pitch, roll = poses.T
    # Ties are many in a real photo: lean to a usual lens, a level camera and a wall seen from the front.
    doubt = (
        0.35 * (np.log(focal / _USUAL_FOCAL) / 0.35) ** 2
        + 0.25 * (pitch / 0.2) ** 2
        + 0.15 * (yaw / 0.6) ** 2
        + (roll / 0.04) ** 2
    )
    return floats(explained - 0.12 * doubt)


def find_poses(segments: Segments, width: int, height: int, how_many: int = 3) -> list[tuple[Camera, float]]:
    """The most plausible cameras, best first, each with its score per unit of segment length (about 0 to 1)."""
    longest = max(width, height)
    if len(segments.ends) < 6:
        return [(Camera(_USUAL_FOCAL * longest, width, height, pitch=0.04), 0.0)]
    grid = np.array(
        np.meshgrid(
            [0.5, 0.6, 0.72, 0.88, 1.1],
            np.radians(np.arange(-44, 45, 4)),
            np.radians(np.arange(-16, 25, 4)),
            [0.0],
            indexing="ij",
        ),
        np.float32,
    )
    poses = floats(grid.reshape(4, -1).T)
    scores = _scores(segments, poses)
    total = float(segments.lengths.sum())
    best: list[tuple[Camera, float]] = []
    order = np.argsort(-scores, kind="stable")
    for index in order:
        if any(abs(poses[index, 1] - camera.yaw) < np.radians(9) for camera, _ in best):
            continue
        pose, score = _refined(segments, poses[index])
        focal, yaw, pitch, roll = (float(value) for value in pose)
        best.append((Camera(focal * longest, width, height, yaw, pitch, roll), score / total))
        if len(best) == how_many:
            break
    return sorted(best, key=lambda pair: -pair[1])


def _refined(segments: Segments, pose: Floats) -> tuple[Floats, float]:
    """The best pose near `pose`, by shrinking random steps (the same ones every time)."""
    random = np.random.default_rng(7)
    step = np.array([0.06, 0.035, 0.035, 0.015], np.float32)
    score = float(_scores(segments, pose[None])[0])
    for _ in range(6):
        tries = floats(pose + random.normal(size=(48, 4)).astype(np.float32) * step)
        tries[:, 0] = np.clip(tries[:, 0], 0.42, 1.6)
        tries[:, 3] = np.clip(tries[:, 3], -0.07, 0.07)
        scores = _scores(segments, tries)
        winner = int(scores.argmax())
        if scores[winner] > score:
            pose, score = tries[winner], float(scores[winner])
        step = step * np.float32(0.6)
    return pose, score
