"""RTMPose's head: tokens from a backbone's map, one gated attention unit, SimCC logits.

After Jiang et al., RTMPose, 2023 (arXiv:2303.07399); the attention after Hua et al., Transformer Quality in Linear
Time, ICML 2022; SimCC after Li et al., ECCV 2022. Names of the state dict as MMPose's ``RTMCCHead``.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

__all__ = ["RTMCCHead"]


class ScaleNorm(nn.Module):
    """Each token divided by its root mean square, times one learnt number."""

    def __init__(self) -> None:
        super().__init__()
        self.g = nn.Parameter(torch.ones(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        size = torch.linalg.vector_norm(x, dim=-1, keepdim=True) * x.shape[-1] ** -0.5
        normed: torch.Tensor = x / size.clamp(min=1e-5) * self.g
        return normed


class Scale(nn.Module):
    """A learnt factor for each channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.scale


class GatedAttention(nn.Module):
    """Attention of one head whose weights are squared rectified products, gated, with a scaled shortcut.

    (N, K, ``channels``) → the same shape. No position encoding: which landmark a token stands for is known from the
    map it came from.
    """

    def __init__(self, channels: int, *, shared: int, expansion: int) -> None:
        super().__init__()
        self.widths = [expansion * channels, expansion * channels, shared]
        self.gamma = nn.Parameter(torch.empty(2, shared).uniform_())
        self.beta = nn.Parameter(torch.empty(2, shared).uniform_())
        self.o = nn.Linear(expansion * channels, channels, bias=False)
        self.uv = nn.Linear(channels, sum(self.widths), bias=False)
        self.ln = ScaleNorm()
        self.res_scale = Scale(channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        gates, values, base = torch.split(functional.silu(self.uv(self.ln(x))), self.widths, dim=-1)
        queries = base * self.gamma[0] + self.beta[0]
        keys = base * self.gamma[1] + self.beta[1]
        products = queries @ keys.transpose(1, 2) / self.widths[2] ** 0.5
        attended = functional.relu(products).square() @ values
        summed: torch.Tensor = self.res_scale(x) + self.o(gates * attended)
        return summed


class RTMCCHead(nn.Module):
    """(N, C, H, W) → logits (N, K, bins) over x and over y.

    Args:
        channels: C of the backbone's map.
        landmarks: K.
        cells: H · W of the map.
        bins: over x and over y.
        kernel: side of the convolution that makes a map for each landmark.
        hidden, shared, expansion: widths of the attention unit.
    """

    def __init__(
        self,
        channels: int,
        landmarks: int,
        cells: int,
        bins: tuple[int, int],
        *,
        kernel: int = 7,
        hidden: int = 256,
        shared: int = 128,
        expansion: int = 2,
    ) -> None:
        super().__init__()
        self.final_layer = nn.Conv2d(channels, landmarks, kernel, padding=kernel // 2)
        self.mlp = nn.Sequential(ScaleNorm(), nn.Linear(cells, hidden, bias=False))
        self.gau = GatedAttention(hidden, shared=shared, expansion=expansion)
        self.cls_x = nn.Linear(hidden, bins[0], bias=False)
        self.cls_y = nn.Linear(hidden, bins[1], bias=False)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        tokens = self.gau(self.mlp(self.final_layer(x).flatten(2)))
        return self.cls_x(tokens), self.cls_y(tokens)
