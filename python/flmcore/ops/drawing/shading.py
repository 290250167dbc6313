"""Colours of what was drawn."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from flmcore import _core
from flmcore.ops.drawing._checks import Bytes, Floats, as_floats, as_surface, as_triangles, per_part
from flmcore.ops.drawing.fragments import Fragments
from flmcore.ops.drawing.mesh import vertex_normals
from flmcore.ops.drawing.shadow import Shadow, unit_directions

__all__ = ["shade"]

# Constants of the real spherical harmonics up to the second order, in the order 1, y, z, x, xy, yz, 3zz - 1, xz,
# xx - yy (Ramamoorthi and Hanrahan, An efficient representation for irradiance environment maps, 2001).
_HARMONICS = np.array(
    [0.282095, 0.488603, 0.488603, 0.488603, 1.092548, 1.092548, 0.315392, 1.092548, 0.546274], np.float32
)
_NO_MATRIX = np.zeros((3, 4), np.float32)


def shade(
    fragments: Fragments,
    vertices: ArrayLike,
    triangles: ArrayLike,
    uv: ArrayLike | None,
    part: ArrayLike | None,
    textures: Sequence[Bytes],
    *,
    directions: ArrayLike = (),
    colours: ArrayLike = (),
    ambient: ArrayLike,
    normals: ArrayLike | None = None,
    gloss: ArrayLike = 0.0,
    shininess: ArrayLike = 8.0,
    two_sided: ArrayLike = False,
    shadow: Shadow | None = None,
    occlusion: ArrayLike | None = None,
) -> Floats:
    """Light what :func:`draw` found: a picture in linear light.

    Opaque samples get texture times light; then blended ones are laid over them in order, each as strongly as its
    texture covers; then the samples of a pixel are averaged. A pixel's opaque samples of one triangle, or of one part
    whose places differ by no more than 1/16 of the texture and 1/64 of the depth, have one colour: that of their mean
    position, normal, place on the texture and occlusion. A light's colour, and that of the ambient light, is what
    white cloth that faces it looks like. ``colour = albedo * (ambient * occlusion + sum_j colour_j * max(0, n.l_j)) +
    gloss * sum_j colour_j * max(0, n.h_j) ** shininess`` (Blinn-Phong).

    Args:
        fragments: of the same triangles.
        vertices: (V, 3), mm in the camera's frame.
        triangles, uv, part: as :func:`draw` had them.
        textures: for each part uint8 (H, W, 4), sRGB and coverage, rows of any stride; read bilinearly.
        directions: (L, 3), towards the lights, which are far away; any length but 0.
        colours: (L, 3), linear red, green and blue from 0 on.
        ambient: (9, 3), irradiance over π by a unit normal, as coefficients of the real spherical harmonics in the
            order 1, y, z, x, xy, yz, 3zz − 1, xz, xx − yy (their constants included: even light of 1 from everywhere
            is 3.5449 in the first); or (3,), the same from everywhere.
        normals: (V, 3), of any length; None computes them.
        gloss, shininess: one for all parts or one for each, from 0 on.
        two_sided: likewise: the normal is turned towards the camera.
        shadow: of the first light.
        occlusion: (V,), share of the ambient light that arrives; None is 1.

    Returns:
        float32 (h, w, 4), linear red, green, blue, premultiplied, and coverage.

    Raises:
        ValueError: a wrong shape, an index that points nowhere, a direction without length, a negative gloss.
        TypeError: a texture that is no uint8 array.
    """
    points, faces = as_floats(vertices), as_triangles(triangles)
    places, parts = as_surface(uv, part, len(points), len(faces))
    lights = np.asarray(directions, np.float64).reshape(-1, 3) if np.size(directions) == 0 else directions
    return _core.shade(
        fragments.triangle,
        fragments.weights,
        fragments.blended_sample,
        fragments.blended_triangle,
        fragments.blended_weights,
        points,
        vertex_normals(points, faces) if normals is None else as_floats(normals),
        places,
        np.ones(len(points), np.float32) if occlusion is None else as_floats(occlusion),
        faces,
        parts,
        list(textures),
        _materials(gloss, shininess, two_sided, len(textures)),
        _decode(),
        as_floats(unit_directions("directions", np.asarray(lights, np.float64))),
        as_floats(colours).reshape(-1, 3),
        _ambient(ambient),
        None if shadow is None else shadow.depth,
        _NO_MATRIX if shadow is None else as_floats(shadow.matrix),
        bias=0.0 if shadow is None else shadow.bias,
        softness=0 if shadow is None else shadow.softness,
        side=fragments.samples,
    )


def _materials(gloss: ArrayLike, shininess: ArrayLike, two_sided: ArrayLike, parts: int) -> Floats:
    rows = np.zeros((parts, 3), np.float32)
    rows[:, 0] = per_part("gloss", gloss, parts, np.float32)
    rows[:, 1] = per_part("shininess", shininess, parts, np.float32)
    rows[:, 2] = per_part("two_sided", two_sided, parts, np.bool_)
    if not (np.isfinite(rows).all() and (rows >= 0).all()):
        msg = f"gloss, shininess: expected finite numbers from 0, got {gloss!r} and {shininess!r}"
        raise ValueError(msg)
    return rows


def _ambient(ambient: ArrayLike) -> Floats:
    given = np.asarray(ambient, np.float32)
    if given.shape == (3,):
        even = np.zeros((9, 3), np.float32)
        even[0] = given
        return even
    if given.shape != (9, 3):
        msg = f"ambient: expected shape (9, 3) or (3,), got {given.shape}"
        raise ValueError(msg)
    return np.ascontiguousarray(given * _HARMONICS[:, None])


@cache
def _decode() -> Floats:
    """Linear light of the sRGB values i / 1020 (IEC 61966-2-1); the core's exponential is the same everywhere."""
    value = np.arange(1021) / 1020
    high = _core.exponential(2.4 * _core.logarithm((value + 0.055) / 1.055))
    table = np.where(value <= 0.04045, value / 12.92, high).astype(np.float32)
    table.setflags(write=False)
    return table
