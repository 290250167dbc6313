"""Where the image under a point goes from one frame to the next: pyramidal Lucas-Kanade."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Flow", "FlowPyramid", "track_points"]


class Flow(NamedTuple):
    """Points followed into the next frame."""

    points: NDArray[np.float64]
    """(K, 2) in the next frame, image pixels; NaN where not valid."""
    valid: NDArray[np.bool_]
    """(K,)"""
    forward_backward: NDArray[np.float64]
    """(K,) pixels between a point and itself after going there and back; NaN where one of both ways fails."""


class FlowPyramid:
    """A frame as :func:`track_points` needs it, made once and used as ``next`` and then as ``previous``.

    Args:
        frame: uint8 (H, W, 3) RGB or (H, W) grey, or float32 (H, W) grey levels.
        levels: images, each half of the one before; the frame itself is the first.
    """

    def __init__(self, frame: ArrayLike, *, levels: int = 4, threads: int | None = 1) -> None:
        raise NotImplementedError


def track_points(
    previous: ArrayLike | FlowPyramid,
    next: ArrayLike | FlowPyramid,
    points: ArrayLike,
    *,
    window: int = 21,
    levels: int = 4,
    iterations: int = 30,
    epsilon: float = 0.01,
    max_error: float = 1.0,
    min_eigenvalue: float = 1.0,
    threads: int | None = 1,
) -> Flow:
    """(K, 2) points of ``previous`` followed into ``next``."""
    raise NotImplementedError
