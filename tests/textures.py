"""Pictures that are known between their pixels, so that motion of any kind is drawn without resampling."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def texture(height: int, width: int, motion: ArrayLike | None = None) -> np.ndarray:
    """(H, W) float32 grey levels of 40 waves with lengths of 9 to 60 pixels; ``motion`` maps them to where they are."""
    rng = np.random.default_rng(7)
    x, y = np.meshgrid(np.arange(width, dtype=float), np.arange(height, dtype=float))
    if motion is not None:
        whole = np.linalg.inv(np.vstack([np.asarray(motion, float), [0, 0, 1]]))
        x, y = (whole[i, 0] * x + whole[i, 1] * y + whole[i, 2] for i in (0, 1))
    grey = np.full((height, width), 127.0)
    for length, angle, phase in rng.uniform((9, 0, 0), (60, np.pi, 2 * np.pi), (40, 3)):
        grey += 12 * np.sin(2 * np.pi / length * (np.cos(angle) * x + np.sin(angle) * y) + phase)
    return grey.clip(0, 255).astype(np.float32)


def warped(points: np.ndarray, motion: ArrayLike) -> np.ndarray:
    """Where ``motion`` takes points."""
    m = np.asarray(motion, float)
    return points @ m[:, :2].T + m[:, 2]
