"""Detectors in order, with what the images leave open about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.evaluation.pairs import Comparison
from flmcore.evaluation.statistics import MIN_IMAGES, bootstrap_mean
from flmcore.ops.resample import resample_means

__all__ = ["letters", "rank_detectors"]


def rank_detectors(
    names: Sequence[str],
    values: NDArray[np.float64],
    comparisons: Sequence[Comparison],
    *,
    seed: int = 0,
    resamples: int = 10_000,
) -> list[dict[str, Any]]:
    """One row per detector, the smallest mean first.

    ``rank_low`` and ``rank_high`` are the 2.5 % and 97.5 % percentiles of its rank over resamples of the images;
    ``tied_with_best``: the best itself, and those that are not told apart from it; ``letters``: two detectors that
    share a letter are not told apart (:func:`letters`).

    Args:
        names: of the detectors.
        values: (detectors, images), NaN where a detector has none; all are ranked on the images that all have.
        comparisons: of :func:`flmcore.evaluation.pairs.compare_pairs` on the same values.
        seed: of the resampling.
        resamples: how often the images are drawn anew.
    """
    images = np.isfinite(values).all(axis=0)
    if not len(names) or not images.any():
        return []
    table = values[:, images]
    intervals = [bootstrap_mean(row, seed=seed, resamples=resamples) for row in table]
    means = [
        interval.mean or 0.0 for interval in intervals
    ]  # there is one: the images are those that all have
    order = sorted(range(len(names)), key=lambda index: (means[index], index))
    ends = _rank_ends(table, seed, resamples)
    apart = {frozenset((pair.a, pair.b)) for pair in comparisons if not pair.tied}
    groups = letters([names[index] for index in order], apart)
    best = names[order[0]]
    rows = []
    for place, index in enumerate(order):
        low, high = (None, None) if ends is None else ends[index]
        rows.append(
            {
                "detector": names[index],
                **intervals[index].to_dict(),
                "rank": 1 + sum(mean < means[index] for mean in means),
                "rank_low": low,
                "rank_high": high,
                "best": place == 0,
                "tied_with_best": frozenset((best, names[index])) not in apart,
                "letters": groups[names[index]],
            }
        )
    return rows


def _rank_ends(table: NDArray[np.float64], seed: int, resamples: int) -> list[tuple[int, int]] | None:
    """2.5 % and 97.5 % of each detector's rank over the resamples; None with too few images."""
    if table.shape[1] < MIN_IMAGES:
        return None
    means = resample_means(table.T, resamples=resamples, seed=seed)
    ends = []
    for column in means.T:
        ranks = np.sort(1 + (means < column[:, None]).sum(axis=1))
        cut = int(0.025 * len(ranks))
        ends.append((int(ranks[cut]), int(ranks[len(ranks) - 1 - cut])))
    return ends


def letters(names: Sequence[str], apart: set[frozenset[str]]) -> dict[str, str]:
    """Letters such that two detectors share one exactly where they are not told apart.

    Insert and absorb (Piepho 2004, "An algorithm for a letter-based representation of all-pairwise comparisons").
    """
    columns = [frozenset(names)]
    for first in names:
        for second in names:
            if names.index(first) >= names.index(second) or frozenset((first, second)) not in apart:
                continue
            split = [
                part
                for column in columns
                for part in (
                    (column - {first}, column - {second}) if {first, second} <= column else (column,)
                )
            ]
            unique = list(dict.fromkeys(split))
            columns = [column for column in unique if not any(column < other for other in unique)]
    columns.sort(key=lambda column: sorted(names.index(name) for name in column))
    marks = [chr(ord("a") + i) if i < 26 else f"({i + 1})" for i in range(len(columns))]
    return {
        name: "".join(mark for mark, column in zip(marks, columns, strict=True) if name in column)
        for name in names
    }
