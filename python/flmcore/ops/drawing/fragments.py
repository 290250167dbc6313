"""Which triangle each sample of a picture shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from flmcore import _core
from flmcore.ops._arrays import as_size
from flmcore.ops.drawing._checks import (
    Bytes,
    Floats,
    Ints,
    as_cutouts,
    as_floats,
    as_surface,
    as_triangles,
    per_part,
)

__all__ = ["Fragments", "draw"]


@dataclass(frozen=True)
class Fragments:
    """What :func:`draw` found, with s samples along each side of a pixel.

    Attributes:
        triangle: int32 (h s, w s), index of the nearest opaque triangle, −1 where there is none.
        weights: float32 (h s, w s, 2), perspective-correct shares of its second and third corner; the first has the
            rest, ``1 - b - c``.
        depth: float32 (h s, w s), mm from the camera along its axis; infinite where nothing is.
        blended_sample: int32 (B,), the samples that blended triangles cover in front of that depth, as indices into
            the flattened grid; triangle by triangle in their order.
        blended_triangle: int32 (B,).
        blended_weights: float32 (B, 2).
        samples: s.
    """

    triangle: Ints
    weights: Floats
    depth: Floats
    blended_sample: Ints
    blended_triangle: Ints
    blended_weights: Floats
    samples: int


def draw(
    vertices: ArrayLike,
    triangles: ArrayLike,
    uv: ArrayLike | None = None,
    part: ArrayLike | None = None,
    cutouts: Sequence[Bytes | None] | None = None,
    *,
    size: int | tuple[int, int],
    samples: int = 2,
    two_sided: ArrayLike = False,
    blend: ArrayLike = False,
    near: float = 1.0,
) -> Fragments:
    """Find the nearest triangle of every sample.

    A triangle is left out where one of its corners is not farther away than ``near``, not finite or more than 131,072
    samples off, where it has no area, and where it is seen from behind and its part is not two-sided. Triangles that
    share an edge share no sample and leave none out between them. Of equal depths the first triangle's wins.

    Args:
        vertices: (V, 3): x and y in pixels, (0, 0) being the centre of the top-left pixel, and the depth in mm.
        triangles: (F, 3), indices of vertices.
        uv: (V, 2), places on the part's texture from 0 to 1, right and down; needed where there are cutouts.
        part: (F,), which part a triangle is of, from 0; None is one part.
        cutouts: for each part uint8 (H, W), or None where it has no holes: opaque parts are holes where the texel at
            uv is below 128. Any strides, such as ``texture[..., 3]``. uv is held to the texture's edge.
        size: ``(width, height)`` in pixels, or one number.
        samples: samples along each side of a pixel, 1 to 16; at most 16384 along a side of the picture.
        two_sided: one for all parts or one for each: drawn from behind, too.
        blend: likewise: goes over the opaque parts in :func:`shade`, and hides nothing.
        near: mm.

    Raises:
        ValueError: a wrong shape, or an index that points nowhere.
        TypeError: a cutout that is no uint8 array, indices that are no whole numbers.
    """
    width, height = as_size("size", size)
    corners, faces = as_floats(vertices), as_triangles(triangles)
    places, parts = as_surface(uv, part, len(corners), len(faces))
    holes = as_cutouts(cutouts, parts)
    count = len(holes)
    flags = per_part("two_sided", two_sided, count, np.bool_).astype(np.uint8)
    flags |= per_part("blend", blend, count, np.bool_).astype(np.uint8) << 1
    found = _core.draw_triangles(
        corners,
        faces,
        places,
        parts,
        holes,
        flags,
        height=height,
        width=width,
        samples=samples,
        near=max(near, 1e-6),
    )
    return Fragments(*found, samples=samples)
