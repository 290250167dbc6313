"""Differences between detectors on the same images: how large, how sure, and how many images would show them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.evaluation.statistics import MIN_IMAGES, Interval, expanded_percentiles
from flmcore.ops.resample import flip_means, resample_means

__all__ = ["LEVEL", "Comparison", "compare_pairs", "holm", "images_needed"]

LEVEL = 0.05  # of the tests
POWER = 0.8
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """Detector ``a`` less detector ``b``, image by image.

    Attributes:
        difference: mean over images and its bootstrap interval.
        p: of the sign-flip test; None where there are too few images.
        p_holm: the same, corrected for all pairs that were compared.
        tied: not told apart: no test, or ``p_holm`` above 5 %.
        images_needed: images that would tell the two apart; None where they do not differ at all.
    """

    a: str
    b: str
    difference: Interval
    p: float | None
    p_holm: float | None
    images_needed: int | None

    @property
    def tied(self) -> bool:
        return self.p_holm is None or self.p_holm > LEVEL

    def to_dict(self) -> dict[str, Any]:
        """For ``results.json``."""
        return {
            "a": self.a,
            "b": self.b,
            "difference": self.difference.to_dict(),
            "p": self.p,
            "p_holm": self.p_holm,
            "tied": self.tied,
            "images_needed": self.images_needed,
        }


def compare_pairs(
    names: Sequence[str],
    values: Floats,
    *,
    seed: int = 0,
    resamples: int = 10_000,
    minimum: int = MIN_IMAGES,
    intervals: bool = True,
) -> list[Comparison]:
    """Every pair of detectors, in the order of ``names``.

    The interval is the expanded percentile bootstrap of the mean difference (the images are drawn, both detectors
    with them). The test is Fisher's randomisation test for paired values (*The Design of Experiments*, 1935, § 21):
    where the two do not differ, each image's difference might as well have the other sign. Up to 13 images every
    sign pattern is tried, beyond ``resamples`` of them, and p = (1 + hits) / (1 + patterns) (Phipson and Smyth 2010,
    "Permutation p-values should never be zero"). Holm's correction (1979) is over all pairs given here.

    Args:
        names: of the detectors.
        values: (detectors, images), NaN where a detector has none; a pair is compared where both have one.
        seed: of the resampling.
        resamples: of the bootstrap and, beyond 13 images, of the test.
        minimum: with fewer images there is no interval and no test, and ``difference.reason`` says so.
        intervals: False leaves the intervals of the differences out, which cost most where only tests are wanted.
    """
    table = np.asarray(values, dtype=np.float64)
    there = np.isfinite(table)
    groups: dict[bytes, list[tuple[int, int]]] = {}
    pairs = list(combinations(range(len(names)), 2))
    for a, b in pairs:
        groups.setdefault((there[a] & there[b]).tobytes(), []).append((a, b))
    found: dict[tuple[int, int], tuple[Interval, float | None, int | None]] = {}
    for members in groups.values():  # those on the same images share their draws, and the work
        a, b = members[0]
        images = there[a] & there[b]
        found |= dict(_same_images(table[:, images], members, seed, resamples, minimum, intervals))
    corrected = holm([found[pair][1] for pair in pairs])
    return [
        Comparison(names[a], names[b], found[a, b][0], found[a, b][1], p_holm, found[a, b][2])
        for (a, b), p_holm in zip(pairs, corrected, strict=True)
    ]


def _same_images(
    table: Floats,
    pairs: Sequence[tuple[int, int]],
    seed: int,
    resamples: int,
    minimum: int,
    intervals: bool,
) -> Iterator[tuple[tuple[int, int], tuple[Interval, float | None, int | None]]]:
    """Pairs whose both detectors have a value for every column."""
    images = table.shape[1]
    if images < minimum:
        reason = f"{images} image{'s' * (images != 1)} that both have: a test needs at least {minimum}"
        for a, b in pairs:
            mean = _mean(table[a] - table[b]) if images else None
            yield (a, b), (Interval(mean, None, None, images, reason), None, None)
        return
    columns = sorted({index for pair in pairs for index in pair})
    place = {index: column for column, index in enumerate(columns)}
    rows = np.ascontiguousarray(table[columns].T)
    drawn = resample_means(rows, resamples=resamples, seed=seed) if intervals else None
    flipped = flip_means(rows, resamples=resamples, seed=seed)
    for a, b in pairs:
        one, other = place[a], place[b]
        differences = table[a] - table[b]
        mean = _mean(differences)
        low, high = (
            (None, None) if drawn is None else expanded_percentiles(drawn[:, one] - drawn[:, other], images)
        )
        # Patterns that give the same sum may differ in its last bits; such a tie counts as a hit.
        rounding = 1e-12 * float(np.abs(table[[a, b]]).max())
        size = np.abs(flipped[:, one] - flipped[:, other])
        hits = int(np.count_nonzero(size >= abs(mean) - rounding))
        # Where all patterns were tried the observed one is among them; else it is added.
        exact = len(flipped) == 1 << images if images < 63 else False
        p = hits / len(flipped) if exact else (1 + hits) / (1 + len(flipped))
        yield (a, b), (Interval(mean, low, high, images), p, images_needed(differences))


def _mean(values: Floats) -> float:
    return math.fsum(values.tolist()) / len(values)


def holm(p: Sequence[float | None]) -> list[float | None]:
    """Holm's step-down correction (Holm 1979, "A simple sequentially rejective multiple test procedure").

    The smallest of m is multiplied by m, the next by m − 1, …; none falls below one before it, none exceeds 1. Pairs
    without a test (None) do not count.
    """
    order = sorted((value, index) for index, value in enumerate(p) if value is not None)
    corrected: list[float | None] = [None] * len(p)
    least = 0.0
    for rank, (value, index) in enumerate(order):
        least = max(least, min(1.0, (len(order) - rank) * value))
        corrected[index] = least
    return corrected


def images_needed(differences: Floats, *, power: float = POWER, level: float = LEVEL) -> int | None:
    """Images with which a paired t test at ``level`` shows this mean difference in ``power`` of the cases.

    n = (z₁ + z₂)² s²/d̄² + z₁²/2, with z₁, z₂ the normal quantiles of 1 − level/2 and of the power, s the standard
    deviation of the paired differences; the last term corrects the normal approximation for Student's t (Guenther
    1981, "Sample size formulas for normal theory t tests"). None where the mean difference is 0, or with one image.
    """
    n = len(differences)
    if n < 2:
        return None
    mean = _mean(differences)
    variance = math.fsum(((differences - mean) ** 2).tolist()) / (n - 1)
    if mean == 0:
        return None
    first, second = NormalDist().inv_cdf(1 - level / 2), NormalDist().inv_cdf(power)
    return max(2, math.ceil((first + second) ** 2 * variance / mean**2 + first**2 / 2))
