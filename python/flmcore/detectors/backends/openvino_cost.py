"""Counts what an OpenVINO model costs, from its graph."""

from __future__ import annotations

import math
from typing import Any

from flmcore.detectors.cost import Cost, conv_multiply_adds

__all__ = ["model_cost"]

_UNCOUNTED = {
    *(
        "BinaryConvolution",
        "DeformableConvolution",
        "Einsum",
        "GRUCell",
        "GRUSequence",
        "If",
        "Loop",
        "LSTMCell",
    ),
    *("LSTMSequence", "RNNCell", "RNNSequence", "ScaledDotProductAttention", "TensorIterator"),
}
_FORWARD = ("Convolution", "GroupConvolution")
_BACKWARD = ("ConvolutionBackpropData", "GroupConvolutionBackpropData")


def model_cost(model: Any, shape: tuple[int, ...]) -> Cost:
    """Parameters and multiply-adds of one input.

    Parameters are the graph's constants of floating point, single numbers left out.

    Args:
        model: as read, not compiled.
        shape: of the input, batch included.
    """
    nodes = model.get_ops()
    parameters = sum(
        math.prod(node.get_output_shape(0))
        for node in nodes
        if node.get_type_name() == "Constant"
        and node.get_output_element_type(0).is_real()
        and len(node.get_output_shape(0))
    )
    uncounted = sorted({node.get_type_name() for node in nodes} & _UNCOUNTED)
    if uncounted:
        return Cost(parameters, None, f"multiply-adds of {', '.join(uncounted)} cannot be counted")
    fixed = model.clone()
    fixed.reshape(list(shape))
    return Cost(parameters, sum(map(_multiply_adds, fixed.get_ops())) // shape[0])


def _multiply_adds(node: Any) -> int:
    kind = node.get_type_name()
    if kind in _FORWARD + _BACKWARD:
        batch, _, *space = node.get_output_shape(0) if kind in _FORWARD else node.get_input_shape(0)
        return conv_multiply_adds(node.get_input_shape(1), (batch, *space))
    if kind == "MatMul":
        first = node.get_input_shape(0)
        summed = int(first[-2 if node.get_attributes()["transpose_a"] else -1])
        return summed * math.prod(map(int, node.get_output_shape(0)))
    return 0
