"""Choosing by lot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

__all__ = ["pick"]

T = TypeVar("T")


def pick(rng: np.random.Generator, choices: Sequence[T], chances: Sequence[float] | None = None) -> T:
    """One of several, equally likely or by their chances; one draw from the generator, far quicker than its choice."""
    share = rng.random()
    if chances is None:
        return choices[int(share * len(choices))]
    share *= sum(chances)
    for choice, chance in zip(choices, chances, strict=True):
        share -= chance
        if share < 0:
            return choice
    return choices[-1]
