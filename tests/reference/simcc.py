"""SimCC decoding in scalar loops, float64. Published rules: MMPose ``get_simcc_maximum``, ``refine_simcc_dark``."""

from __future__ import annotations

import math

import numpy as np

from .blur import blur_vector, rescale

NAN = float("nan")


def first_largest(values):
    best = 0
    for i, value in enumerate(values):
        if value > values[best]:
            best = i
    return best


def decode(x, y, method="argmax", *, split_ratio=2.0, threshold=None, blur=(35, 35), beta=1.0):
    """(x, y, score) of one pair of vectors."""
    vectors = [np.asarray(v, dtype=np.float64).tolist() for v in (x, y)]
    if not all(math.isfinite(value) for v in vectors for value in v):
        return NAN, NAN, NAN
    bins = [first_largest(v) for v in vectors]
    score = min(v[i] for v, i in zip(vectors, bins, strict=True))
    if threshold is None:
        threshold = -math.inf if method == "expectation" else 0.0
    if method == "dark":
        threshold = max(threshold, 0.0)
    if not score > threshold:
        return NAN, NAN, score
    if method == "dark":
        bins = [dark(v, i, size)[0] for v, i, size in zip(vectors, bins, blur, strict=True)]
    elif method == "expectation":
        bins = [expectation(v, beta) for v in vectors]
    return bins[0] / split_ratio, bins[1] / split_ratio, score


def dark(values, at, size):
    """The bin, the curvature that it was divided by, and the offset."""
    blurred = rescale([blur_vector(values, size)], [values])
    if blurred is None:
        return float(at), None, 0.0

    def g(i):
        return math.log(min(max(blurred[0][min(max(at + i, 0), len(values) - 1)], 1e-3), 50.0))

    slope, curvature = 0.5 * (g(1) - g(-1)), 1e-9 + 0.25 * (g(2) - 2 * g(0) + g(-2))
    offset = slope / curvature if curvature != 0 else 0.0
    return at - offset, curvature, offset


def expectation(values, beta):
    largest = max(values)
    weights = [math.exp(beta * (value - largest)) for value in values]
    return sum(w * i for i, w in enumerate(weights)) / sum(weights)
