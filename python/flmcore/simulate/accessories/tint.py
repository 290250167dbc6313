"""Textures from a grey picture, a coverage and two or three colours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flmcore.simulate.accessories.grid import floats

__all__ = ["coverage", "ramp", "tinted"]

Colour = tuple[float, float, float]
Words = NDArray[np.uint32]
_STEPS = np.linspace(0.0, 1.0, 256, dtype=np.float32)[:, None]
# where a 32-bit word keeps red, green, blue and coverage, whatever the machine's byte order
_PLACE = np.array(
    [np.uint8([[255 * (i == k) for i in range(4)]]).view(np.uint32)[0, 0] // 255 for k in range(4)]
)


def ramp(dark: Colour, bright: Colour, shine: Colour | None = None) -> Words:
    """(256,) words of sRGB from ``dark`` (0) to ``bright`` (255), the brightest fifth going on to ``shine``."""
    colours = floats(dark) + _STEPS * (floats(bright) - floats(dark))
    if shine is not None:
        colours += np.maximum(_STEPS - 0.8, 0) * 5 * (floats(shine) - floats(bright))
    table = np.zeros((256, 4), np.uint8)
    table[:, :3] = np.clip(colours, 0, 255) + 0.5
    return table.view(np.uint32)[:, 0]


def coverage(alpha: NDArray[np.uint8]) -> Words:
    """Words that hold the coverage only, to be combined with colours."""
    return alpha.astype(np.uint32) * np.uint32(_PLACE[3])


def tinted(grey: NDArray[np.uint8], colours: Words, cover: Words | None = None) -> NDArray[np.uint8]:
    """(H, W, 4) uint8 of a grey picture (H, W) through a ramp, covering everything or as told."""
    words = colours[grey] | (np.uint32(_PLACE[3] * 255) if cover is None else cover)
    return words.view(np.uint8).reshape(*grey.shape, 4)
