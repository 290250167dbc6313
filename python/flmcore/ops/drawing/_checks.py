"""Arrays as the drawing kernels take them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]
Bytes = NDArray[np.uint8]


def as_floats(value: ArrayLike) -> Floats:
    """``value`` as contiguous float32."""
    return np.ascontiguousarray(value, dtype=np.float32)


def as_indices(name: str, value: ArrayLike) -> Ints:
    """``value`` as contiguous int32; ValueError where it does not hold whole numbers of 32 bits."""
    given = np.asarray(value)
    if given.dtype == np.int32:
        return np.ascontiguousarray(given)
    if given.dtype.kind not in "iu" and given.size:
        msg = f"{name}: expected whole numbers, got dtype {given.dtype}"
        raise TypeError(msg)
    if given.size and not (int(given.min()) >= -(2**31) and int(given.max()) < 2**31):
        msg = f"{name}: expected numbers of 32 bits, got {given.min()} to {given.max()}"
        raise ValueError(msg)
    return np.ascontiguousarray(given, dtype=np.int32)


def as_triangles(value: ArrayLike) -> Ints:
    """``value`` as int32 (F, 3); no triangles may be an empty list."""
    triangles = as_indices("triangles", value)
    return triangles.reshape(0, 3) if triangles.shape == (0,) else triangles


def per_part(name: str, value: ArrayLike, parts: int, dtype: type[np.generic]) -> NDArray[np.generic]:
    """One number for all parts or one for each, as an array of ``parts``."""
    given = np.asarray(value, dtype=dtype)
    if given.shape not in ((), (parts,)):
        msg = f"{name}: expected one or {parts}, one for each part, got shape {given.shape}"
        raise ValueError(msg)
    return np.broadcast_to(given, (parts,))


def as_cutouts(cutouts: Sequence[Bytes | None] | None, part: Ints) -> list[Bytes | None]:
    """One cutout or None for each part; without any, as many None as there are parts."""
    if cutouts is None:
        return [None] * (int(part.max(initial=0)) + 1)
    return list(cutouts)


def as_surface(
    uv: ArrayLike | None, part: ArrayLike | None, vertices: int, triangles: int
) -> tuple[Floats, Ints]:
    """uv and part as they are, or 0 for every vertex and triangle."""
    places = np.zeros((vertices, 2), np.float32) if uv is None else as_floats(uv)
    parts = np.zeros(triangles, np.int32) if part is None else as_indices("part", part)
    return places, parts
