"""ResNet whose last layer regresses coordinates: the "simulated landmarks" detector.

Structure after He et al., Deep Residual Learning for Image Recognition, 2016, with the stride in the 3×3 convolution of
a bottleneck as in torchvision ("v1.5"), and with torchvision's names, which timm has too: an ImageNet checkpoint of
either fills all but ``fc`` (:func:`flmcore.detectors.checkpoint_fit.load_backbone`).

Wood et al., Fake it till you make it: face analysis in the wild using synthetic data alone, 2021, trained a ResNet on
rendered faces only, with a mean squared error, to give 68 landmarks of 256×256 crops of the data sets' boxes. Of a
rendered face the landmarks are known where they are hidden, too, so they are projections of points of the surface, not
the outline that people annotate; for 300-W the paper moves them there by a small network of two layers ("label
adaptation"), which is no part of this one. Microsoft published neither code nor weights, but 100,000 of the images.
Wood et al., 3D Face Reconstruction with Dense Landmarks, 2022, gives each landmark a circular Gaussian, centre and
standard deviation: ``values = 3``, the third being the logarithm of the standard deviation.

``width`` and ``grid`` are flmcore's own, for networks small enough to be trained on a processor and shipped: a quarter of
the multiply-adds at half the width, and features averaged over the cells of a grid in place of the whole crop, so that
the last layer is told where they were seen. Nobody published weights of these; the names are the same.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import torch
from torch import nn

__all__ = ["ResNet", "identify"]

_BLOCKS = {10: (1, 1, 1, 1), 18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3)}
_BOTTLENECKS = (50, 101)


class _Basic(nn.Module):
    """Two 3×3 convolutions beside a skip connection."""

    expansion = 1

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = _projection(channels, width, stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inner = self.relu(self.bn1(self.conv1(x)))
        inner = self.bn2(self.conv2(inner))
        out: torch.Tensor = self.relu(inner + (x if self.downsample is None else self.downsample(x)))
        return out


class _Bottleneck(nn.Module):
    """1×1, 3×3 and 1×1 convolution, the last four times as wide, beside a skip connection."""

    expansion = 4

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, width * self.expansion, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(width * self.expansion)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = _projection(channels, width * self.expansion, stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inner = self.relu(self.bn1(self.conv1(x)))
        inner = self.relu(self.bn2(self.conv2(inner)))
        inner = self.bn3(self.conv3(inner))
        out: torch.Tensor = self.relu(inner + (x if self.downsample is None else self.downsample(x)))
        return out


class ResNet(nn.Module):
    """Input N×3×H×W float32, RGB with ImageNet's mean and deviation; gives (N, values·landmarks) float32.

    For each landmark in turn: x and y from 0 at the crop's left and upper edge to 1 at its right and lower edge (not
    cut to this range), and with ``values`` of 3 the natural logarithm of the standard deviation of both, in the same units.

    Args:
        landmarks: how many.
        depth: 18, 34, 50 or 101 layers with weights, or 10, which nobody published.
        values: numbers for each landmark: 2, or 3 with a log-sigma.
        width: channels of the first stage; the later ones have 2, 4 and 8 times as many. 64 is the published one.
        grid: cells per side over which the last features are averaged, 1 to 8; 1, the whole crop, is the published one.
    """

    head_names = ("fc.",)

    def __init__(
        self, landmarks: int, depth: int = 18, values: int = 2, width: int = 64, grid: int = 1
    ) -> None:
        super().__init__()
        if depth not in _BLOCKS:
            msg = f"depth: expected one of {', '.join(map(str, _BLOCKS))}, got {depth!r}"
            raise ValueError(msg)
        if values not in (2, 3):
            msg = f"values: expected 2 for x and y, or 3 with a log-sigma, got {values!r}"
            raise ValueError(msg)
        for name, value, most in (("width", width, 512), ("grid", grid, 8)):
            if type(value) is not int or not 1 <= value <= most:
                msg = f"{name}: expected a whole number from 1 to {most}, got {value!r}"
                raise ValueError(msg)
        block = _Bottleneck if depth in _BOTTLENECKS else _Basic
        self.conv1 = nn.Conv2d(3, width, 7, 2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, padding=1)
        blocks, last = _BLOCKS[depth], block.expansion
        self.layer1 = _stage(block, width, width, blocks[0], 1)
        self.layer2 = _stage(block, width * last, 2 * width, blocks[1], 2)
        self.layer3 = _stage(block, 2 * width * last, 4 * width, blocks[2], 2)
        self.layer4 = _stage(block, 4 * width * last, 8 * width, blocks[3], 2)
        self.grid = grid
        self.fc = nn.Linear(8 * width * last * grid * grid, values * landmarks)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        if self.grid == 1:
            x = x.mean(dim=(2, 3))
        else:
            x = nn.functional.adaptive_avg_pool2d(x, self.grid).flatten(1)
        out: torch.Tensor = self.fc(x)
        return out


def identify(shapes: Mapping[str, tuple[int, ...]]) -> str | None:
    """``ResNet-18 with 136 outputs (68 landmarks)`` for the names and shapes of such a state dict, else None."""
    if len(shapes.get("fc.weight", ())) != 2 or len(shapes.get("conv1.weight", ())) != 4:
        return None
    counts = tuple(
        len({match[0] for name in shapes if (match := re.match(rf"layer{stage}\.\d+\.", name))})
        for stage in range(1, 5)
    )
    bottleneck = "layer1.0.conv3.weight" in shapes
    depths = [d for d, blocks in _BLOCKS.items() if blocks == counts and (d in _BOTTLENECKS) == bottleneck]
    if not depths:
        return None
    outputs = shapes["fc.weight"][0]
    readings = [f"{outputs // values} landmarks" for values in (2, 3) if outputs % values == 0]
    if outputs == 1000:
        readings = ["ImageNet's classes"]
    means = f" ({' or '.join(readings)})" if readings else ""
    own = _own_sizes(shapes, _Bottleneck.expansion if bottleneck else 1)
    return f"ResNet-{depths[0]}{own} with {outputs} outputs{means}"


def _own_sizes(shapes: Mapping[str, tuple[int, ...]], expansion: int) -> str:
    """Width and grid, where they are not the published ones."""
    width = shapes["conv1.weight"][0]
    grid = math.isqrt(max(1, shapes["fc.weight"][1] // max(1, 8 * width * expansion)))
    named = (("width", width, 64), ("grid", grid, 1))
    own = ", ".join(f"{name} {value}" for name, value, usual in named if value != usual)
    return f" ({own})" if own else ""


def _stage(
    block: type[_Basic | _Bottleneck], channels: int, width: int, blocks: int, stride: int
) -> nn.Sequential:
    inner = width * block.expansion
    return nn.Sequential(block(channels, width, stride), *(block(inner, width, 1) for _ in range(blocks - 1)))


def _projection(channels: int, width: int, stride: int) -> nn.Sequential | None:
    """Brings the skip connection to the block's shape, where it differs."""
    if stride == 1 and channels == width:
        return None
    return nn.Sequential(nn.Conv2d(channels, width, 1, stride, bias=False), nn.BatchNorm2d(width))
