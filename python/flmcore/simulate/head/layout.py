"""How the skin is cut into triangles: half a head, laid out in the plane of :mod:`flmcore.simulate.head.loft`.

Lines of vertices run along the lids and the lips; the rest is filled with points whose distance grows with that from the
features, and joined into triangles. Here p is never negative; the other half is the mirror image.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from flmcore.simulate.anatomy import MEAN_LANDMARKS
from flmcore.simulate.head.delaunay import triangulate
from flmcore.simulate.head.loft import CROWN, LOWEST, SIDE, plane

__all__ = ["EYE_STEPS", "LIP_COLUMNS", "Layout", "half_layout"]

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

EYE_STEPS = 24  # vertices of the lid margin: 0 outer corner, up to 12 inner corner along the upper lid, then the lower
LIP_COLUMNS = 9  # vertices of the half lip line: 0 in the middle, 8 in the corner
_EYE_RINGS = (0.0, 1.3, 2.8, 4.6, 7.0, 10.0)  # mm from the margin
_MOUTH_RINGS = (2.0, 4.5, 7.5)  # mm from the red of the lips
_LIP_ROWS = 5  # from the line between the lips to the end of the red
_SLIT = 1.6  # mm that the plane gapes between the lips, in the middle


@dataclass(frozen=True)
class Layout:
    """Half a skin.

    Attributes:
        points: (N, 2), p ≥ 0 and q.
        triangles: (F, 3), the way they turn does not matter.
        eye: (rings, 24) vertices, the margin first.
        upper_lip, lower_lip: (9, rows) vertices: middle to corner, the line between the lips first, then the red and the
            rings about the mouth. Those of the last column are shared.
        landmarks: vertex of each landmark 0-67 of this half, −1 for the other half's.
    """

    points: Floats
    triangles: Indices
    eye: Indices
    upper_lip: Indices
    lower_lip: Indices
    landmarks: Indices


class _Points:
    """A list of points that gives indices."""

    def __init__(self) -> None:
        self.parts: list[Floats] = []
        self.count = 0

    def add(self, points: Floats) -> Indices:
        """Indices of the new points (..., 2)."""
        flat = points.reshape(-1, 2)
        self.parts.append(flat)
        self.count += len(flat)
        return np.arange(self.count - len(flat), self.count).reshape(points.shape[:-1])

    def all(self) -> Floats:
        """(N, 2)"""
        return np.concatenate(self.parts)


@cache
def landmark_places() -> Floats:
    """(68, 2) places of the landmarks in the plane, where the lips gape."""
    places = plane(MEAN_LANDMARKS)
    for inner, side in (((61, 62, 63), -1.0), ((65, 66, 67), 1.0)):
        for index in inner:
            share = 1.0 - abs(places[index, 0]) / abs(places[64, 0])
            places[index, 1] = places[64, 1] + side * _SLIT * np.sqrt(share)
    return places


@cache
def half_layout() -> Layout:
    """The layout; made once, it takes a fifth of a second."""
    places, found = landmark_places(), np.full(68, -1, np.int64)
    points = _Points()
    eye = points.add(_eye_rings(places))
    found[[45, 44, 43, 42, 47, 46]] = eye[0, ::4]
    upper, lower = _lips(points, places)
    found[[62, 63, 64, 54, 53, 52, 51]] = upper[[0, 3, 8, 8, 5, 2, 0], [0, 0, 0, 4, 4, 4, 4]]
    found[[66, 65, 55, 56, 57]] = lower[[0, 3, 5, 2, 0], [0, 0, 4, 4, 4]]
    rest = [i for i in (*range(8, 17), *range(22, 27), *range(27, 31), *range(33, 36))]
    found[rest] = points.add(places[rest])
    rim = np.concatenate([upper[:, -1], lower[-2::-1, -1]])
    border = _border()
    apart = (_distance(border, points.all()) > 1.6) & ~_within_rim(border, points.all()[rim])
    points.add(border[apart])
    _fill(points, eye, rim)
    every = points.all()
    # The lips are a grid of their own: along their lines, which are nearer to each other than their vertices are apart.
    skin = np.setdiff1d(np.arange(len(every)), [upper[:, :-1], lower[:, :-1]])
    triangles = skin[triangulate(_bulged(every[skin]))]
    hole = inside(every[triangles].mean(axis=1), every[eye[0]]) | _within_rim(
        every[triangles].mean(axis=1), every[rim]
    )
    triangles = np.concatenate([triangles[~hole], _between(upper), _between(lower)])
    return Layout(every, triangles, eye, upper, lower, found)


def _through(ends: Floats, steps: int) -> Floats:
    """A line (3 × steps + 1, 2) through four points (Lagrange's cubic)."""
    t = np.linspace(0.0, 3.0, 3 * steps + 1)[:, None]
    at = range(4)
    weights = [np.prod([(t - j) / (i - j) for j in at if j != i], axis=0) for i in at]
    return np.asarray(sum(w * ends[i] for i, w in enumerate(weights)))


def _eye_rings(places: Floats) -> Floats:
    upper = _through(places[[45, 44, 43, 42]], EYE_STEPS // 6)
    lower = _through(places[[42, 47, 46, 45]], EYE_STEPS // 6)
    margin = np.concatenate([upper[:-1], lower[:-1]])
    centre = (margin.min(axis=0) + margin.max(axis=0)) / 2
    out = (margin - centre) / np.square([15.0, 9.0])
    out[0], out[EYE_STEPS // 2] = (1.0, 0.0), (-1.0, 0.0)
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    return np.stack([margin + distance * out for distance in _EYE_RINGS])


def _lips(points: _Points, places: Floats) -> tuple[Indices, Indices]:
    columns = np.arange(LIP_COLUMNS)
    outline, lines = {}, {}
    for name, outer, inner in (("upper", (51, 52, 53, 54), (62, 63)), ("lower", (57, 56, 55, 54), (66, 65))):
        at = np.interp(columns, [0, 2, 5, 8], range(4)) * 8 / 3
        outline[name] = _at_rows(_through(places[list(outer)], 8), at * 3)
        across = np.interp(columns, [0, 3, 8], [0.0, places[inner[1], 0], places[64, 0]])
        side = np.sign(places[inner[0], 1] - places[64, 1])
        share = 1.0 - across / places[64, 0]
        lines[name] = np.column_stack([across, places[64, 1] + side * _SLIT * np.sqrt(share)])
    made = {}
    for name in ("upper", "lower"):
        red = np.linspace(0.0, 1.0, _LIP_ROWS)[None, :, None]
        grid = lines[name][:, None] * (1 - red) + outline[name][:, None] * red
        out = (outline[name] - [0.0, places[64, 1]]) / np.square([28.0, 14.0])
        out[-1] = 1.0, 0.0
        out[0] = 0.0, np.sign(out[0, 1])
        out /= np.linalg.norm(out, axis=1, keepdims=True)
        rings = outline[name][:, None] + np.array(_MOUTH_RINGS)[None, :, None] * out[:, None]
        made[name] = np.concatenate([grid, rings], axis=1)
    upper = points.add(made["upper"])
    lower = np.empty_like(upper)
    lower[:-1], lower[-1] = points.add(made["lower"][:-1]), upper[-1]
    return upper, lower


def _at_rows(line: Floats, at: Floats) -> Floats:
    rows = np.arange(len(line))
    return np.column_stack([np.interp(at, rows, line[:, i]) for i in range(2)])


def _border() -> Floats:
    """Points of the midline (before and behind), of the crown's ring and of the lower end."""
    before = [*np.arange(CROWN + 16, -60, 12), *np.arange(-54, 30, 3.6), *np.arange(54, 104, 4)]
    before += [*np.arange(108, LOWEST - 5, 9)]
    front = np.column_stack([np.zeros(len(before)), before])
    back = np.array([(SIDE, q) for q in np.linspace(CROWN + 4, LOWEST, 18)])
    top = np.array([(p, CROWN + 4) for p in np.linspace(0, SIDE, 9)[:-1]])
    low = np.array([(p, LOWEST) for p in np.linspace(0, SIDE, 12)[:-1]])
    return np.concatenate([front, back, top, low])


# Spacing, and where it holds: p from 0 to, q from, to.
_SPACING = (
    (2.3, (0.0, 17.5, -3.0, 25.0)),
    (3.4, (0.0, 22.0, -38.0, 29.0)),
    (5.0, (0.0, 118.0, -62.0, 104.0)),
    (9.0, (0.0, 150.0, -120.0, 150.0)),
    (17.0, (0.0, SIDE - 8, CROWN + 16, LOWEST - 8)),
)


def _fill(points: _Points, eye: Indices, rim: Indices) -> None:
    """Add points everywhere else; none so near an edge of the rim of the mouth that it would not be one (Gabriel)."""
    every = points.all()
    middle = (every[rim[1:]] + every[rim[:-1]]) / 2
    reach = 0.51 * np.linalg.norm(every[rim[1:]] - every[rim[:-1]], axis=1)
    inner = np.zeros(4)
    for spacing, (p_low, p_high, q_low, q_high) in _SPACING:
        grid = _hexagons(spacing, p_high, q_low, q_high)
        taken = (grid[:, 0] < inner[1]) & (grid[:, 1] > inner[2]) & (grid[:, 1] < inner[3])
        taken |= grid[:, 0] < max(p_low, 0.6 * spacing)
        taken |= inside(grid, every[eye[-1]]) | _within_rim(grid, every[rim])
        taken |= (np.linalg.norm(grid[:, None] - middle, axis=2) < reach).any(axis=1)
        grid = grid[~taken]
        points.add(grid[_distance(grid, points.all()) > 0.62 * spacing])
        inner = np.array([p_low, p_high, q_low, q_high])


def _within_rim(points: Floats, rim: Floats) -> NDArray[np.bool_]:
    """Whether points lie in the half mouth and its rings."""
    return inside(points, np.concatenate([rim, [(-1.0, rim[-1, 1]), (-1.0, rim[0, 1])]]))


def _between(grid: Indices) -> Indices:
    """Triangles (F, 3) of a grid of vertices."""
    a, b, c, d = (each.ravel() for each in (grid[:-1, :-1], grid[1:, :-1], grid[1:, 1:], grid[:-1, 1:]))
    return np.concatenate([np.column_stack([a, b, c]), np.column_stack([a, c, d])])


def _distance(points: Floats, others: Floats) -> Floats:
    return np.asarray(np.sqrt(((points[:, None] - others[None]) ** 2).sum(axis=2)).min(axis=1))


def _hexagons(spacing: float, p_high: float, q_low: float, q_high: float) -> Floats:
    """Points that far apart, a little off their places so that no four lie on a circle."""
    rows = np.arange(q_low, q_high, spacing * np.sqrt(0.75))
    columns = np.arange(0.0, p_high, spacing)
    p, q = np.meshgrid(columns, rows)
    p = p + 0.5 * spacing * (np.arange(len(rows)) % 2)[:, None]
    off = 0.02 * spacing * np.stack([np.sin(12.9 * p + 78.2 * q), np.sin(39.3 * p + 11.1 * q)], axis=-1)
    return np.asarray((np.stack([p, q], axis=-1) + off).reshape(-1, 2))


def inside(points: Floats, outline: Floats) -> NDArray[np.bool_]:
    """Whether points (N, 2) lie within a closed line (M, 2)."""
    following = np.roll(outline, -1, axis=0)
    x, y = points[:, :1], points[:, 1:]
    (ax, ay), (bx, by) = outline.T, following.T
    crossed = (ay > y) != (by > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        left = x < (bx - ax) * (y - ay) / (by - ay) + ax
    return np.asarray((crossed & left).sum(axis=1) % 2 == 1)


def _bulged(points: Floats) -> Floats:
    """The points with straight borders bent out a little, so that every border edge is found."""
    share = points / [SIDE, LOWEST - CROWN] - [0.5, CROWN / (LOWEST - CROWN) + 0.5]
    return points * (1.0 + 1e-3 * (0.25 - share[:, ::-1] ** 2))
