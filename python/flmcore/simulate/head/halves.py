"""Two halves of a head as one mesh on the average skin's surface."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flmcore.simulate.anatomy import MEAN_LANDMARKS
from flmcore.simulate.head.controls import half_controls
from flmcore.simulate.head.layout import Layout, landmark_places
from flmcore.simulate.head.loft import CROWN, LOWEST, RADIUS, SIDE, plane, smooth_head
from flmcore.simulate.head.thin_plate import thin_plate

__all__ = ["Whole", "outward", "surface"]

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


def surface(places: Floats) -> Floats:
    """Points (N, 3) of the average skin at places (N, 2), of either half."""
    right, q = half_controls()
    at = plane(right)
    at[:, 1] = np.where(np.isnan(q), at[:, 1], q)
    off = right[:, 0] < 0
    own = np.concatenate([right, right[off] * [-1, 1, 1]])
    anchors = _anchors()
    sites = np.concatenate([landmark_places(), at, at[off] * [-1, 1], anchors])
    values = np.concatenate([MEAN_LANDMARKS, own, smooth_head(anchors)]) - smooth_head(sites)
    loose = np.full(len(sites), 2e-4)
    loose[:68] = 0.0
    return smooth_head(places) + thin_plate(sites, values, loose, places)


def _anchors() -> Floats:
    """Where the skin is the smooth head's: crown, back, neck."""
    back = [
        (s * RADIUS * np.radians(t), q) for q in range(-100, 170, 30) for t in (120, 150) for s in (-1, 1)
    ]
    side = [
        (s * RADIUS * np.radians(t), q)
        for q in (-100, 150, LOWEST)
        for t in (30, 60, 90)
        if q != 150 or t > 60
        for s in (-1, 1)
    ]
    top = [
        (s * RADIUS * np.radians(t), q)
        for q in (CROWN, -150, -125)
        for t in (20, 60, 110, 160)
        for s in (-1, 1)
    ]
    return np.array([*back, *side, *top, (SIDE, -50.0), (-SIDE, -50.0), (0.0, LOWEST)], np.float64)


class Whole:
    """Both halves of a layout, the midline before shared, the seam behind double, and strips added to them."""

    def __init__(self, half: Layout) -> None:
        middle = half.points[:, 0] == 0.0
        count = len(half.points)
        self.right = np.where(middle, np.arange(count), count + np.cumsum(~middle) - 1)
        self.places = np.concatenate([half.points, half.points[~middle] * [-1, 1]])
        points = surface(self.places)
        points[:count][middle, 0] = 0.0
        points[self.right] = points[:count] * [-1, 1, 1]
        self.points = points
        self.mirror = np.concatenate([self.right, np.flatnonzero(~middle)])
        self.triangles = np.concatenate([half.triangles, self.right[half.triangles]])
        self.triangles = outward(self.places, self.triangles)

    def add(self, points: Floats, attached: Indices) -> Indices:
        """New vertices (..., 3) that lie in the plane where others do."""
        start = len(self.points)
        self.points = np.concatenate([self.points, points.reshape(-1, 3)])
        self.places = np.concatenate([self.places, self.places[attached.ravel()]])
        self.mirror = np.concatenate([self.mirror, np.full(points.size // 3, -1)])
        return np.arange(start, len(self.points)).reshape(points.shape[:-1])

    def pair(self, left: Indices, right: Indices) -> None:
        """Vertices that are each other's mirror images."""
        self.mirror[left], self.mirror[right] = right, left

    def strip(self, rows: Indices, *, closed: bool) -> None:
        """Triangles between rows (R, N) of vertices: seen where the next row is to the left of the way along one."""
        following = np.roll(rows, -1, axis=1)
        a, b, c, d = rows[:-1], following[:-1], following[1:], rows[1:]
        if not closed:
            a, b, c, d = (each[:, :-1] for each in (a, b, c, d))
        both = np.stack([np.stack([a, b, c], -1), np.stack([a, c, d], -1)]).reshape(-1, 3)
        self.triangles = np.concatenate([self.triangles, both])


def outward(places: Floats, triangles: Indices) -> Indices:
    """The triangles turned so that they are counter-clockwise from outside: in the plane, where q points down."""
    a, b, c = (places[triangles[:, i]] for i in range(3))
    b, c = b - a, c - a
    inward = b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0] > 0
    return np.where(inward[:, None], triangles[:, ::-1], triangles)
