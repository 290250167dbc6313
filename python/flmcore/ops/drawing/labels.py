"""What the pixels of a drawing show."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from flmcore import _core
from flmcore.ops.drawing._checks import Bytes, as_cutouts, as_surface, as_triangles
from flmcore.ops.drawing.fragments import Fragments

__all__ = ["label_map"]


def label_map(
    fragments: Fragments,
    labels: ArrayLike,
    triangles: ArrayLike | None = None,
    uv: ArrayLike | None = None,
    part: ArrayLike | None = None,
    maps: Sequence[Bytes | None] | None = None,
    *,
    background: int = 0,
) -> Bytes:
    """The label that most of a pixel's samples show; of equally many, that of the sample that comes first.

    Blended parts show what is behind them.

    Args:
        fragments: as :func:`draw` found them.
        labels: (F,), 0 to 255, one for each triangle.
        triangles, uv, part: as :func:`draw` had them; needed where there are maps.
        maps: for each part uint8 (H, W) of labels, which count in the place of its triangles', or None. The texel
            that holds uv is read; any strides.
        background: where no triangle is.

    Returns:
        uint8 (h, w).

    Raises:
        ValueError: a wrong shape, an index that points nowhere, a label beyond 0 to 255.
        TypeError: a map that is no uint8 array.
    """
    names = np.asarray(labels)
    if names.dtype != np.uint8 and names.size and not (names.min() >= 0 and names.max() <= 255):
        msg = f"labels: expected 0 to 255, got {names.min()} to {names.max()}"
        raise ValueError(msg)
    faces = np.zeros((len(names), 3), np.int32) if triangles is None else as_triangles(triangles)
    # without places, as many vertices as the triangles name
    places, parts = as_surface(uv, part, int(faces.max(initial=0)) + 1 if uv is None else 0, len(faces))
    return _core.label_pixels(
        fragments.triangle,
        fragments.weights,
        faces,
        places,
        parts,
        np.ascontiguousarray(names, np.uint8),
        as_cutouts(maps, parts),
        background=background,
        side=fragments.samples,
    )
