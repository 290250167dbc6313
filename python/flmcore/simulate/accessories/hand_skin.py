"""The texture of a hand."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from flmcore.simulate.accessories.grid import Floats, floats
from flmcore.simulate.accessories.tint import Colour

__all__ = ["hand_texture"]


@functools.cache
def _relief() -> Floats:
    """(32, 32, 3): what a tone is multiplied with. Left half: round a finger, base to tip; right half: the palm's."""
    y, x = np.mgrid[0:32, 0:32].astype(np.float32) / 31
    crease = sum(np.exp(-(((y - at) / 0.025) ** 2)) for at in (0.45, 0.72))
    finger = 1.0 - 0.16 * crease - 0.10 * (y < 0.05)
    nail = (np.abs(x - 0.125) < 0.05) & (y > 0.84) & (y < 0.97)
    relief = np.repeat(np.where(x < 0.5, finger, 1.0)[..., None], 3, axis=-1)
    relief[nail] = (1.12, 1.08, 1.1)
    relief[..., 1:] *= np.where((y > 0.8) & (x < 0.5) & ~nail, 0.93, 1.0)[..., None]  # finger tips are redder
    return relief.astype(np.float32)


def hand_texture(tone: Colour) -> NDArray[np.uint8]:
    """(32, 32, 4) uint8: fingers on the left, the palm on the right."""
    picture = np.full((32, 32, 4), 255, np.uint8)
    picture[..., :3] = np.clip(_relief() * floats(tone), 0, 255)
    return picture
