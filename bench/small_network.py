"""A landmark network of the size that runs on phones, with random weights: what it computes costs the same as a
trained one, and nothing need be downloaded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIDE, LANDMARKS = 112, 98
# Output channels and stride of each inverted-residual-like block (1x1 up, 3x3 depthwise, 1x1 down), as in PFLD.
BLOCKS = ((32, 2), (32, 1), (32, 1), (64, 2), (64, 1), (64, 1), (64, 1), (96, 2), (96, 1))


class _Graph:
    def __init__(self) -> None:
        self.rng = np.random.default_rng(0)
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def constant(self, values: np.ndarray) -> str:
        name = f"weight_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(values.astype(np.float32), name))
        return name

    def conv(self, x: str, channels: tuple[int, int], kernel: int, stride: int = 1, groups: int = 1) -> str:
        taken, given = channels
        fan_in = taken // groups * kernel * kernel
        weight = self.rng.normal(0, (2 / fan_in) ** 0.5, (given, taken // groups, kernel, kernel))
        y = f"conv_{len(self.nodes)}"
        inputs = [x, self.constant(weight), self.constant(np.zeros(given))]
        self.nodes.append(
            helper.make_node(
                "Conv",
                inputs,
                [y],
                kernel_shape=[kernel] * 2,
                strides=[stride] * 2,
                pads=[kernel // 2] * 4,
                group=groups,
            )
        )
        self.nodes.append(helper.make_node("Relu", [y], [f"{y}_relu"]))
        return f"{y}_relu"


def write(path: Path) -> None:
    """Writes the model: input (batch, 3, 112, 112) → output (batch, 196), x and y in [0, 1] of the crop."""
    graph = _Graph()
    x, width = graph.conv("input", (3, 16), 3, stride=2), 16
    for given, stride in BLOCKS:
        x = graph.conv(x, (width, 2 * width), 1)
        x = graph.conv(x, (2 * width, 2 * width), 3, stride=stride, groups=2 * width)
        x, width = graph.conv(x, (2 * width, given), 1), given
    head = graph.constant(graph.rng.normal(0, 0.05, (2 * LANDMARKS, width)))
    middle = graph.constant(np.full(2 * LANDMARKS, 0.5))
    graph.nodes += [
        helper.make_node("GlobalAveragePool", [x], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("Gemm", ["flat", head, middle], ["output"], transB=1),
    ]
    given_input = helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", 3, SIDE, SIDE])
    output = helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch", 2 * LANDMARKS])
    made = helper.make_graph(graph.nodes, "landmarks", [given_input], [output], graph.weights)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.save(model, str(path))
