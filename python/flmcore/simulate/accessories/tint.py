"""Textures from a grey picture, a coverage and two or three colours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flmcore.simulate.accessories.grid import floats

__all__ = ["coverage", "ramp", "tinted"]

Colour = tuple[float, float, float]
Words = NDArray[np.uint32]
_STEPS = np.linspace(0.0, 1.0, 256, dtype=np.float32)[:, None]
_TOP = np.maximum(_STEPS - np.float32(0.8), 0) * np.float32(5)
# where a 32-bit word keeps red, green, blue and coverage, whatever the machine's byte order
_PLACE = np.eye(4, dtype=np.uint8).view(np.uint32)[:, 0]
_OPAQUE = np.uint32(_PLACE[3] * np.uint32(255))


def ramp(dark: Colour, bright: Colour, shine: Colour | None = None) -> Words:
    """(256,) words of sRGB from ``dark`` (0) to ``bright`` (255), the brightest fifth going on to ``shine``."""
    low, high = floats(dark), floats(bright)
    colours = _STEPS * (high - low)
    colours += low + np.float32(0.5)
    if shine is not None:
        colours += _TOP * (floats(shine) - high)
    np.maximum(colours, 0, out=colours)
    np.minimum(colours, 255, out=colours)
    table = np.zeros((256, 4), np.uint8)
    table[:, :3] = colours
    return table.view(np.uint32)[:, 0]


def coverage(alpha: NDArray[np.uint8]) -> Words:
    """Words that hold the coverage only, to be combined with colours."""
    return alpha.astype(np.uint32) * np.uint32(_PLACE[3])


def tinted(grey: NDArray[np.uint8], colours: Words, cover: Words | None = None) -> NDArray[np.uint8]:
    """(H, W, 4) uint8 of a grey picture (H, W) through a ramp, covering everything or as told."""
    words = colours.take(grey)
    words |= _OPAQUE if cover is None else cover
    return words.view(np.uint8).reshape(*grey.shape, 4)
