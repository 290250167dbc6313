"""TensorFlow Lite models through LiteRT (package ai-edge-litert)."""

from __future__ import annotations

import threading
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.detectors.backends.model_io import (
    input_error,
    input_shape,
    pick_outputs,
    run_in_batches,
    to_layout,
)
from flmcore.detectors.backends.opening import Opening
from flmcore.detectors.backends.tflite_cost import interpreter_cost
from flmcore.detectors.cost import Cost
from flmcore.detectors.schema import DetectorConfig
from flmcore.errors import MissingExtraError, WeightsError

__all__ = ["TfliteBackend"]


class TfliteBackend:
    """One LiteRT interpreter on the CPU, run at the batch of the file (mostly 1)."""

    grid: float | None = None
    pixel_type = "float32"

    def __init__(self, opening: Opening) -> None:
        config, weights = opening.config, opening.weights_file()
        opening.require_cpu()
        self._threads = opening.threads
        self._layout = config.input.layout
        self._interpreter = _open(weights, self._threads)
        self._input, self._batch = self._read_input(weights, config)
        details = self._interpreter.get_output_details()
        places = pick_outputs(weights, config, [value["name"] for value in details])
        self._outputs = [int(details[place]["index"]) for place in places]
        self._lock = threading.Lock()  # an interpreter holds one set of tensors

    def run(self, inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        with self._lock:
            return run_in_batches(self._run, to_layout(inputs, self._layout), self._batch, fixed=True)

    def describe(self) -> dict[str, Any]:
        version = metadata.version("ai-edge-litert")
        return {"package": "ai-edge-litert", "version": version, "device": "cpu", "threads": self._threads}

    def cost(self) -> Cost:
        return interpreter_cost(self._interpreter, self._batch)

    def _run(self, chunk: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        self._interpreter.set_tensor(self._input, chunk)
        self._interpreter.invoke()
        return tuple(self._interpreter.get_tensor(index) for index in self._outputs)

    def _read_input(self, weights: Path, config: DetectorConfig) -> tuple[int, int]:
        """Index and batch of the input; WeightsError where it is not the config's."""
        inputs = self._interpreter.get_input_details()
        shapes = [tuple(int(extent) for extent in value["shape"]) for value in inputs]
        if len(inputs) != 1 or shapes[0][1:] != input_shape(config) or inputs[0]["dtype"] is not np.float32:
            kinds = zip(shapes, (np.dtype(value["dtype"]) for value in inputs), strict=True)
            raise input_error(weights, config, ", ".join(f"{shape} of {kind}" for shape, kind in kinds))
        return int(inputs[0]["index"]), shapes[0][0]


def _open(weights: Path, threads: int) -> Any:
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        raise MissingExtraError(package="ai-edge-litert", extra="tflite", what_for="backend tflite") from None
    try:
        interpreter = Interpreter(model_path=str(weights), num_threads=threads)
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        msg = f"{weights}: expected a TensorFlow Lite model, got {' '.join(str(error).split())}"
        raise WeightsError(msg) from error
    return interpreter
