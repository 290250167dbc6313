"""A mapping's rows and polylines, point by point in Python numbers."""

from __future__ import annotations

import itertools
import math

import numpy as np

from flmcore.schemes import Mapping, Step


def on_path(path: list[list[float]], fraction: float) -> list[float]:
    """The point at this share of a polyline's length."""
    lengths = [math.dist(a, b) for a, b in itertools.pairwise(path)]
    left = fraction * sum(lengths)
    for a, b, length in zip(path, path[1:], lengths, strict=False):
        if left <= length:
            share = left / length if length > 0 else 0.0
            return [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])]
        left -= length
    return path[-1]


def step(points: np.ndarray, table: Step) -> np.ndarray:
    source = points.astype(float).tolist()
    out = []
    for row in table.rows:
        if row:
            out.append([sum(weight * source[index][axis] for index, weight in row) for axis in (0, 1)])
        else:
            out.append([math.nan, math.nan])
    for arc in table.arcs:
        path = [source[index] for index in arc.path]
        for target, fraction in zip(arc.targets, arc.fractions, strict=True):
            out[target] = [math.nan, math.nan] if np.isnan(path).any() else on_path(path, fraction)
    return np.array(out).reshape(-1, 2)


def remap(points: np.ndarray, mapping: Mapping) -> np.ndarray:
    """One face (K, 2) → (M, 2) float64; between steps the points' own dtype is kept."""
    for table in mapping.steps:
        points = step(points, table).astype(points.dtype)
    return points
