"""Wing loss in scalars, from the text of Feng et al. 2018, equation 5."""

from __future__ import annotations

import math

__all__ = ["wing"]


def wing(x: float, w: float, epsilon: float) -> float:
    """``w ln(1 + |x|/ε)`` if |x| < w, else ``|x| - C`` with ``C = w - w ln(1 + w/ε)``."""
    if abs(x) < w:
        return w * math.log(1 + abs(x) / epsilon)
    c = w - w * math.log(1 + w / epsilon)
    return abs(x) - c
