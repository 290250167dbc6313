"""Triangles of surfaces that are rows and columns of points, and tubes along a path."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Floats", "box", "cross", "floats", "grid_triangles", "grid_uv", "join", "plain", "tubes", "unit"]

Floats = NDArray[np.float32]


def floats(values: ArrayLike) -> Floats:
    """As float32."""
    return np.asarray(values, np.float32)


@functools.cache
def ways(count: int) -> Floats:
    """(count,) from 0 to 1."""
    out = np.linspace(0, 1, count, dtype=np.float32)
    out.setflags(write=False)
    return out


@functools.cache
def grid_triangles(rows: int, columns: int, sheets: int = 1) -> NDArray[np.int32]:
    """Triangles (F, 3) of points in rows from top to bottom and columns from left to right, as seen from outside.

    Point (r, c) of sheet s has the number ``(s * rows + r) * columns + c``; sheets are not joined to one another.
    """
    corner = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    corner = (np.arange(sheets)[:, None] * (rows * columns) + corner).ravel()
    right, below = corner + 1, corner + columns
    out = np.stack([corner, below, right, right, below, below + 1], axis=-1).reshape(-1, 3).astype(np.int32)
    out.setflags(write=False)
    return out


@functools.cache
def grid_uv(rows: int, columns: int, sheets: int = 1) -> Floats:
    """Texture coordinates (rows · columns · sheets, 2) that spread the texture over each sheet."""
    v, u = np.meshgrid(np.linspace(0, 1, rows), np.linspace(0, 1, columns), indexing="ij")
    out = np.tile(np.stack([u.ravel(), v.ravel()], axis=-1), (sheets, 1)).astype(np.float32)
    out.setflags(write=False)
    return out


def cross(a: Floats, b: Floats) -> Floats:
    """Cross products (..., 3); for the few that are wanted here quicker than NumPy's."""
    x, y, z = a[..., 0], a[..., 1], a[..., 2]
    u, v, w = b[..., 0], b[..., 1], b[..., 2]
    first = y * w - z * v
    out = np.empty((*first.shape, 3), np.float32)
    out[..., 0] = first
    out[..., 1] = z * u - x * w
    out[..., 2] = x * v - y * u
    return out


def unit(vectors: Floats) -> Floats:
    """Vectors (..., 3) scaled to length 1; those of no length stay as they are."""
    length = np.sqrt(np.einsum("...i,...i->...", vectors, vectors))[..., None]
    return floats(vectors / np.maximum(length, np.float32(1e-6)))


@functools.cache
def _circle(sides: int) -> Floats:
    turn = np.linspace(0, 2 * np.pi, sides + 1)
    return np.stack([np.cos(turn), np.sin(turn)], axis=-1).astype(np.float32)


def tubes(paths: Floats, radii: Floats, facing: Floats, sides: int) -> Floats:
    """Points (T · N · (sides + 1), 3) of T tubes along paths (T, N, 3).

    radii is (T, N, 2): towards ``facing`` and across it; ``facing`` (3,) or (T, 1, 3) must not run along a path. Rows
    go along the path, columns around it, the first and the last being the same, so that
    ``grid_triangles(N, sides + 1, T)`` joins them.
    """
    along = np.empty_like(paths)
    along[:, 1:-1] = paths[:, 2:] - paths[:, :-2]
    along[:, 0] = paths[:, 1] - paths[:, 0]
    along[:, -1] = paths[:, -1] - paths[:, -2]
    along = unit(along)
    towards = unit(facing - np.einsum("...i,...i->...", along, facing)[..., None] * along)
    across = cross(towards, along)
    circle = _circle(sides)
    points = (
        paths[:, :, None]
        + (radii[..., 0, None] * circle[:, 0])[..., None] * towards[:, :, None]
        + (radii[..., 1, None] * circle[:, 1])[..., None] * across[:, :, None]
    )
    return np.ascontiguousarray(points.reshape(-1, 3), np.float32)


@functools.cache
def join(*sizes: tuple[int, int, int]) -> NDArray[np.int32]:
    """Triangles of several grids (rows, columns, sheets), whose points follow one another."""
    out, start = [], 0
    for rows, columns, sheets in sizes:
        out.append(grid_triangles(rows, columns, sheets) + start)
        start += rows * columns * sheets
    joined = np.concatenate(out).astype(np.int32)
    joined.setflags(write=False)
    return joined


_CORNERS = np.array([(x, y, z) for z in (-1, 1) for y in (-1, 1) for x in (-1, 1)], np.float32)
# each face as seen from outside: left top, left bottom, right top, right bottom
_FACES = ((0, 2, 1, 3), (5, 7, 4, 6), (4, 6, 0, 2), (1, 3, 5, 7), (4, 0, 5, 1), (2, 6, 3, 7))


def box(middle: Floats, axes: Floats) -> Floats:
    """(24, 3) points of a box, for ``grid_triangles(2, 2, 6)``; axes (3, 3): rows are its half edges, right-handed."""
    corners = _CORNERS[np.array(_FACES).ravel()]
    return floats(middle + corners[:, :1] * axes[0] + corners[:, 1:2] * axes[1] + corners[:, 2:] * axes[2])


def plain(colour: tuple[float, float, float]) -> NDArray[np.uint8]:
    """(4, 4, 4) uint8 texture of one colour that covers everything."""
    texture = np.full((4, 4, 4), 255, np.uint8)
    texture[..., :3] = np.clip(colour, 0, 255)
    return texture
