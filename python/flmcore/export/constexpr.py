"""Constants that a package stores smaller than they are, brought back: scales, look-up tables, masks.

Each function is one operation ``constexpr_…`` of Core ML's Model Intermediate Language, iOS 16 to 18. Arithmetic is
float32, rounded once to the type of the result; products of 8-bit numbers with a float16 scale are exact before it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.export.bits import unpack_bits

__all__ = ["unpack", "unpackable"]

Array = NDArray[Any]
Parts = Mapping[str, Array]


def unpackable(kind: str) -> bool:
    """Whether :func:`unpack` knows the operation."""
    return kind in _UNPACK


def unpack(kind: str, parts: Parts) -> tuple[Array, ...]:
    """Values of a ``constexpr_…`` operation from its stored parts, one an output.

    KeyError, ValueError or IndexError where parts are missing or do not fit each other.
    """
    return _UNPACK[kind](parts)


def _affine_dequantize(parts: Parts) -> tuple[Array, ...]:
    """scale · (quantized − zero point), both numbers or one each along ``axis``."""
    data, scale = parts["quantized_data"], parts["scale"]
    shape = [1] * data.ndim
    if data.ndim:
        shape[int(parts["axis"])] = -1
    scales, zeros = (part.astype(np.float32).reshape(shape) for part in (scale, parts["zero_point"]))
    return ((scales * (data.astype(np.float32) - zeros)).astype(scale.dtype),)


def _blockwise_shift_scale(parts: Parts) -> tuple[Array, ...]:
    """scale · (data − offset), one of each for a block of the data."""
    scale = parts["scale"]
    data = parts["data"].astype(np.float32)
    if "offset" in parts:
        data = data - _over_blocks(parts["offset"].astype(np.float32), data.shape)
    return ((_over_blocks(scale.astype(np.float32), data.shape) * data).astype(scale.dtype),)


def _over_blocks(values: Array, shape: tuple[int, ...]) -> Array:
    """Each value repeated over its block, so that the whole has ``shape``."""
    if values.ndim != len(shape) or any(size % own for size, own in zip(shape, values.shape, strict=True)):
        msg = f"expected values in blocks of {shape}, got {values.shape}"
        raise ValueError(msg)
    for axis, size in enumerate(shape):
        values = np.repeat(values, size // values.shape[axis], axis)
    return values


def _lut_to_dense(parts: Parts) -> tuple[Array, ...]:
    """Table entries at the indices: iOS 16 packs bits and has one table, iOS 18 has a table for each block."""
    table = parts["lut"]
    if "shape" in parts:
        shape = _shape(parts)
        indices = unpack_bits(parts["indices"], max(1, (table.size - 1).bit_length()), math.prod(shape))
        return (table[indices].reshape(shape),)
    axis = int(parts["vector_axis"]) if "vector_axis" in parts else None
    return (_look_up(parts["indices"], table, axis),)


def _look_up(indices: Array, table: Array, axis: int | None) -> Array:
    """``table`` is (blocks…, entries, vector); a vector of more than one number is laid along ``axis``."""
    if table.ndim != indices.ndim + 2:
        msg = f"expected a table of {indices.ndim + 2} dimensions, got {table.shape}"
        raise ValueError(msg)
    *blocks, entries, vector = table.shape
    which = _over_blocks(np.arange(math.prod(blocks)).reshape(blocks), indices.shape)
    found = table.reshape(-1, entries, vector)[which, indices]
    if vector == 1:
        return found[..., 0]
    if axis is None:
        msg = f"expected vector_axis with vectors of {vector}, got none"
        raise ValueError(msg)
    axis %= indices.ndim
    shape = list(indices.shape)
    shape[axis] *= vector
    return np.moveaxis(found, -1, axis + 1).reshape(shape)


def _sparse_to_dense(parts: Parts) -> tuple[Array, ...]:
    """Zeros but where the mask is set: iOS 16 packs the mask's bits, iOS 18 gives it as it is."""
    mask = parts["mask"]
    if "shape" in parts:
        shape = _shape(parts)
        mask = unpack_bits(mask, 1, math.prod(shape)).reshape(shape)
    return (_spread(parts["nonzero_data"], mask),)


def _spread(values: Array, mask: Array) -> Array:
    dense = np.zeros(mask.shape, values.dtype)
    dense[mask != 0] = values
    return dense


def _lut_to_sparse(parts: Parts) -> tuple[Array, ...]:
    mask = parts["indices_mask"]
    axis = int(parts["vector_axis"]) if "vector_axis" in parts else None
    dense = _look_up(_spread(parts["indices_nonzero_data"], mask), parts["lut"], axis)
    if axis is not None:
        mask = np.repeat(mask, parts["lut"].shape[-1], axis)
    return mask, dense[mask != 0]


def _sparse_blockwise_shift_scale(parts: Parts) -> tuple[Array, ...]:
    mask = parts["data_mask"]
    (dense,) = _blockwise_shift_scale({**parts, "data": _spread(parts["nonzero_data"], mask)})
    return mask, dense[mask != 0]


def _cast(parts: Parts) -> tuple[Array, ...]:
    names = {"fp16": "float16", "fp32": "float32"}
    return (parts["source_val"].astype(names[str(parts["output_dtype"])]),)


def _shape(parts: Parts) -> tuple[int, ...]:
    return tuple(int(size) for size in parts["shape"])


_UNPACK: Mapping[str, Callable[[Parts], tuple[Array, ...]]] = {
    "constexpr_affine_dequantize": _affine_dequantize,
    "constexpr_blockwise_shift_scale": _blockwise_shift_scale,
    "constexpr_cast": _cast,
    "constexpr_lut_to_dense": _lut_to_dense,
    "constexpr_lut_to_sparse": _lut_to_sparse,
    "constexpr_sparse_blockwise_shift_scale": _sparse_blockwise_shift_scale,
    "constexpr_sparse_to_dense": _sparse_to_dense,
}
