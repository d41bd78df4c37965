"""Trains the net for a given time: PYTHONPATH=generations/engines/preview python -m training.train PAIRS NET MINUTES [--longest 192]

NET is a .pt file; where it exists training goes on from it. Pairs rendered meanwhile join in at the next round.
"""

from __future__ import annotations

import argparse
import copy
import math
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from .kinds import UNKNOWN
from .net import RoomNet
from .pairs import Darkroom, Pair, coordinates, read_scene, scene_files

_BATCH = 16
_ASPECTS = (4 / 3, 4 / 3, 3 / 2, 16 / 9, 1.0, 3 / 4, 3 / 4, 2 / 3)
_PEAK = 2.5e-3
_BARE_SHARE = 0.5  # how much the bare room counts beside the visible classes
_KEEP = 0.996  # memory of the running average of weights, which is what is kept


class Store:
    """The pairs seen so far, in memory."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.read, self.pairs = folder, set[Path](), list[Pair]()

    def refresh(self) -> None:
        """Reads scenes that have come since."""
        for path in scene_files(self.folder, held_out=False):
            if path not in self.read:
                self.read.add(path)
                self.pairs += read_scene(path)


def size_of(aspect: float, longest: int) -> tuple[int, int]:
    """Height and width, multiples of 16."""
    shorter = max(16, round(longest * min(aspect, 1 / aspect) / 16) * 16)
    return (shorter, longest) if aspect >= 1 else (longest, shorter)


def batches(store: Store, rng: np.random.Generator, longest: int) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Endless batches: input, classes and bare room as bytes."""
    darkroom = Darkroom(rng)
    while True:
        store.refresh()
        order = rng.permutation(len(store.pairs))
        for start in range(0, len(order) - _BATCH + 1, _BATCH):
            height, width = size_of(float(rng.choice(_ASPECTS)), longest)
            made = [darkroom.develop(store.pairs[i], height, width) for i in order[start : start + _BATCH]]
            pictures = np.stack([one[0].transpose(2, 0, 1) - 0.5 for one in made])
            place = np.broadcast_to(coordinates(height, width), (_BATCH, 2, height, width))
            inputs = torch.from_numpy(np.concatenate([pictures, place], 1).astype(np.float32))
            kinds, bare = (torch.from_numpy(np.stack([one[k] for one in made])) for k in (1, 2))
            yield inputs.to(memory_format=torch.channels_last), kinds, bare


def loss_of(logits: Tensor, labels: Tensor, rng: np.random.Generator) -> Tensor:
    """Cross-entropy against one label out of each block that an answer stands for; unknown pixels do not count.

    The answer for a block learns how its labels are mixed, because another one is drawn every time.
    """
    step = labels.shape[1] // logits.shape[2]
    down, right = rng.integers(step, size=2)
    some = labels[:, down::step, right::step].long()
    return functional.cross_entropy(logits.float(), some, ignore_index=UNKNOWN)


@torch.no_grad()
def follow(average: nn.Module, net: nn.Module, keep: float) -> None:
    """Moves the average a little towards the net, running statistics included."""
    for old, new in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
        if old.is_floating_point():
            old.lerp_(new, 1 - keep)
        else:
            old.copy_(new)


def train(store: Store, net: RoomNet, asked: argparse.Namespace) -> None:
    """Trains for the asked minutes on one thread; the averaged net is written at the end and now and then before."""
    rng = np.random.default_rng(int(time.time()))
    average = copy.deepcopy(net)
    optimiser = torch.optim.AdamW(net.parameters(), lr=asked.peak, weight_decay=0.02)
    start, losses = time.monotonic(), list[tuple[float, float]]()
    for step, (inputs, kinds, bare) in enumerate(batches(store, rng, asked.longest)):
        passed = (time.monotonic() - start) / 60 / asked.minutes
        if passed >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = asked.peak * min(1.0, step / 100) * (0.5 + 0.5 * math.cos(math.pi * passed) + 0.01)
        with torch.autocast("cpu", torch.bfloat16):
            seen, behind = net(inputs)
        parts = loss_of(seen, kinds, rng), loss_of(behind, bare, rng)
        optimiser.zero_grad()
        (parts[0] + _BARE_SHARE * parts[1]).backward()
        nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        optimiser.step()
        follow(average, net, min(_KEEP, (1 + step) / (20 + step)))
        losses.append((float(parts[0].detach()), float(parts[1].detach())))
        if step % 50 == 49:
            first, second = np.mean(losses[-50:], 0)
            print(
                f"step {step + 1}, {passed:.0%}, {len(store.pairs)} pairs, loss {first:.3f} {second:.3f}",
                flush=True,
            )
        if step % 300 == 299:
            keep(average, asked.net)
    keep(average, asked.net)


def keep(net: nn.Module, path: Path) -> None:
    """Writes the weights in one move."""
    part = path.with_suffix(".part")
    torch.save(net.state_dict(), part)
    part.rename(path)


def main() -> None:
    """Trains and writes NET."""
    ask = argparse.ArgumentParser()
    ask.add_argument("pairs", type=Path)
    ask.add_argument("net", type=Path)
    ask.add_argument("minutes", type=float)
    ask.add_argument("--longest", type=int, default=192)
    ask.add_argument("--peak", type=float, default=_PEAK)
    asked = ask.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    net = RoomNet().to(memory_format=torch.channels_last)
    if asked.net.exists():
        net.load_state_dict(torch.load(asked.net, weights_only=True))
    train(Store(asked.pairs), net.train(), asked)


if __name__ == "__main__":
    main()
