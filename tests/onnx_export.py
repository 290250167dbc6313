"""Networks as ONNX files, by both of torch's exporters, and run in onnxruntime."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

__all__ = ["export", "run_onnx"]


def export(network: Any, inputs: Any, path: Path, *, outputs: list[str], dynamo: bool = False) -> Path:
    """One input ``input`` of any batch; ``dynamo`` for torch's current exporter, else the one that MMDeploy uses."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnxscript" if dynamo else "onnx")
    if dynamo:
        batch = torch.export.Dim("batch")
        options = {"external_data": False, "verbose": False, "dynamic_shapes": ({0: batch},)}
    else:
        options = {"opset_version": 17, "dynamic_axes": {name: {0: "batch"} for name in ("input", *outputs)}}
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # torch announces the end of the one, and the other uses what torch deprecates
        torch.onnx.export(
            network, (inputs,), path, input_names=["input"], output_names=outputs, dynamo=dynamo, **options
        )
    return path


def run_onnx(path: Path, inputs: NDArray[np.float32], outputs: list[str]) -> list[NDArray[np.float32]]:
    ort = pytest.importorskip("onnxruntime")
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 2, 3
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    found: list[NDArray[np.float32]] = session.run(outputs, {"input": inputs})
    return found
