"""Sweeps for the tests of stability: landmarks with known behaviour under windows that move."""

from __future__ import annotations

import numpy as np

import flmcore


def sweep(
    frames: int,
    landmarks: int,
    *,
    seed: int = 0,
    gain: float = 0.3,
    noise: float = 0.2,
    turns: bool = False,
    missing: float = 0.0,
    offset: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Points (T, K, 2) float64 that follow `gain` of the window's shift, and windows (T, 2, 3)."""
    rng = np.random.default_rng(seed)
    shift = rng.normal(0, 0.03, (frames, 2))
    box = np.array([50.0, 60, 250, 240]) + offset
    windows = flmcore.box_affine(
        np.broadcast_to(box, (frames, 4)),
        112,
        shift=shift,
        rotation=rng.uniform(-10, 10, frames) if turns else 0.0,
        scale=rng.uniform(0.9, 1.1, frames) if turns else 1.0,
    )
    face = rng.uniform(60, 230, (landmarks, 2)) + offset
    points = face + gain * 200 * shift[:, None] + rng.normal(0, noise, (frames, landmarks, 2))
    points[rng.random((frames, landmarks)) < missing] = np.nan
    return points, windows
