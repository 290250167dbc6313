"""How much of a total each of several causes is owed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations

__all__ = ["shapley_shares"]


def shapley_shares(factors: Sequence[str], left: Mapping[frozenset[str], float]) -> dict[str, float]:
    """Shapley values (Shapley 1953): what taking a cause away saves, averaged over every order of taking them away.

    Args:
        factors: names of the causes.
        left: what is left of the total once a set of causes is taken away, for every set of them.

    Returns:
        Per cause its part; together with what is left without all of them these sum to the whole. Where two causes
        hide each other, so that either alone takes nothing away, both have half of what both together take.
    """
    parts = {}
    for factor in factors:
        others = [other for other in factors if other != factor]
        parts[factor] = math.fsum(
            (left[frozenset(gone)] - left[frozenset({*gone, factor})])
            * math.factorial(size)
            * math.factorial(len(others) - size)
            / math.factorial(len(factors))
            for size in range(len(factors))
            for gone in combinations(others, size)
        )
    return parts
