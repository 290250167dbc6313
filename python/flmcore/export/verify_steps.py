"""How far a stored weight is from what it should be, in the units of how it is stored."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.export.program import Argument

__all__ = ["half_steps", "units"]

Array = NDArray[Any]
_ROUNDING = (
    2.0**-9
)  # of the weight, of the scale or entry and of their product to float16, relative to their size


def units(value: Array, expected: NDArray[np.float64], *, size: Array | None = None) -> float:
    """The largest difference, in units of the last place that ``value``'s type has at ``size``, or at ``expected``."""
    unit = np.spacing(np.abs(expected if size is None else size).astype(value.dtype)).astype(np.float64)
    unit = unit.reshape(value.shape)
    differences = np.abs(value.astype(np.float64) - expected.reshape(value.shape)) / unit
    return float(np.nanmax(differences, initial=0.0))


def half_steps(argument: Argument, expected: NDArray[np.float64]) -> float:
    """The largest difference of a compressed weight, in half steps of its quantiser, rounding taken off.

    A step is the scale, or the distance of the table's entries on both sides of the expected number; beyond the ends of
    a table, where any distance is right for its last entry, it counts as none. Infinite where the way of compression has
    no steps.
    """
    assert argument.unpacks is not None
    value = argument.value().astype(np.float64)
    scale, table = argument.unpacks.argument("scale"), argument.unpacks.argument("lut")
    if scale is not None:
        step = _over(scale.value().astype(np.float64), value.shape)
        return _excess(np.abs(value - expected), step / 2, np.abs(value) + step)
    if table is not None:
        return _from_table(value, table.value().astype(np.float64), expected)
    return np.inf


def _excess(difference: Array, half: Array, size: Array) -> float:
    return float(np.max((difference - size * _ROUNDING) / half, initial=0.0))


def _over(scale: Array, shape: tuple[int, ...]) -> Array:
    """One scale an output channel (iOS 16) or a block (iOS 18), for each weight."""
    if scale.ndim == 1 and scale.size > 1:
        scale = scale.reshape(-1, *[1] * (len(shape) - 1))
    for axis, count in enumerate(scale.shape):
        if count > 1:
            scale = np.repeat(scale, shape[axis] // count, axis)
    return np.broadcast_to(scale, shape)


def _from_table(value: Array, table: Array, expected: NDArray[np.float64]) -> float:
    """Tables for groups of output channels, or one for all; infinite for tables of vectors or along other axes."""
    blocks = table.shape[:-2] if table.ndim > 1 else ()
    if (table.ndim > 1 and table.shape[-1] != 1) or any(count > 1 for count in blocks[1:]):
        return np.inf
    count = blocks[0] if blocks else 1
    groups = zip(np.split(value, count), np.split(expected, count), table.reshape(count, -1), strict=True)
    return max(_from_entries(*group) for group in groups)


def _from_entries(value: Array, expected: Array, entries: Array) -> float:
    entries = np.unique(entries)
    if len(entries) < 2:
        return 0.0
    inside = np.clip(expected, entries[0], entries[-1])
    above = np.clip(np.searchsorted(entries, inside), 1, len(entries) - 1)
    half = (entries[above] - entries[above - 1]) / 2
    places = len(entries) * 2.0**-10  # coremltools finds an entry's place in float16
    size = np.abs(entries).max() + 2 * half * places / _ROUNDING
    return _excess(np.abs(value - inside), half, size)
