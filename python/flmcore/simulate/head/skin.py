"""The skin of the average head: both halves, the margins of the lids and the inner side of the lips."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.simulate.anatomy import CHART_TURN, chart
from flmcore.simulate.head.halves import Whole, outward
from flmcore.simulate.head.layout import Layout, half_layout
from flmcore.simulate.head.loft import CROWN, SIDE, smooth_head
from flmcore.simulate.parts import CLASSES

__all__ = ["EYE_CENTRE", "EYE_RADIUS", "Skin", "own_skin", "skin_triangles"]

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

EYE_CENTRE = np.array([31.3, -24.9, -70.9])  # the left one's
EYE_RADIUS = 13.0
_LIP_DEPTH = np.array([(2.2, -0.6), (5.5, 2.0), (9.0, 8.0)])  # mm inward and away from the slit, row by row


@dataclass(frozen=True)
class Skin:
    """The average skin and what its vertices are.

    Attributes:
        places: (V, 2) in the plane; those of the strips are where they are attached.
        vertices: (V, 3) mm.
        triangles: (F, 3), counter-clockwise from outside.
        uv: (V, 2) on the texture.
        labels: (F,) class of each triangle: skin, nose, top_lip, bottom_lip, neck.
        eyes: {"left", "right"} to (rings, 24) vertices; row 0 is the margin.
        lid_strips: {"left", "right"} to (24,) vertices behind the margin, on the eyeball.
        upper_lip, lower_lip: (17, rows) vertices from the right corner to the left; column 0 is the line between the lips.
        upper_inside, lower_inside: (17, 3) vertices behind that line.
        landmarks: (68,) vertices.
        mirror: (V,) vertex on the other side.
        lower: (V,) True where a vertex belongs to the lower lip or its inside.
    """

    places: Floats
    vertices: Floats
    triangles: Indices
    uv: Floats
    labels: NDArray[np.uint8]
    eyes: dict[str, Indices]
    lid_strips: dict[str, Indices]
    upper_lip: Indices
    lower_lip: Indices
    upper_inside: Indices
    lower_inside: Indices
    landmarks: Indices
    mirror: Indices
    lower: NDArray[np.bool_]


def skin_triangles(skin: Skin) -> Indices:
    """Those triangles (F, 3) that are seen when eyes and mouth are closed: all but the strips behind lids and lips."""
    hidden = np.zeros(len(skin.vertices), np.bool_)
    hidden[
        np.concatenate([*skin.lid_strips.values(), skin.upper_inside.ravel(), skin.lower_inside.ravel()])
    ] = True
    return skin.triangles[~hidden[skin.triangles].any(axis=1)]


@cache
def own_skin() -> Skin:
    """The average skin, made once per process."""
    half = half_layout()
    whole = Whole(half)
    eyes = {"left": half.eye, "right": whole.right[half.eye]}
    strips = {side: _lid_strip(whole, side, eyes[side]) for side in eyes}
    whole.pair(strips["left"], strips["right"])
    upper, lower = (
        np.concatenate([whole.right[grid[:0:-1]], grid]) for grid in (half.upper_lip, half.lower_lip)
    )
    for grid in (upper, lower):
        _draw_line(whole.points, grid[:, 0])
    insides = [_lip_inside(whole, grid[:, 0], up) for grid, up in ((upper, True), (lower, False))]
    _crown(whole, half)
    landmarks = np.where(half.landmarks >= 0, half.landmarks, 0)
    for index in np.flatnonzero(half.landmarks < 0):
        landmarks[index] = whole.right[half.landmarks[_opposite(index)]]
    lower_ones = np.zeros(len(whole.points), np.bool_)
    lower_ones[np.concatenate([lower[1:-1].ravel(), insides[1][1:-1].ravel()])] = True
    uv = _texture_places(whole)
    labels = _labels(whole, upper, lower, insides)
    return Skin(
        whole.places,
        whole.points,
        whole.triangles,
        uv,
        labels,
        eyes,
        strips,
        upper,
        lower,
        insides[0],
        insides[1],
        landmarks,
        whole.mirror,
        lower_ones,
    )


def _opposite(index: int) -> int:
    from flmcore.schemes import get

    return int(get("300w-68").flip[index])


def _lid_strip(whole: Whole, side: str, rings: Indices) -> Indices:
    """From the margin to the eyeball."""
    centre = EYE_CENTRE * ([1, 1, 1] if side == "left" else [-1, 1, 1])
    strip = whole.add(lid_ends(whole.points[rings[0]], centre, EYE_RADIUS), rings[0])
    rows = np.stack([rings[0], strip])
    whole.strip(rows if side == "left" else rows[:, ::-1], closed=True)
    return strip


def lid_ends(margin: NDArray[Any], centre: NDArray[Any], radius: NDArray[Any] | float) -> NDArray[Any]:
    """Points (..., 24, 3) just under the surface of the eyeball, behind those of the margin."""
    away = margin - centre
    away[..., 2] = np.minimum(away[..., 2], -0.35 * radius)
    length = np.sqrt(np.einsum("...i,...i->...", away, away))
    return np.asarray(centre + away * (0.95 * radius / length)[..., None])


def _draw_line(points: Floats, line: Indices) -> None:
    """Run the line between the lips straight from landmark to landmark: the lips meet on all their length."""
    at, known = np.arange(len(line)), [0, 5, 8, 11, 16]
    for axis in (1, 2):
        points[line, axis] = np.interp(at, known, points[line[known], axis])


def _lip_inside(whole: Whole, line: Indices, up: bool) -> Indices:
    """Rows of vertices that roll inward from the line between the lips."""
    points = whole.points[line]
    inside = np.repeat(points[:, None], len(_LIP_DEPTH), axis=1)
    inside[:, :, 2] += _LIP_DEPTH[:, 0]
    taper = np.minimum(1.0, (1.0 - np.abs(np.linspace(-1, 1, len(line)))) * 4)  # both meet in the corners
    inside[:, :, 1] += (-1 if up else 1) * taper[:, None] * _LIP_DEPTH[:, 1]
    inside[:, :, 0] *= 1.0 + 0.02 * np.arange(1, len(_LIP_DEPTH) + 1)
    rows = whole.add(inside, np.repeat(line[:, None], len(_LIP_DEPTH), axis=1))
    whole.mirror[rows] = rows[::-1]
    grid = np.concatenate([line[:, None], rows], axis=1).T
    whole.strip(grid[:, ::-1] if up else grid, closed=False)
    return rows


def _crown(whole: Whole, half: Layout) -> None:
    """Close the top with a fan."""
    top = np.flatnonzero(half.points[:, 1] < CROWN + 4.001)
    top = top[np.argsort(half.points[top, 0])]
    ring = np.concatenate([whole.right[top[:0:-1]], top])
    crown = whole.add(smooth_head(np.array([(0.0, CROWN)])), ring[:1])
    whole.places[crown] = 0.0, CROWN
    whole.mirror[crown] = crown
    fan = np.column_stack([ring[:-1], ring[1:], np.full(len(ring) - 1, crown[0])])
    whole.triangles = np.concatenate([whole.triangles, outward(whole.places, fan)])


def _texture_places(whole: Whole) -> Floats:
    uv = chart(whole.points)
    half_turn = 180.0 / CHART_TURN
    seam = np.abs(np.abs(whole.places[:, 0]) - SIDE) < 1e-9
    uv[seam, 0] = 0.5 + np.sign(whole.places[seam, 0]) * half_turn
    return np.asarray(uv)


def _labels(whole: Whole, upper: Indices, lower: Indices, insides: list[Indices]) -> NDArray[np.uint8]:
    centres = whole.places[whole.triangles].mean(axis=1)
    p, q = np.abs(centres[:, 0]), centres[:, 1]
    labels = np.full(len(centres), CLASSES["skin"], np.uint8)
    edge = np.interp(p, [0, 25, 50, 75, 100, 125, 150], [93, 89, 79, 68, 54, 36, 36])
    labels[q > edge] = CLASSES["neck"]
    labels[(p < np.interp(q, [-32, -14, 2, 10, 24], [4, 6, 10, 16.5, 14])) & (q > -32) & (q < 23.3)] = (
        CLASSES["nose"]
    )
    for name, grid, inside in (("top_lip", upper, insides[0]), ("bottom_lip", lower, insides[1])):
        red = np.zeros(len(whole.points), np.bool_)
        red[grid[:, :5]] = True
        red[inside] = True
        labels[red[whole.triangles].all(axis=1) & (labels == CLASSES["skin"])] = CLASSES[name]
    return labels
