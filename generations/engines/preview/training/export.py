"""Writes the net for cv2.dnn: PYTHONPATH=generations/engines/preview python -m training.export PAIRS NET ONNX

The answers are first made as sure of themselves as they deserve: a temperature for each, fitted on every other held-out scene.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from .kinds import LONGEST, UNKNOWN
from .net import RoomNet
from .pairs import coordinates, plainly, read_scene, scene_files
from .train import size_of


def shown(picture: np.ndarray) -> Tensor:
    """sRGB bytes as the net's input."""
    height, width = picture.shape[:2]
    planes = [picture.astype(np.float32).transpose(2, 0, 1) / 255 - 0.5, coordinates(height, width)]
    return torch.from_numpy(np.concatenate(planes)[None])


def temperatures(net: RoomNet, folder: Path) -> tuple[float, float]:
    """What to divide the logits of the two answers by so that the held-out labels are likeliest."""
    kept: tuple[list[tuple[Tensor, Tensor]], ...] = ([], [])
    for path in scene_files(folder, held_out=True)[::2]:
        for pair in read_scene(path):
            height, width = size_of(pair.colour.shape[1] / pair.colour.shape[0], LONGEST)
            picture, *labels = plainly(pair, height, width)
            with torch.no_grad():
                answers = net(shown(picture))
            for store, answer, label in zip(kept, answers, labels, strict=True):
                step = label.shape[0] // answer.shape[2]
                some = torch.from_numpy(label[step // 2 :: step, step // 2 :: step].astype(np.int64).ravel())[
                    ::7
                ]
                flat = answer[0].flatten(1).T[::7]
                store.append((flat[some != UNKNOWN], some[some != UNKNOWN]))
    return _fitted(kept[0]), _fitted(kept[1])


def _fitted(kept: list[tuple[Tensor, Tensor]]) -> float:
    logits, labels = torch.cat([a for a, _ in kept]), torch.cat([b for _, b in kept])
    tried = np.arange(0.6, 3.0, 0.05)
    return float(tried[int(np.argmin([float(functional.cross_entropy(logits / t, labels)) for t in tried]))])


def write(net: RoomNet, path: Path) -> float:
    """Exports and says how far cv2.dnn's answers are from torch's at worst."""
    example = torch.rand(1, 5, 176, LONGEST) - 0.5
    sides = {"photo": {2: "h", 3: "w"}, "kinds": {2: "h2", 3: "w2"}, "planes": {2: "h4", 3: "w4"}}
    torch.onnx.export(
        net, (example,), str(path), opset_version=17, dynamo=False,
        input_names=["photo"], output_names=["kinds", "planes"], dynamic_axes=sides,
    )  # fmt: skip
    read, worst = cv2.dnn.readNetFromONNX(str(path)), 0.0
    for height, width in ((192, 256), (256, 176), (144, 256)):
        inputs = torch.rand(1, 5, height, width) - 0.5
        read.setInput(inputs.numpy())
        with torch.no_grad():
            pairs = zip(net(inputs), read.forward(["kinds", "planes"]), strict=True)
            worst = max(worst, *(float(np.abs(ours.numpy() - theirs).max()) for ours, theirs in pairs))
    return worst


def main() -> None:
    """Fits, folds in and exports."""
    folder, source, target = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    net = RoomNet().eval()
    net.load_state_dict(torch.load(source, weights_only=True))
    for last, by in zip((net.at_half[-1], net.bare_last[-1]), temperatures(net, folder), strict=True):
        print(f"temperature {by:.2f}")
        last.weight.data /= by
        last.bias.data /= by
    print(f"largest difference from torch {write(net, target):.1e}")


if __name__ == "__main__":
    main()
