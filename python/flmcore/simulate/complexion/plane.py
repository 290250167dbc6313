"""The chart of the skin as a plane in millimetres, and drawing on it.

The texture has 1 mm a row. Across, the chart's degrees are taken at the radius that a face has about its eyes, so that
the plane's millimetres are those of the skin within a fifth, from the nose to the cheeks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..anatomy import CHART_LOWEST, CHART_TOP, CHART_TURN, MEAN_LANDMARKS, chart

__all__ = [
    "HEIGHT",
    "WIDTH",
    "Grid",
    "Patch",
    "falloff",
    "grid_around",
    "inside",
    "landmark",
    "smooth_curve",
    "to_line",
    "whole",
]

HEIGHT, WIDTH = 256, 320
_RADIUS = 95.0
_ACROSS = math.radians(CHART_TURN / WIDTH) * _RADIUS  # mm of the plane that a column is wide
_DOWN = (CHART_LOWEST - CHART_TOP) / HEIGHT

Field = NDArray[np.float32]
_Float = TypeVar("_Float", bound=np.floating)


@dataclass(frozen=True)
class Grid:
    """A rectangle of texels and where their centres lie on the plane, x (1, w) and y (h, 1) in mm."""

    rows: slice
    columns: slice
    x: NDArray[np.floating]
    y: NDArray[np.floating]


@dataclass(frozen=True)
class Patch:
    """How strongly something shows, on the rectangle of the texture beyond which it does not show at all."""

    rows: slice
    columns: slice
    value: Field  # (h, w)

    @property
    def where(self) -> tuple[slice, slice]:
        return self.rows, self.columns

    def mirrored(self) -> Patch:
        """The same on the other half of the face."""
        return self._mirrored

    @cached_property
    def _mirrored(self) -> Patch:
        columns = slice(WIDTH - self.columns.stop, WIDTH - self.columns.start)
        return Patch(self.rows, columns, np.ascontiguousarray(self.value[:, ::-1]))


@cache
def _landmarks() -> NDArray[np.float64]:
    uv = chart(MEAN_LANDMARKS)
    return np.stack([(uv[:, 0] - 0.5) * WIDTH * _ACROSS, CHART_TOP + uv[:, 1] * HEIGHT * _DOWN], axis=1)


def landmark(*indices: int) -> NDArray[np.float64]:
    """Where 300w-68 landmarks lie on the plane: (n, 2) mm."""
    return _landmarks()[list(indices)].copy()


def _grid(top: int, bottom: int, left: int, right: int) -> Grid:
    x = (np.arange(left, right) + 0.5 - WIDTH / 2) * _ACROSS
    y = CHART_TOP + (np.arange(top, bottom) + 0.5) * _DOWN
    return Grid(slice(top, bottom), slice(left, right), x[None], y[:, None])


def whole() -> Grid:
    """The grid of the whole texture."""
    return _grid(0, HEIGHT, 0, WIDTH)


def grid_around(points: ArrayLike, margin: float) -> Grid:
    """The texels within ``margin`` mm of the bounding box of points (n, 2)."""
    p = np.asarray(points, np.float64)
    low, high = p.min(axis=0) - margin, p.max(axis=0) + margin
    left, right = (round(v / _ACROSS + WIDTH / 2) for v in (low[0], high[0]))
    top, bottom = (round((v - CHART_TOP) / _DOWN) for v in (low[1], high[1]))
    return _grid(max(top, 0), min(bottom, HEIGHT), max(left, 0), min(right, WIDTH))


def smooth_curve(points: ArrayLike, steps: int = 6, closed: bool = False) -> NDArray[np.float64]:
    """A Catmull-Rom curve through points (n, 2), with ``steps`` lines from each to the next."""
    p = np.asarray(points, np.float64)
    padded = (
        np.vstack([p[-1:], p, p[:2]]) if closed else np.vstack([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
    )
    a, b, c, d = (padded[k : len(padded) - 3 + k, None] for k in range(4))
    t = np.arange(steps)[None, :, None] / steps
    curve = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    whole_curve = curve.reshape(-1, 2)
    return whole_curve if closed else np.vstack([whole_curve, p[-1:]])


def falloff(x: NDArray[_Float]) -> NDArray[_Float]:
    """exp(−x²), but nowhere so small that numbers lose digits: arithmetic on such is tens of times slower."""
    return np.asarray(np.exp(-np.minimum(x * x, 20)))


def to_line(
    grid: Grid, line: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Each texel's distance from a line (n, 2), its side, and how far along the line its nearest point is.

    Returns:
        distance (h, w) in mm; side (h, w), 1 where the line's right hand is on the screen (below a line that goes to
        the right), else −1; along (h, w) from 0 to 1 by length.
    """
    p = np.asarray(line, np.float64)
    x, y = np.broadcast_arrays(grid.x, grid.y)
    step = p[1:] - p[:-1]
    length = np.hypot(step[:, 0], step[:, 1])
    start = np.concatenate([[0.0], np.cumsum(length)])
    dx, dy = x[..., None] - p[:-1, 0], y[..., None] - p[:-1, 1]
    t = ((dx * step[:, 0] + dy * step[:, 1]) / np.maximum(length**2, 1e-12)).clip(0, 1)
    away = np.hypot(dx - t * step[:, 0], dy - t * step[:, 1])
    best = away.argmin(axis=-1)[..., None]

    def nearest(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.take_along_axis(np.broadcast_to(values, away.shape), best, axis=-1)[..., 0]

    side = np.where(nearest(step[:, 0] * dy - step[:, 1] * dx) >= 0, 1.0, -1.0)
    return nearest(away), side, nearest((start[:-1] + t * length) / max(start[-1], 1e-12))


def inside(grid: Grid, polygon: ArrayLike) -> NDArray[np.float64]:
    """Each texel's distance from the edge of a polygon (n, 2): (h, w) mm, positive inside, negative outside."""
    p = np.asarray(polygon, np.float64)
    closed = np.vstack([p, p[:1]])
    x, y = np.broadcast_arrays(grid.x, grid.y)
    a, b = closed[:-1], closed[1:]
    spans = (a[:, 1] > y[..., None]) != (b[:, 1] > y[..., None])
    rise = np.where(b[:, 1] == a[:, 1], 1.0, b[:, 1] - a[:, 1])
    crossing = a[:, 0] + (y[..., None] - a[:, 1]) / rise * (b[:, 0] - a[:, 0])
    within = (spans & (x[..., None] < crossing)).sum(axis=-1) % 2 == 1
    return np.where(within, 1.0, -1.0) * to_line(grid, closed)[0]
