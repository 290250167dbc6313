"""Noise of several grain sizes, made once, of which every person gets other pieces."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["Pieces", "noise"]

_SIDE = 512  # of the field that pieces are cut from
_GRAINS = ((1.0,), (2.2,), (5.0, 14.0), (45.0,))  # texels: widths of the blurs that are summed


@cache
def noise(grain: int, *, stretch: float = 1.0) -> NDArray[np.float32]:
    """(1024, 1024) float32 that tiles every 512, mean 0, deviation 1, stretched downwards.

    ``grain`` is 0 (a texel), 1 (a freckle), 2 (blotches with patches of them) or 3 (a cheek).
    """
    rng = np.random.default_rng([grain, round(stretch * 100)])
    frequency = np.fft.fftfreq(_SIDE) ** 2
    fall = frequency[:, None] * stretch**2 + frequency[None, : _SIDE // 2 + 1]
    field = np.zeros((_SIDE, _SIDE))
    for width in _GRAINS[grain]:
        # a Gaussian's transform: blurred white noise
        spectrum = np.fft.rfft2(rng.standard_normal((_SIDE, _SIDE))) * np.exp(
            -0.5 * (np.pi * width) ** 2 * fall
        )
        part = np.fft.irfft2(spectrum, s=(_SIDE, _SIDE))
        field += (part - part.mean()) / part.std()
    tile = (field / field.std()).astype(np.float32)
    # repeated, so that every piece is one slice
    repeated = np.tile(tile, (2, 2))
    repeated.setflags(write=False)
    return repeated


class Pieces:
    """Pieces of the noise for one person: the same draws give the same pieces."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def cut(self, grain: int, height: int, width: int, *, stretch: float = 1.0) -> NDArray[np.float32]:
        """(height, width), a view; half of them mirrored."""
        down, across, side = self._rng.random(3).tolist()
        top, left = int(_SIDE * down), int(_SIDE * across)
        piece = noise(grain, stretch=stretch)[top : top + height, left : left + width]
        return piece[:, ::-1] if side < 0.5 else piece
