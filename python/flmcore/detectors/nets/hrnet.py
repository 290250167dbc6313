"""HRNet-W18-C, the small HRNet that keeps four scales side by side; SLPT's backbone.

Wang et al., Deep High-Resolution Representation Learning for Visual Recognition, 2019, in the form that SLPT publishes:
one module of two, three and four branches, and a head that brings the four scales to one map of 256 channels.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

__all__ = ["HRNetW18C"]

_WIDTHS = (18, 36, 72, 144)
_BLOCKS = 4  # of each branch, and of the first stage


def _conv(channels: int, out_channels: int, kernel: int = 3, stride: int = 1) -> list[nn.Module]:
    return [
        nn.Conv2d(channels, out_channels, kernel, stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(out_channels),
    ]


def _upsample(x: torch.Tensor, factor: int) -> torch.Tensor:
    if factor == 1:
        return x
    return functional.interpolate(x, scale_factor=float(factor), mode="bilinear", align_corners=False)


class _Basic(nn.Module):
    """Two 3×3 convolutions and a skip connection."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = _conv(channels, channels)
        self.conv2, self.bn2 = _conv(channels, channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.relu(self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(x))))) + x)


class _Bottleneck(nn.Module):
    """1×1, 3×3, 1×1, and a skip connection, which the first block projects to 256 channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = _conv(channels, 64, 1)
        self.conv2, self.bn2 = _conv(64, 64)
        self.conv3, self.bn3 = _conv(64, 256, 1)
        self.downsample = nn.Sequential(*_conv(channels, 256, 1)) if channels != 256 else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = functional.relu(self.bn1(self.conv1(x)))
        y = functional.relu(self.bn2(self.conv2(y)))
        return functional.relu(self.bn3(self.conv3(y)) + self.downsample(x))


class _Module(nn.Module):
    """Branches of blocks, each scale apart; then every scale is the sum of all, brought to its size."""

    def __init__(self, branches: int) -> None:
        super().__init__()
        scales = range(branches)
        self.branches = nn.ModuleList(
            nn.Sequential(*(_Basic(_WIDTHS[i]) for _ in range(_BLOCKS))) for i in scales
        )
        self.fuse_layers = nn.ModuleList(nn.ModuleList(self._path(j, i) for j in scales) for i in scales)

    @staticmethod
    def _path(source: int, target: int) -> nn.Module:
        """From one scale to another: halved as often as needed, or the channels alone; the rest is interpolation."""
        if source == target:
            return nn.Identity()
        if source > target:
            return nn.Sequential(*_conv(_WIDTHS[source], _WIDTHS[target], 1))
        same = [
            nn.Sequential(*_conv(_WIDTHS[source], _WIDTHS[source], 3, 2), nn.ReLU())
            for _ in range(target - source - 1)
        ]
        return nn.Sequential(*same, nn.Sequential(*_conv(_WIDTHS[source], _WIDTHS[target], 3, 2)))

    def forward(self, scales: list[torch.Tensor]) -> list[torch.Tensor]:
        scales = [branch(x) for branch, x in zip(self.branches, scales, strict=True)]
        fused = []
        for i, paths in enumerate(self.fuse_layers):
            assert isinstance(paths, nn.ModuleList)
            terms = [
                _upsample(path(x), 2 ** max(j - i, 0))
                for j, (path, x) in enumerate(zip(paths, scales, strict=True))
            ]
            total = terms[0]
            for term in terms[1:]:
                total = total + term
            fused.append(functional.relu(total))
        return fused


def _transition(before: tuple[int, ...], after: tuple[int, ...]) -> nn.ModuleList:
    """From the scales so far to one more; the new one comes from the smallest."""
    kept = [
        nn.Identity() if old == new else nn.Sequential(*_conv(old, new), nn.ReLU())
        for old, new in zip(before, after, strict=False)
    ]
    added = nn.Sequential(nn.Sequential(*_conv(before[-1], after[-1], 3, 2), nn.ReLU()))
    return nn.ModuleList([*kept, added])


class HRNetW18C(nn.Module):
    """Images (N, 3, H, W) float32, sides divisible by 32, to features (N, 256, H/4, W/4)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.bn1 = _conv(3, 64, 3, 2)
        self.conv2, self.bn2 = _conv(64, 64, 3, 2)
        self.layer1 = nn.Sequential(_Bottleneck(64), *(_Bottleneck(256) for _ in range(_BLOCKS - 1)))
        self.transition1 = _transition((256,), _WIDTHS[:2])
        self.stage2 = nn.Sequential(_Module(2))
        self.transition2 = _transition(_WIDTHS[:2], _WIDTHS[:3])
        self.stage3 = nn.Sequential(_Module(3))
        self.transition3 = _transition(_WIDTHS[:3], _WIDTHS)
        self.stage4 = nn.Sequential(_Module(4))
        total = sum(_WIDTHS)
        self.head = nn.Sequential(
            nn.Conv2d(total, total, 1), nn.BatchNorm2d(total), nn.ReLU(), nn.Conv2d(total, 256, 1)
        )

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        x = functional.relu(self.bn1(self.conv1(image)))
        x = functional.relu(self.bn2(self.conv2(x)))
        scales = [self.layer1(x)]
        for transition, stage in (
            (self.transition1, self.stage2),
            (self.transition2, self.stage3),
            (self.transition3, self.stage4),
        ):
            scales = stage([step(scales[min(i, len(scales) - 1)]) for i, step in enumerate(transition)])
        joined = torch.cat([_upsample(x, 2**i) for i, x in enumerate(scales)], dim=1)
        features: torch.Tensor = self.head(joined)
        return features
