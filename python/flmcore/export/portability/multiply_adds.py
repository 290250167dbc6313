"""Multiply-adds of a Core ML operation, from the shapes that the package states."""

from __future__ import annotations

import math
from collections.abc import Callable

from flmcore.detectors.cost import conv_multiply_adds
from flmcore.export.program import Argument, Operation

__all__ = ["multiply_adds"]

Shape = tuple[int, ...]


class _UnknownSize(Exception):
    """A size that is known only when the model runs."""


def multiply_adds(operation: Operation) -> int | None:
    """Of one run; 0 for all that multiplies no weights and no matrices, None where a shape is not known.

    Convolutions, transposed ones, linear layers, matrix products, einsum and attention are counted as in
    :meth:`flmcore.Detector.cost`: padding included, a multiply-add once, elementwise work not at all.
    """
    formula = _FORMULAS.get(operation.kind)
    if formula is None:
        return 0
    try:
        return formula(operation)
    except _UnknownSize:
        return None


def _shape(argument: Argument | None) -> Shape:
    if argument is None:
        raise _UnknownSize
    known = tuple(size for size in argument.type.shape if size is not None)
    if len(known) != len(argument.type.shape):
        raise _UnknownSize
    return known


def _given(operation: Operation, *parameters: str) -> list[Shape]:
    return [_shape(operation.argument(parameter)) for parameter in parameters]


def _conv(operation: Operation) -> int:
    (weight,) = _given(operation, "weight")
    batch, _, *places = _shape(operation.outputs[0])
    return conv_multiply_adds(weight, [batch, *places])


def _conv_transpose(operation: Operation) -> int:
    x, weight = _given(operation, "x", "weight")
    return conv_multiply_adds(weight, [x[0], *x[2:]])


def _linear(operation: Operation) -> int:
    (weight,) = _given(operation, "weight")  # (outputs, inputs)
    return math.prod(_shape(operation.outputs[0])) * weight[1]


def _matmul(operation: Operation) -> int:
    (x,) = _given(operation, "x")
    turned = bool(operation.constant("transpose_x", False)) and len(x) > 1
    return math.prod(_shape(operation.outputs[0])) * x[-2 if turned else -1]


def _einsum(operation: Operation) -> int:
    terms = str(operation.constant("equation", "")).replace(" ", "").partition("->")[0].split(",")
    values = [_shape(value) for value in operation.inputs.get("values", ())]
    sizes: dict[str, int] = {}
    for letters, shape in zip(terms, values, strict=False):
        sizes |= zip(letters, shape, strict=False)
    return math.prod(sizes.values()) if len(values) == len(terms) > 1 else 0


def _attention(operation: Operation) -> int:
    query, key, value = _given(operation, "query", "key", "value")
    return math.prod(query[:-1]) * key[-2] * (query[-1] + value[-1])


def _recurrent(operation: Operation) -> int:
    x, *weights = _given(
        operation, "x", "weight_ih", "weight_hh"
    )  # x: (steps, batch, inputs); all gates in a weight
    back = [name for name in ("weight_ih_back", "weight_hh_back") if operation.argument(name) is not None]
    return sum(map(math.prod, [*weights, *_given(operation, *back)])) * math.prod(x[:-1])


_FORMULAS: dict[str, Callable[[Operation], int]] = {
    "conv": _conv,
    "conv_transpose": _conv_transpose,
    "linear": _linear,
    "matmul": _matmul,
    "einsum": _einsum,
    "scaled_dot_product_attention": _attention,
    "lstm": _recurrent,
    "gru": _recurrent,
    "rnn": _recurrent,
}
