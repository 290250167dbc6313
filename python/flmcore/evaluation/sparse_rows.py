"""One landmark as a sparse affine combination of others: the best few of a handful of candidates.

With z the sources less the target, in units of the face, weights w that sum to 1 leave the squared error w'Gw, where G
sums z z' over faces. G alone decides, so every subset of the candidates is tried. All sums run over faces in their
order and systems are solved by elimination, without BLAS: the same weights on every machine.
"""

from __future__ import annotations

from functools import cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from flmcore.schemes.rows import Row

__all__ = ["MOST_SOURCES", "best_row", "gram", "learn_row", "rounded"]

MOST_SOURCES = 4
_LOUDEST = 3.0  # sum of |w|: noise that all sources share grows by no more than this
_WORTH = 0.95  # another source must take 5 % off the squared error on faces not fitted
_FLOOR = 1e-8  # squared error of 0.01 % of the normaliser: nothing is left to explain
_COLLINEAR = 1e-9  # share of a source's variation that those before it leave
_UNITS = 1_000_000  # weights have six decimals

Floats = NDArray[np.float64]


def gram(offsets: Floats) -> Floats:
    """(C, C) sum over (n, C, 2) offsets, face by face."""
    total = np.zeros((offsets.shape[1], offsets.shape[1]))
    for axis in (0, 1):
        z = offsets[:, :, axis]
        # Reduced over the slowest axis, which adds whole matrices one after the other.
        total = total + np.add.reduce(z[:, :, None] * z[:, None, :], axis=0)
    return total


@cache
def _subsets(candidates: int, size: int) -> NDArray[np.int64]:
    return np.array(list(combinations(range(candidates), size)), np.int64).reshape(-1, size)


def best_row(matrix: Floats, size: int) -> tuple[NDArray[np.int64], Floats] | None:
    """The ``size`` candidates with the least squared error and their weights; the first where several have it."""
    subsets = _subsets(len(matrix), size)
    if not len(subsets):
        return None
    base, others = subsets[:, 0], subsets[:, 1:]
    least = matrix[base, base]
    # Sum 1 by elimination: the base takes 1 less the other weights, for which a w = b is left.
    cross = matrix[base[:, None], others]
    a = matrix[others[:, :, None], others[:, None, :]] + least[:, None, None]
    a = a - cross[:, :, None] - cross[:, None, :]
    b = least[:, None] - cross
    weights, good = _solved(a, b)
    first, loud, error = np.ones(len(subsets)), np.zeros(len(subsets)), least.copy()
    with np.errstate(invalid="ignore", over="ignore"):
        for i in range(size - 1):  # in order, not by a sum whose order NumPy may choose
            first -= weights[:, i]
            loud += np.abs(weights[:, i])
            error -= weights[:, i] * b[:, i]
        good &= loud + np.abs(first) <= _LOUDEST
    if not good.any():
        return None
    best = int(np.argmin(np.where(good, error, np.inf)))
    return subsets[best], np.array([first[best], *weights[best]])


def _solved(a: Floats, b: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Gauss and Jordan on each of (n, k, k) positive systems, and which of them are well enough posed."""
    a, x = a.copy(), b.copy()
    good = np.ones(len(a), dtype=bool)
    size = a.shape[1]
    before = [a[:, i, i].copy() for i in range(size)]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for i in range(size):
            good &= a[:, i, i] > _COLLINEAR * before[i]
            for j in range(size):
                if j != i:
                    share = a[:, j, i] / a[:, i, i]
                    a[:, j] -= share[:, None] * a[:, i]
                    x[:, j] -= share * x[:, i]
        for i in range(size):
            x[:, i] /= a[:, i, i]
    return x, good


def _squared(matrix: Floats, row: tuple[NDArray[np.int64], Floats]) -> float:
    members, weights = row
    return sum(
        float(v) * float(w) * float(matrix[i, j])
        for i, v in zip(members, weights, strict=True)
        for j, w in zip(members, weights, strict=True)
    )


def learn_row(folds: list[Floats], faces: list[int], most: int = MOST_SOURCES) -> Row:
    """The row that cross-validation over ``folds`` (a Gram matrix each) finds worth its sources."""
    total = _sum(folds)
    size, reached = 1, np.inf
    if most > 1 and len(folds) > 1:
        reached = _held_out(folds, faces, 1)
    for more in range(2, most + 1 if len(folds) > 1 else 2):
        if reached <= _FLOOR:
            break
        error = _held_out(folds, faces, more)
        if error < _WORTH * reached:
            size, reached = more, error
    row = best_row(total, size)
    while row is None:
        size -= 1
        row = best_row(total, size)  # one source always does
    return rounded(row)


def _held_out(folds: list[Floats], faces: list[int], size: int) -> float:
    """Mean squared error on each fold of what the others give."""
    error = 0.0
    for i, held in enumerate(folds):
        row = best_row(_sum(folds[:i] + folds[i + 1 :]), size)
        if row is None:
            return np.inf
        error += _squared(held, row)
    return error / sum(faces)


def _sum(matrices: list[Floats]) -> Floats:
    total = np.zeros_like(matrices[0])
    for matrix in matrices:
        total = total + matrix
    return total


def rounded(row: tuple[NDArray[np.int64], Floats]) -> Row:
    """Weights of six decimals that sum to 1; the largest takes what rounding left."""
    units = [round(float(weight) * _UNITS) for weight in row[1]]
    largest = max(range(len(units)), key=lambda i: abs(units[i]))
    units[largest] += _UNITS - sum(units)
    return tuple((int(i), unit / _UNITS) for i, unit in zip(row[0], units, strict=True) if unit)
