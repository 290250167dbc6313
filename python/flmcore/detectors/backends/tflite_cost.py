"""Counts what a TensorFlow Lite model costs, from the interpreter's lists of operators and tensors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flmcore.detectors.cost import Cost, conv_multiply_adds

__all__ = ["interpreter_cost"]

# These compute, and none of them multiplies numbers of the face with weights: they count nothing.
_FREE = {
    *(
        "ABS",
        "ADD",
        "ARG_MAX",
        "AVERAGE_POOL_2D",
        "CAST",
        "CONCATENATION",
        "DELEGATE",
        "DEPTH_TO_SPACE",
        "DEQUANTIZE",
    ),
    *(
        "DIV",
        "ELU",
        "EXP",
        "EXPAND_DIMS",
        "FLOOR",
        "GATHER",
        "GELU",
        "HARD_SWISH",
        "L2_NORMALIZATION",
        "LEAKY_RELU",
    ),
    *(
        "LOG",
        "LOGISTIC",
        "MAXIMUM",
        "MAX_POOL_2D",
        "MEAN",
        "MINIMUM",
        "MIRROR_PAD",
        "MUL",
        "NEG",
        "PACK",
        "PAD",
        "PADV2",
    ),
    *(
        "POW",
        "PRELU",
        "QUANTIZE",
        "REDUCE_MAX",
        "REDUCE_MIN",
        "RELU",
        "RELU6",
        "RELU_N1_TO_1",
        "RESHAPE",
        "RESIZE_BILINEAR",
    ),
    *(
        "RESIZE_NEAREST_NEIGHBOR",
        "RSQRT",
        "SHAPE",
        "SLICE",
        "SOFTMAX",
        "SPACE_TO_DEPTH",
        "SPLIT",
        "SPLIT_V",
        "SQRT",
    ),
    *(
        "SQUARE",
        "SQUARED_DIFFERENCE",
        "SQUEEZE",
        "STRIDED_SLICE",
        "SUB",
        "SUM",
        "TANH",
        "TILE",
        "TRANSPOSE",
        "UNPACK",
    ),
}
_COUNTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED", "BATCH_MATMUL")


def interpreter_cost(interpreter: Any, batch: int) -> Cost:
    """Parameters and multiply-adds of one input; the interpreter's tensors must be allocated.

    Parameters are the constants of floating point, or of 8 bits, and the biases of quantised layers.
    """
    list_operators = getattr(
        interpreter, "_get_ops_details", None
    )  # no public way to see a model's operators
    if list_operators is None:
        return Cost(None, None, "this version of ai-edge-litert does not list a model's operators")
    operators = list_operators()
    tensors = {int(tensor["index"]): tensor for tensor in interpreter.get_tensor_details()}
    parameters = _parameters(operators, tensors, interpreter.get_input_details())
    unknown = sorted({operator["op_name"] for operator in operators} - _FREE - set(_COUNTED))
    if unknown:
        return Cost(parameters, None, f"multiply-adds of {', '.join(unknown)} cannot be counted")
    return Cost(parameters, sum(_multiply_adds(operator, tensors) for operator in operators) // batch)


def _parameters(operators: list[Any], tensors: dict[int, Any], inputs: list[Any]) -> int:
    made = {int(index) for operator in operators for index in operator["outputs"]}
    made |= {int(value["index"]) for value in inputs}
    count = 0
    constants = set()
    for operator in operators:
        for place, index in enumerate(map(int, operator["inputs"])):
            kind = np.dtype(tensors[index]["dtype"]) if index >= 0 else None
            if kind is None or index in made or index in constants:
                continue
            is_bias = place == 2 and operator["op_name"] in _COUNTED[:4] and kind == np.int32
            if kind.kind == "f" or kind.itemsize == 1 or is_bias:
                constants.add(index)
                count += math.prod(map(int, tensors[index]["shape"]))
    return count


def _multiply_adds(operator: Any, tensors: dict[int, Any]) -> int:
    def shape(index: Any) -> list[int]:
        return [int(extent) for extent in tensors[int(index)]["shape"]]

    name, inputs, output = operator["op_name"], operator["inputs"], operator["outputs"]
    if name in ("CONV_2D", "DEPTHWISE_CONV_2D"):
        return conv_multiply_adds(shape(inputs[1]), shape(output[0])[:3])
    if name == "TRANSPOSE_CONV":  # its inputs: the output's shape, the kernel, the map
        return conv_multiply_adds(shape(inputs[1]), shape(inputs[2])[:3])
    if name == "FULLY_CONNECTED":
        return math.prod(shape(output[0])) * shape(inputs[1])[-1]
    # Each number of the first factor meets every column of the output, whether or not it lies transposed.
    return math.prod(shape(inputs[0])) * shape(output[0])[-1] if name == "BATCH_MATMUL" else 0
