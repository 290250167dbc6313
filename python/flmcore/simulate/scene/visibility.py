"""Which landmarks a picture shows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["inside", "visible"]

TOLERANCE = 5.0  # mm: a landmark on a crease lies a little under the surface that is drawn about it
_AROUND = np.stack(np.meshgrid([-1, 0, 1], [-1, 0, 1])).reshape(2, 9, 1)


def inside(points: NDArray[np.floating], size: tuple[int, int]) -> NDArray[np.bool_]:
    """(K,): which of the pixel coordinates (K, 2+) lie in an image of this width and height."""
    x, y = points[:, 0], points[:, 1]
    return (x >= -0.5) & (x < size[0] - 0.5) & (y >= -0.5) & (y < size[1] - 0.5)


def visible(
    points: NDArray[np.float32], depth: NDArray[np.float32], size: tuple[int, int]
) -> NDArray[np.bool_]:
    """(K,): which landmarks nothing is drawn before.

    A landmark of the outline is on the edge of what is drawn, so the farthest depth of the nine samples about it counts;
    samples that show no surface are infinitely far.

    Args:
        points: (K, 3) x, y in pixels and depth in mm.
        depth: (h, w) mm of the samples, a multiple of the image's size; infinite where there is nothing.
        size: width and height of the image.
    """
    shown = inside(points, size)
    rows, columns = depth.shape
    x = (
        ((points[:, 0] + np.float32(0.5)) * np.float32(columns / size[0]))
        .clip(0, columns - 1)
        .astype(np.intp)
    )
    y = ((points[:, 1] + np.float32(0.5)) * np.float32(rows / size[1])).clip(0, rows - 1).astype(np.intp)
    beside = np.minimum(np.maximum(x + _AROUND[0], 0), columns - 1)
    below = np.minimum(np.maximum(y + _AROUND[1], 0), rows - 1)
    farthest = depth.ravel()[below * columns + beside].max(axis=0)
    return np.asarray(shown & (points[:, 2] <= farthest + np.float32(TOLERANCE)))
