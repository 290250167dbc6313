"""Means of resampled rows, from the definition: draws and signs one by one, sums exactly."""

from __future__ import annotations

import math


def draw(values: list[float], words: list[int]) -> float:
    """Mean of the images that the words draw."""
    n = len(values)
    return math.fsum(values[int((word >> 11) * 2.0**-53 * n)] for word in words) / n


def flip(values: list[float], words: list[int]) -> float:
    """Mean after the sign of each image was changed whose bit is 1."""
    signs = [-1 if words[i // 64] >> (i % 64) & 1 else 1 for i in range(len(values))]
    return math.fsum(sign * value for sign, value in zip(signs, values, strict=True)) / len(values)
