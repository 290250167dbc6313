"""BlazeFace's front-camera network, with the names of the state dict that hollance/BlazeFace-PyTorch publishes.

Bazarevsky et al., BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs, 2019; as in MediaPipe, of single
blocks. Input N×3×128×128 RGB from -1 to 1.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

from flmcore.detectors.nets.facemesh import BlazeBlock

__all__ = ["BlazeFace"]


def _block(channels: int, out_channels: int, stride: int = 1) -> BlazeBlock:
    return BlazeBlock(channels, out_channels, stride, learnt=False)


class BlazeFace(nn.Module):
    """Gives (N, 896, 16) regressors and (N, 896) logits, in the order of :func:`.anchors.blaze_anchors`."""

    def __init__(self) -> None:
        super().__init__()
        widths = (24, 24, 28, 32, 36, 42, 48, 56, 64, 72, 80, 88)
        halved = (32, 48)  # where the map shrinks
        self.backbone1 = nn.Sequential(
            nn.Conv2d(3, 24, 5, 2),
            nn.ReLU(),
            *(_block(a, b, 1 + (b in halved)) for a, b in pairwise(widths)),
        )
        self.backbone2 = nn.Sequential(_block(88, 96, 2), *(_block(96, 96) for _ in range(4)))
        self.classifier_8, self.classifier_16 = nn.Conv2d(88, 2, 1), nn.Conv2d(96, 6, 1)
        self.regressor_8, self.regressor_16 = nn.Conv2d(88, 32, 1), nn.Conv2d(96, 96, 1)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        fine = self.backbone1(functional.pad(x, (1, 2, 1, 2)))  # N×88×16×16
        coarse = self.backbone2(fine)  # N×96×8×8
        regressors = [_rows(self.regressor_8(fine), 16), _rows(self.regressor_16(coarse), 16)]
        logits = [_rows(self.classifier_8(fine), 1), _rows(self.classifier_16(coarse), 1)]
        return torch.cat(regressors, dim=1), torch.cat(logits, dim=1)[..., 0]


def _rows(maps: torch.Tensor, each: int) -> torch.Tensor:
    """N×C×H×W to N×(H·W·C/each)×each: anchors cell by cell, row by row."""
    return maps.permute(0, 2, 3, 1).reshape(len(maps), -1, each)
