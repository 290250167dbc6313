"""OpenVINO models: IR (``.xml`` with its numbers in a ``.bin`` beside it) and ONNX files."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.detectors.backends.model_io import (
    default_batch,
    input_error,
    input_shape,
    pick_outputs,
    run_in_batches,
    to_layout,
)
from flmcore.detectors.backends.opening import Opening
from flmcore.detectors.backends.openvino_cost import model_cost
from flmcore.detectors.cost import Cost
from flmcore.detectors.schema import DetectorConfig
from flmcore.detectors.weights import data_file, sha256_of
from flmcore.errors import MissingExtraError, WeightsError

__all__ = ["OpenvinoBackend"]

_TYPES = {"f32": np.float32, "f16": np.float16, "f64": np.float64}


class OpenvinoBackend:
    """A compiled model on the processor, or on an Intel GPU; models of a fixed batch are run in batches of that size."""

    grid: float | None = None
    pixel_type = "float32"

    def __init__(self, opening: Opening) -> None:
        config, weights, device = opening.config, opening.weights_file(), opening.device
        self._openvino = _import_openvino()
        core = self._openvino.Core()
        if device not in ("cpu", "gpu") or device.upper() not in {
            name.split(".")[0] for name in core.available_devices
        }:
            msg = f"device: expected cpu, or gpu where openvino has one, got {device!r}"
            raise ValueError(msg)
        self._device, self._layout = device, config.input.layout
        self._threads = opening.threads
        self._model = _read(core, weights)
        data = data_file(weights)
        self._data_sha256 = None if data is None else sha256_of(data)
        self._type, batch = _read_input(self._model, weights, config)
        self._fixed = batch is not None
        self._batch = batch or config.model.batch or default_batch
        names = [_name(output) for output in self._model.outputs]
        self._outputs = pick_outputs(weights, config, names)
        settings: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
        if device == "cpu":
            settings["INFERENCE_NUM_THREADS"] = self._threads
        self._request = core.compile_model(self._model, device.upper(), settings).create_infer_request()
        self._shape = (batch or 1, *input_shape(config))
        self._lock = threading.Lock()  # a request holds one set of tensors

    def run(self, inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        tensor = to_layout(inputs, self._layout).astype(self._type, copy=False)
        with self._lock:
            return run_in_batches(self._run, tensor, self._batch, fixed=self._fixed)

    def describe(self) -> dict[str, Any]:
        return {
            "package": "openvino",
            "version": str(self._openvino.__version__),
            "device": self._device,
            "threads": self._threads,
            "batch": self._batch,
            "data_sha256": self._data_sha256,
        }

    def cost(self) -> Cost:
        return model_cost(self._model, self._shape)

    def _run(self, chunk: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        found = self._request.infer([chunk])
        return tuple(
            np.array(found[place], dtype=np.float32) for place in self._outputs
        )  # a copy: the next run writes there


def _read(core: Any, weights: Path) -> Any:
    try:
        return core.read_model(str(weights))
    except RuntimeError as error:
        msg = f"{weights}: expected an OpenVINO model (.xml) or an ONNX file, got {' '.join(str(error).split())[:300]}"
        raise WeightsError(msg) from error


def _read_input(model: Any, weights: Path, config: DetectorConfig) -> tuple[Any, int | None]:
    """Type and fixed batch of the input; WeightsError where it is not the config's."""
    shapes = [value.get_partial_shape() for value in model.inputs]
    types = [value.get_element_type().get_type_name() for value in model.inputs]
    fits = len(shapes) == 1 and shapes[0].rank.is_static and len(shapes[0]) == 4 and types[0] in _TYPES
    if fits:
        pairs = zip(input_shape(config), list(shapes[0])[1:], strict=True)
        fits = all(found.is_dynamic or extent == found.get_length() for extent, found in pairs)
    if not fits:
        named = zip(map(_name, model.inputs), shapes, types, strict=True)
        raise input_error(
            weights, config, ", ".join(f"{name} {shape} of {kind}" for name, shape, kind in named)
        )
    batch = shapes[0][0]
    return _TYPES[types[0]], None if batch.is_dynamic else batch.get_length()


def _name(port: Any) -> str:
    names = port.get_names()
    return min(names) if names else str(port.get_node().get_friendly_name())


def _import_openvino() -> Any:
    """The package, without its telemetry: its model converter would report to Intel where openvino_telemetry is found."""
    absent = "openvino_telemetry" not in sys.modules
    if absent and "openvino" not in sys.modules:
        sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # the converter takes its stub instead
    try:
        import openvino
    except ImportError:
        raise MissingExtraError(package="openvino", extra="openvino", what_for="backend openvino") from None
    finally:
        if absent and sys.modules.get("openvino_telemetry", False) is None:
            del sys.modules["openvino_telemetry"]
    return openvino
