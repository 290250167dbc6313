"""Tests of paired differences against a tolerance, and Holm's correction over all of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.evaluation.pairs import LEVEL, holm
from flmcore.evaluation.statistics import MIN_IMAGES, student_tail
from flmcore.ops.resample import resample_means

__all__ = ["correct_rows", "regressed", "shift_tests"]

_RESAMPLES = 10_000
_SAME = ("detector", "old", "new", "difference", "limit", "p_worse", "p_better")


def shift_tests(worse_by: NDArray[np.float64], limit: float, *, seed: int) -> tuple[float, float] | None:
    """One-sided p of "worse by no more than ``limit``" and of "better by no more than that"; None with few images.

    The expanded percentile interval turned round: p is half of the level at which the interval of the mean begins to
    hold the limit, so that p below 2.5 % is the 95 % interval beyond it. Where no resample reaches the limit, the tail is
    Student's, to which the interval goes as resampled means become normal.

    Args:
        worse_by: (images,) paired differences, positive where it is worse.
        limit: tolerance in the same unit.
        seed: of the resampling.
    """
    if len(worse_by) < MIN_IMAGES:
        return None
    drawn = resample_means(worse_by, resamples=_RESAMPLES, seed=seed)
    return _tail(worse_by, drawn, limit), _tail(-worse_by, -drawn, limit)


def _tail(values: NDArray[np.float64], drawn: NDArray[np.float64], limit: float) -> float:
    n = len(values)
    hits = int(np.count_nonzero(drawn <= limit))
    share = (1 + hits) / (1 + len(drawn))
    if share >= 1:
        return 1.0
    p = student_tail(-NormalDist().inv_cdf(share) / math.sqrt(n / (n - 1)), n - 1)
    if hits:
        return p
    error = float(values.std(ddof=1)) / math.sqrt(n)
    t = math.inf if error == 0 else (float(values.mean()) - limit) / error
    return min(p, student_tail(t, n - 1))


def correct_rows(rows: Sequence[dict[str, Any]]) -> int:
    """Add ``p_holm`` over all rows that have a test, and to ``verdict`` what it leaves of ``verdict_alone``.

    Of a row's two tests the smaller p counts, twice: nobody said beforehand on which side to look.

    Returns:
        How many different tests there are.
    """
    both = [
        None if row["p_worse"] is None else min(1.0, 2 * min(row["p_worse"], row["p_better"])) for row in rows
    ]
    corrected, tests = _holm_once(rows, both)
    for row, p in zip(rows, corrected, strict=True):
        row["p_holm"] = p
        doubted = row["verdict_alone"] in ("worse", "better") and (p is None or p > LEVEL)
        row["verdict"] = "unclear" if doubted else row["verdict_alone"]
    return tests


def regressed(rows: Sequence[Mapping[str, Any]]) -> tuple[list[float | None], int]:
    """Per row the p of its being worse, after Holm over these rows; None where it is not worse beyond doubt.

    One-sided, at half of 5 %, as an interval's one end: with one row the gate is the interval. The second value is how
    many different tests there are.
    """
    corrected, tests = _holm_once(rows, [row["p_worse"] for row in rows])
    return [
        p if row["verdict_alone"] == "worse" and p is not None and p <= LEVEL / 2 else None
        for row, p in zip(rows, corrected, strict=True)
    ], tests


def _holm_once(
    rows: Sequence[Mapping[str, Any]], p: Sequence[float | None]
) -> tuple[list[float | None], int]:
    """Holm's correction; one number under two names (a detector's own landmarks may be the common ones) is one test."""
    keys = [
        None if value is None else repr([row[key] for key in _SAME])
        for row, value in zip(rows, p, strict=True)
    ]
    once = {key: value for key, value in zip(keys, p, strict=True) if key is not None}
    corrected = dict(zip(once, holm(list(once.values())), strict=True))
    return [None if key is None else corrected[key] for key in keys], len(once)
