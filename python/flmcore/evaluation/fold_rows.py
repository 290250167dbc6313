"""One target landmark's row and its cross-validated error."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flmcore.evaluation.sparse_rows import MOST_SOURCES, gram, learn_row
from flmcore.schemes.rows import Row

__all__ = ["FoldRows", "PointFit", "anchors_of"]

_ANCHORS = 4
_SEEN = 0.9  # a source is a candidate where this share of the faces has it
_LEAST_FOLDS = 3

Floats = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True)
class PointFit:
    """A row, empty where undefined, and errors in per cent."""

    row: Row
    error: float
    single: float
    faces: int
    reason: str


def anchors_of(x: Floats, sides: Floats) -> list[int]:
    """Sources spread over the face, each the furthest from those before: with them a row can lie off a contour."""
    seen = _often(x)
    if not len(seen):
        return []
    apart = _spread(x, x[:, seen[0]], sides, seen)
    anchors = [int(seen[int(np.argmax(apart))])]
    apart = _spread(x, x[:, anchors[0]], sides, seen)
    while len(anchors) < min(_ANCHORS, len(seen)):
        anchors.append(int(seen[int(np.argmax(apart))]))
        apart = np.minimum(apart, _spread(x, x[:, anchors[-1]], sides, seen))
    return anchors


def _often(x: Floats) -> Index:
    return np.flatnonzero(np.isfinite(x[:, :, 0]).sum(axis=0) >= _SEEN * len(x))


def _spread(x: Floats, point: Floats, sides: Floats, members: Index) -> Floats:
    """Mean squared distance of sources to a point, over the faces that have both."""
    step = (x[:, members] - point[:, None]) / sides[:, None, None]
    squared = step[:, :, 0] * step[:, :, 0] + step[:, :, 1] * step[:, :, 1]
    there = np.isfinite(squared)
    total = np.add.reduce(np.where(there, squared, 0.0), axis=0)
    return np.where(there.any(axis=0), total / np.maximum(there.sum(axis=0), 1), np.inf)


class FoldRows:
    """What cross-validation of one target landmark needs; Gram matrices are kept by candidates and fold."""

    def __init__(
        self,
        x: Floats,
        y: Floats,
        sides: Floats,
        fold: Index,
        anchors: list[int],
        neighbours: int,
        *,
        least: int,
    ) -> None:
        defined = np.isfinite(y[:, 0])
        self._x, self._y, self._sides, self._fold = x[defined], y[defined], sides[defined], fold[defined]
        self._anchors, self._neighbours, self._least = anchors, neighbours, least
        self._kept: dict[tuple[tuple[int, ...], int], tuple[Floats, int]] = {}

    def fit(self) -> PointFit:
        """The row from all faces, and the error of rows learnt without a fold on that fold."""
        reason = self._reason()
        if reason:
            return PointFit((), math.nan, math.nan, len(self._y), reason)
        folds = sorted(set(self._fold.tolist()))
        errors: list[float] = []
        singles: list[float] = []
        for held in folds:
            rest = [fold for fold in folds if fold != held]
            errors += self._errors(self._learn(rest, MOST_SOURCES), held)
            singles += self._errors(self._learn(rest, 1), held)
        return PointFit(self._learn(folds, MOST_SOURCES), _mean(errors), _mean(singles), len(self._y), "")

    def _reason(self) -> str:
        if not len(self._y):
            return "in no face's truth"
        if len(self._y) < self._least:
            return f"in the truth of {len(self._y)} faces, {self._least} are needed"
        seen = _often(self._x)
        if not len(seen):
            return f"no source landmark on {_SEEN:.0%} of its faces"
        if len(set(self._fold.tolist())) < _LEAST_FOLDS:
            return f"its faces are in fewer than {_LEAST_FOLDS} folds"
        for fold in set(self._fold.tolist()):
            if not np.isfinite(self._x[self._fold == fold]).any():
                return f"no source landmark on the faces of fold {fold}"
        return ""

    def _candidates(self, folds: list[int]) -> tuple[int, ...]:
        """The nearest sources on these folds' faces, nearest first, then the anchors."""
        rows = np.isin(self._fold, folds)
        seen = _often(self._x[rows])
        far = _spread(self._x[rows], self._y[rows], self._sides[rows], seen)
        nearest = [int(seen[i]) for i in np.argsort(far, kind="stable")[: self._neighbours]]
        return (*nearest, *(anchor for anchor in self._anchors if anchor not in nearest and anchor in seen))

    def _learn(self, folds: list[int], most: int) -> Row:
        candidates = self._candidates(folds)
        parts = [self._gram(candidates, fold) for fold in folds]
        parts = [part for part in parts if part[1]]
        row = learn_row([matrix for matrix, _ in parts], [faces for _, faces in parts], most)
        return tuple((candidates[i], weight) for i, weight in row)

    def _gram(self, candidates: tuple[int, ...], fold: int) -> tuple[Floats, int]:
        """Of the fold's faces that have all candidates, and how many they are."""
        key = (candidates, fold)
        if key not in self._kept:
            rows = self._fold == fold
            z = (self._x[rows][:, candidates] - self._y[rows][:, None]) / self._sides[rows][:, None, None]
            z = z[np.isfinite(z).all(axis=(1, 2))]
            self._kept[key] = (gram(z), len(z))
        return self._kept[key]

    def _errors(self, row: Row, fold: int) -> list[float]:
        rows = self._fold == fold
        step = -self._y[rows]
        for index, weight in row:
            step = step + weight * self._x[rows][:, index]
        error = 100 * np.sqrt(step[:, 0] * step[:, 0] + step[:, 1] * step[:, 1]) / self._sides[rows]
        return [float(value) for value in error if math.isfinite(value)]


def _mean(values: list[float]) -> float:
    return round(math.fsum(values) / len(values), 4) if values else math.nan
