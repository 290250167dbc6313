"""Means of resampled images, for bootstrap intervals and sign-flip tests."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flmcore import _core

__all__ = ["EXACT_IMAGES", "flip_means", "resample_means"]

Floats = NDArray[np.float64]
EXACT_IMAGES = 13  # up to here every one of the 2ⁿ sign patterns is tried
_CHUNK = 2_000_000  # random words held at once


def resample_means(values: ArrayLike, *, resamples: int = 10_000, seed: int = 0) -> Floats:
    """Column means of ``resamples`` samples of n rows, drawn from the n rows of ``values`` with replacement.

    All columns see the same draws, so that the difference of two columns' means is that of the paired differences.
    The draws are PCG64's raw words, seeded per block: the same under every NumPy, on every machine.

    Args:
        values: (n, m) or (n,): one row per image.
        resamples: how often n images are drawn anew.
        seed: of the draws; the same seed and n draw the same images.

    Returns:
        (resamples, m), or (resamples,).
    """
    rows = _rows(values)
    block = max(1, _CHUNK // len(rows))
    means = [
        _core.resample_draw(rows, _words(len(rows), seed, start, min(block, resamples - start)))
        for start in range(0, resamples, block)
    ]
    return _like(values, np.concatenate(means))


def flip_means(values: ArrayLike, *, resamples: int = 10_000, seed: int = 0) -> Floats:
    """Column means of ``values`` after the signs of whole rows were changed at random.

    Up to :data:`EXACT_IMAGES` rows all 2ⁿ patterns come, each once, the unchanged one first, whatever ``resamples``
    says; beyond, as many as that, seeded.

    Args:
        values: (n, m) or (n,): one row per image, the differences of pairs.
        resamples: patterns, where not all are tried.
        seed: of the patterns.

    Returns:
        (patterns, m), or (patterns,).
    """
    rows = _rows(values)
    if len(rows) <= EXACT_IMAGES:
        patterns = np.arange(1 << len(rows), dtype=np.uint64)[:, None]
        return _like(values, _core.resample_flip(rows, patterns))
    width = (len(rows) + 63) // 64
    block = max(1, _CHUNK // width)
    means = [
        # Apart from the bootstrap's words: the same seed must not make test and interval depend on each other.
        _core.resample_flip(rows, _words(width, seed, (1 << 32) + start, min(block, resamples - start)))
        for start in range(0, resamples, block)
    ]
    return _like(values, np.concatenate(means))


def _rows(values: ArrayLike) -> Floats:
    given = np.asarray(values, dtype=np.float64)
    if given.ndim not in (1, 2) or len(given) == 0:
        msg = f"values: expected shape (N,) or (N, M) with N from 1, got {given.shape}"
        raise ValueError(msg)
    return np.ascontiguousarray(given.reshape(len(given), -1))


def _like(values: ArrayLike, means: Floats) -> Floats:
    return means if np.ndim(values) == 2 else means[:, 0]


@lru_cache(maxsize=2)  # the metrics of all detectors ask for the same draws one after the other
def _words(width: int, seed: int, start: int, rows: int) -> NDArray[np.uint64]:
    words = np.random.PCG64([seed, start]).random_raw(rows * width)
    return np.asarray(words, dtype=np.uint64).reshape(rows, width)
