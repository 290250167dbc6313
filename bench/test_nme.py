"""NME of 10,000 faces of 68 landmarks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import flmcore

TRUTH = np.random.default_rng(0).normal(100, 40, (10_000, 68, 2)).astype(np.float32)
POINTS = TRUTH + np.random.default_rng(1).normal(0, 2, TRUTH.shape).astype(np.float32)


def core(points: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return flmcore.nme(points, truth, scheme="300w-68").per_image


def numpy_today(points: np.ndarray, truth: np.ndarray) -> np.ndarray:
    error = np.linalg.norm(points.astype(np.float64) - truth, axis=2)
    pixels = np.linalg.norm(truth[:, 36].astype(np.float64) - truth[:, 45], axis=1)
    return 100 * error.mean(axis=1) / pixels


@pytest.mark.benchmark(group="nme")
@pytest.mark.parametrize(
    ("impl", "function", "rival"), [("flmcore", core, None), ("numpy", numpy_today, "today")]
)
def test_nme(
    benchmark: Any, impl: str, function: Callable[[np.ndarray, np.ndarray], np.ndarray], rival: str | None
) -> None:
    benchmark.extra_info.update({"impl": impl} | ({"rival": rival} if rival else {}))
    np.testing.assert_allclose(benchmark(function, POINTS, TRUTH), core(POINTS, TRUTH), rtol=1e-9)
