"""Cloth that spans what is hollow."""

from __future__ import annotations

import numpy as np

from flmcore.simulate.accessories.atlas import CENTRE
from flmcore.simulate.accessories.grid import Floats, floats

__all__ = ["draped"]


def draped(on_skin: Floats, off: Floats, rays: Floats, rows: int) -> Floats:
    """Points (N, 3) of a grid on the skin, moved outward along their rays by ``off`` (N,) mm and over hollows.

    None ends closer to the middle of the head than the mean of the neighbours on either side of it.
    """
    reach = np.sqrt(((on_skin - CENTRE) ** 2).sum(axis=-1)).reshape(rows, -1)
    smooth = reach.copy()
    for _ in range(3):
        smooth[1:-1] = np.maximum(smooth[1:-1], (smooth[:-2] + smooth[2:]) * np.float32(0.5))
        smooth[:, 1:-1] = np.maximum(smooth[:, 1:-1], (smooth[:, :-2] + smooth[:, 2:]) * np.float32(0.5))
    return floats(on_skin + ((smooth - reach).ravel() + off)[:, None] * rays)
