"""Triangles between points of a plane (Delaunay; Bowyer and Watson 1981)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["triangulate"]


def triangulate(points: NDArray[np.float64]) -> NDArray[np.int32]:
    """Triangles (F, 3) whose circumcircles hold no other of the points (N, 2), all turning the same way."""
    count = len(points)
    low, high = points.min(axis=0), points.max(axis=0)
    far = 50.0 * (high - low).max()
    middle = (low + high) / 2
    around = middle + far * np.array([(-1.0, -0.6), (1.0, -0.6), (0.0, 1.0)])
    every = np.concatenate([points, around])
    triangles = np.empty((4 * count + 16, 3), np.int64)
    circles = np.full((4 * count + 16, 3), np.nan)  # centre and squared radius; NaN is an empty place
    triangles[0] = count, count + 1, count + 2
    circles[:1] = _circles(every, triangles[:1])
    used, free = 1, []
    for index in np.lexsort((points[:, 0], points[:, 1])):
        away = ((circles[:used, :2] - every[index]) ** 2).sum(axis=1)
        hit = np.flatnonzero(away < circles[:used, 2])
        new = [(a, b, index) for a, b in _rim(triangles[hit])]
        circles[hit] = np.nan
        free.extend(hit.tolist())
        while len(free) < len(new):
            free.append(used)
            used += 1
        places = [free.pop() for _ in new]
        triangles[places] = new
        circles[places] = _circles(every, triangles[places])
    kept = np.isfinite(circles[:used, 2]) & (triangles[:used] < count).all(axis=1)
    return np.asarray(triangles[:used][kept], np.int32)


def _rim(triangles: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Edges of only one of the triangles, as it runs through them."""
    edges = {(int(t[i]), int(t[(i + 1) % 3])) for t in triangles for i in range(3)}
    return [edge for edge in sorted(edges) if edge[::-1] not in edges]


def _circles(points: NDArray[np.float64], triangles: NDArray[np.int64]) -> NDArray[np.float64]:
    """Centres and squared radii (F, 3) of the circles through the corners."""
    a, b, c = (points[triangles[:, i]] for i in range(3))
    b, c = b - a, c - a
    twice = 2 * (b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0])
    bb, cc = (b**2).sum(axis=1), (c**2).sum(axis=1)
    x = (c[:, 1] * bb - b[:, 1] * cc) / twice
    y = (b[:, 0] * cc - c[:, 0] * bb) / twice
    return np.column_stack([x + a[:, 0], y + a[:, 1], x**2 + y**2])
