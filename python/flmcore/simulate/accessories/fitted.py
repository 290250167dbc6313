"""The head that things are put on: what they need to know of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flmcore.simulate.accessories.atlas import Atlas
from flmcore.simulate.accessories.grid import Floats
from flmcore.simulate.accessories.tint import Colour

__all__ = ["Fitted"]


@dataclass(frozen=True)
class Fitted:
    """One person's head as it is drawn.

    Attributes:
        atlas: of the mean head with the same triangles.
        skin: (V, 3) float32 mm, vertices of the skin.
        points: (68, 3) float32, the landmarks of 300w-68.
        ears: for ``left`` and ``right``, the uppermost place (3,) where the ear grows from the head.
        lobes: for ``left`` and ``right``, the lower end (3,) of the ear.
        hair: sRGB of a strand of hair.
        tone: sRGB of the skin.
    """

    atlas: Atlas
    skin: Floats
    points: Floats
    ears: dict[str, NDArray[np.float32]]
    lobes: dict[str, NDArray[np.float32]]
    hair: Colour
    tone: Colour
