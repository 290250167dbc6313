"""Smooth noise that textures are made of; computed once per process."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["noise"]


def noise(rng: np.random.Generator, x: NDArray[np.floating], y: NDArray[np.floating]) -> NDArray[np.float64]:
    """Value noise at (x, y), one random value from −1 to 1 per unit cell, repeating after 256."""
    table = rng.uniform(-1, 1, (256, 256))
    left, top = np.floor(x), np.floor(y)
    right, low = x - left, y - top
    right, low = right * right * (3 - 2 * right), low * low * (3 - 2 * low)
    i, j = left.astype(np.int64) & 255, top.astype(np.int64) & 255
    k, m = (i + 1) & 255, (j + 1) & 255
    above = table[j, i] * (1 - right) + table[j, k] * right
    below = table[m, i] * (1 - right) + table[m, k] * right
    return np.asarray(above * (1 - low) + below * low, np.float64)
