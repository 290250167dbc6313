"""Counts what an ONNX model costs, from its graph and the shapes that one real run has."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from flmcore.detectors.backends.onnx_file import read_model
from flmcore.detectors.cost import Cost, conv_multiply_adds

__all__ = ["onnx_cost"]

Shapes = Mapping[str, tuple[int, ...]]
# Operators that multiply and are not counted: a number that leaves them out would be wrong without a word.
_UNCOUNTED = {
    *("Attention", "MultiHeadAttention", "GroupQueryAttention", "PackedAttention", "DeformConv", "Einsum"),
    *("GRU", "LSTM", "RNN", "QAttention", "QGemm", "MatMulNBits", "DynamicQuantizeMatMul"),
    *("If", "Loop", "Scan", "QLinearConv", "ConvInteger", "QLinearMatMul", "MatMulInteger"),
}
_FLOATS = ("FLOAT", "FLOAT16", "BFLOAT16", "DOUBLE")
_BYTES = ("INT8", "UINT8", "INT4", "UINT4")  # of quantised weights


def onnx_cost(weights: Path, input_name: str, shape: tuple[int, ...], dtype: Any) -> Cost:
    """Parameters and multiply-adds of an ONNX model.

    Parameters are the constants of floating point (8 bits where quantised) that the file holds, without running
    statistics: batch normalisation that an exporter folded into a convolution counts as the convolution's bias.

    Args:
        weights: the file.
        input_name: its one input.
        shape: of that input, batch included.
        dtype: NumPy's, of that input.
    """
    try:
        import onnx
        from onnx import inliner
    except ImportError:
        return Cost(None, None, "counting needs onnx, which is not installed: pip install onnx")
    file = read_model(weights)
    model = onnx.load(file) if isinstance(file, str) else onnx.load_model_from_string(file)
    if model.functions:
        model = inliner.inline_local_functions(model)
    parameters = _parameters(model.graph, onnx.TensorProto)
    uncounted = sorted({node.op_type for node in model.graph.node} & _UNCOUNTED)
    if uncounted:
        return Cost(parameters, None, f"multiply-adds of {', '.join(uncounted)} cannot be counted")
    nodes = [node for node in model.graph.node if node.op_type in _COUNTED]
    shapes = _shapes(model, nodes, input_name, np.zeros(shape, dtype))
    total = sum(_COUNTED[node.op_type](node, shapes) for node in nodes)
    return Cost(parameters, total // shape[0])


def _parameters(graph: Any, types: Any) -> int:
    """Elements of the constants, but for single numbers and the running statistics of batch normalisation."""
    floats, small = (
        {getattr(types, name) for name in names if hasattr(types, name)} for names in (_FLOATS, _BYTES)
    )
    statistics = {
        name for node in graph.node if node.op_type == "BatchNormalization" for name in node.input[3:5]
    }
    # Weights kept in half precision are cast on loading: the statistics are what the cast takes.
    statistics |= {
        node.input[0] for node in graph.node if node.op_type == "Cast" and node.output[0] in statistics
    }
    return sum(
        math.prod(tensor.dims)
        for name, tensor in _constants(graph)
        if name not in statistics
        and (
            (tensor.data_type in floats and tensor.dims)
            or (tensor.data_type in small and len(tensor.dims) > 1)
        )
    )


def _constants(graph: Any) -> Iterator[tuple[str, Any]]:
    for tensor in graph.initializer:
        yield tensor.name, tensor
    for node in graph.node:
        if node.op_type == "Constant":
            for attribute in node.attribute:
                if attribute.name == "value":
                    yield node.output[0], attribute.t


def _shapes(model: Any, nodes: list[Any], input_name: str, example: Any) -> Shapes:
    """Shapes of what the counted nodes read and write, seen by running the model with a Shape behind each of them."""
    import onnx
    import onnxruntime

    known = {name: tuple(tensor.dims) for name, tensor in _constants(model.graph)}
    names = {name for node in nodes for name in (*node.input[:2], *node.output[:1])} - set(known)
    if not names:
        return known
    seen = {f"flmcore/shape/{number}": name for number, name in enumerate(sorted(names))}
    del model.graph.output[:]
    for output, name in seen.items():
        model.graph.node.append(onnx.helper.make_node("Shape", [name], [output]))
        model.graph.output.append(onnx.helper.make_tensor_value_info(output, onnx.TensorProto.INT64, None))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    found = session.run(list(seen), {input_name: example})
    return known | {name: tuple(map(int, shape)) for name, shape in zip(seen.values(), found, strict=True)}


def _conv(node: Any, shapes: Shapes) -> int:
    batch, _, *space = shapes[node.output[0]]
    return conv_multiply_adds(shapes[node.input[1]], (batch, *space))


def _conv_transpose(node: Any, shapes: Shapes) -> int:
    batch, _, *space = shapes[node.input[0]]
    return conv_multiply_adds(shapes[node.input[1]], (batch, *space))


def _product(node: Any, shapes: Shapes) -> int:
    """Of a matrix product: each number of the output is a sum over the first factor's last axis."""
    transposed = any(a.name == "transA" and a.i for a in node.attribute)
    summed = shapes[node.input[0]][-2 if transposed else -1]
    return math.prod(shapes[node.output[0]]) * summed


_COUNTED = {
    "Conv": _conv,
    "FusedConv": _conv,
    "ConvTranspose": _conv_transpose,
    "Gemm": _product,
    "FusedGemm": _product,
    "MatMul": _product,
    "FusedMatMul": _product,
}
