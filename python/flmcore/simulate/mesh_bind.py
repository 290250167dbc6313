"""Where a mesh of the user's lies on flmcore's average skin: what moves it, what it covers, what it must leave open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flmcore.simulate.anatomy import chart

if TYPE_CHECKING:
    from flmcore.simulate.head.skin import Skin

__all__ = ["bind", "covered", "holes", "near_lower_lip"]

Floats = NDArray[np.float64]
_NEIGHBOURS = 4
_NEAR = 15.0  # mm from the mesh: skin farther away is not under it, though the chart has both at one place
_CHART = (320, 256)


def near_lower_lip(places: Floats, landmarks: Floats) -> NDArray[np.int8]:
    """(V,) about the mouth 1 below the line between the lips and −1 above; 0 elsewhere.

    Args:
        places: (V, 3) on the average skin.
        landmarks: (68, 3) of the average skin.
    """
    line = (landmarks[[60, 61, 62, 63, 64]] + landmarks[[60, 67, 66, 65, 64]]) / 2
    at = np.interp(places[:, 0], line[:, 0], line[:, 1])
    left, right = landmarks[64, 0], landmarks[60, 0]
    about = (places[:, 0] < left - 1) & (places[:, 0] > right + 1) & (np.abs(places[:, 1] - at) < 14)
    about &= places[:, 2] < landmarks[60, 2] + 12
    return np.asarray(np.where(about, np.where(places[:, 1] > at, 1, -1), 0), np.int8)


def bind(
    places: Floats, skin: Skin, lower: NDArray[np.int8], exact: Mapping[int, int]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Vertices of the skin that a mesh's vertex moves with, (V, 4), and with which share, (V, 4), adding up to 1.

    Args:
        places: (V, 3) on the average skin.
        skin: the average skin.
        lower: of the mesh's vertices, as :func:`near_lower_lip` has it; one lip does not move with the other.
        exact: vertex of the mesh → the vertex of the skin that it moves with alone: the landmarks.
    """
    near = np.empty((len(places), _NEIGHBOURS), np.int64)
    share = np.empty((len(places), _NEIGHBOURS), np.float32)
    is_lower = np.asarray(skin.lower, bool)
    for start in range(0, len(places), 1024):
        rows = slice(start, start + 1024)
        apart = ((places[rows, None] - skin.vertices[None]) ** 2).sum(axis=2)
        apart[(lower[rows] > 0)[:, None] & ~is_lower & _lips(skin)] += 1e6
        apart[(lower[rows] < 0)[:, None] & is_lower & _lips(skin)] += 1e6
        near[rows] = np.argsort(apart, axis=1, kind="stable")[:, :_NEIGHBOURS]
        close = 1 / (np.take_along_axis(apart, near[rows], axis=1) + 1e-6)
        share[rows] = close / close.sum(axis=1, keepdims=True)
    for vertex, own in exact.items():
        near[vertex], share[vertex] = own, (1, 0, 0, 0)
    return near, share


def _lips(skin: Skin) -> NDArray[np.bool_]:
    """(1, V) vertices of the skin about the mouth."""
    points, mouth = skin.vertices, skin.vertices[skin.landmarks[48:]]
    margin = np.array([0.0, 9.0, 9.0])
    low, high = mouth.min(axis=0) - margin, mouth.max(axis=0) + margin
    about: NDArray[np.bool_] = ((points > low) & (points < high)).all(axis=1)
    return about[None]


def holes(
    triangles: NDArray[np.int32], places: Floats, landmarks: Floats, lower: NDArray[np.int8]
) -> NDArray[np.bool_]:
    """(F,) triangles that close an eye or reach from lip to lip."""
    sides = lower[triangles]
    between = (sides.min(axis=1) < 0) & (sides.max(axis=1) > 0)
    middle = chart(places[triangles].mean(axis=1))
    shut = np.zeros(len(triangles), bool)
    for ring in (range(36, 42), range(42, 48)):
        shut |= _inside(middle, chart(landmarks[list(ring)]))
    return np.asarray(between | shut)


def covered(skin: Skin, places: Floats, triangles: NDArray[np.int32]) -> NDArray[np.bool_]:
    """(F,) triangles of the skin that lie under the mesh with all three corners."""
    from PIL import Image, ImageDraw

    width, height = _CHART
    picture = Image.new("1", _CHART)
    pen = ImageDraw.Draw(picture)
    corners = chart(places)[triangles] * (width, height)
    around = np.ptp(corners[:, :, 0], axis=1) > width / 3  # across the seam behind the head
    for corner in corners[~around].reshape(-1, 6).tolist():
        pen.polygon(corner, fill=1)
    for landmarks in (skin.landmarks[36:42], skin.landmarks[42:48], skin.landmarks[60:68]):
        ring = chart(skin.vertices[landmarks]) * (width, height)  # the mesh's own openings
        pen.polygon([(x, y) for x, y in ring.tolist()], fill=1)
    mask = np.asarray(picture)
    spot = np.floor(chart(skin.vertices) * (width, height)).astype(int)
    on = ((spot >= 0) & (spot < (width, height))).all(axis=1)
    under = np.zeros(len(spot), bool)
    under[on] = mask[spot[on, 1], spot[on, 0]]
    index = np.flatnonzero(under)
    for start in range(0, len(index), 1024):
        rows = index[start : start + 1024]
        apart = ((skin.vertices[rows, None] - places[None]) ** 2).sum(axis=2).min(axis=1)
        under[rows] = apart < _NEAR**2
    return np.asarray(under[skin.triangles].all(axis=1))


def _inside(points: Floats, ring: Floats) -> NDArray[np.bool_]:
    """Whether points (N, 2) lie in a polygon (K, 2), by the crossings of a ray."""
    x, y = points[:, 0], points[:, 1]
    inside = np.zeros(len(points), bool)
    for (x0, y0), (x1, y1) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        crosses = (y0 > y) != (y1 > y)
        with np.errstate(divide="ignore", invalid="ignore"):
            inside ^= crosses & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return inside
