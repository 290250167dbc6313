"""Normalised mean error of one image, from the definition."""

from __future__ import annotations

import math

import numpy as np


def normaliser(
    truth: np.ndarray, name: str, corners: tuple[int, int], eyes: tuple[list[int], list[int]]
) -> float:
    points = truth.astype(float).tolist()
    if name == "interocular":
        return math.dist(points[corners[0]], points[corners[1]])
    if name == "interpupil":
        left, right = ([sum(points[i][a] for i in eye) / len(eye) for a in (0, 1)] for eye in eyes)
        return math.dist(left, right)
    there = [p for p in points if not any(math.isnan(c) for c in p)]
    width, height = (max(p[a] for p in there) - min(p[a] for p in there) for a in (0, 1))
    return math.sqrt(width * height)


def errors(points: np.ndarray, truth: np.ndarray, pixels: float) -> list[float]:
    """Percent, landmark by landmark; NaN where either is undefined."""
    return [
        100 * math.dist(p, q) / pixels if not any(map(math.isnan, p + q)) else math.nan
        for p, q in zip(points.astype(float).tolist(), truth.astype(float).tolist(), strict=True)
    ]


def mean(values: list[float]) -> float:
    there = [v for v in values if not math.isnan(v)]
    return math.fsum(there) / len(there) if there else math.nan
