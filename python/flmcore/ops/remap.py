"""Landmarks of one scheme from those of another."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flmcore import _core, schemes
from flmcore.schemes.rows import Table

__all__ = ["remap"]


def remap(
    points: ArrayLike, source: str, target: str, *, variant: str | None = None
) -> NDArray[np.float32] | NDArray[np.float64]:
    """Landmarks of scheme ``target`` from landmarks of scheme ``source``.

    A point that both schemes share is copied bit for bit; one between source points is their weighted mean, or lies
    at a share of a contour's length, computed in float64; one that the source cannot give is NaN, and so is one with
    a NaN source. :func:`flmcore.schemes.mapping` tells which is which.

    Args:
        points: (..., K, 2), K landmarks of ``source``, in any pixel coordinates and any layout. float32 gives
            float32, anything else float64.
        source: scheme name or alias, see :func:`flmcore.schemes.names`.
        target: scheme name or alias.
        variant: another table where a mapping has several, see :func:`flmcore.schemes.mapping`.

    Returns:
        (..., M, 2) with M landmarks of ``target``.

    Raises:
        ValueError: an unknown scheme, no way from one to the other, or points that are not of ``source``.
    """
    tables = _tables(source, target, variant)
    given = np.asarray(points)
    if given.ndim < 2 or given.shape[-2:] != (tables[0][0], 2):
        msg = f"points: expected shape (..., {tables[0][0]}, 2) for {source}, got {given.shape}"
        raise ValueError(msg)
    batch, shape = given.shape[:-2], (math.prod(given.shape[:-2]), *given.shape[-2:])
    if given.dtype == np.float32:
        single: NDArray[np.float32] = np.ascontiguousarray(given).reshape(shape)
        for _, table in tables:
            single = _core.remap_float(single, *table)
        return single.reshape(*batch, *single.shape[-2:])
    double = np.ascontiguousarray(given, dtype=np.float64).reshape(shape)
    for _, table in tables:
        double = _core.remap_double(double, *table)
    return double.reshape(*batch, *double.shape[-2:])


@lru_cache(maxsize=256)
def _tables(source: str, target: str, variant: str | None) -> tuple[tuple[int, Table], ...]:
    mapping = schemes.mapping(source, target, variant=variant)
    return tuple((step.sources, step.table()) for step in mapping.steps)
