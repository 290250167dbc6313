"""Shapes and normals of meshes."""

from __future__ import annotations

from numpy.typing import ArrayLike

from flmcore import _core
from flmcore.ops.drawing._checks import Floats, as_floats, as_triangles

__all__ = ["blend_shapes", "vertex_normals"]


def vertex_normals(vertices: ArrayLike, triangles: ArrayLike) -> Floats:
    """Unit normals (V, 3) of vertices: means of their triangles', weighted by area.

    Args:
        vertices: (V, 3).
        triangles: (F, 3); the normal points to where they go counter-clockwise on the screen.

    Returns:
        float32 (V, 3); 0 for a vertex without a triangle that has an area. Triangles that are not finite are left out.

    Raises:
        ValueError: a wrong shape, or an index that points nowhere.
    """
    return _core.vertex_normals(as_floats(vertices), as_triangles(triangles))


def blend_shapes(mean: ArrayLike, basis: ArrayLike, weights: ArrayLike) -> Floats:
    """``mean + weights[0] * basis[0] + weights[1] * basis[1] + …``, float32, summed in this order.

    Unlike a matrix product it has the same bytes on every machine. Weights of 0 cost nothing.

    Args:
        mean: (V, 3).
        basis: (M, V, 3); float32 and contiguous is read where it lies.
        weights: (M,).

    Raises:
        ValueError: shapes that do not fit.
    """
    return _core.blend_shapes(as_floats(mean), as_floats(basis), as_floats(weights))
