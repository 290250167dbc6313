"""Percentiles of step lengths in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["BIN_COUNT", "EXACT_STEPS", "StepLengths", "percentiles_of"]

EXACT_STEPS = 4096
"""Up to so many steps all are kept."""

# Beyond, steps are counted in bins that share sign, exponent and 8 bits of mantissa, from 2**-32 to 2**32 pixels. A
# bin's middle is within 2**-9 of each value in it. Counts do not depend on the order, so neither do percentiles.
_DROPPED = 52 - 8
_FIRST = (1023 - 32) << 8
_BINS = 64 << 8
BIN_COUNT = _BINS + 1


@dataclass
class StepLengths:
    """The distribution of step lengths: exact for few, binned for many."""

    values: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    bins: NDArray[np.int64] | None = None
    """Counts; the first is for steps below 2**-32 pixels, which count as 0."""
    count: int = 0
    top: float = 0.0
    missing: int = 0
    """Steps into which no landmark has both ends."""

    def add(self, lengths: NDArray[np.float64]) -> StepLengths:
        """With these; NaN is counted as missing."""
        there = lengths[~np.isnan(lengths)]
        new = StepLengths(
            np.concatenate([self.values, there]),
            self.bins,
            self.count + len(there),
            max(self.top, float(there.max())) if len(there) else self.top,
            self.missing + len(lengths) - len(there),
        )
        return new._bounded()

    def join(self, other: StepLengths) -> StepLengths:
        """Both together."""
        both = self.bins
        if other.bins is not None:
            both = other.bins if both is None else both + other.bins
        return StepLengths(
            np.concatenate([self.values, other.values]),
            both,
            self.count + other.count,
            max(self.top, other.top),
            self.missing + other.missing,
        )._bounded()

    def _bounded(self) -> StepLengths:
        if self.bins is None and self.count <= EXACT_STEPS:
            return self
        index = (self.values.view(np.int64) >> _DROPPED) - _FIRST + 1
        self.bins = np.zeros(BIN_COUNT, np.int64) if self.bins is None else self.bins.copy()
        np.add.at(self.bins, np.clip(index, 0, _BINS), 1)
        self.values = np.empty(0)
        return self

    def percentiles(self, shares: tuple[float, ...]) -> list[float]:
        """Order statistics at these shares, linear between neighbours; NaN where there is no step."""
        if self.count == 0:
            return [float("nan")] * len(shares)
        if self.bins is None:
            return percentiles_of(np.sort(self.values), shares)
        ends = np.cumsum(self.bins)
        found = []
        for share in shares:
            low, part = divmod(share * (self.count - 1), 1.0)
            at = np.searchsorted(ends, [low, min(low + 1, self.count - 1)], side="right")
            a, b = (min(_middle(int(i)), self.top) for i in at)
            found.append(a + part * (b - a))
        return found


def percentiles_of(ordered: NDArray[np.float64], shares: tuple[float, ...]) -> list[float]:
    """The same of all values, in order."""
    found = []
    for share in shares:
        low, part = divmod(share * (len(ordered) - 1), 1.0)
        a, b = float(ordered[int(low)]), float(ordered[min(int(low) + 1, len(ordered) - 1)])
        found.append(a + part * (b - a))
    return found


def _middle(index: int) -> float:
    if index == 0:
        return 0.0
    bits = ((index - 1 + _FIRST) << _DROPPED) + (1 << (_DROPPED - 1))
    return float(np.int64(bits).view(np.float64))
