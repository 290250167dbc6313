"""Colours of skin, hair and eyes from a few pigments.

A colour is a density per channel, the natural logarithm of 255 over the sRGB value: what absorbs light adds up. The
coefficients of skin were fitted by eye to pale (245, 220, 205), medium (198, 145, 110), brown (140, 90, 60) and very dark
(55, 35, 28).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["BLOOD", "SHADE", "hair_density", "iris_density", "melanin_density", "rgb", "skin_density"]

Density = NDArray[np.float64]

_PALE = np.array([0.04, 0.148, 0.218])
_MELANIN = np.array([0.36, 1.197, 2.095])
_MELANIN_SQUARED = np.array([1.13, 0.64, -0.095])
BLOOD = np.array([0.06, 0.40, 0.28])  # of one unit of haemoglobin: a hot cheek
SHADE = np.array([0.85, 1.04, 1.10])  # a hollow's: light that went through skin is red
_YELLOW = np.array([0.0, 0.03, 0.16])


def skin_density(melanin: float, blood: float, yellow: float) -> Density:
    """(3,) of skin with ``melanin`` 0 (albino) to 1 (darkest), blood and yellowness about −1 to 1."""
    return _PALE + melanin * _MELANIN + melanin**2 * _MELANIN_SQUARED + blood * BLOOD + yellow * _YELLOW


def melanin_density(melanin: float) -> Density:
    """What a little more melanin adds at this level, per unit."""
    return _MELANIN + 2 * melanin * _MELANIN_SQUARED


def hair_density(eumelanin: float, pheomelanin: float) -> Density:
    """(3,) of hair: (0, 0) white, (0.2, 0.1) blond, (0.5, 0.8) red, (1, 0) black."""
    return (
        0.25
        + eumelanin * np.array([1.85, 2.25, 2.6])
        + pheomelanin * (1 - 0.5 * eumelanin) * np.array([0.15, 0.65, 1.1])
    )


def iris_density(melanin: float, warmth: float) -> Density:
    """(3,) of an iris: melanin 0 (blue to grey) to 1 (almost black), through green and hazel at 0.3."""
    blue = np.array([0.92, 0.68, 0.56]) + warmth * np.array([-0.15, -0.02, 0.25])
    return blue + melanin * np.array([0.45, 1.15, 1.95]) + melanin**2 * np.array([0.65, 0.6, 0.35])


def rgb(density: Density) -> tuple[int, int, int]:
    """sRGB of a density."""
    r, g, b = (255 * np.exp(-np.maximum(density, 0.0))).round().astype(int).tolist()
    return r, g, b
