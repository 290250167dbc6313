"""What a skin is painted on: first pigments and shade, which add up; then, developed to colours, what covers it."""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .plane import HEIGHT, WIDTH, Patch

__all__ = ["Canvas"]

Field = NDArray[np.float32]


class _Desk(threading.local):
    """Memory that one thread paints in again and again: fresh pages cost more than the arithmetic on them."""

    def __init__(self) -> None:
        self.maps = np.empty((3, HEIGHT, WIDTH), np.float32)
        self.planes = np.empty((3, HEIGHT, WIDTH), np.float32)
        self.scratch = np.empty((HEIGHT, WIDTH), np.float32)


_desk = _Desk()


class Canvas:
    """The texture of one skin while it is painted; a thread paints one at a time.

    Attributes:
        melanin, blood, shade: (256, 320) float32, what each texel has beyond the skin's own, until it is developed.
    """

    def __init__(self) -> None:
        self.melanin, self.blood, self.shade = _desk.maps
        self._planes, self._scratch = _desk.planes, _desk.scratch

    def texture(self, plane: Field, noise: Field, amount: float, *, first: bool = False) -> None:
        """Adds noise (256, 320) to a map; ``first`` overwrites what was there."""
        if first:
            np.multiply(noise, np.float32(amount), out=plane)
        else:
            plane += np.multiply(noise, np.float32(amount), out=self._scratch)

    def add(self, patch: Patch, *, melanin: float = 0.0, blood: float = 0.0, shade: float = 0.0) -> None:
        """Adds pigments or shade where ``patch`` is."""
        for plane, amount in ((self.melanin, melanin), (self.blood, blood), (self.shade, shade)):
            if amount:
                plane[patch.where] += patch.value * np.float32(amount)

    def develop(self, base: ArrayLike, melanin: ArrayLike, blood: ArrayLike, shade: ArrayLike) -> None:
        """Turns densities into colours: 255 · exp(−(base + maps · their densities)) in each channel."""
        weights = -np.stack([np.asarray(v, np.float32) for v in (melanin, blood, shade)], axis=1)
        # not a matrix product: a library's order of sums differs from one to the next
        np.einsum("ck,khw->chw", weights, _desk.maps, out=self._planes, optimize=False)
        np.exp(self._planes, out=self._planes)
        self._planes *= (255 * np.exp(-np.asarray(base, np.float32)))[:, None, None]

    def cover(self, patch: Patch, colour: ArrayLike, opacity: float = 1.0) -> None:
        """Lays a colour (3,), sRGB, over what is there; ``patch`` is its coverage, 0 to 1."""
        coverage = patch.value * np.float32(opacity)
        for plane, value in zip(self._planes, np.asarray(colour, np.float32), strict=True):
            part = plane[patch.where]
            change = value - part
            change *= coverage
            part += change

    def image(self) -> NDArray[np.uint8]:
        """(256, 320, 4) uint8: sRGB, and a coverage of 255."""
        out = np.full((HEIGHT, WIDTH, 4), 255, np.uint8)
        for channel, plane in enumerate(self._planes):
            np.minimum(plane, np.float32(255), out=out[..., channel], casting="unsafe")
        return out
