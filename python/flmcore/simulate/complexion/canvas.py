"""What a skin is painted on: first pigments and shade, which add up; then, developed to colours, what covers it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .plane import HEIGHT, WIDTH, Patch

__all__ = ["Canvas"]

Field = NDArray[np.float32]


class Canvas:
    """The texture of one skin while it is painted.

    Attributes:
        melanin, blood, shade: (256, 320) float32, what each texel has beyond the skin's own, until it is developed.
    """

    def __init__(self) -> None:
        self.melanin, self.blood, self.shade = np.zeros((3, HEIGHT, WIDTH), np.float32)
        self._planes = np.empty((3, HEIGHT, WIDTH), np.float32)

    def add(self, patch: Patch, *, melanin: float = 0.0, blood: float = 0.0, shade: float = 0.0) -> None:
        """Adds pigments or shade where ``patch`` is."""
        for plane, amount in ((self.melanin, melanin), (self.blood, blood), (self.shade, shade)):
            if amount:
                plane[patch.where] += patch.value * np.float32(amount)

    def develop(self, base: ArrayLike, melanin: ArrayLike, blood: ArrayLike, shade: ArrayLike) -> None:
        """Turns densities into colours: 255 · exp(−(base + maps · their densities)) in each channel."""
        weights = np.stack([np.asarray(v, np.float32) for v in (melanin, blood, shade)], axis=1)
        scratch = np.empty((HEIGHT, WIDTH), np.float32)
        for plane, offset, (m, b, s) in zip(self._planes, np.asarray(base, np.float32), weights, strict=True):
            # elementwise, in this order: a matrix product's order of sums differs from one library to the next
            np.multiply(self.melanin, -m, out=plane)
            plane -= np.multiply(self.blood, b, out=scratch)
            plane -= np.multiply(self.shade, s, out=scratch)
            plane -= offset
            np.exp(plane, out=plane)
            plane *= 255

    def cover(self, patch: Patch, colour: ArrayLike, opacity: float = 1.0) -> None:
        """Lays a colour (3,), sRGB, over what is there; ``patch`` is its coverage, 0 to 1."""
        coverage = patch.value * np.float32(opacity)
        for plane, value in zip(self._planes, np.asarray(colour, np.float32), strict=True):
            part = plane[patch.where]
            part += coverage * (value - part)

    def image(self) -> NDArray[np.uint8]:
        """(256, 320, 4) uint8: sRGB, and a coverage of 255."""
        out = np.full((HEIGHT, WIDTH, 4), 255, np.uint8)
        for channel, plane in enumerate(self._planes):
            np.clip(plane + np.float32(0.5), 0, 255, out=plane)
            out[..., channel] = plane
        return out
