"""The room parser's net: a small U-Net over RGB and pixel coordinates with two answers."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .kinds import BARE, KINDS

_WIDTHS = (16, 32, 64, 96)


def _conv(
    inputs: int, outputs: int, size: int = 3, *, stride: int = 1, groups: int = 1, act: bool = True
) -> nn.Sequential:
    parts: list[nn.Module] = [
        nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    return nn.Sequential(*parts, *([nn.ReLU(inplace=True)] if act else []))


class _Mixer(nn.Module):
    """A wide depthwise look around, then a small perceptron at each place; added to what came in."""

    def __init__(self, width: int, size: int, grow: int = 2) -> None:
        super().__init__()
        self.look = _conv(width, width, size, groups=width, act=False)
        self.think = nn.Sequential(_conv(width, grow * width, 1), _conv(grow * width, width, 1, act=False))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.think(self.look(x))


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(_conv(width, width), _conv(width, width, act=False))

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(x + self.body(x))


class _Overview(nn.Module):
    """Tells every place about the whole picture, as a gain: cv2.dnn can't add one pixel to many."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.say = nn.Sequential(
            nn.Conv2d(width, width, 1), nn.ReLU(inplace=True), nn.Conv2d(width, width, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        return x * (2 * torch.sigmoid(self.say(functional.adaptive_avg_pool2d(x, 1))))


class RoomNet(nn.Module):
    """(n, 5, h, w) with sides divisible by 16 -> class logits (n, 7, h/2, w/2) and bare-room logits (n, 5, h/4, w/4)."""

    def __init__(self) -> None:
        super().__init__()
        a, b, c, d = _WIDTHS
        self.stem = _conv(5, a, stride=2)
        self.quarter = nn.Sequential(_conv(a, b, stride=2), _Residual(b))
        self.eighth = nn.Sequential(_conv(b, c, stride=2), _Mixer(c, 5), _Mixer(c, 5))
        deep = (_Mixer(d, 7), _Mixer(d, 7), _Overview(d), _Mixer(d, 7), _Mixer(d, 7))
        self.sixteenth = nn.Sequential(_conv(c, d, stride=2, groups=8), nn.Conv2d(d, d, 1), *deep)
        self.to_eighth, self.from_eighth = _conv(d, 56, 1, act=False), _conv(c, 56, 1, act=False)
        self.at_eighth = _Mixer(56, 5)
        self.to_quarter, self.from_quarter = _conv(56, b, 1, act=False), _conv(b, b, 1, act=False)
        self.at_quarter = _Residual(b)
        self.to_half, self.from_half = _conv(b, 20, 1, act=False), _conv(a, 20, 1, act=False)
        self.at_half = nn.Sequential(_conv(20, 20), nn.Conv2d(20, len(KINDS), 1))
        self.bare = nn.Sequential(
            _Mixer(56, 7), _conv(56, 32, 1), nn.Upsample(scale_factor=2.0, mode="bilinear")
        )
        self.bare_last = nn.Sequential(_conv(32, 24), nn.Conv2d(24, len(BARE), 1))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        half = self.stem(x)
        quarter = self.quarter(half)
        eighth = self.eighth(quarter)
        deep = self.sixteenth(eighth)
        eighth = self.at_eighth(functional.relu(self._up(self.to_eighth(deep)) + self.from_eighth(eighth)))
        quarter = self.at_quarter(
            functional.relu(self._up(self.to_quarter(eighth)) + self.from_quarter(quarter))
        )
        half = functional.relu(self._up(self.to_half(quarter)) + self.from_half(half))
        return self.at_half(half), self.bare_last(self.bare(eighth))

    @staticmethod
    def _up(x: Tensor) -> Tensor:
        return functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
