"""Landmarks of one scheme from those of another."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flmcore import _core, schemes
from flmcore.schemes.rows import Table

__all__ = ["remap"]

Real = NDArray[Any]  # float32 or float64


def remap(
    points: ArrayLike,
    source: str,
    target: str,
    *,
    variant: str | None = None,
    out: Real | None = None,
) -> Real:
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
        out: where to put the result: contiguous, of its shape and dtype.

    Returns:
        (..., M, 2) with M landmarks of ``target``; ``out`` where given.

    Raises:
        ValueError: an unknown scheme, no way from one to the other, or points that are not of ``source``.
    """
    tables = _tables(source, target, variant)
    given = np.asarray(points)
    if given.ndim < 2 or given.shape[-2:] != (tables[0][0], 2):
        msg = f"points: expected shape (..., {tables[0][0]}, 2) for {source}, got {given.shape}"
        raise ValueError(msg)
    dtype = np.dtype(np.float32 if given.dtype == np.float32 else np.float64)
    batch, count = given.shape[:-2], math.prod(given.shape[:-2])
    result = _result(out, (*batch, tables[-1][1][0].size - 1, 2), dtype)
    flat = np.ascontiguousarray(given, dtype=dtype).reshape(count, *given.shape[-2:])
    if out is not None and np.may_share_memory(flat, out):
        flat = flat.copy()
    for i, (_, table) in enumerate(tables):
        rows = table[0].size - 1
        target_of = (
            result.reshape(count, rows, 2) if i + 1 == len(tables) else np.empty((count, rows, 2), dtype)
        )
        if dtype == np.float32:
            _core.remap_float(flat, target_of, *table)
        else:
            _core.remap_double(flat, target_of, *table)
        flat = target_of
    return result


def _result(out: Real | None, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Real:
    if out is None:
        return np.empty(shape, dtype)
    good = isinstance(out, np.ndarray) and out.shape == shape and out.dtype == dtype
    if not (good and out.flags.c_contiguous and out.flags.writeable):
        got = f"{out.dtype} {out.shape}" if isinstance(out, np.ndarray) else type(out).__name__
        msg = f"out: expected a contiguous writeable array of {dtype} {shape}, got {got}"
        raise ValueError(msg)
    return out


@lru_cache(maxsize=256)
def _tables(source: str, target: str, variant: str | None) -> tuple[tuple[int, Table], ...]:
    mapping = schemes.mapping(source, target, variant=variant)
    return tuple((step.sources, step.table()) for step in mapping.steps)
