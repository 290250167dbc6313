"""Blur of linear light by sums of shifted pictures, added in a fixed order."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["defocused", "moved"]

_FARTHEST = 24  # pixels that a blur reaches to each side


def defocused(light: NDArray[np.float32], deviation: float) -> NDArray[np.float32]:
    """(3, H, W) filtered by a Gaussian of this standard deviation in pixels; the border is repeated."""
    reach = min(_FARTHEST, math.ceil(2.5 * deviation))
    taps = [math.exp(-0.5 * (k / max(deviation, 1e-6)) ** 2) for k in range(reach + 1)]
    total = 2 * sum(taps) - taps[0]
    blurred = light
    for axis in (1, 2):
        blurred = _along(blurred, axis, [tap / total for tap in taps])
    return blurred


def moved(light: NDArray[np.float32], length: float, angle: float) -> NDArray[np.float32]:
    """(3, H, W) averaged along a line of this length in pixels, at this angle (radians) to the x axis."""
    count = min(2 * _FARTHEST, max(2, math.ceil(length) + 1))
    reach = min(_FARTHEST, math.ceil(length / 2) + 1)
    padded = np.pad(light, ((0, 0), (reach, reach), (reach, reach)), mode="edge")
    height, width = light.shape[1:]
    total = np.zeros_like(light)
    for k in range(count):
        along = (k / (count - 1) - 0.5) * min(length, 2.0 * (_FARTHEST - 1))
        x, y = reach + round(along * math.cos(angle)), reach + round(along * math.sin(angle))
        total += padded[:, y : y + height, x : x + width]
    total *= np.float32(1 / count)
    return total


def _along(light: NDArray[np.float32], axis: int, taps: list[float]) -> NDArray[np.float32]:
    """``taps`` are the middle one and those on either side of it, outwards."""
    reach, length = len(taps) - 1, light.shape[axis]
    padded = light.take(np.arange(-reach, length + reach), axis=axis, mode="clip")

    def part(start: int) -> NDArray[np.float32]:
        return padded[:, start : start + length] if axis == 1 else padded[:, :, start : start + length]

    total = light * np.float32(taps[0])
    both = np.empty_like(light)
    for k, tap in enumerate(taps[1:], 1):
        np.add(part(reach - k), part(reach + k), out=both)
        both *= np.float32(tap)
        total += both
    return total
