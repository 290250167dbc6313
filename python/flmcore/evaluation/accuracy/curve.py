"""The cumulative error distribution (CED): its area and its failure rate, each as a mean of one value per image.

A CED is a mean of steps, one per image, and every way to integrate it is linear. So the area is the mean over images
of the area under the image's own step, and intervals over images hold for it as for NME.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["INTEGRATIONS", "area_shares", "as_alpha", "ced", "failures"]

Floats = NDArray[np.float64]

INTEGRATIONS = {
    "closed": "exact area: mean of max(0, 1 - NME/α)",
    "simpson": "Simpson's rule over a grid of 0.0001, counting NME ≤ x (DAN, PIPNet, AWing, SLPT)",
    "trapezoid": "trapezoids over the same grid (STAR)",
    "bins-1000": "mean of the first 1000·α of 1,000 bins over [0, 1], counting NME < x (FAN)",
    "bins-10000": "trapezoids over 10,000 points of [0, 1] up to the last below α, counting NME < x",
}
_STEP = 0.0001


def as_alpha(alpha: object) -> float:
    """The threshold as a share of the normaliser.

    Raises:
        ValueError: not a number above 0 and up to 1 (a threshold of 8 % is 0.08).
    """
    try:
        value = math.nan if isinstance(alpha, bool) else float(alpha)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        value = math.nan
    if not 0 < value <= 1:
        msg = f"alpha: expected a share of the normaliser above 0 and up to 1, such as 0.08, got {alpha!r}"
        raise ValueError(msg)
    return value


def area_shares(nme: ArrayLike, alpha: float, integration: str = "closed") -> Floats:
    """Each image's share in the area under the CED up to ``alpha``; their mean is the AUC, between 0 and 1.

    The grid of the published functions is ``numpy.arange(0, α + 0.0001, 0.0001)``. Where rounding gives it a point
    beyond α (at 0.05 and 0.07, not at 0.08 or 0.1) the figure includes that point, as theirs does, and can exceed 1.

    Args:
        nme: (n,) NME as shares of the normaliser, not per cent; NaN stays NaN.
        alpha: the threshold, a share.
        integration: one of :data:`INTEGRATIONS`.

    Raises:
        ValueError: a threshold of 0, an unknown integration.
    """
    limit, values = as_alpha(alpha), np.asarray(nme, dtype=np.float64)
    if integration not in INTEGRATIONS:
        msg = f"integration: expected one of {', '.join(INTEGRATIONS)}, got {integration!r}"
        raise ValueError(msg)
    if integration == "closed":
        return np.asarray(np.where(np.isnan(values), np.nan, np.maximum(0.0, 1.0 - values / limit)))
    grid, weights, side = _grid(limit, integration)
    # What is right of the image's step: the sum of the weights from the first counted point on.
    tail = np.append(np.cumsum(weights[::-1])[::-1], 0.0)
    shares = tail[np.searchsorted(grid, values, side="right" if side == "<" else "left")]
    return np.asarray(np.where(np.isnan(values), np.nan, shares))


def failures(nme: ArrayLike, alpha: float) -> Floats:
    """1 for an image whose NME, a share, is above ``alpha``, 0 for one that is not, NaN for NaN."""
    limit, values = as_alpha(alpha), np.asarray(nme, dtype=np.float64)
    return np.asarray(np.where(np.isnan(values), np.nan, (values > limit).astype(np.float64)))


def ced(nme: ArrayLike) -> tuple[Floats, Floats]:
    """Corners of the exact CED: the sorted NME, and the share of images up to each; NaN left out."""
    values = np.asarray(nme, dtype=np.float64).ravel()
    corners, count = np.unique(values[~np.isnan(values)], return_counts=True)
    return corners, np.cumsum(count) / max(1, int(count.sum()))


@lru_cache(maxsize=64)
def _grid(alpha: float, integration: str) -> tuple[Floats, Floats, str]:
    """Points, their weights in units of the threshold, and how a point is compared."""
    if integration == "bins-1000":
        count = max(1, round(1000 * alpha))
        return np.linspace(0, 1, 1000)[:count], np.full(count, 1 / (1000 * alpha)), "<"
    if integration == "bins-10000":
        points = np.linspace(0, 1, 10_000)
        points = points[: max(1, int(np.argmax(points >= alpha)))]
        return points, _trapezoid(len(points)) / 9999 / alpha, "<"
    points = np.arange(0, alpha + _STEP, _STEP, dtype=np.float64)
    rule = _simpson if integration == "simpson" else _trapezoid
    return points, rule(len(points)) * _STEP / alpha, "<="


def _trapezoid(count: int) -> Floats:
    weights = np.ones(count)
    weights[[0, -1]] = 0.5
    return weights if count > 1 else np.zeros(count)


def _simpson(count: int) -> Floats:
    """Weights of the composite rule; of an even number of points SciPy before 1.11 averaged two rules, as here."""
    if count < 3:
        return _trapezoid(count)
    if count % 2:
        weights = np.full(count, 2 / 3)
        weights[1::2] = 4 / 3
        weights[[0, -1]] = 1 / 3
        return weights
    first, last = np.zeros(count), np.zeros(count)
    first[:-1] = _simpson(count - 1)
    first[-2:] += 0.5
    last[1:] = _simpson(count - 1)
    last[:2] += 0.5
    return np.asarray((first + last) / 2)
