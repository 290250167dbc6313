"""One target landmark's row and its cross-validated error."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flmcore.evaluation.fit_input import LEAST_FOLDS, FitInput
from flmcore.evaluation.sparse_rows import MOST_SOURCES, gram, learn_row
from flmcore.schemes.rows import Row

__all__ = ["PointFit", "anchors_of", "fit_point", "mean", "percent"]

_ANCHORS = 4
_SEEN = 0.9  # a source is a candidate where this share of the faces has it

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PointFit:
    """A row, empty where undefined, and errors in per cent."""

    row: Row
    error: float
    single: float
    faces: int
    reason: str


def anchors_of(given: FitInput) -> list[int]:
    """Sources spread over the face, each the furthest from those before: with them a row can lie off a contour."""
    seen = _often(given.x)
    if not len(seen):
        return []
    x = given.x[:, seen]

    def apart(member: int) -> Floats:
        total, there = _distances(x, x[:, member], given.sides)
        return np.asarray(total / np.maximum(there, 1))

    members = [int(np.argmax(apart(0)))]
    nearest = apart(members[0])
    while len(members) < min(_ANCHORS, len(seen)):
        members.append(int(np.argmax(nearest)))
        nearest = np.minimum(nearest, apart(members[-1]))
    return [int(seen[member]) for member in members]


def _often(x: Floats) -> NDArray[np.int64]:
    return np.flatnonzero(np.isfinite(x[:, :, 0]).sum(axis=0) >= _SEEN * len(x))


def _distances(x: Floats, point: Floats, sides: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Sums of sources' squared distances to a point over the faces that have both, and how many these are."""
    step = (x - point[:, None]) / sides[:, None, None]
    squared = step[:, :, 0] * step[:, :, 0] + step[:, :, 1] * step[:, :, 1]
    there = np.isfinite(squared)
    return np.add.reduce(np.where(there, squared, 0.0), axis=0), there.sum(axis=0)


def percent(step: Floats, sides: Floats) -> list[float]:
    """Lengths of (N, 2) in per cent of each face's size, without the undefined ones."""
    length = 100 * np.sqrt(step[:, 0] * step[:, 0] + step[:, 1] * step[:, 1]) / sides
    return [float(value) for value in length if math.isfinite(value)]


def mean(values: Sequence[float]) -> float:
    """Of the finite values, exact but for one rounding, to four decimals; NaN of none."""
    finite = [value for value in values if math.isfinite(value)]
    return round(math.fsum(finite) / len(finite), 4) if finite else math.nan


def fit_point(given: FitInput, target: int, neighbours: int, anchors: Sequence[int]) -> PointFit:
    """The row from all faces, and the error of rows learnt without a fold on that fold."""
    defined = np.isfinite(given.y[:, target, 0])
    faces = int(defined.sum())
    reason = _reason(given, defined)
    if reason:
        return PointFit((), math.nan, math.nan, faces, reason)
    point = _Point(given, target, defined, (neighbours, anchors))
    errors: list[float] = []
    singles: list[float] = []
    for held in point.folds:
        rest = [fold for fold in point.folds if fold != held]
        errors += point.errors(point.learn(rest, MOST_SOURCES), held)
        singles += point.errors(point.learn(rest, 1), held)
    return PointFit(point.learn(point.folds, MOST_SOURCES), mean(errors), mean(singles), faces, "")


def _reason(given: FitInput, defined: NDArray[np.bool_]) -> str:
    faces, least = int(defined.sum()), 2 * given.folds
    if not faces:
        return "in no face's truth"
    if faces < least:
        return f"in the truth of {faces} faces, {least} are needed"
    folds = sorted(set(given.fold[defined].tolist()))
    if len(folds) < LEAST_FOLDS:
        return f"its faces are in fewer than {LEAST_FOLDS} folds"
    for held in (-1, *folds):  # −1: from all faces
        if not len(_often(given.x[defined & (given.fold != held)])):
            return f"no source landmark on {_SEEN:.0%} of its faces"
    return ""


class _Point:
    """What is summed once per fold: distances to all sources, Gram matrices of the candidates."""

    def __init__(
        self, given: FitInput, target: int, defined: NDArray[np.bool_], choice: tuple[int, Sequence[int]]
    ) -> None:
        self._given, self._target = given, target
        self._neighbours, self._anchors = choice
        fold = given.fold
        self.folds = sorted(set(fold[defined].tolist()))
        self._rows = {i: np.flatnonzero(defined & (fold == i)) for i in self.folds}
        self._far = {
            i: _distances(given.x[rows], given.y[rows, target], given.sides[rows])
            for i, rows in self._rows.items()
        }
        self._kept: dict[tuple[tuple[int, ...], int], tuple[Floats, int]] = {}

    def learn(self, folds: list[int], most: int) -> Row:
        """The row that these folds' faces give."""
        candidates = self._candidates(folds)
        while True:
            parts = [part for part in (self._gram(candidates, fold) for fold in folds) if part[1]]
            if len(parts) > 1 or len(candidates) == 1:
                break
            candidates = candidates[:-1]  # hardly a face has them all
        row = learn_row([matrix for matrix, _ in parts], [faces for _, faces in parts], most)
        return tuple((candidates[i], weight) for i, weight in row)

    def errors(self, row: Row, fold: int) -> list[float]:
        """Of a row on the faces of a fold, in per cent."""
        rows = self._rows[fold]
        step = -self._given.y[rows, self._target]
        for index, weight in row:
            step = step + weight * self._given.x[rows, index]
        return percent(step, self._given.sides[rows])

    def _candidates(self, folds: list[int]) -> tuple[int, ...]:
        """The nearest sources on these folds' faces, nearest first, then the anchors."""
        total, there = self._far[folds[0]]
        for fold in folds[1:]:
            total, there = total + self._far[fold][0], there + self._far[fold][1]
        seen = there >= _SEEN * sum(len(self._rows[fold]) for fold in folds)
        far = np.where(seen, total / np.maximum(there, 1), np.inf)
        nearest = [int(i) for i in np.argsort(far, kind="stable")[: self._neighbours] if seen[i]]
        return (*nearest, *(anchor for anchor in self._anchors if anchor not in nearest and seen[anchor]))

    def _gram(self, candidates: tuple[int, ...], fold: int) -> tuple[Floats, int]:
        """Of the fold's faces that have all candidates, and how many they are."""
        key = (candidates, fold)
        if key not in self._kept:
            rows = self._rows[fold]
            z = self._given.x[rows[:, None], candidates] - self._given.y[rows, self._target][:, None]
            z = z / self._given.sides[rows][:, None, None]
            z = z[np.isfinite(z).all(axis=(1, 2))]
            self._kept[key] = (gram(z), len(z))
        return self._kept[key]
