"""Lids close along the eyeball, and the eyeball turns. Both eyes at once, the left one first."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

from flmcore.simulate.head.layout import EYE_STEPS
from flmcore.simulate.head.skin import EYE_CENTRE, EYE_RADIUS, lid_ends, own_skin

__all__ = ["move_lids", "turned_eyes"]

Floats = NDArray[np.float32]

_HALF = EYE_STEPS // 2
_CLOSED_AT = 0.78  # of the way from the upper lid down to the lower one
_MEETING = 0.02  # of the way that is left between closed lids
_OPENS = -0.45  # the widest
_FOLLOW = np.array([1.0, 0.93, 0.75, 0.5, 0.22, 0.0], np.float32)[
    :, None, None
]  # of the rings about the margin
_OFF = np.array([0.7, 1.0, 1.2], np.float32)[
    :, None, None
]  # mm that a lid stays off the eyeball, ring by ring


def move_lids(
    vertices: Floats, blink: tuple[float, float], gaze: NDArray[np.float64]
) -> tuple[Floats, Floats]:
    """Close the lids (0 as they are, 1 closed) in place; centres (2, 3) and radii (2,) of the eyeballs."""
    rings, strips = _where()
    points = vertices[rings]
    margin = points[:, 0]
    centres, radii = _eyeballs(margin)
    way = margin[:, :_HALF:-1] - margin[:, 1:_HALF]
    # The upper lid goes down with a look down, and up a little with a look up.
    asked = np.asarray(blink, np.float64)
    closed = np.clip(asked + 0.012 * gaze[:, 1] * (1.0 - np.maximum(asked, 0.0)), _OPENS, 1.0)
    shut = closed.astype(np.float32)[:, None, None]
    moved = np.zeros_like(margin)
    moved[:, 1:_HALF] = way * (_CLOSED_AT * shut)
    moved[:, :_HALF:-1] = way * (_MEETING * np.abs(shut) - (1.0 - _CLOSED_AT) * shut)
    points += _FOLLOW * moved[:, None]
    points[:, :3] = _outside(points[:, :3], centres[:, None, None], radii[:, None, None, None] + _OFF)
    vertices[rings] = points
    vertices[strips] = lid_ends(points[:, 0], centres[:, None], radii[:, None])
    return centres, radii


@cache
def _where() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    skin = own_skin()
    sides = ("left", "right")
    return np.stack([skin.eyes[side] for side in sides]), np.stack([skin.lid_strips[side] for side in sides])


@cache
def _average() -> tuple[float, Floats]:
    """Width of the average opening, and how far the eyeball's centre lies from the middle of the margin."""
    margin = own_skin().vertices[own_skin().eyes["left"][0]]
    offset = (EYE_CENTRE - margin.mean(axis=0)).astype(np.float32)
    return float(np.linalg.norm(margin[0] - margin[_HALF])), np.stack(
        [offset, offset * np.array([-1, 1, 1], np.float32)]
    )


def _eyeballs(margin: Floats) -> tuple[Floats, Floats]:
    """Where the eyeballs of these lids lie: wider lids have larger ones, half as much."""
    width, offset = _average()
    across = margin[:, 0] - margin[:, _HALF]
    scale = 0.5 + 0.5 * np.sqrt((across * across).sum(axis=1)) / np.float32(width)
    return margin.mean(axis=1) + offset * scale[:, None], np.float32(EYE_RADIUS) * scale


def _outside(points: Floats, centre: Floats, radius: Floats) -> Floats:
    """Points pushed out of a ball, of its front half."""
    away = points - centre
    far = np.sqrt(np.einsum("...i,...i->...", away, away))[..., None]
    return np.where((far < radius) & (away[..., 2:] < 0), centre + away * (radius / far), points)


def turned_eyes(eyeball: Floats, centres: Floats, radii: Floats, gaze: NDArray[np.float64]) -> Floats:
    """(2, V, 3): the vertices of an eyeball (V, 3), turned by ``gaze`` (2, 2): degrees to the person's left, down."""
    turned = np.empty((2, *eyeball.shape), np.float32)
    for eye, ball in enumerate(turned):
        left, down = np.radians(gaze[eye]).tolist()
        cl, cd, sl, sd = math.cos(left), math.cos(down), math.sin(left), math.sin(down)
        rows = ((cl, -sl * sd, -sl * cd), (0.0, cd, -sd), (sl, cl * sd, cl * cd))
        x, y, z = np.ascontiguousarray(eyeball.T) * (radii[eye] / np.float32(EYE_RADIUS))
        for axis, ((i, j, k), centre) in enumerate(zip(rows, centres[eye].tolist(), strict=True)):
            ball[:, axis] = x * np.float32(i) + y * np.float32(j) + z * np.float32(k) + np.float32(centre)
    return turned
