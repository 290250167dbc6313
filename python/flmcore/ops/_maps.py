"""What the decoders of heat maps and of SimCC vectors share: maps as the core takes them, and their options."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

FLOAT32 = np.dtype(np.float32)


def as_maps(name: str, value: ArrayLike, axes: str) -> tuple[NDArray[np.float32] | NDArray[np.float16], bool]:
    """``value`` in place where the core can read it, and whether the batch axis that ``axes`` starts with is added."""
    # A face takes some 10 microseconds, so what is checked first is what nearly every caller passes.
    array = value if type(value) is np.ndarray else np.asarray(value)
    if array.dtype is not FLOAT32 or not array.flags.aligned:
        array = _as_native(name, array)
    if array.ndim == len(axes):
        return array, False
    if array.ndim != len(axes) - 1:
        msg = f"{name}: expected shape ({', '.join(axes)}) or ({', '.join(axes[1:])}), got {array.shape}"
        raise ValueError(msg)
    return array[np.newaxis], True


def _as_native(name: str, array: NDArray[Any]) -> NDArray[np.float32] | NDArray[np.float16]:
    native = array.dtype.newbyteorder("=")
    if native == np.float64:
        with np.errstate(over="ignore"):  # beyond float32 is infinity, which the core calls undefined
            return array.astype(np.float32)
    if native not in (np.float32, np.float16):
        msg = f"{name}: expected float32, float16 or float64, got {array.dtype}"
        raise TypeError(msg)
    if array.flags.aligned and array.dtype.isnative:
        return array
    return array.astype(native)


def choose(method: str, known: Mapping[str, tuple[str, ...]], **options: object) -> None:
    """ValueError for an unknown method, TypeError for an option that is given and not the method's."""
    if method not in known:
        msg = f"method: expected one of {', '.join(known)}, got {method!r}"
        raise ValueError(msg)
    for name, value in options.items():
        if value is not None and name not in known[method]:
            takers = [taker for taker, names in known.items() if name in names]
            msg = (
                f"{name}: expected only with method {' or '.join(map(repr, takers))}, got it with {method!r}"
            )
            raise TypeError(msg)


def as_threshold(threshold: float | None, default: float) -> float:
    """Score that a landmark must exceed; -inf accepts all."""
    if threshold is None:
        return default
    value = _as_float("threshold", threshold)
    if math.isnan(value):
        msg = f"threshold: expected a number, got {threshold!r}"
        raise ValueError(msg)
    return value


def as_positive(name: str, value: float | None, default: float) -> float:
    """A finite positive number, or the default for None."""
    if value is None:
        return default
    number = value if type(value) is float else _as_float(name, value)
    if not 0.0 < number < math.inf:
        msg = f"{name}: expected a positive number, got {value!r}"
        raise ValueError(msg)
    return number


def as_odd(name: str, value: int | None, default: int, largest: int) -> int:
    """An odd number from 1 to ``largest``, or the default for None."""
    if value is None:
        return default
    try:
        number = operator.index(value)
    except TypeError:
        msg = f"{name}: expected an odd whole number, got {value!r}"
        raise TypeError(msg) from None
    if not (1 <= number <= largest and number % 2 == 1):
        msg = f"{name}: expected an odd number from 1 to {largest}, got {value!r}"
        raise ValueError(msg)
    return number


def _as_float(name: str, value: float) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        msg = f"{name}: expected a number, got {value!r}"
        raise TypeError(msg) from None
