"""Landmarks of one scheme from those of another."""

from __future__ import annotations

import math
import os
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flmcore import _core, schemes
from flmcore.schemes.rows import Mapping, Table

__all__ = ["remap"]

Real = NDArray[Any]  # float32 or float64


def remap(
    points: ArrayLike,
    source: str | None = None,
    target: str | None = None,
    *,
    variant: str | None = None,
    mapping: Mapping | str | os.PathLike[str] | None = None,
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
        mapping: in the place of schemes and variant: a mapping, as :func:`flmcore.fit_remap` gives, or the path of its
            file, which is read at each call (:func:`flmcore.schemes.read_mapping` reads it once).
        out: where to put the result: contiguous, of its shape and dtype.

    Returns:
        (..., M, 2) with M landmarks of ``target``; ``out`` where given.

    Raises:
        ValueError: an unknown scheme, no way from one to the other, or points that are not of ``source``.
        ConfigError: a file that holds no mapping.
    """
    name, tables = _chosen(source, target, variant, mapping)
    given = np.asarray(points)
    if given.ndim < 2 or given.shape[-2:] != (tables[0][0], 2):
        msg = f"points: expected shape (..., {tables[0][0]}, 2) for {name}, got {given.shape}"
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


Tables = tuple[tuple[int, Table], ...]


def _chosen(
    source: str | None,
    target: str | None,
    variant: str | None,
    mapping: Mapping | str | os.PathLike[str] | None,
) -> tuple[str, Tables]:
    if mapping is None:
        if source is None or target is None:
            msg = f"source, target: expected two schemes, or mapping, got {source!r}, {target!r}"
            raise ValueError(msg)
        return source, _tables(source, target, variant)
    if not (source is None and target is None and variant is None):
        msg = f"mapping: expected neither source, target nor variant beside it, got {source!r}, {target!r}, {variant!r}"
        raise ValueError(msg)
    if isinstance(mapping, (str, os.PathLike)):
        mapping = schemes.read_mapping(mapping)
    if not isinstance(mapping, Mapping):
        msg = f"mapping: expected a mapping or the path of one, got {type(mapping).__name__}"
        raise TypeError(msg)
    return mapping.source, _tables_of(mapping)


@lru_cache(maxsize=256)
def _tables(source: str, target: str, variant: str | None) -> Tables:
    return _tables_of(schemes.mapping(source, target, variant=variant))


@lru_cache(maxsize=32)
def _tables_of(mapping: Mapping) -> Tables:
    return tuple((step.sources, step.table()) for step in mapping.steps)
