"""Bootstrap of 10,000 images, 2,000 resamples: the issue asks for two seconds on one core."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from flmcore.ops.resample import _words, flip_means, resample_means

VALUES = np.random.default_rng(0).lognormal(0, 0.5, 10_000)
RESAMPLES = 2_000


def core(values: np.ndarray) -> np.ndarray:
    _words.cache_clear()  # the draws are part of the work
    return resample_means(values, resamples=RESAMPLES)


def numpy_loop(values: np.ndarray) -> np.ndarray:
    """What one writes: ``rng.choice`` and a mean, resample by resample."""
    random = np.random.default_rng(0)
    return np.array([random.choice(values, len(values)).mean() for _ in range(RESAMPLES)])


def numpy_batch(values: np.ndarray) -> np.ndarray:
    """As ``scipy.stats.bootstrap`` does it with ``batch=100``: a block of indices, one gather, one mean."""
    random = np.random.default_rng(0)
    draws = (random.integers(0, len(values), (100, len(values))) for _ in range(RESAMPLES // 100))
    return np.concatenate([values[block].mean(axis=1) for block in draws])


@pytest.mark.benchmark(group="bootstrap")
@pytest.mark.parametrize(
    ("impl", "function", "rival"),
    [
        ("flmcore", core, None),
        ("numpy-loop", numpy_loop, "today"),
        ("numpy-batch", numpy_batch, "expert"),
    ],
)
def test_bootstrap(
    benchmark: Any, impl: str, function: Callable[[np.ndarray], np.ndarray], rival: str | None
) -> None:
    benchmark.extra_info.update({"impl": impl} | ({"rival": rival} if rival else {}))
    means = benchmark.pedantic(function, (VALUES,), rounds=3, warmup_rounds=0)
    assert means.mean() == pytest.approx(VALUES.mean(), rel=1e-3)
    assert means.std() == pytest.approx(VALUES.std() / 100, rel=0.1)


@pytest.mark.benchmark(group="sign-flip")
def test_sign_flip(benchmark: Any) -> None:
    benchmark.extra_info["impl"] = "flmcore"
    means = benchmark.pedantic(lambda: flip_means(VALUES - VALUES.mean(), resamples=RESAMPLES), rounds=3)
    assert means.std() == pytest.approx(VALUES.std() / 100, rel=0.1)
