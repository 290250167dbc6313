"""Accuracy and steadiness against true landmarks, frame by frame: NME, NMF, NAD(m)."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["NAD_FRAMES", "TruthMeasures"]

Floats = NDArray[np.float64]
NAD_FRAMES = (1, 5, 10)


@dataclass
class TruthMeasures:
    """Running figures of errors e[t, k] = landmark − true landmark, in bounded memory.

    With d the true inter-ocular distance of a frame (or what stands for it) and s = √(w · h) of the box of its true
    landmarks, over the frames and landmarks that have both:

    * NME = 100 · mean ‖e[t, k]‖ / d[t];
    * NMF, normalised mean flicker = 100 · root mean square of ‖e[t, k] − e[t−1, k]‖ / s[t] (Micaelli et al. 2023,
      "Recurrence without recurrence", CVPR; their code divides by s/256 and so prints 256 times this);
    * NAD(m) = 100 · mean ‖e[t, k] − e[t−m, k]‖ / d[t]: how far a landmark moves in m frames beyond what the true one
      does.

    For errors that are independent N(0, σ²) in x and y, NMF = 100 · 2σ/s, NAD(m) = 100 · √π σ/d for every m, and a
    constant error leaves both at 0. A frame without landmarks or truth begins anew.
    """

    frames: int = 0
    _nme: float = 0.0
    _flicker: list[float] = field(default_factory=lambda: [0.0, 0.0])
    _moved: dict[int, list[float]] = field(default_factory=lambda: {m: [0.0, 0.0] for m in NAD_FRAMES})
    _past: deque[Floats] = field(default_factory=lambda: deque(maxlen=max(NAD_FRAMES)))

    def add(self, points: Floats | None, truth: Floats | None, distance: float) -> None:
        """The frame that follows: (K, 2) landmarks and true ones of the same scheme, NaN where undefined."""
        if points is None or truth is None or not (math.isfinite(distance) and distance > 0):
            self._past.clear()
            return
        error = points - truth
        length = _lengths(error)
        if not np.isfinite(length).any():
            self._past.clear()
            return
        self.frames += 1
        self._nme += 100 * float(np.nanmean(length)) / distance
        extent = np.nanmax(truth, axis=0) - np.nanmin(truth, axis=0)
        side = math.sqrt(float(extent[0] * extent[1]))
        for m, sums in self._moved.items():
            if m <= len(self._past):
                _add(sums, 100 * _lengths(error - self._past[-m]) / distance)
        if self._past and side > 0:
            _add(self._flicker, (100 * _lengths(error - self._past[-1]) / side) ** 2)
        self._past.append(error)

    def values(self) -> dict[str, Any]:
        """For ``results.json``; None where there is nothing to take a mean of."""
        flicker = _mean(self._flicker)
        return {
            "frames": self.frames,
            "nme": self._nme / self.frames if self.frames else None,
            "nmf": None if flicker is None else math.sqrt(flicker),
            "nad": {str(m): _mean(sums) for m, sums in self._moved.items()},
        }


def _lengths(steps: Floats) -> Floats:
    return np.asarray(np.sqrt((steps * steps).sum(axis=1)))


def _add(sums: list[float], values: Floats) -> None:
    there = values[np.isfinite(values)]
    sums[0] += math.fsum(there)
    sums[1] += len(there)


def _mean(sums: list[float]) -> float | None:
    return sums[0] / sums[1] if sums[1] else None
