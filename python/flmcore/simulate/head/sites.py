"""Where the deformations of a head are evaluated: all its average vertices, and the shapes that such fields are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Sites", "bump", "jaw_share", "step"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Sites:
    """Average vertices of all parts but the eyeballs.

    Attributes:
        points: (N, 3) mm.
        places: (N, 2) in the plane of the skin; other parts: nearest.
        jaw: (N,) share with which a vertex turns with the jaw.
        soft: (N,) 1 for what muscles move (the skin), 0 for teeth and ears.
        lower: (N,) 1 for what is below the line between the lips, 0 above.
    """

    points: Floats
    places: Floats
    jaw: Floats
    soft: Floats
    lower: Floats

    @property
    def x(self) -> Floats:
        """(N,)"""
        return self.points[:, 0]

    @property
    def y(self) -> Floats:
        """(N,)"""
        return self.points[:, 1]

    @property
    def z(self) -> Floats:
        """(N,)"""
        return self.points[:, 2]

    def field(self, x: Floats | float = 0.0, y: Floats | float = 0.0, z: Floats | float = 0.0) -> Floats:
        """(N, 3) from what may be numbers."""
        return np.stack([np.broadcast_to(each, len(self.points)) for each in (x, y, z)], axis=1).astype(
            np.float64
        )


def step(values: Floats, low: float, high: float) -> Floats:
    """0 before ``low``, 1 after ``high``, smooth between; ``low`` may be the larger."""
    t = np.clip((values - low) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t))


def bump(points: Floats, centre: tuple[float, ...], width: float | tuple[float, ...]) -> Floats:
    """Gaussian about ``centre`` with standard deviations ``width``, mm, over the first axes of ``points``."""
    away = (points[:, : len(centre)] - np.asarray(centre)) / np.asarray(width)
    return np.asarray(np.exp(-0.5 * (away**2).sum(axis=1)))


def jaw_share(places: Floats, points: Floats, lower: Floats) -> Floats:
    """(N,) how much skin follows the jaw: all of the lower lip and chin, none of the upper lip, the cheek between."""
    angle = np.degrees(np.arctan2(points[:, 1], np.maximum(-points[:, 2], 8.0)))
    side = step(angle, 6.0, 40.0) * step(points[:, 2], 0.0, -70.0)
    beside = step(np.abs(places[:, 0]), 4.0, 20.0)
    share = np.where(lower > 0.5, 1.0 + beside * (side - 1.0), beside * side)
    return np.asarray(share * step(places[:, 1], 160.0, 92.0))
