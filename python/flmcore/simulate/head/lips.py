"""The lips never pass each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flmcore.simulate.head.skin import Skin

__all__ = ["part_lips"]

_GAP = 0.2  # mm at least
_FOLLOW = np.array([1.0, 0.85, 0.6, 0.35, 0.15, 0.05, 0.0, 0.0], np.float32)[None, :, None]
_INSIDE = np.array([0.9, 0.5, 0.0], np.float32)[None, :, None]  # the last row is the cavity's first


def part_lips(skin: Skin, vertices: NDArray[np.float32]) -> None:
    """Push apart what has met, in place: the line between the lips by what is missing, the rest after it."""
    upper, lower = skin.upper_lip[1:-1], skin.lower_lip[1:-1]
    missing = _GAP - (vertices[lower[:, 0], 1] - vertices[upper[:, 0], 1])
    push = np.zeros((len(upper), 1, 3), np.float32)
    push[:, 0, 1] = np.maximum(missing, 0.0) / 2
    if not push.any():
        return
    vertices[upper] -= push * _FOLLOW
    vertices[lower] += push * _FOLLOW
    vertices[skin.upper_inside[1:-1]] -= push * _INSIDE
    vertices[skin.lower_inside[1:-1]] += push * _INSIDE
