"""CSPNeXt, the backbone of RTMDet and RTMPose, with the names of MMDetection's state dict.

After Lyu et al., RTMDet: An Empirical Study of Designing Real-Time Object Detectors, 2022 (arXiv:2212.07784), in the
form that MMPose's configs ask for: four stages, channel attention, batch norm with PyTorch's eps of 1e-5, SiLU.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

__all__ = ["STRIDE", "CSPNeXt"]

STRIDE = 32  # input pixels for one cell of the last map
_STAGES = ((128, 3), (256, 6), (512, 6), (1024, 3))  # channels and blocks at factors of 1


class ConvBlock(nn.Module):
    """Convolution without bias, batch norm, SiLU; the size is kept but for the stride."""

    def __init__(
        self, channels: int, out_channels: int, kernel: int, *, stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            channels, out_channels, kernel, stride, padding=kernel // 2, groups=groups, bias=False
        )
        self.bn = nn.BatchNorm2d(out_channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.silu(self.bn(self.conv(x)))


class SeparableBlock(nn.Module):
    """Depthwise 5×5, then pointwise."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.depthwise_conv = ConvBlock(channels, channels, 5, groups=channels)
        self.pointwise_conv = ConvBlock(channels, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mixed: torch.Tensor = self.pointwise_conv(self.depthwise_conv(x))
        return mixed


class CSPNeXtBlock(nn.Module):
    """3×3 convolution and a large separable one, with a shortcut where asked for."""

    def __init__(self, channels: int, *, shortcut: bool) -> None:
        super().__init__()
        self.shortcut = shortcut
        self.conv1 = ConvBlock(channels, channels, 3)
        self.conv2 = SeparableBlock(channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mixed: torch.Tensor = self.conv2(self.conv1(x))
        return x + mixed if self.shortcut else mixed


class ChannelAttention(nn.Module):
    """Each channel times a gate from 0 to 1, which is linear in the channels' means."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc = nn.Conv2d(channels, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * functional.hardsigmoid(self.fc(x.mean(dim=(2, 3), keepdim=True)))


class CSPLayer(nn.Module):
    """Half of the channels go through the blocks, half around them."""

    def __init__(self, channels: int, blocks: int, *, shortcut: bool) -> None:
        super().__init__()
        half = channels // 2
        self.main_conv = ConvBlock(channels, half, 1)
        self.short_conv = ConvBlock(channels, half, 1)
        self.final_conv = ConvBlock(2 * half, channels, 1)
        self.blocks = nn.Sequential(*(CSPNeXtBlock(half, shortcut=shortcut) for _ in range(blocks)))
        self.attention = ChannelAttention(2 * half)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        both = torch.cat((self.blocks(self.main_conv(x)), self.short_conv(x)), dim=1)
        merged: torch.Tensor = self.final_conv(self.attention(both))
        return merged


class SpatialPyramid(nn.Module):
    """Maxima over 5×5, 9×9 and 13×13 cells beside the map itself."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.conv1 = ConvBlock(channels, half, 1)
        self.conv2 = ConvBlock(4 * half, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.conv1(x)
        pooled = [functional.max_pool2d(x, side, stride=1, padding=side // 2) for side in (5, 9, 13)]
        merged: torch.Tensor = self.conv2(torch.cat((x, *pooled), dim=1))
        return merged


class CSPNeXt(nn.Module):
    """Gives the last map, (N, ``channels``, H / 32, W / 32), of N×3×H×W.

    Args:
        deepen: factor on the number of blocks.
        widen: factor on the number of channels.
    """

    def __init__(self, deepen: float, widen: float) -> None:
        super().__init__()
        channels = int(64 * widen)
        self.stem = nn.Sequential(
            ConvBlock(3, channels // 2, 3, stride=2),
            ConvBlock(channels // 2, channels // 2, 3),
            ConvBlock(channels // 2, channels, 3),
        )
        for number, (full, count) in enumerate(_STAGES, start=1):
            last = number == len(_STAGES)
            out_channels = int(full * widen)
            layers: list[nn.Module] = [ConvBlock(channels, out_channels, 3, stride=2)]
            if last:
                layers.append(SpatialPyramid(out_channels))
            layers.append(CSPLayer(out_channels, max(round(count * deepen), 1), shortcut=not last))
            self.add_module(f"stage{number}", nn.Sequential(*layers))
            channels = out_channels
        self.channels = channels

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for stage in self.children():  # the stem, then the stages, in the order in which they were added
            x = stage(x)
        return x
