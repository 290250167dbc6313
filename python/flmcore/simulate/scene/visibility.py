"""Which landmarks a picture shows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["inside", "visible"]

TOLERANCE = 5.0  # mm: a landmark on a crease lies a little under the surface that is drawn about it


def inside(points: NDArray[np.floating], size: tuple[int, int]) -> NDArray[np.bool_]:
    """(K,): which of the pixel coordinates (K, 2+) lie in an image of this width and height."""
    x, y = points[:, 0], points[:, 1]
    return (x >= -0.5) & (x < size[0] - 0.5) & (y >= -0.5) & (y < size[1] - 0.5)


def visible(
    points: NDArray[np.float32], depth: NDArray[np.float32], size: tuple[int, int]
) -> NDArray[np.bool_]:
    """(K,): which landmarks nothing is drawn before.

    A landmark of the outline is on the edge of what is drawn, so the farthest depth of the nine samples about it counts;
    samples that show no surface count as infinitely far.

    Args:
        points: (K, 3) x, y in pixels and depth in mm.
        depth: (h, w) mm of the samples, a multiple of the image's size; 0, infinite or NaN where there is nothing.
        size: width and height of the image.
    """
    shown = inside(points, size)
    rows, columns = depth.shape
    scale_x, scale_y = columns / size[0], rows / size[1]
    x = np.floor((np.where(shown, points[:, 0], 0.0) + 0.5) * scale_x).astype(np.intp)
    y = np.floor((np.where(shown, points[:, 1], 0.0) + 0.5) * scale_y).astype(np.intp)
    near = np.zeros(len(points), np.float32)
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            there = depth[np.clip(y + dy, 0, rows - 1), np.clip(x + dx, 0, columns - 1)]
            near = np.maximum(near, np.where((there > 0) & np.isfinite(there), there, np.float32(np.inf)))
    return shown & (points[:, 2] <= near + TOLERANCE)
