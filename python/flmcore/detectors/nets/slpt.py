"""SLPT, the sparse local patch transformer: landmarks refined in three stages from patches of the feature map.

Xia et al., Sparse Local Patch Transformer for Robust Face Alignment and Landmarks Inherent Relation Learning, CVPR 2022,
with the names of its published state dicts. Starting from the mean face, each stage looks at a 7×7 patch about every
landmark, lets a transformer relate the patches, and moves the landmarks within their patches, which halve each time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import nn
from torch.nn import functional

from flmcore.detectors.nets.hrnet import HRNetW18C

__all__ = ["SLPT", "identify", "published_state"]

_CHANNELS, _HEADS, _HIDDEN = 256, 8, 1024
_PATCH = 7  # samples along a patch's side, its corners among them
_REACH = (8 / 64, 4 / 64, 2 / 64)  # half a patch's side in each stage, as a share of the crop
_SIZE = (256, 256)


class _Attention(nn.Module):
    """Multi-head attention in plain matrix products, with the state dict of ``nn.MultiheadAttention``."""

    def __init__(self) -> None:
        super().__init__()
        self.in_proj_weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(3 * _CHANNELS, _CHANNELS)))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * _CHANNELS))
        self.out_proj = nn.Linear(_CHANNELS, _CHANNELS)

    def forward(self, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        weights, biases = self.in_proj_weight.chunk(3), self.in_proj_bias.chunk(3)
        width = _CHANNELS // _HEADS
        q, k, v = (
            functional.linear(x, weight, bias).view(x.shape[0], -1, _HEADS, width).transpose(1, 2)
            for x, weight, bias in zip((query, key, value), weights, biases, strict=True)
        )  # (N, heads, K, width) each
        share = torch.softmax(q @ k.transpose(2, 3) * width**-0.5, dim=3)
        mixed: torch.Tensor = self.out_proj((share @ v).transpose(1, 2).flatten(2))
        return mixed


class _Layer(nn.Module):
    """Attention among landmarks, attention to the patches, two linear layers; normalised ahead of each."""

    def __init__(self) -> None:
        super().__init__()
        self.self_attn = _Attention()
        self.multihead_attn = _Attention()
        self.linear1 = nn.Linear(_CHANNELS, _HIDDEN)
        self.linear2 = nn.Linear(_HIDDEN, _CHANNELS)
        self.norm1 = nn.LayerNorm(_CHANNELS)
        self.norm2 = nn.LayerNorm(_CHANNELS)
        self.norm3 = nn.LayerNorm(_CHANNELS)

    def forward(
        self, x: torch.Tensor, query: torch.Tensor, key: torch.Tensor, patches: torch.Tensor
    ) -> torch.Tensor:
        y = self.norm1(x)
        x = x + self.self_attn(y + query, y + query, y)
        x = x + self.multihead_attn(self.norm2(x) + query, key, patches)
        moved: torch.Tensor = x + self.linear2(functional.relu(self.linear1(self.norm3(x))))
        return moved


class _Layers(nn.Module):
    def __init__(self, layers: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(_Layer() for _ in range(layers))
        self.norm = nn.LayerNorm(_CHANNELS)


class _Transformer(nn.Module):
    """From patch features (N, K, 256) to what each layer makes of them, (N, layers, K, 256)."""

    def __init__(self, landmarks: int, layers: int) -> None:
        super().__init__()
        shape = 1, landmarks, _CHANNELS
        self.structure_encoding = nn.Parameter(nn.init.xavier_uniform_(torch.empty(shape)))
        self.landmark_query = nn.Parameter(nn.init.xavier_uniform_(torch.empty(shape)))
        self.Transformer_block = _Layers(layers)

    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        x = torch.zeros_like(patches)
        key = patches + self.structure_encoding
        seen = []
        for layer in self.Transformer_block.layers:
            x = layer(x, self.landmark_query, key, patches)
            seen.append(self.Transformer_block.norm(x))
        return torch.stack(seen, dim=1)


class SLPT(nn.Module):
    """Images (N, 3, 256, 256) float32 RGB to landmarks (N, K, 2) float32.

    The image is normalised with ImageNet's mean and deviation; landmarks are shares of the crop: pixel ``256 p`` of the
    official crop, whose whole numbers are pixel centres. They may leave 0 to 1.

    Args:
        landmarks: K; the published weights are for 98 (WFLW).
        layers: of the transformer, 6 or 12 in the published weights.
        mean_face: (K, 2), where the landmarks start, as shares of the crop; no part of the state dict.
        size: the config's input size, which must be the network's.
    """

    def __init__(
        self,
        landmarks: int = 98,
        layers: int = 6,
        mean_face: ArrayLike | None = None,
        size: tuple[int, int] = _SIZE,
    ) -> None:
        super().__init__()
        if isinstance(layers, bool) or not isinstance(layers, int) or layers < 1:
            msg = f"layers: expected a whole number from 1, got {layers!r}"
            raise ValueError(msg)
        if tuple(size) != _SIZE:
            msg = f"size: expected {_SIZE}, got {tuple(size)}"
            raise ValueError(msg)
        self.feature_extractor = nn.Conv2d(_CHANNELS, _CHANNELS, _PATCH, _PATCH, bias=False)
        self.feature_norm = nn.LayerNorm(_CHANNELS)  # published, never used
        self.Transformer = _Transformer(landmarks, layers)
        self.out_layer = nn.Linear(_CHANNELS, 2)
        self.backbone = HRNetW18C()
        self.mean_face: torch.Tensor
        self.register_buffer("mean_face", _start(mean_face, landmarks), persistent=False)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.stages(image)[-1][:, -1]

    def stages(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Landmarks after each layer of each of the three stages, (N, layers, K, 2) each."""
        features = self.backbone(image)
        anchors = self.mean_face.expand(image.shape[0], -1, -1)
        found: list[torch.Tensor] = []
        for reach in _REACH:
            low, high = (anchors - reach).clamp(0, 1), (anchors + reach).clamp(0, 1)
            patches = self._look(features, low, high)
            moves = self.out_layer(self.Transformer(patches))  # as shares of the patch, from its corner
            found.append(low[:, None] + (high - low)[:, None] * moves)
            anchors = found[-1][:, -1]
        return tuple(found)

    def _look(self, features: torch.Tensor, low: torch.Tensor, high: torch.Tensor) -> torch.Tensor:
        """Features (N, K, 256) of the patches from ``low`` to ``high``, (N, K, 2) each: 7×7 samples and a convolution.

        0 and 1 are the centres of the map's outer cells; patches stand below one another in one tall picture.
        """
        steps = torch.linspace(0, 1, _PATCH, dtype=low.dtype, device=low.device)
        places = low[:, :, None] + (high - low)[:, :, None] * steps[:, None]  # (N, K, 7, 2)
        columns = places[:, :, None, :, 0].expand(-1, -1, _PATCH, -1)
        rows = places[:, :, :, None, 1].expand(-1, -1, -1, _PATCH)
        grid = torch.stack([columns, rows], dim=-1).flatten(1, 2) * 2 - 1  # (N, 7 K, 7, 2)
        samples = functional.grid_sample(features, grid, padding_mode="border", align_corners=True)
        looked: torch.Tensor = self.feature_extractor(samples)[..., 0].transpose(1, 2)
        return looked


def _start(mean_face: ArrayLike | None, landmarks: int) -> torch.Tensor:
    expected = f"mean_face: expected ({landmarks}, 2) finite numbers, shares of the crop"
    if mean_face is None:
        msg = f"{expected}, got none"
        raise ValueError(msg)
    points = np.array(mean_face, dtype=np.float32)
    if points.shape != (landmarks, 2):
        msg = f"{expected}, got shape {points.shape}"
        raise ValueError(msg)
    if not np.isfinite(points).all():
        msg = f"{expected}, got NaN or infinity"
        raise ValueError(msg)
    return torch.tensor(points)[None]


def identify(shapes: Mapping[str, tuple[int, ...]]) -> str | None:
    """``SLPT, 6 layers (98 landmarks)`` where names and shapes are those of an SLPT, else None."""
    variant = _variant(shapes)
    if variant is None:
        return None
    landmarks, layers = variant
    return f"SLPT, {layers} layer{'s' if layers > 1 else ''} ({landmarks} landmarks)"


def published_state(tensors: Mapping[str, Any]) -> dict[str, Any]:
    """A published file's tensors by this network's names.

    ``module.`` of a network trained on several devices is dropped, and so is what no SLPT of the file's own layers and
    landmarks has: the official loader passes over it too.
    """
    plain = {name.removeprefix("module."): tensor for name, tensor in tensors.items()}
    variant = _variant({name: tuple(getattr(tensor, "shape", ())) for name, tensor in plain.items()})
    if variant is None:
        return plain
    with torch.device("meta"):
        known = SLPT(*variant, mean_face=np.zeros((variant[0], 2))).state_dict()
    return {name: tensor for name, tensor in plain.items() if name in known}


def _variant(shapes: Mapping[str, tuple[int, ...]]) -> tuple[int, int] | None:
    """Landmarks and layers, or None."""
    plain = {name.removeprefix("module."): tuple(shape) for name, shape in shapes.items()}
    query = plain.get("Transformer.landmark_query", ())
    own = plain.get("feature_extractor.weight") == (_CHANNELS, _CHANNELS, _PATCH, _PATCH)
    numbers = [re.match(r"Transformer\.Transformer_block\.layers\.(\d+)\.", name) for name in plain]
    layers = len({found[1] for found in numbers if found})
    return (query[1], layers) if own and layers and len(query) == 3 else None
