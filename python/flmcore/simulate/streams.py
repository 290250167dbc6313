"""Streams of random numbers that do not depend on one another, from a few whole numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random.bit_generator import ISeedSequence
from numpy.typing import NDArray

__all__ = ["streams"]


class _Words(ISeedSequence):
    """What a generator starts from, hashed already: NumPy would hash it again for each, which takes most of its time."""

    def __init__(self, words: NDArray[np.uint64]) -> None:
        self._words = words

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> NDArray[Any]:
        return np.asarray(self._words.view(dtype)[:n_words])


def streams(count: int, *numbers: int) -> list[np.random.Generator]:
    """Generators, always the same ones for the same whole numbers from 0; the first ones do not depend on ``count``."""
    words = np.random.SeedSequence(numbers).generate_state(4 * count, np.uint64).astype(np.uint64, copy=False)
    starts = [_Words(each) for each in words.reshape(count, 4)]
    # what PCG64 takes, but NumPy's stubs know of SeedSequence only
    return [np.random.Generator(np.random.PCG64(start)) for start in starts]  # type: ignore[arg-type]
