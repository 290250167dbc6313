"""Crops in plain float64 loops: they define what the kernel means. Grey levels, before rounding and normalising."""

from __future__ import annotations

import math

import numpy as np


def invert(a: np.ndarray) -> list[float]:
    """Inverse of a 2x3 affine, in the kernel's order of operations."""
    (a0, a1, a2), (a3, a4, a5) = (tuple(map(float, row)) for row in a)
    det = a0 * a4 - a1 * a3
    b0, b1, b3, b4 = a4 / det, -a1 / det, -a3 / det, a0 / det
    return [b0, b1, -(b0 * a2 + b1 * a5), b3, b4, -(b3 * a2 + b4 * a5)]


def inside(border: str, i: float, extent: int) -> int | None:
    """Index that stands for ``i``, or None for the constant border."""
    if 0 <= i < extent:
        return int(i)
    if border == "constant":
        return None
    if border == "replicate" or extent == 1:
        return 0 if i < 0 else extent - 1
    period = 2 * (extent - 1)
    i = math.fmod(abs(i), period)
    return int(i if i < extent else period - i)


def pixel(image: np.ndarray, x: float, y: float, border: str, value: np.ndarray) -> np.ndarray:
    column, row = inside(border, x, image.shape[1]), inside(border, y, image.shape[0])
    return value if column is None or row is None else image[row, column].astype(np.float64)


def nearest(image: np.ndarray, x: float, y: float, border: str, value: np.ndarray) -> np.ndarray:
    return pixel(image, math.floor(x + 0.5), math.floor(y + 0.5), border, value)


def bilinear(image: np.ndarray, x: float, y: float, border: str, value: np.ndarray) -> np.ndarray:
    x0, y0 = math.floor(x), math.floor(y)
    wx, wy = x - x0, y - y0
    upper = (1 - wx) * pixel(image, x0, y0, border, value) + wx * pixel(image, x0 + 1, y0, border, value)
    lower = (1 - wx) * pixel(image, x0, y0 + 1, border, value) + wx * pixel(
        image, x0 + 1, y0 + 1, border, value
    )
    return (1 - wy) * upper + wy * lower


def triangle_weights(at: float, reach: float) -> dict[int, float]:
    """Weights of whole positions, those outside the image too."""
    weights = {
        i: 1 - abs(i - at) / reach
        for i in range(math.ceil(at - reach), math.floor(at + reach) + 1)
        if abs(i - at) < reach
    }
    total = math.fsum(weights.values())
    return {i: w / total for i, w in weights.items()}


def triangle(
    image: np.ndarray, x: float, y: float, border: str, value: np.ndarray, reach_x: float, reach_y: float
) -> np.ndarray:
    total = np.zeros(3)
    columns = triangle_weights(x, reach_x)
    for j, wy in triangle_weights(y, reach_y).items():
        for i, wx in columns.items():
            total += wy * wx * pixel(image, i, j, border, value)
    return total


def reach(step: float, start: float, extent: int) -> tuple[float, float]:
    """Half a pixel inside the image points of both ends of a crop's axis."""
    a, b = step * -0.5 + start, step * (extent - 0.5) + start
    return min(a, b) + 0.5, max(a, b) - 0.5


def crop(
    image: np.ndarray,
    affine: np.ndarray,
    size: tuple[int, int],
    *,
    interpolation: str = "bilinear",
    antialias: bool = False,
    clamp: bool = False,
    border: str = "constant",
    border_value: object = 0.0,
) -> np.ndarray:
    """(height, width, 3) float64 grey levels of one window, channels as in the image."""
    width, height = size
    rgb = image if image.ndim == 3 else np.repeat(image[:, :, None], 3, axis=2)
    value = np.broadcast_to(np.asarray(border_value, np.float64), (3,))
    b = invert(affine)
    reach_x, reach_y = max(1.0, math.hypot(b[0], b[1])), max(1.0, math.hypot(b[3], b[4]))
    out = np.empty((height, width, 3))
    for v in range(height):
        for u in range(width):
            x, y = b[0] * u + (b[1] * v + b[2]), b[3] * u + (b[4] * v + b[5])
            if clamp and b[1] == 0 and b[3] == 0:
                low, high = reach(b[0], b[2], width)
                x = max(low, min(x, high))
                low, high = reach(b[4], b[5], height)
                y = max(low, min(y, high))
            if antialias:
                out[v, u] = triangle(rgb, x, y, border, value, reach_x, reach_y)
            elif interpolation == "nearest":
                out[v, u] = nearest(rgb, x, y, border, value)
            else:
                out[v, u] = bilinear(rgb, x, y, border, value)
    return out
