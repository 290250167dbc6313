"""How far a light's rays reach into a scene."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flmcore import _core
from flmcore.ops.drawing._checks import Bytes, Floats, as_cutouts, as_floats, as_surface, as_triangles

__all__ = ["Shadow", "shadow_map", "unit_directions"]

_MARGIN = 5.0  # texels without anything about the scene, so that the widest softness sees the light there


@dataclass(frozen=True)
class Shadow:
    """A scene seen from a light that is far away.

    Attributes:
        depth: float32 (size, size), how far along the rays, in mm, the first thing is; infinite where nothing is.
        matrix: float32 (3, 4), from a point of the camera's frame to x and y in texels ((0, 0) the first's centre)
            and the depth.
        bias: mm by which a point is moved along its normal and towards the light before it is asked for, so that no
            surface shades itself.
        softness: 0 to 3: the shadow's edge is ``2 * softness + 1`` texels wide.
    """

    depth: Floats
    matrix: Floats
    bias: float = 3.0
    softness: int = 1


def shadow_map(
    vertices: ArrayLike,
    triangles: ArrayLike,
    direction: ArrayLike,
    size: int = 128,
    *,
    uv: ArrayLike | None = None,
    part: ArrayLike | None = None,
    cutouts: Sequence[Bytes | None] | None = None,
    bias: float | None = None,
    softness: int = 1,
) -> Shadow:
    """What a light far away in ``direction`` sees of a scene; all of the scene fits into the map.

    Args:
        vertices: (V, 3), mm in the camera's frame (any frame of the same size, if :func:`shade` has the same).
        triangles: (F, 3); both of their sides throw shadows. Leave out what should not, such as clear lenses.
        direction: (3,), towards the light; any length but 0.
        size: texels along a side of the map, 32 to 16384.
        uv, part, cutouts: as :func:`draw` takes them.
        bias: mm; None is 1.2 texels of the map.
        softness: see :class:`Shadow`.

    Raises:
        ValueError: a wrong shape, an index that points nowhere, a direction without length.
    """
    points, faces = as_floats(vertices), as_triangles(triangles)
    if not 32 <= size <= 16384:
        msg = f"size: expected 32 to 16384 texels, got {size!r}"
        raise ValueError(msg)
    if points.ndim != 2 or points.shape[1] != 3:
        msg = f"vertices: expected shape (V, 3), got shape {points.shape}"
        raise ValueError(msg)
    places, parts = as_surface(uv, part, len(points), len(faces))
    light = unit_directions("direction", np.asarray(direction, np.float64).reshape(1, -1))[0]
    matrix, texel = _fit(points, light, size)
    depth = _core.draw_depth(points, faces, places, parts, as_cutouts(cutouts, parts), matrix, size=size)
    return Shadow(depth, matrix, 1.2 * texel if bias is None else float(bias), softness)


def unit_directions(name: str, directions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Directions (L, 3) of length 1."""
    if directions.ndim != 2 or directions.shape[1] != 3:
        msg = f"{name}: expected shape (L, 3), got {directions.shape}"
        raise ValueError(msg)
    length = np.sqrt((directions * directions).sum(axis=1))
    if not (np.isfinite(length) & (length > 0)).all():
        msg = f"{name}: expected finite directions that are not 0, got {directions.tolist()!r}"
        raise ValueError(msg)
    unit: NDArray[np.float64] = directions / length[:, None]
    return unit


def _fit(points: Floats, light: NDArray[np.float64], size: int) -> tuple[Floats, float]:
    """The matrix that brings all points into the map, and the size of a texel in mm."""
    x, y, z = light.tolist()
    right = (
        (z, 0.0, -x) if abs(y) < 0.9 else (0.0, -z, y)
    )  # the light's cross product with an axis it is not along
    length = math.sqrt(sum(value * value for value in right))
    i, j, k = (value / length for value in right)
    axes = ((i, j, k), (y * k - z * j, z * i - x * k, x * j - y * i), (-x, -y, -z))
    # sums of three in a fixed order: a matrix product's order is the library's business
    bounds = [
        _bounds(points[:, 0] * np.float32(a) + points[:, 1] * np.float32(b) + points[:, 2] * np.float32(c))
        for a, b, c in axes[:2]
    ]
    texel = max(bounds[0][1] - bounds[0][0], bounds[1][1] - bounds[1][0], 1e-3) / (size - 1 - 2 * _MARGIN)
    rows = [
        (a / texel, b / texel, c / texel, (size - 1) / 2 - (low + high) / 2 / texel)
        for (a, b, c), (low, high) in zip(axes, bounds, strict=False)
    ]
    return np.array([*rows, (*axes[2], 0.0)], np.float32), texel


def _bounds(values: Floats) -> tuple[float, float]:
    """Least and greatest of those that are finite."""
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
    if math.isfinite(low) and math.isfinite(high):
        return low, high
    return _bounds(values[np.isfinite(values)])
