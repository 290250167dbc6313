"""Drawing, sample by sample and triangle by triangle: coverage in whole numbers, depths in float32."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

F = np.float32
FARTHEST = F(131072)
Corner = tuple[int, int, np.float32]


def placed(x: np.float32, y: np.float32, nearness: np.float32, good: bool) -> Corner | None:
    """Place in 1/256 sample, and how near; None for a corner that does not count."""
    if not (good and abs(x) <= FARTHEST and abs(y) <= FARTHEST):
        return None
    return math.floor(x * F(256) + F(0.5)), math.floor(y * F(256) + F(0.5)), nearness


def perspective(vertex: np.ndarray, samples: int, near: float) -> Corner | None:
    x, y = ((F(at) + F(0.5)) * F(samples) - F(0.5) for at in vertex[:2])
    return placed(x, y, F(1) / F(vertex[2]), vertex[2] > F(near) and vertex[2] <= F(1e30))


def parallel(vertex: np.ndarray, matrix: np.ndarray) -> Corner | None:
    x, y, z = (m[0] * vertex[0] + m[1] * vertex[1] + m[2] * vertex[2] + m[3] for m in matrix)
    return placed(x, y, -z, abs(z) <= F(1e30))


def is_inside(px: int, py: int, corners: Sequence[Corner]) -> list[int] | None:
    """Twice the areas opposite to the corners, which go clockwise on the screen; None outside.

    A point on an edge counts if the edge goes up, or to the right at one height: the left and the upper edges.
    """
    areas = []
    for i in range(3):
        (x0, y0, _), (x1, y1, _) = corners[(i + 1) % 3], corners[(i + 2) % 3]
        area = (x1 - x0) * (py - y0) - (y1 - y0) * (px - x0)
        if area < 0 or (area == 0 and not (y1 < y0 or (y1 == y0 and x1 > x0))):
            return None
        areas.append(area)
    return areas


def texel(uv: np.ndarray, triangle: np.ndarray, weights: Sequence[np.float32], picture: np.ndarray) -> int:
    place = []
    for k, count in ((0, picture.shape[1]), (1, picture.shape[0])):
        a, b, c = (uv[i, k] for i in triangle)
        at = (weights[0] * a + weights[1] * b + weights[2] * c) * F(count)
        place.append(0 if not at > 0 else min(int(min(at, F(count))), count - 1))
    return int(picture[place[1], place[0]])


def hit(
    corners: Sequence[Corner | None], px: int, py: int, *, two_sided: bool, is_parallel: bool
) -> tuple[np.float32, list[np.float32]] | None:
    """Nearness and weights where a triangle covers a sample."""
    if None in corners:
        return None
    (ax, ay, _), (bx, by, _), (cx, cy, _) = corners
    area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    if area == 0 or (area > 0 and not two_sided):
        return None
    order = [0, 1, 2] if area > 0 else [0, 2, 1]
    areas = is_inside(px * 256, py * 256, [corners[i] for i in order])
    if areas is None:
        return None
    areas = [areas[i] for i in order]  # of the corners as they come
    scale = F(1) / F(abs(area))
    shares = [F(a) * (corner[2] * scale) for a, corner in zip(areas, corners, strict=True)]
    nearness = shares[0] + shares[1] + shares[2]
    if is_parallel:
        return nearness, [F(a) * scale for a in areas]
    return nearness, [share * (F(1) / nearness) for share in shares]


def samples_of(size: tuple[int, int]) -> Iterator[tuple[int, int]]:
    return ((x, y) for y in range(size[1]) for x in range(size[0]))


def draw(
    vertices: np.ndarray,
    triangles: np.ndarray,
    uv: np.ndarray,
    part: np.ndarray,
    cutouts: Sequence[np.ndarray | None],
    *,
    size: tuple[int, int],
    samples: int,
    two_sided: Sequence[bool],
    blend: Sequence[bool],
    near: float = 1.0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[tuple[int, int, list[np.float32]]]]:
    """Triangle, weights and depth of every sample, and (triangle, sample, weights) of the blended ones."""
    width, height = size[0] * samples, size[1] * samples
    found = np.full((height, width), -1, np.int32)
    shares, nearest = np.zeros((height, width, 2), F), np.zeros((height, width), F)
    blended = []
    with np.errstate(all="ignore"):
        corners = [perspective(v, samples, near) for v in vertices]
        for over in (False, True):
            for f in (f for f in range(len(triangles)) if blend[part[f]] == over):
                triangle, p = triangles[f], part[f]
                for x, y in samples_of((width, height)):
                    at = hit([corners[i] for i in triangle], x, y, two_sided=two_sided[p], is_parallel=False)
                    if at is None or not at[0] > nearest[y, x]:
                        continue
                    if over:
                        blended.append((f, y * width + x, at[1][1:]))
                    elif cutouts[p] is None or texel(uv, triangle, at[1], cutouts[p]) >= 128:
                        nearest[y, x], found[y, x], shares[y, x] = at[0], f, at[1][1:]
        return found, shares, F(1) / nearest, blended


def depth_map(
    vertices: np.ndarray,
    triangles: np.ndarray,
    uv: np.ndarray,
    part: np.ndarray,
    cutouts: Sequence[np.ndarray | None],
    matrix: np.ndarray,
    size: int,
) -> np.ndarray:
    """Least depth along parallel rays; all parts, from both sides."""
    nearest = np.full((size, size), -np.inf, F)
    with np.errstate(all="ignore"):
        corners = [parallel(v, matrix) for v in vertices]
        for triangle, p in zip(triangles, part, strict=True):
            for x, y in samples_of((size, size)):
                at = hit([corners[i] for i in triangle], x, y, two_sided=True, is_parallel=True)
                if at is None or not at[0] > nearest[y, x]:
                    continue
                if cutouts[p] is None or texel(uv, triangle, at[1], cutouts[p]) >= 128:
                    nearest[y, x] = at[0]
    return -nearest


def label_map(
    triangle: np.ndarray,
    weights: np.ndarray,
    *,
    triangles: np.ndarray,
    uv: np.ndarray,
    part: np.ndarray,
    labels: Sequence[int],
    maps: Sequence[np.ndarray | None],
    background: int,
    samples: int,
) -> np.ndarray:
    def name(y: int, x: int) -> int:
        t = triangle[y, x]
        if t < 0:
            return background
        picture = maps[part[t]]
        b, c = weights[y, x]
        return labels[t] if picture is None else texel(uv, triangles[t], [F(1) - b - c, b, c], picture)

    height, width = (extent // samples for extent in triangle.shape)
    out = np.zeros((height, width), np.uint8)
    for x, y in samples_of((width, height)):
        names = [name(y * samples + j, x * samples + i) for j in range(samples) for i in range(samples)]
        out[y, x] = max(names, key=names.count)
    return out
