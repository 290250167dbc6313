"""Intervals over images."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flmcore.ops.resample import resample_means

__all__ = ["MIN_IMAGES", "Interval", "bootstrap_mean", "expanded_percentiles", "student_quantile"]

MIN_IMAGES = 5  # with fewer, resampling cannot show how much the mean may move


@dataclass(frozen=True)
class Interval:
    """A mean over images and its interval; ``low`` and ``high`` are None where ``reason`` says why."""

    mean: float | None
    low: float | None
    high: float | None
    images: int
    reason: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """For ``results.json``."""
        return {
            "mean": self.mean,
            "low": self.low,
            "high": self.high,
            "images": self.images,
            "reason": self.reason,
        }


def bootstrap_mean(
    values: ArrayLike,
    *,
    seed: int = 0,
    level: float = 0.95,
    resamples: int = 10_000,
    minimum: int = MIN_IMAGES,
) -> Interval:
    """Mean of one value per image with a bootstrap interval; the image is the sampling unit.

    The interval is the expanded percentile interval (Hesterberg 2015, "What teachers should know about the
    bootstrap", section 5.3): percentiles of the resampled means, taken at Φ(−√(n/(n−1)) · t) rather than 2.5 %,
    t being Student's quantile with n − 1 degrees of freedom. On few images plain percentiles are too narrow: for
    n = 5 they cover the mean about 80 times in 100, these about 90 times; from 40 images on the two are alike.

    Args:
        values: (n,), NaN left out.
        seed: of the resampling; the same seed and n draw the same images, so detectors stay paired.
        level: share of intervals that should hold the mean.
        resamples: how often the images are drawn anew.
        minimum: with fewer images the interval is absent and ``reason`` says so.
    """
    x = np.asarray(values, dtype=np.float64).ravel()
    x = x[np.isfinite(x)]
    n = len(x)
    if n == 0:
        return Interval(None, None, None, 0, "nothing was measured")
    mean = float(x.mean())
    if n < minimum:
        images = "1 image" if n == 1 else f"{n} images"
        return Interval(mean, None, None, n, f"{images}: an interval needs at least {minimum}")
    low, high = expanded_percentiles(resample_means(x, resamples=resamples, seed=seed), n, level=level)
    return Interval(mean, low, high, n)


def expanded_percentiles(
    means: NDArray[np.float64], images: int, *, level: float = 0.95
) -> tuple[float, float]:
    """Ends of the expanded percentile interval from the means of resamples of that many images."""
    spread = math.sqrt(images / (images - 1)) * student_quantile(images - 1, (1 + level) / 2)
    tail = NormalDist().cdf(-spread)
    low, high = np.quantile(means, [tail, 1 - tail]).tolist()
    return low, high


@lru_cache(maxsize=64)
def student_quantile(freedom: int, share: float) -> float:
    """Student's t at ``share`` (above one half), by bisection on the integrated density; good to 1e-6."""
    log_scale = math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2) - 0.5 * math.log(freedom * math.pi)

    def upper(t: float) -> float:
        """Share between 0 and t, by Simpson's rule."""
        grid = np.linspace(0.0, t, 2001)
        density = np.exp(log_scale - (freedom + 1) / 2 * np.log1p(grid * grid / freedom))
        return float(
            (density[0] + density[-1] + 4 * density[1:-1:2].sum() + 2 * density[2:-1:2].sum()) * t / 6000
        )

    low, high = 0.0, 1000.0
    while high - low > 1e-7:
        middle = (low + high) / 2
        low, high = (middle, high) if 0.5 + upper(middle) < share else (low, middle)
    return (low + high) / 2
