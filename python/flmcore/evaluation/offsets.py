"""Error against displacement: how far landmarks stray as the view moves away from the middle one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.evaluation.landmarks import mean_shape
from flmcore.evaluation.sweep import SweepPart

__all__ = ["error_by_offset"]


def error_by_offset(landmarks: NDArray[np.float64], part: SweepPart, normaliser: float) -> list[float | None]:
    """Per bin of offsets, 100/d · mean over its views and all landmarks of ‖q[t, k] − q̄[k]‖; None where none is there.

    q̄ is the mean over all views, as for spread: the curve is what spread sums up.
    """
    away = np.sqrt(((landmarks - mean_shape(landmarks)) ** 2).sum(axis=-1))
    return [_mean(away[rows], normaliser) for rows in part.bins()]


def _mean(away: NDArray[Any], normaliser: float) -> float | None:
    there = away[np.isfinite(away)]
    return float(f"{100 / normaliser * float(there.mean()):.6g}") if len(there) else None
