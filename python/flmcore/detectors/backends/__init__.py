"""The programs that run networks, one module each; their packages are imported when a model is opened."""

from __future__ import annotations

import importlib
import importlib.util
import platform
import sys
from pathlib import Path
from typing import Any, Protocol

from numpy.typing import NDArray

import flmcore
from flmcore.detectors.backends.opening import Opening
from flmcore.detectors.cost import Cost
from flmcore.detectors.schema import DetectorConfig
from flmcore.errors import ConfigError, MissingExtraError

__all__ = ["Backend", "missing_package", "open_backend", "require_package"]

# backend: (module here, function in it, package it needs, extra that installs it)
_BACKENDS = {
    "onnx": ("onnx", "OnnxBackend", "onnxruntime", "onnx"),
    "torch": ("torch", "TorchBackend", "torch", "torch"),
    "torchscript": ("torch", "TorchBackend", "torch", "torch"),
    "dlib": ("dlib", "DlibBackend", "dlib", "dlib"),
    "tflite": ("tflite", "TfliteBackend", "ai_edge_litert", "tflite"),
    "openvino": ("openvino", "OpenvinoBackend", "openvino", "openvino"),
    "coreml": ("coreml", "CoremlBackend", "coremltools", "coreml"),
}


class Backend(Protocol):
    """A model ready to run.

    Attributes:
        grid: step in crop pixels to which landmarks are rounded, or None.
        pixel_type: ``float32`` takes N×3×H×W, normalised; ``uint8`` takes N×H×W×3 as in the image.
    """

    grid: float | None
    pixel_type: str

    def run(self, inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        """The outputs that :func:`~flmcore.detectors.decode.wanted_outputs` lists, for any number of inputs."""
        ...

    def describe(self) -> dict[str, Any]:
        """Package, version, device, threads."""
        ...

    def cost(self) -> Cost:
        """Parameters, and multiply-adds of one input; may run the model once."""
        ...


def open_backend(
    config: DetectorConfig, weights: Path | None, *, device: str, threads: int | None, module: Any = None
) -> Backend:
    """The config's backend with the model loaded. MissingExtraError, WeightsError or ConfigError where it cannot be."""
    name, factory, _, _ = _BACKENDS[config.model.backend]
    opening = Opening(config, weights, device, threads or flmcore.build_info()["threads"], module)
    opened: Backend = getattr(importlib.import_module(f"{__name__}.{name}"), factory)(opening)
    return opened


def missing_package(backend: str) -> str | None:
    """Why this backend cannot run here, or None; looks without importing."""
    try:
        require_package(backend)
    except (ConfigError, MissingExtraError) as error:
        return str(error)
    return None


def require_package(backend: str) -> None:
    """MissingExtraError where the backend's package is not installed, ConfigError where it does not run on this system.

    Looks without importing.
    """
    if backend == "coreml" and sys.platform != "darwin":  # no package would mend that
        msg = f"backend coreml needs macOS, whose Core ML runs the package; this is {platform.system() or sys.platform}"
        raise ConfigError(msg)
    _, _, package, extra = _BACKENDS[backend]
    if importlib.util.find_spec(package) is None:
        raise MissingExtraError(package, extra, f"backend {backend}")
