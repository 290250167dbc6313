"""FAN, the face alignment network: stacked hourglasses that end in one heat map per landmark.

Bulat and Tzimiropoulos, How far are we from solving the 2D & 3D face alignment problem?, ICCV 2017. State-dict names
are those of face-alignment's ``2DFAN4`` files, which iBUG's ``2dfan2.pth`` shares. Input N×3×256×256 RGB from 0 to 1.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn
from torch.nn import functional

__all__ = ["FAN", "identify", "published_state"]

POOLINGS: dict[str, Callable[[torch.Tensor, int], torch.Tensor]] = {
    "average": functional.avg_pool2d,
    "max": functional.max_pool2d,
}
DEPTH = 4  # halvings inside an hourglass
WIDTH = 256


class _Block(nn.Module):
    """Three 3×3 convolutions in a row, each after batch norm and ReLU; their outputs stand side by side, half, a quarter
    and a quarter of the channels, and the input is added."""

    def __init__(self, channels: int, out_channels: int) -> None:
        super().__init__()
        half, quarter = out_channels // 2, out_channels // 4
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels, half, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(half)
        self.conv2 = nn.Conv2d(half, quarter, 3, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(quarter)
        self.conv3 = nn.Conv2d(quarter, quarter, 3, padding=1, bias=False)
        self.downsample: nn.Sequential | None = None
        if channels != out_channels:
            self.downsample = nn.Sequential(
                nn.BatchNorm2d(channels), nn.ReLU(), nn.Conv2d(channels, out_channels, 1, bias=False)
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first = self.conv1(functional.relu(self.bn1(x)))
        second = self.conv2(functional.relu(self.bn2(first)))
        third = self.conv3(functional.relu(self.bn3(second)))
        skip = x if self.downsample is None else self.downsample(x)
        return torch.cat((first, second, third), dim=1) + skip


class _Hourglass(nn.Module):
    """At each level one branch at full size and one at half, where the next level sits; the two are added."""

    def __init__(self, pooling: str) -> None:
        super().__init__()
        self.pool = POOLINGS[pooling]
        for level in range(DEPTH, 0, -1):
            self.add_module(f"b1_{level}", _Block(WIDTH, WIDTH))
            self.add_module(f"b2_{level}", _Block(WIDTH, WIDTH))
        self.b2_plus_1 = _Block(WIDTH, WIDTH)
        for level in range(1, DEPTH + 1):
            self.add_module(f"b3_{level}", _Block(WIDTH, WIDTH))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self._level(DEPTH, x)

    def _level(self, level: int, x: torch.Tensor) -> torch.Tensor:
        full = self.get_submodule(f"b1_{level}")(x)
        half = self.get_submodule(f"b2_{level}")(self.pool(x, 2))
        half = self._level(level - 1, half) if level > 1 else self.b2_plus_1(half)
        half = self.get_submodule(f"b3_{level}")(half)
        summed: torch.Tensor = full + functional.interpolate(half, scale_factor=2, mode="nearest")
        return summed


class FAN(nn.Module):
    """Gives (N, K, H/4, W/4) heat maps of the last stack for (N, 3, H, W), H and W multiples of 64; published: 256.

    Args:
        landmarks: K, one map each.
        stacks: hourglasses in a row; the published networks have 4 or 2.
        pooling: ``average`` as face-alignment, iBUG's ``2dfan4`` and the paper's code, or ``max`` as iBUG's ``2dfan2``
            and ``2dfan2_alt``. The state dict does not tell them apart, the landmarks do.
    """

    def __init__(self, landmarks: int = 68, stacks: int = 4, pooling: str = "average") -> None:
        super().__init__()
        if isinstance(stacks, bool) or not isinstance(stacks, int) or stacks < 1:
            msg = f"stacks: expected a whole number, 1 or more, got {stacks!r}"
            raise ValueError(msg)
        if pooling not in POOLINGS:
            msg = f"pooling: expected one of {', '.join(POOLINGS)}, got {pooling!r}"
            raise ValueError(msg)
        self.stacks = stacks
        self.pool = POOLINGS[pooling]
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3)
        self.bn1 = nn.BatchNorm2d(64)
        self.conv2 = _Block(64, 128)
        self.conv3 = _Block(128, 128)
        self.conv4 = _Block(128, WIDTH)
        for i in range(stacks):
            self.add_module(f"m{i}", _Hourglass(pooling))
            self.add_module(f"top_m_{i}", _Block(WIDTH, WIDTH))
            self.add_module(f"conv_last{i}", nn.Conv2d(WIDTH, WIDTH, 1))
            self.add_module(f"bn_end{i}", nn.BatchNorm2d(WIDTH))
            self.add_module(f"l{i}", nn.Conv2d(WIDTH, landmarks, 1))
            if i < stacks - 1:
                self.add_module(f"bl{i}", nn.Conv2d(WIDTH, WIDTH, 1))
                self.add_module(f"al{i}", nn.Conv2d(landmarks, WIDTH, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.stages(x)[-1]

    def stages(self, x: torch.Tensor) -> list[torch.Tensor]:
        """The heat maps of every stack, first to last; training compares each with the truth."""
        x = functional.relu(self.bn1(self.conv1(x)))
        x = self.conv4(self.conv3(self.pool(self.conv2(x), 2)))
        maps = []
        for i in range(self.stacks):
            features = self._part("top_m_", i)(self._part("m", i)(x))
            features = functional.relu(self._part("bn_end", i)(self._part("conv_last", i)(features)))
            maps.append(self._part("l", i)(features))
            if i < self.stacks - 1:
                x = x + self._part("bl", i)(features) + self._part("al", i)(maps[-1])
        return maps

    def _part(self, name: str, stack: int) -> nn.Module:
        return self.get_submodule(f"{name}{stack}")


def identify(shapes: Mapping[str, tuple[int, ...]]) -> str | None:
    """``2DFAN-2 (68 landmarks)`` for a state dict of these shapes, None where it is not one of this network's.

    The pooling, and whether a file was trained on 2-D or on projected 3-D landmarks, leave no trace in it.
    """
    bare = {key.removeprefix("module."): shape for key, shape in shapes.items()}
    if not {"conv1.weight", "m0.b2_plus_1.conv1.weight"} <= bare.keys():
        return None
    heads = {match[1]: bare[key] for key in bare if (match := re.fullmatch(r"l(\d+)\.weight", key))}
    landmarks = {shape[0] for shape in heads.values() if shape}
    if len(landmarks) != 1 or sorted(map(int, heads)) != list(range(len(heads))):
        return None
    return f"2DFAN-{len(heads)} ({landmarks.pop()} landmarks)"


def published_state(tensors: Mapping[str, Any]) -> dict[str, Any]:
    """A published file's tensors under this network's names.

    Files of 2017 have ``module.`` before each name; those written before PyTorch 0.4.1 lack ``num_batches_tracked``,
    which inference does not use and which becomes 0.
    """
    state = {key.removeprefix("module."): value for key, value in tensors.items()}
    for key in [key for key in state if key.endswith(".running_mean")]:
        state.setdefault(key.replace("running_mean", "num_batches_tracked"), torch.tensor(0))
    return state
