"""How sure the strengths are: resampling whole raters, and whole faces and clips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.evaluation.statistics import MIN_IMAGES, student_quantile, student_tail
from flmcore.ops.resample import resample_means
from flmcore.rating.davidson import fit_davidson

__all__ = ["RESAMPLES", "Counts", "Spread", "spread_of"]

Floats = NDArray[np.float64]
Rated = Sequence[tuple[str, Mapping[str, Any]]]  # rater, rating

RESAMPLES = 1000
LEVEL = 0.95


@dataclass(frozen=True)
class Counts:
    """Ratings by the cluster that they belong to.

    Attributes:
        names: of the detectors that were rated.
        pairs: (P, 2) places in ``names``, first < second, of the pairs that were rated.
        tables: for ``rater``, ``show`` and ``both``: (clusters, P, 3) counts: first preferred, tied, second preferred.
    """

    names: list[str]
    pairs: NDArray[np.intp]
    tables: dict[str, Floats]

    @classmethod
    def of(cls, rated: Rated, order: Sequence[str]) -> Counts:
        seen = {row[side] for _, row in rated for side in ("left", "right")}
        names = [name for name in order if name in seen]
        places = {name: place for place, name in enumerate(names)}
        sides = [(places[row["left"]], places[row["right"]]) for _, row in rated]
        found = sorted({(min(pair), max(pair)) for pair in sides})
        columns = {pair: column for column, pair in enumerate(found)}
        keys: dict[str, list[tuple[str, ...]]] = {
            "rater": [(rater,) for rater, _ in rated],
            "show": [(row["show"],) for _, row in rated],
            "both": [(rater, row["show"]) for rater, row in rated],
        }
        tables = {}
        for way, clusters in keys.items():
            numbers = {cluster: number for number, cluster in enumerate(sorted(set(clusters)))}
            table = np.zeros((len(numbers), len(found), 3))
            for cluster, (_, row), (left, right) in zip(clusters, rated, sides, strict=True):
                outcome = {"left": 0, "tie": 1, "right": 2}[row["verdict"]]
                column = columns[min(left, right), max(left, right)]
                table[numbers[cluster], column, outcome if left < right else 2 - outcome] += 1
            tables[way] = table
        return cls(names, np.array(found, dtype=np.intp).reshape(-1, 2), tables)

    @property
    def total(self) -> Floats:
        """(P, 3): all ratings."""
        return np.asarray(self.tables["both"].sum(axis=0))

    def clusters(self, way: str) -> int:
        return len(self.tables[way])


@dataclass(frozen=True)
class Spread:
    """Standard errors of strengths (D,) and of their differences (D, D), and resampled strengths (B, D).

    ``freedom`` is that of Student's t; all but ``reason`` are None where there is no interval.
    """

    single: Floats | None
    between: Floats | None
    draws: Floats | None
    freedom: int
    by: str
    reason: str | None = None

    def interval(self, value: float, error: float) -> tuple[float, float]:
        half = student_quantile(self.freedom, (1 + LEVEL) / 2) * error
        return value - half, value + half

    def p(self, value: float, error: float) -> float:
        """Of no difference, two-sided."""
        return 1.0 if error == 0 else min(1.0, 2 * student_tail(abs(value) / error, self.freedom))


def spread_of(counts: Counts, *, seed: int = 0, resamples: int = RESAMPLES) -> Spread:
    """Errors over raters and over faces, both, where there are five of each.

    Ratings of one rater share the rater, ratings on one face share the face. Each way of clustering has its variance
    from a bootstrap of whole clusters, and the two are put together as var(raters) + var(faces) − var(rater and face)
    (Cameron, Gelbach and Miller 2011, "Robust inference with multiway clustering", JBES 29), never below the larger of
    the two. With fewer than five raters the interval is over faces for these raters, and the other way round.
    """
    ways = [way for way in ("rater", "show") if counts.clusters(way) >= MIN_IMAGES]
    if not ways:
        raters, shows = counts.clusters("rater"), counts.clusters("show")
        reason = (
            f"{raters} rater{'s' * (raters != 1)} on {shows} face{'s' * (shows != 1)} or clip{'s' * (shows != 1)}: "
            f"an interval needs at least {MIN_IMAGES} of either"
        )
        return Spread(None, None, None, 0, "none", reason)
    draws = {
        way: _draws(counts, way, seed, resamples) for way in (*ways, *(["both"] if len(ways) == 2 else []))
    }
    variances = {way: _variances(drawn, counts.clusters(way)) for way, drawn in draws.items()}
    widest = max(ways, key=lambda way: float(variances[way].sum()))
    total = variances[widest]
    if len(ways) == 2:
        larger = np.maximum(variances["rater"], variances["show"])
        total = np.maximum(larger, variances["rater"] + variances["show"] - variances["both"])
    names = {"rater": "raters", "show": "faces and clips"}
    return Spread(
        np.sqrt(np.diag(total)),
        np.sqrt(total),
        draws[widest],
        min(counts.clusters(way) for way in ways) - 1,
        " and ".join(names[way] for way in ways),
    )


def _draws(counts: Counts, way: str, seed: int, resamples: int) -> Floats:
    """(B, D): strengths with the clusters drawn anew."""
    table = counts.tables[way]
    clusters = len(table)
    drawn = resample_means(table.reshape(clusters, -1), resamples=resamples, seed=seed) * clusters
    return fit_davidson(counts.pairs, drawn.reshape(-1, *table.shape[1:]), len(counts.names)).strengths


def _variances(draws: Floats, clusters: int) -> Floats:
    """(D, D): of single strengths on the diagonal, of differences off it; a bootstrap's is short by (n − 1)/n."""
    size = draws.shape[1]
    found = np.diag(draws.var(axis=0))
    for i, j in combinations(range(size), 2):
        found[i, j] = found[j, i] = (draws[:, i] - draws[:, j]).var()
    return np.asarray(found * clusters / (clusters - 1))
