"""LaPa's 106 landmarks to 300-W's 68, for 10,000 faces."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import flmcore

POINTS = np.random.default_rng(0).normal(100, 40, (10_000, 106, 2)).astype(np.float32)
ROWS = flmcore.schemes.mapping("lapa-106", "300w-68").steps[0].rows
NEAREST = np.array(
    [row[0][0] for row in flmcore.schemes.mapping("lapa-106", "300w-68", variant="nearest").steps[0].rows]
)
SINGLE = np.array([i for i, row in enumerate(ROWS) if len(row) == 1])
DOUBLE = np.array([i for i, row in enumerate(ROWS) if len(row) == 2])
FROM = np.array([ROWS[i][0][0] for i in SINGLE])
PAIRS = np.array([[index for index, _ in ROWS[i]] for i in DOUBLE])
WEIGHTS = np.array([[weight for _, weight in ROWS[i]] for i in DOUBLE], np.float32)


def matrix() -> np.ndarray:
    dense = np.zeros((len(ROWS), 106), np.float32)
    for i, row in enumerate(ROWS):
        for index, weight in row:
            dense[i, index] = weight
    return dense


DENSE = matrix()
OUT = np.empty((len(POINTS), len(ROWS), 2), np.float32)


def core(points: np.ndarray) -> np.ndarray:
    return flmcore.remap(points, "lapa-106", "300w-68", out=OUT)


def dense_product(points: np.ndarray) -> np.ndarray:
    return np.matmul(DENSE, points, out=OUT)


def numpy_indexing(points: np.ndarray) -> np.ndarray:
    """Copies and weighted pairs apart."""
    OUT[:, SINGLE] = points[:, FROM]
    OUT[:, DOUBLE] = points[:, PAIRS[:, 0]] * WEIGHTS[:, :1] + points[:, PAIRS[:, 1]] * WEIGHTS[:, 1:]
    return OUT


FIRST = np.array([row[0][0] for row in ROWS])
SECOND = np.array([row[-1][0] for row in ROWS])
SHARES = np.array([[row[0][1], 1 - row[0][1]] for row in ROWS], np.float32)[:, :, None]
OTHER = np.empty_like(OUT)


def numpy_take(points: np.ndarray) -> np.ndarray:
    """Two takes into memory made before, then in place."""
    np.take(points, FIRST, axis=1, out=OUT, mode="clip")
    np.take(points, SECOND, axis=1, out=OTHER, mode="clip")
    np.multiply(OUT, SHARES[:, 0], out=OUT)
    np.multiply(OTHER, SHARES[:, 1], out=OTHER)
    return np.add(OUT, OTHER, out=OUT)


def core_nearest(points: np.ndarray) -> np.ndarray:
    return flmcore.remap(points, "lapa-106", "300w-68", variant="nearest", out=OUT)


def take_nearest(points: np.ndarray) -> np.ndarray:
    """One index per point, nothing to weigh, into memory made before."""
    return np.take(points, NEAREST, axis=1, out=OUT, mode="clip")


def index_nearest(points: np.ndarray) -> np.ndarray:
    return points[:, NEAREST]


def run(
    benchmark: Any, function: Callable[[np.ndarray], np.ndarray], expected: np.ndarray, rtol: float
) -> None:
    np.testing.assert_allclose(benchmark(function, POINTS), expected, rtol=0, atol=rtol)


@pytest.mark.benchmark(group="remap")
@pytest.mark.parametrize(
    ("impl", "function", "rival"),
    [
        ("flmcore", core, None),
        ("dense matrix product", dense_product, "today"),
        ("numpy indexing", numpy_indexing, "today"),
        ("numpy.take, preallocated", numpy_take, "expert"),
    ],
)
def test_remap(
    benchmark: Any, impl: str, function: Callable[[np.ndarray], np.ndarray], rival: str | None
) -> None:
    benchmark.extra_info.update({"impl": impl} | ({"rival": rival} if rival else {}))
    run(benchmark, function, core(POINTS).copy(), 1e-4)  # the rivals add in float32, at values up to 300


@pytest.mark.benchmark(group="remap-nearest")
@pytest.mark.parametrize(
    ("impl", "function", "rival"),
    [
        ("flmcore", core_nearest, None),
        ("numpy indexing", index_nearest, "today"),
        ("numpy.take, preallocated", take_nearest, "expert"),
    ],
)
def test_indices_only(
    benchmark: Any, impl: str, function: Callable[[np.ndarray], np.ndarray], rival: str | None
) -> None:
    benchmark.extra_info.update({"impl": impl} | ({"rival": rival} if rival else {}))
    run(benchmark, function, core_nearest(POINTS).copy(), 0)


@pytest.mark.benchmark(group="remap")
def test_floor(benchmark: Any) -> None:
    """Writing the result once."""
    benchmark.extra_info["impl"] = "floor"
    benchmark(OUT.fill, 1.0)
