"""The smooth head without a face that the skin is pulled out of, and the plane in which the skin is laid out.

The plane: p = :data:`RADIUS` × the turn about the vertical axis (0 straight ahead, positive to the person's left), q = the
height, unrolled over the crown. Both are millimetres, nearly true ones on the face.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["CROWN", "LOWEST", "RADIUS", "SIDE", "plane", "smooth_head"]

Floats = NDArray[np.float64]

RADIUS = 85.0
SIDE = np.pi * RADIUS  # p straight behind
_VAULT = -50.0  # above it the head is a dome
_HEIGHT = 78.0  # of the dome
_UNROLLED = 85.0  # q per radian of the dome
CROWN = _VAULT - _UNROLLED * np.pi / 2  # q of the crown
LOWEST = 190.0  # q where the neck ends
_SQUARE = 2.25  # exponent of a level's outline; 2 is an ellipse

# Below the vault: q (= y), half width, how far the outline lies before and behind the axis through the tragi.
_LEVELS = np.array(
    [
        (-50.0, 74.0, 98.0, 94.0),
        (-20.0, 74.5, 96.0, 95.0),
        (0.0, 71.0, 92.0, 90.0),
        (20.0, 68.0, 91.0, 80.0),
        (40.0, 63.0, 90.0, 70.0),
        (60.0, 58.0, 86.0, 64.0),
        (84.0, 56.0, 68.0, 62.0),
        (110.0, 57.0, 40.0, 63.0),
        (140.0, 60.0, 36.0, 68.0),
        (LOWEST, 76.0, 40.0, 80.0),
    ]
)


def plane(points: Floats) -> Floats:
    """Where points (..., 3) below the vault lie in the plane: (..., 2)."""
    return np.stack([RADIUS * np.arctan2(points[..., 0], -points[..., 2]), points[..., 1]], axis=-1)


def smooth_head(at: Floats) -> Floats:
    """Points (N, 3), mm, of the smooth head at places (N, 2) of the plane."""
    turn, q = at[:, 0] / RADIUS, at[:, 1]
    dome = np.clip((_VAULT - q) / _UNROLLED, 0.0, np.pi / 2)
    width, before, behind = (_smooth(q, column) for column in (1, 2, 3))
    sine, cosine = np.sin(turn), np.cos(turn)
    depth = np.where(cosine > 0, before, behind)
    reach = (np.abs(sine / width) ** _SQUARE + np.abs(cosine / depth) ** _SQUARE) ** (-1 / _SQUARE)
    reach = reach * np.cos(dome) ** 0.72
    y = np.where(q < _VAULT, _VAULT - _HEIGHT * np.sin(dome), q)
    return np.stack([reach * sine, y, -reach * cosine], axis=1)


def _smooth(q: Floats, column: int) -> Floats:
    """A column of the levels, its corners rounded over 10 mm."""
    shifts = np.linspace(-10.0, 10.0, 5)
    rows = [np.interp(q + shift, _LEVELS[:, 0], _LEVELS[:, column]) for shift in shifts]
    return np.asarray(np.mean(rows, axis=0))
