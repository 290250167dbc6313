"""The Gaussian modulation of DARK: OpenCV's taps, zeros outside, rescaled to the old maximum."""

from __future__ import annotations

import math
import operator

SMALL = {
    1: [1.0],
    3: [0.25, 0.5, 0.25],
    5: [0.0625, 0.25, 0.375, 0.25, 0.0625],
    7: [0.03125, 0.109375, 0.21875, 0.28125, 0.21875, 0.109375, 0.03125],
    9: [0.015625, 0.05078125, 0.1171875, 0.19921875, 0.234375, 0.19921875, 0.1171875, 0.05078125, 0.015625],
}


def taps(size):
    """cv2.getGaussianKernel(size, 0)."""
    if size in SMALL:
        return SMALL[size]
    sigma = 0.3 * ((size - 1) * 0.5 - 1) + 0.8
    raw = [math.exp(-((i - size // 2) ** 2) / (2 * sigma * sigma)) for i in range(size)]
    return [value / sum(raw) for value in raw]


def blur_vector(values, size):
    weights, radius = taps(size), size // 2
    padded = [0.0] * radius + values + [0.0] * radius
    return [sum(map(operator.mul, weights, padded[i : i + size])) for i in range(len(values))]


def blur_map(f, size):
    columns = [blur_vector(list(column), size) for column in zip(*f, strict=True)]
    return [blur_vector(list(row), size) for row in zip(*columns, strict=True)]


def rescale(blurred, f):
    """None where the blurred maximum is 0."""
    most = max(max(row) for row in blurred)
    if most == 0:
        return None
    scale = max(max(row) for row in f) / most
    return [[value * scale for value in row] for row in blurred]
