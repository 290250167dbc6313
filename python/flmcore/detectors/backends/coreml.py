"""Core ML packages, as macOS runs them: on the processor, the GPU, the Neural Engine."""

from __future__ import annotations

import platform
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.detectors.backends.coreml_tools import import_coremltools, quietly
from flmcore.detectors.backends.model_io import input_error, input_shape, pick_outputs, run_in_batches
from flmcore.detectors.backends.opening import Opening
from flmcore.detectors.cost import Cost
from flmcore.detectors.schema import DetectorConfig
from flmcore.errors import WeightsError

__all__ = ["UNITS", "CoremlBackend", "Ports", "model_inputs", "picked", "read_ports"]

# device: coremltools' name of the units that may be used
UNITS = {"cpu": "CPU_ONLY", "all": "ALL", "cpu_and_ne": "CPU_AND_NE", "cpu_and_gpu": "CPU_AND_GPU"}
_BATCH = 16  # pictures that are held at a time


class Ports:
    """Input and outputs of a package: names, and whether a picture goes in."""

    def __init__(self, name: str, *, image: bool, outputs: Sequence[str]) -> None:
        self.name = name
        self.image = image
        self.outputs = tuple(outputs)


class CoremlBackend:
    """A package loaded by Core ML; one face at a time, as an app runs it."""

    grid: float | None = None

    def __init__(self, opening: Opening) -> None:
        weights = opening.weights_file()
        if opening.device not in UNITS:
            msg = f"device: expected one of {', '.join(UNITS)} with backend coreml, got {opening.device!r}"
            raise ValueError(msg)
        self._ct = import_coremltools("backend coreml")
        self._ports = read_ports(self._ct, weights, opening.config)
        self.pixel_type = "uint8" if self._ports.image else "float32"
        self._outputs = [
            self._ports.outputs[place] for place in pick_outputs(weights, opening.config, self._ports.outputs)
        ]
        self._device, self._cost = opening.device, opening.config.source
        self._lock = threading.Lock()
        with quietly():
            units = self._ct.ComputeUnit[UNITS[opening.device]]
            try:
                self._model = self._ct.models.MLModel(str(weights), compute_units=units)
            except RuntimeError as error:
                msg = f"{weights}: expected a package that Core ML runs here, got {' '.join(str(error).split())}"
                raise WeightsError(msg) from error

    def run(self, inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        with self._lock:
            return run_in_batches(self._run, inputs, _BATCH, fixed=False)

    def describe(self) -> dict[str, Any]:
        return {
            "package": "coremltools",
            "version": str(self._ct.__version__),
            "device": self._device,
            "compute_units": UNITS[self._device],
            "input": "image" if self._ports.image else "array",
            "macos": platform.mac_ver()[0],
        }

    def cost(self) -> Cost:
        return Cost(
            self._cost.parameters,
            self._cost.multiply_adds,
            "as the config states it: a package is not counted",
        )

    def _run(self, chunk: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        return picked(self._model.predict(model_inputs(self._ports, chunk)), self._outputs)


def read_ports(ct: Any, weights: Path, config: DetectorConfig) -> Ports:
    """What the package takes and gives; runs on any system.

    Raises:
        WeightsError: no Core ML package, or its input is not the config's crop.
    """
    with quietly():
        try:
            description = ct.utils.load_spec(str(weights)).description
        except Exception as error:  # what protobuf and the package's reader raise
            got = " ".join(str(error).split())[:300]
            msg = f"{weights}: expected a Core ML package, got {type(error).__name__}: {got}"
            raise WeightsError(msg) from error
    height, width = input_shape(config)[1:] if config.input.layout == "nchw" else (0, 0)
    found = [(feature.name, *_taken(feature.type)) for feature in description.input]
    if len(found) != 1 or found[0][1:] not in (("image", (height, width)), ("array", (1, 3, height, width))):
        got = ", ".join(f"{name}: {kind} {shape}" for name, kind, shape in found)
        raise input_error(weights, config, got)
    return Ports(
        found[0][0], image=found[0][1] == "image", outputs=[feature.name for feature in description.output]
    )


def _taken(kind: Any) -> tuple[str, tuple[int, ...]]:
    if kind.WhichOneof("Type") == "imageType":
        return "image", (kind.imageType.height, kind.imageType.width)
    return "array", tuple(kind.multiArrayType.shape)


def model_inputs(ports: Ports, chunk: NDArray[Any]) -> list[dict[str, Any]]:
    """What Core ML is given for each face: a picture of N×H×W×3 bytes, or (1, 3, H, W) of N×3×H×W float32."""
    if not ports.image:
        return [{ports.name: np.ascontiguousarray(one[None])} for one in chunk]
    from PIL import Image

    return [{ports.name: Image.fromarray(one)} for one in chunk]


def picked(
    predictions: Sequence[Mapping[str, NDArray[Any]]], names: Sequence[str]
) -> tuple[NDArray[np.float32], ...]:
    """The named outputs of each face as (N, …) float32; each prediction has a batch of one."""
    return tuple(
        np.concatenate([np.asarray(one[name], dtype=np.float32) for one in predictions]) for name in names
    )
