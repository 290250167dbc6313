"""Checks that the public functions of ``ops`` share."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def as_finite_double(name: str, value: ArrayLike) -> NDArray[np.float64]:
    """``value`` as float64; ValueError where it is not finite."""
    array = np.asarray(value, dtype=np.float64)
    if not np.isfinite(array).all():
        msg = f"{name}: expected finite numbers, got {value!r}"
        raise ValueError(msg)
    return array


def as_landmarks(name: str, value: ArrayLike) -> NDArray[Any]:
    """``value`` as an array of shape (K, 2) of real numbers, its dtype as it is."""
    given = np.asarray(value)
    if given.dtype.kind not in "fiu":
        msg = f"{name}: expected real numbers, got dtype {given.dtype}"
        raise TypeError(msg)
    if given.ndim != 2 or given.shape[1] != 2:
        msg = f"{name}: expected shape (K, 2), got {given.shape}"
        raise ValueError(msg)
    return given


def as_size(name: str, size: int | tuple[int, int]) -> tuple[int, int]:
    """``(width, height)`` of a crop from a pair or one number."""
    try:
        pair = size if isinstance(size, Iterable) else (size, size)
        width, height = (operator.index(extent) for extent in pair)
    except (TypeError, ValueError):
        msg = f"{name}: expected (width, height) or one whole number, got {size!r}"
        raise ValueError(msg) from None
    if not (1 <= width <= 32767 and 1 <= height <= 32767):
        msg = f"{name}: expected width and height from 1 to 32767, got {size!r}"
        raise ValueError(msg)
    return width, height


def as_threads(threads: int | None) -> int:
    """Threads to use; None is every processor this process may run on (0 in the core)."""
    if threads is None:
        return 0
    if type(threads) is int and 1 <= threads <= 1024:
        return threads
    try:
        count = operator.index(threads)
    except TypeError:
        msg = f"threads: expected a whole number from 1 or None, got {threads!r}"
        raise TypeError(msg) from None
    if not 1 <= count <= 1024:
        msg = f"threads: expected a whole number from 1 to 1024 or None, got {threads!r}"
        raise ValueError(msg)
    return count
