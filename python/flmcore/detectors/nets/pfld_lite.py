"""PFLD with a chain of depthwise convolutions: the light network of Hsintao/pfld_106_face_landmarks.

Structure after Guo et al., PFLD: A Practical Facial Landmark Detector, 2019 (a light backbone whose features of three
scales are regressed together), with the names of that repository's state dict, ``plfd_backbone`` in its files. The second
network of the paper, of the head's pose, serves training only and is no part of this one.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

__all__ = ["PFLDLite", "identify"]


class PFLDLite(nn.Module):
    """Input N×3×112×112 float32, BGR from 0 to 1; gives (N, 2·landmarks) float32.

    For each landmark in turn x and y, from 0 at the crop's left and upper edge to 1 at its right and lower edge.
    """

    head_names = ("fc.",)

    def __init__(self, landmarks: int) -> None:
        super().__init__()
        self.model = nn.Sequential(
            nn.Sequential(
                nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(inplace=True)
            ),
            _separable(16, 32),
            _separable(32, 32, 2),
            _separable(32, 32),
            _separable(32, 64, 2),
            *(_separable(64, 64) for _ in range(3)),
        )
        self.model1 = nn.Sequential(
            _separable(64, 128, 2),
            _separable(128, 128),
            _separable(128, 128),
            _separable(128, 256),
            _separable(256, 256),
        )
        self.extra = nn.Sequential(
            nn.Conv2d(256, 64, 1),
            nn.ReLU(inplace=True),
            nn.Sequential(
                nn.Conv2d(64, 64, 3, 2, padding=1, groups=64), nn.ReLU(inplace=True), nn.Conv2d(64, 128, 1)
            ),
        )
        self.conv1 = nn.Conv2d(64, 16, 3, padding=1)
        self.conv2 = nn.Conv2d(256, 64, 1)
        self.fc = nn.Linear(16 + 64 + 128, 2 * landmarks)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        fine = self.model(x)
        coarse = self.model1(fine)
        scales = (self.conv1(fine), self.conv2(coarse), self.extra(coarse))
        out: torch.Tensor = self.fc(torch.cat([scale.mean(dim=(2, 3)) for scale in scales], dim=1))
        return out


def identify(shapes: Mapping[str, tuple[int, ...]]) -> str | None:
    """``PFLD-lite (106 landmarks)`` for the names and shapes of such a state dict, else None."""
    landmarks = shapes.get("fc.weight", (0,))[0] // 2
    if shapes.get("fc.weight") != (2 * landmarks, 208) or "model1.4.3.weight" not in shapes:
        return None
    return f"PFLD-lite ({landmarks} landmarks)"


def _separable(channels: int, out_channels: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, channels, 3, stride, padding=1, groups=channels, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(inplace=True),
        nn.Conv2d(channels, out_channels, 1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    )
