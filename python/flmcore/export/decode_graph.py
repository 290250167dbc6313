"""Decoders as a part of the network's graph: heat maps, SimCC vectors or raw numbers to landmarks in crop pixels.

Each means what the method of :func:`flmcore.decode_heatmaps` or :func:`flmcore.decode_simcc` of its name means, the
first largest cell in row-major order included. What no gather, no top-k and no whole-number arithmetic is needed for is
done without: cells are found by the maximum along each axis and read by a product with zeros and ones, which is exact;
no number that counts cells exceeds a map's side, so float16 holds it (to 2048). Heights and widths are fixed numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from flmcore.detectors.schema import CoordinatesDecode, HeatmapOffsetDecode, SimccDecode
from flmcore.schemes.rows import Row

__all__ = [
    "CoordinatesDecoder",
    "HeatmapDecoder",
    "OffsetDecoder",
    "ScoreReader",
    "SimccDecoder",
    "Translator",
]

Tensors = tuple[torch.Tensor, ...]
Affine = tuple[NDArray[np.float64], NDArray[np.float64]]  # cells · scale + shift = crop pixels


class Peak(nn.Module):
    """First largest cell of each map (N, K, H, W), found without an index beyond a side."""

    def __init__(self, height: int, width: int) -> None:
        super().__init__()
        self.rows = nn.Buffer(torch.arange(height, dtype=torch.float32), persistent=False)
        self.columns = nn.Buffer(torch.arange(width, dtype=torch.float32), persistent=False)

    def forward(self, maps: torch.Tensor) -> Tensors:
        """Column, row and value, (N, K, 1) each, and the map's row and column through the peak."""
        highest = maps.amax(dim=3)
        y = highest.argmax(dim=2, keepdim=True).to(maps.dtype)
        row = self.read_row(maps, y)
        x = row.argmax(dim=2, keepdim=True).to(maps.dtype)
        return x, y, highest.amax(dim=2, keepdim=True), row, self.read_column(maps, x)

    def read_row(self, maps: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        at = (self.rows == y).to(maps.dtype)
        return (at[:, :, None] @ maps)[:, :, 0]

    def read_column(self, maps: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        at = (self.columns == x).to(maps.dtype)
        return (maps @ at[..., None])[..., 0]


class HeatmapDecoder(nn.Module):
    """Maps (N, K, H, W) to landmarks (N, K, 2) in crop pixels and the peaks' values (N, K)."""

    methods = ("argmax", "quarter", "softargmax", "local_mean")

    def __init__(
        self, method: str, shape: tuple[int, ...], to_crop: Affine, options: dict[str, float | str]
    ) -> None:
        super().__init__()
        _, landmarks, height, width = shape
        self.shape = (-1, landmarks, height, width)
        self.method, self.height, self.width = method, height, width
        self.peak = Peak(height, width)
        self.scale, self.shift = _buffers(to_crop)
        self.rule = str(options.get("rule", "mmpose"))
        self.beta, self.gamma = float(options.get("beta", 1.0)), float(options.get("gamma", 1.0))
        reach = float(options.get("radius", 0.1)) ** 2 * height * width
        self.reach = None if reach >= height**2 + width**2 else reach

    def forward(self, outputs: Tensors) -> Tensors:
        maps = outputs[0]
        x, y, value, row, column = self.peak(maps)
        if self.method == "quarter":
            x, y = self._quarter(x, y, row, column)
        elif self.method == "local_mean":
            x, y = self._local_mean(maps, x, y, value)
        elif self.method == "softargmax":
            x, y = self._softargmax(maps)
        return torch.cat([x, y], dim=2) * self.scale + self.shift, value[..., 0]

    def _quarter(
        self, x: torch.Tensor, y: torch.Tensor, row: torch.Tensor, column: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """A quarter of a cell towards the larger neighbour; which peaks move is the rule's (flmcore.decode_heatmaps)."""
        w, h = self.width - 1, self.height - 1
        inside_x, inside_y = (x > 0) & (x < w), (y > 0) & (y < h)
        if self.rule == "mmpose":
            inside_x, inside_y = (x > 1) & (x < w) & (y > 0), (y > 1) & (y < h) & (x > 0)
        elif self.rule == "fan":
            inside_x = inside_y = inside_x & inside_y
        step_x = _slope(row, x, self.peak.columns) * inside_x.to(x.dtype)
        step_y = _slope(column, y, self.peak.rows) * inside_y.to(y.dtype)
        return x + 0.25 * step_x, y + 0.25 * step_y

    def _local_mean(
        self, maps: torch.Tensor, x: torch.Tensor, y: torch.Tensor, value: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The mean place about the peak, counted from the peak: small numbers lose nothing in float16."""
        across, down = self.peak.columns - x, self.peak.rows - y  # (N, K, W), (N, K, H)
        largest = torch.where(value > 0, value, torch.ones_like(value))[..., None]
        weights = nn.functional.relu(maps) / largest
        if self.gamma != 1:
            weights = weights**self.gamma
        if self.reach is not None:
            near = (across**2)[:, :, None] + (down**2)[..., None] <= self.reach
            weights = weights * near.to(maps.dtype)
        along_x, along_y = weights.sum(dim=2), weights.sum(dim=3)
        total = along_x.sum(dim=2, keepdim=True).clamp(
            min=1.0
        )  # the peak's own weight is 1, where it has any
        moves = [(v * d).sum(dim=2, keepdim=True) / total for v, d in ((along_x, across), (along_y, down))]
        return x + moves[0], y + moves[1]

    def _softargmax(self, maps: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        shares = torch.softmax((maps * self.beta).flatten(2), dim=2).reshape(self.shape)
        x = (shares.sum(dim=2) * self.peak.columns).sum(dim=2, keepdim=True)
        y = (shares.sum(dim=3) * self.peak.rows).sum(dim=2, keepdim=True)
        return x, y


class SimccDecoder(nn.Module):
    """Vectors (N, K, bins) of x and of y to landmarks (N, K, 2) in crop pixels and the smaller maximum (N, K)."""

    methods = ("argmax", "expectation")

    def __init__(self, method: str, bins: tuple[int, int], decode: SimccDecode, beta: float) -> None:
        super().__init__()
        self.method, self.split, self.beta = method, decode.split_ratio, beta
        self.shift = 0.5 / decode.split_ratio - 0.5 if decode.origin == "edge" else 0.0
        self.bins_x = nn.Buffer(torch.arange(bins[0], dtype=torch.float32), persistent=False)
        self.bins_y = nn.Buffer(torch.arange(bins[1], dtype=torch.float32), persistent=False)

    def forward(self, outputs: Tensors) -> Tensors:
        x, y = outputs[0], outputs[1]
        places = [self._place(vector, bins) for vector, bins in ((x, self.bins_x), (y, self.bins_y))]
        points = torch.cat(places, dim=2) / self.split
        return points + self.shift if self.shift else points, torch.minimum(x.amax(dim=2), y.amax(dim=2))

    def _place(self, vector: torch.Tensor, bins: torch.Tensor) -> torch.Tensor:
        if self.method == "argmax":
            return vector.argmax(dim=2, keepdim=True).to(vector.dtype)
        return (torch.softmax(vector * self.beta, dim=2) * bins).sum(dim=2, keepdim=True)


class OffsetDecoder(nn.Module):
    """OpenSeeFace's decoder: the peak's cell, moved by the logit of the offset maps' value there."""

    def __init__(
        self,
        cells: tuple[int, ...],
        to_crop: Affine,
        decode: HeatmapOffsetDecode,
        landmarks: int,
        size: tuple[int, int],
    ) -> None:
        super().__init__()
        self.peak, self.landmarks = Peak(*cells[:2]), landmarks
        self.first_is_y = decode.offsets == "yx"
        self.scale, self.shift = _buffers(to_crop)
        reach = (np.array(size, np.float64) - 1) / decode.logit_divisor
        self.reach = nn.Buffer(torch.from_numpy(reach.astype(np.float32)), persistent=False)

    def forward(self, outputs: Tensors) -> Tensors:
        k = self.landmarks
        maps, first, second = outputs[0][:, :k], outputs[0][:, k : 2 * k], outputs[0][:, 2 * k :]
        x, y, value, _, _ = self.peak(maps)
        at_x = (self.peak.columns == x).to(maps.dtype)
        there = [(self.peak.read_row(m, y) * at_x).sum(dim=2, keepdim=True) for m in (first, second)]
        shares = torch.cat(there[::-1] if self.first_is_y else there, dim=2).clamp(1e-7, 1 - 1e-7)
        points = torch.cat([x, y], dim=2) * self.scale + self.shift
        return points + self.reach * torch.log(shares / (1 - shares)), value[..., 0]


class CoordinatesDecoder(nn.Module):
    """The network's numbers, in the config's units, order and stride, to landmarks (N, K, 2) in crop pixels."""

    def __init__(self, decode: CoordinatesDecode, landmarks: int, size: tuple[int, int]) -> None:
        super().__init__()
        self.landmarks, self.width, self.planar = landmarks, decode.stride, decode.order == "planar"
        sides = np.array(size, np.float64) - (1 if decode.origin == "corners" else 0)
        scale, shift = np.ones(2), np.zeros(2)
        if decode.units != "pixels":
            scale = sides
        if decode.units == "signed":
            scale, shift = sides / 2, sides / 2
        self.scale, self.shift = _buffers((scale, shift - (0.5 if decode.origin == "edge" else 0.0)))

    def forward(self, outputs: Tensors) -> Tensors:
        if self.planar:
            xy = outputs[0].reshape(-1, self.width, self.landmarks)[:, :2].transpose(1, 2)
        else:
            xy = outputs[0].reshape(-1, self.landmarks, self.width)[..., :2]
        return (xy * self.scale + self.shift,)


class ScoreReader(nn.Module):
    """A decoder and, in place of its scores, those that the network gives: one column, activated, one per landmark."""

    def __init__(
        self, decoder: nn.Module, landmarks: int, given: int, column: int | None, activation: str
    ) -> None:
        super().__init__()
        self.decoder = decoder
        self.given, self.sigmoid = given, activation == "sigmoid"
        self.column = column if column is not None and column < given else None
        self.each = nn.Buffer(torch.zeros(1, landmarks), persistent=False)

    def forward(self, outputs: Tensors) -> Tensors:
        scores = outputs[-1].reshape(-1, self.given)
        if self.column is not None:
            scores = scores[:, self.column : self.column + 1]
        if self.sigmoid:
            scores = torch.sigmoid(scores)
        points = cast("Tensors", self.decoder(outputs[:-1]))[0]
        return points, scores + self.each


class Translator(nn.Module):
    """A decoder and, after it, label translation: each landmark a weighted sum of the decoder's, its score their mean."""

    def __init__(self, decoder: nn.Module, rows: Sequence[Row], sources: int) -> None:
        super().__init__()
        self.decoder = decoder
        weights = np.zeros((len(rows), sources))
        for target, row in enumerate(rows):
            for index, weight in row:
                weights[target, index] += weight
        self.weights = nn.Buffer(torch.from_numpy(weights.astype(np.float32)), persistent=False)
        total = np.abs(weights).sum(axis=1, keepdims=True)
        shares = np.abs(weights) / np.where(total > 0, total, 1.0)
        self.shares = nn.Buffer(torch.from_numpy(shares.T.astype(np.float32)), persistent=False)

    def forward(self, outputs: Tensors) -> Tensors:
        points, *scores = cast("Tensors", self.decoder(outputs))
        return self.weights @ points, *(score @ self.shares for score in scores)


def _slope(values: torch.Tensor, at: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """Sign of the difference between the values on either side of ``at``; beyond the end counts as 0."""
    after = (values * (places == at + 1).to(values.dtype)).sum(dim=2, keepdim=True)
    before = (values * (places == at - 1).to(values.dtype)).sum(dim=2, keepdim=True)
    return torch.sign(after - before)


def _buffers(affine: Affine) -> tuple[torch.Tensor, torch.Tensor]:
    scale, shift = (nn.Buffer(torch.from_numpy(part.astype(np.float32)), persistent=False) for part in affine)
    return scale, shift
