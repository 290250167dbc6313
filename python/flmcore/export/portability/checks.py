"""The conditions of the rules, with their thresholds."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from flmcore.export.portability.subject import Subject

if TYPE_CHECKING:
    from flmcore.export.ranges import Range

FLOAT16_MAX = 65504.0
NEAR = 0.5  # share of it
_RANK = 5
_SIDE = 13  # places a side of a kernel
_STEP = 2  # of pooling, and factor of upsampling
_ALIGNED = 64  # bytes of the last axis
_WASTE = 4  # times as large with padding
_WORKING_SET = 2 << 20  # bytes; what is smaller stays in the engine's own memory, padding or not
_INDEX_FED = (
    "gather",
    "scatter",
    "topk",
    "argsort",
    "non_zero",
    "non_maximum_suppression",
    "one_hot",
    "sliding_windows",
)


def symbolic_shape(subject: Subject) -> bool:
    return any(size is None for value in subject.values() for size in value.type.shape)


def flexible_layer_norm(subject: Subject) -> bool:
    return subject.flexible and subject.operation.kind == "layer_norm"


def high_rank(subject: Subject) -> bool:
    return any(len(value.type.shape) > _RANK for value in subject.values())


def float32(subject: Subject) -> bool:
    return any(value.type.dtype in ("float32", "float64") for value in subject.values())


def integers(subject: Subject) -> bool:
    kinds = ("int32", "int64", "uint32", "uint64", "int16", "uint16", "int8", "uint8")
    return any(value.type.dtype in kinds for value in subject.values())


def is_kind(*kinds: str) -> Callable[[Subject], bool]:
    """Whether it is one of these."""
    return lambda subject: subject.operation.kind in kinds


def index_fed(subject: Subject) -> bool:
    """Gather and its like, sorting, and slices that begin at a computed place."""
    operation = subject.operation
    if operation.kind.startswith(("slice_by_", "slice_update")):
        given = [operation.argument(name) for name in ("begin", "end", "size")]
        return any(argument is not None and not argument.constant for argument in given)
    return operation.kind.startswith(_INDEX_FED)


def control_flow(subject: Subject) -> bool:
    kind = subject.operation.kind
    return bool(subject.operation.blocks) or kind.startswith(("make_list", "list_"))


def custom(subject: Subject) -> bool:
    return subject.operation.kind.startswith("custom")


def large_pooling(subject: Subject) -> bool:
    operation = subject.operation
    if not operation.kind.endswith("_pool"):
        return False
    sides, steps = _sizes(operation.constant("kernel_sizes")), _sizes(operation.constant("strides"))
    return any(side > _SIDE for side in sides) or any(step > _STEP for step in steps)


def large_kernel(subject: Subject) -> bool:
    weight = subject.operation.argument("weight")
    if not subject.operation.kind.startswith("conv") or weight is None:
        return False
    return any(size is not None and size > _SIDE for size in weight.type.shape[2:])


def large_upsampling(subject: Subject) -> bool:
    operation, x = subject.operation, subject.operation.argument("x")
    if not operation.kind.startswith(("upsample_", "resize_")) or x is None:
        return False
    before, after = x.type.shape[-2:], operation.outputs[0].type.shape[-2:]
    pairs = zip(before, after, strict=True)
    return any(a is not None and b is not None and b > _STEP * a for a, b in pairs)


def dilated(subject: Subject) -> bool:
    operation = subject.operation
    return operation.kind.startswith("conv") and any(
        step > 1 for step in _sizes(operation.constant("dilations"))
    )


def sequence_product(subject: Subject) -> bool:
    """A linear layer on more than one row, or a product of two moving matrices without heads.

    A single row is a classifier's last layer, which is no sequence; products of rank 4 are attention by heads, as
    Apple's own reference writes it.
    """
    operation, x = subject.operation, subject.operation.argument("x")
    if x is None:
        return False
    rows, rank = x.type.shape[:-1], len(x.type.shape)
    if operation.kind == "linear":
        return rank >= 3 and (None in rows or math.prod(size or 1 for size in rows) > 1)
    return operation.kind == "matmul" and rank == 3


def moves_data(subject: Subject) -> bool:
    """A transpose, or a reshape that changes the last axis: both write their tensor anew."""
    operation, x = subject.operation, subject.operation.argument("x")
    if operation.kind != "reshape" or x is None:
        return operation.kind == "transpose"
    return operation.outputs[0].type.shape[-1:] != x.type.shape[-1:]


def padded_last_axis(subject: Subject) -> bool:
    return any(_padded(value.type.shape, value.type.dtype) for value in subject.operation.outputs)


def _padded(shape: tuple[int | None, ...], dtype: str) -> bool:
    if dtype != "float16" or not shape or None in shape:
        return False
    *others, last = (size or 0 for size in shape)
    row = 2 * last
    stored = -(-row // _ALIGNED) * _ALIGNED
    return row > 0 and stored >= _WASTE * row and math.prod(others) * stored >= _WORKING_SET


def _sizes(value: Any) -> list[int]:
    return [] if value is None else [int(size) for size in np.atleast_1d(value)]


def overflows(found: Range) -> bool:
    return found.largest > FLOAT16_MAX


def nearly_overflows(found: Range) -> bool:
    return NEAR * FLOAT16_MAX < found.largest <= FLOAT16_MAX


def underflows(found: Range) -> bool:
    return found.small > 0.5
