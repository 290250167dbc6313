"""ONNX models through onnxruntime."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
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
from flmcore.detectors.backends.onnx_file import read_model
from flmcore.detectors.backends.opening import Opening
from flmcore.detectors.cost import Cost
from flmcore.detectors.schema import DetectorConfig
from flmcore.errors import MissingExtraError, WeightsError

__all__ = ["OnnxBackend"]

_TYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(uint8)": np.uint8,
}
_NUMBERS = {*_TYPES, "tensor(int8)", "tensor(int16)", "tensor(int32)", "tensor(int64)", "tensor(uint16)"}
_BYTES = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)  # mean and std with which a grey level stays what it is
_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


class OnnxBackend:
    """An onnxruntime session; models of a fixed batch are run in batches of that size.

    One batch alone uses all threads of one session. Several run side by side, each on one thread of a second session:
    small networks gain little from threads within an operator (here 2.1 times the speed on 2 cores).
    A model that takes bytes normalises them itself, so it gets crops of bytes, rounded as a picture's are.
    """

    grid: float | None = None

    def __init__(self, opening: Opening) -> None:
        config, weights, device = opening.config, opening.weights_file(), opening.device
        self._ort = _import_onnxruntime()
        self._device, self._layout, self._weights = device, config.input.layout, weights
        self._threads = opening.threads
        self._session = self._open(weights, self._threads)
        self._single: Any = None  # opened when the first several batches come
        self._input, self._type, batch = self._read_input(weights, config)
        self.pixel_type = "uint8" if self._type is np.uint8 else "float32"
        self._shape = (batch or 1, *input_shape(config))
        self._fixed = batch is not None
        self._batch = batch or config.model.batch or default_batch
        outputs = self._session.get_outputs()
        names = [value.name for value in outputs]
        places = pick_outputs(weights, config, names)
        self._outputs = [names[place] for place in places]
        for place in places:
            if outputs[place].type not in _NUMBERS:
                msg = f"{weights}: expected numbers as output {names[place]}, got {outputs[place].type}"
                raise WeightsError(msg)

    def run(self, inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        planes = inputs.transpose(0, 3, 1, 2) if self.pixel_type == "uint8" else inputs
        tensor = to_layout(planes, self._layout).astype(self._type, copy=False)
        if len(tensor) <= self._batch or self._threads == 1 or self._device != "cpu":
            return run_in_batches(self._run, tensor, self._batch, fixed=self._fixed)
        if self._single is None:
            self._single = self._open(self._weights, 1)
        with ThreadPoolExecutor(self._threads) as pool:
            return run_in_batches(self._run_single, tensor, self._batch, fixed=self._fixed, pool=pool)

    def describe(self) -> dict[str, Any]:
        return {
            "package": "onnxruntime",
            "version": self._ort.__version__,
            "device": self._device,
            "threads": self._threads,
            "batch": self._batch,
        }

    def cost(self) -> Cost:
        from flmcore.detectors.backends.onnx_cost import onnx_cost

        return onnx_cost(self._weights, self._input, self._shape, self._type)

    def _run(self, chunk: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        return _as_floats(self._session.run(self._outputs, {self._input: chunk}))

    def _run_single(self, chunk: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        return _as_floats(self._single.run(self._outputs, {self._input: chunk}))

    def _open(self, weights: Path, threads: int) -> Any:
        provider = _PROVIDERS.get(self._device)
        if provider is None or provider not in self._ort.get_available_providers():
            raise self._device_error()
        options = self._ort.SessionOptions()
        options.log_severity_level = 3  # errors alone: models of older exporters warn once for each weight
        options.inter_op_num_threads = 1
        options.intra_op_num_threads = threads
        # Waiting threads must sleep: spinning, they take the processors from the next detector in the same process.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        model = read_model(weights)
        try:
            session = self._ort.InferenceSession(model, options, providers=[provider])
        except Exception as error:  # onnxruntime has a class for each status code
            msg = f"{weights}: expected an ONNX model, got {' '.join(str(error).split())}"
            raise WeightsError(msg) from error
        if (
            provider not in session.get_providers()
        ):  # built with CUDA, but the machine has none: it takes the processor
            raise self._device_error()
        return session

    def _device_error(self) -> ValueError:
        return ValueError(f"device: expected cpu, or cuda where onnxruntime has it, got {self._device!r}")

    def _read_input(self, weights: Path, config: DetectorConfig) -> tuple[str, Any, int | None]:
        """Name, dtype and fixed batch of the input; WeightsError where it is not the config's."""
        inputs = self._session.get_inputs()
        fits = len(inputs) == 1 and len(inputs[0].shape) == 4 and inputs[0].type in _TYPES
        if fits:  # an axis of unknown extent is a text or None
            pairs = zip(input_shape(config), inputs[0].shape[1:], strict=True)
            fits = all(extent == found or not isinstance(found, int) for extent, found in pairs)
        if not fits:
            got = ", ".join(f"{value.name} {tuple(value.shape)} of {value.type}" for value in inputs)
            raise input_error(weights, config, got)
        if _TYPES[inputs[0].type] is np.uint8 and (config.input.mean, config.input.std) != _BYTES:
            msg = (
                f"{weights}: expected input.mean = 0 and input.std = 1, as the model takes bytes, got others"
            )
            raise WeightsError(msg)
        batch = inputs[0].shape[0]
        return inputs[0].name, _TYPES[inputs[0].type], batch if isinstance(batch, int) and batch > 0 else None


def _as_floats(outputs: list[Any]) -> tuple[NDArray[Any], ...]:
    """Half precision and whole numbers as float32, which every decoder takes."""
    return tuple(
        np.asarray(value) if value.dtype == np.float64 else np.asarray(value, np.float32) for value in outputs
    )


def _import_onnxruntime() -> Any:
    try:
        import onnxruntime
    except ImportError:
        raise MissingExtraError(package="onnxruntime", extra="onnx", what_for="backend onnx") from None
    return onnxruntime
