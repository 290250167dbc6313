"""The learning rate over a training."""

from __future__ import annotations

import math

from flmcore.train.schema import OptimiseConfig

__all__ = ["rate_at"]


def rate_at(progress: float, optimise: OptimiseConfig) -> float:
    """The rate when the share ``progress`` of the training is behind: a straight line up, then half a cosine down.

    Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2017, equation 5, without restarts.
    """
    progress = min(max(progress, 0.0), 1.0)
    if progress < optimise.warmup:
        return optimise.rate * max(progress / optimise.warmup, 0.01)
    if optimise.schedule == "constant":
        return optimise.rate
    done = (progress - optimise.warmup) / (1 - optimise.warmup)
    low = optimise.rate * optimise.last_rate
    return low + (optimise.rate - low) * (1 + math.cos(math.pi * done)) / 2
