"""MediaPipe's face mesh network: 468 landmarks (x, y, z) in pixels of a 192×192 crop, and a logit for a face.

Structure after Kartynnik et al., Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs, 2019, with the
names of the state dict that circulates for PyTorch. Input N×3×192×192 RGB from -1 to 1.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

__all__ = ["BlazeBlock", "FaceMesh"]


class BlazeBlock(nn.Module):
    """Depthwise 3×3, pointwise, skip connection, PReLU, or ReLU as in BlazeFace.

    With stride 2 the input is padded by one row below and one column to the right, as TensorFlow's SAME does for even
    sizes, and the skip is pooled; where channels grow, the skip is filled up with zeros.
    """

    def __init__(self, channels: int, out_channels: int, stride: int = 1, *, learnt: bool = True) -> None:
        super().__init__()
        self.stride = stride
        self.grown = out_channels - channels
        self.convs = nn.Sequential(
            nn.Conv2d(channels, channels, 3, stride, padding=2 - stride, groups=channels),
            nn.Conv2d(channels, out_channels, 1),
        )
        self.act = nn.PReLU(out_channels) if learnt else nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        skip = x
        if self.stride == 2:
            skip = functional.max_pool2d(x, 2)
            x = functional.pad(x, (0, 1, 0, 1))
        if self.grown:
            skip = functional.pad(skip, (0, 0, 0, 0, 0, self.grown))
        activated: torch.Tensor = self.act(self.convs(x) + skip)
        return activated


def _stage(channels: int, out_channels: int) -> list[nn.Module]:
    return [
        BlazeBlock(channels, out_channels, 2),
        BlazeBlock(out_channels, out_channels),
        BlazeBlock(out_channels, out_channels),
    ]


class FaceMesh(nn.Module):
    """Gives (N, 1404) coordinates, x, y, z for each landmark, and (N, 1) logits."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Sequential(
            nn.Conv2d(3, 16, 3, 2),
            nn.PReLU(16),
            BlazeBlock(16, 16),
            BlazeBlock(16, 16),
            *_stage(16, 32),
            *_stage(32, 64),
            *_stage(64, 128),
            *_stage(128, 128),
        )
        self.coord_head = nn.Sequential(
            *_stage(128, 128), nn.Conv2d(128, 32, 1), nn.PReLU(32), BlazeBlock(32, 32), nn.Conv2d(32, 1404, 3)
        )
        self.conf_head = nn.Sequential(
            BlazeBlock(128, 128, 2),
            nn.Conv2d(128, 32, 1),
            nn.PReLU(32),
            BlazeBlock(32, 32),
            nn.Conv2d(32, 1, 3),
        )

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        features = self.backbone(functional.pad(x, (1, 0, 1, 0), mode="reflect"))
        return self.coord_head(features).flatten(1), self.conf_head(features).flatten(1)
