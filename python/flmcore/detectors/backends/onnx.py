"""ONNX models through onnxruntime."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import flmcore
from flmcore.detectors.backends.model_io import (
    default_batch,
    input_error,
    input_shape,
    pick_outputs,
    run_in_batches,
    to_layout,
)
from flmcore.detectors.backends.onnx_file import read_model
from flmcore.detectors.schema import DetectorConfig
from flmcore.errors import MissingExtraError, WeightsError

__all__ = ["OnnxBackend"]

_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(double)": np.float64}
_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


class OnnxBackend:
    """An onnxruntime session; models of a fixed batch are run in batches of that size.

    One batch alone uses all threads of one session. Several run side by side, each on one thread of a second session:
    small networks gain little from threads within an operator (here 2.1 times the speed on 2 cores).
    """

    grid: float | None = None
    pixel_type = "float32"

    def __init__(
        self,
        config: DetectorConfig,
        weights: Path | None,
        *,
        device: str,
        threads: int | None,
        module: Any = None,
    ) -> None:
        if module is not None or weights is None:
            msg = "module: expected None with backend onnx, got a module"
            raise TypeError(msg)
        self._ort = _import_onnxruntime()
        self._device, self._layout, self._weights = device, config.input.layout, weights
        self._threads = threads or flmcore.build_info()["threads"]
        self._session = self._open(weights, self._threads)
        self._single: Any = None  # opened when the first several batches come
        self._input, self._type, batch = self._read_input(weights, config)
        self._fixed = batch is not None
        self._batch = batch or config.model.batch or default_batch
        names = [value.name for value in self._session.get_outputs()]
        self._outputs = [names[place] for place in pick_outputs(weights, config, names)]

    def run(self, inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        tensor = to_layout(inputs, self._layout).astype(self._type, copy=False)
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

    def _run(self, chunk: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        return tuple(self._session.run(self._outputs, {self._input: chunk}))

    def _run_single(self, chunk: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        return tuple(self._single.run(self._outputs, {self._input: chunk}))

    def _open(self, weights: Path, threads: int) -> Any:
        provider = _PROVIDERS.get(self._device)
        if provider is None or provider not in self._ort.get_available_providers():
            msg = f"device: expected cpu, or cuda where onnxruntime has it, got {self._device!r}"
            raise ValueError(msg)
        options = self._ort.SessionOptions()
        options.log_severity_level = 3  # errors alone: models of older exporters warn once for each weight
        options.inter_op_num_threads = 1
        options.intra_op_num_threads = threads
        # Waiting threads must sleep: spinning, they take the processors from the next detector in the same process.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        model = read_model(weights)
        try:
            return self._ort.InferenceSession(model, options, providers=[provider])
        except Exception as error:  # onnxruntime has a class for each status code
            msg = f"{weights}: expected an ONNX model, got {' '.join(str(error).split())}"
            raise WeightsError(msg) from error

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
        batch = inputs[0].shape[0]
        return inputs[0].name, _TYPES[inputs[0].type], batch if isinstance(batch, int) and batch > 0 else None


def _import_onnxruntime() -> Any:
    try:
        import onnxruntime
    except ImportError:
        raise MissingExtraError(package="onnxruntime", extra="onnx", what_for="backend onnx") from None
    return onnxruntime
