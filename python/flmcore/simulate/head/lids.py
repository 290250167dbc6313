"""Lids close along the eyeball, and the eyeball turns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flmcore.simulate.head.layout import EYE_STEPS
from flmcore.simulate.head.skin import EYE_CENTRE, EYE_RADIUS, Skin, lid_ends, own_skin

__all__ = ["move_lids", "place_eye"]

Floats = NDArray[np.float32]

_HALF = EYE_STEPS // 2
_FOLLOW = np.array([1.0, 0.93, 0.75, 0.5, 0.22, 0.0])[:, None, None]  # of the rings about the margin
_CLOSED_AT = 0.78  # of the way from the upper lid down to the lower one
_OFF = np.array([0.75, 0.9, 1.1])[:, None]  # mm that a lid stays off the eyeball, ring by ring


def move_lids(skin: Skin, vertices: Floats, side: str, blink: float, gaze: NDArray[np.float64]) -> tuple[Floats, float]:
    """Close the lids of an eye (0 as they are, 1 closed) in place; centre (3,) and radius of its eyeball."""
    rings = skin.eyes[side]
    points = vertices[rings]
    margin = points[0]
    centre, radius = _eyeball(margin, side)
    upper, lower = margin[1:_HALF], margin[:_HALF:-1]
    way = lower - upper
    # The upper lid goes down with a look down, and up a little with a look up.
    close = np.clip(blink + 0.012 * float(gaze[1]) * (1.0 - max(blink, 0.0)), -0.45, 1.0)
    moved = np.zeros_like(margin)
    moved[1:_HALF] = way * (_CLOSED_AT * close)
    moved[:_HALF:-1] = way * -((1.0 - _CLOSED_AT) * close - 0.02)
    points += _FOLLOW.astype(np.float32) * moved
    for ring in range(3):
        points[ring] = _outside(points[ring], centre, radius + float(_OFF[ring, 0]))
    vertices[rings] = points
    vertices[skin.lid_strips[side]] = lid_ends(points[0].copy(), centre, radius)
    return centre, radius


def _eyeball(margin: Floats, side: str) -> tuple[Floats, float]:
    """Where the eyeball of these lids lies."""
    middle, width, offset = _average()
    here = margin[[0, _HALF]]
    ratio = float(np.linalg.norm(here[0] - here[1])) / width
    scale = 0.5 + 0.5 * ratio
    sign = np.array([1.0 if side == "left" else -1.0, 1.0, 1.0], np.float32)
    return (margin.mean(axis=0) + sign * offset * np.float32(scale)).astype(np.float32), EYE_RADIUS * scale


def _average() -> tuple[Floats, float, Floats]:
    skin = own_skin()
    margin = skin.vertices[skin.eyes["left"][0]]
    middle = margin.mean(axis=0)
    width = float(np.linalg.norm(margin[0] - margin[_HALF]))
    return middle.astype(np.float32), width, (EYE_CENTRE - middle).astype(np.float32)


def _outside(points: Floats, centre: Floats, radius: float) -> Floats:
    """Points pushed out of a ball."""
    away = points - centre
    far = np.sqrt((away * away).sum(axis=1, keepdims=True))
    return np.where((far < radius) & (away[:, 2:] < 0), centre + away * (radius / far), points)


def place_eye(eyeball: Floats, centre: Floats, radius: float, gaze: NDArray[np.float64]) -> Floats:
    """Vertices of the eyeball, turned by ``gaze``: degrees to the person's left, down."""
    left, down = np.radians(gaze)
    sideways = np.array([[np.cos(left), 0, -np.sin(left)], [0, 1, 0], [np.sin(left), 0, np.cos(left)]])
    nod = np.array([[1, 0, 0], [0, np.cos(down), -np.sin(down)], [0, np.sin(down), np.cos(down)]])
    turn = (sideways @ nod * (radius / EYE_RADIUS)).astype(np.float32)
    return centre + np.einsum("ij,vj->vi", turn, eyeball)
