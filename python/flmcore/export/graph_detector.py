"""The module that a converter is handed, run as a detector: the same crop, decoding and way back into the image."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.detectors.base import Detector
from flmcore.detectors.cost import Cost
from flmcore.detectors.schema import HeatmapDecode, SimccDecode
from flmcore.export.deployed import deploy

__all__ = ["GraphDetector", "graph_detector"]


class GraphDetector(Detector):
    """An exported form of a detector, in PyTorch; what it is called is in ``variant``."""

    backend: GraphBackend

    def __init__(self, detector: Detector, variant: str, backend: GraphBackend) -> None:
        config = detector.config
        plain = replace(
            config.input, channels="rgb", mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0), layout="nchw"
        )
        decode = config.decode
        if isinstance(decode, (HeatmapDecode, SimccDecode)):
            decode = replace(decode, flip="none")  # the mirror image runs inside the graph, or not at all
        super().__init__(
            replace(config, input=plain, decode=decode), backend, translation=detector.translation
        )
        self.variant = variant

    @property
    def overflows(self) -> int:
        """Operators' results beyond float16's range so far."""
        return 0 if self.backend.rounding is None else int(self.backend.rounding.overflows)

    @property
    def largest(self) -> float | None:
        """Greatest magnitude of an operator's result so far; None where nothing is rounded."""
        return None if self.backend.rounding is None else float(self.backend.rounding.largest)


class GraphBackend:
    """Runs the exported module on grey levels, 0 to 255."""

    grid: float | None = None

    def __init__(self, module: Any, *, picture: bool, float16: bool) -> None:
        from flmcore.export.float16 import RoundToFloat16, with_float16_weights

        self.pixel_type = "uint8" if picture else "float32"
        self.rounding = RoundToFloat16() if float16 else None
        self._module = with_float16_weights(module) if float16 else module

    def run(self, inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        import torch

        if self.pixel_type == "uint8":
            inputs = np.ascontiguousarray(inputs.transpose(0, 3, 1, 2), dtype=np.float32)
        with torch.no_grad():
            rows = [self._one(torch.from_numpy(inputs[row : row + 1])) for row in range(len(inputs))]
        return tuple(np.concatenate(parts) for parts in zip(*rows, strict=True))

    def _one(self, image: Any) -> tuple[NDArray[Any], ...]:
        """One face, as the exported graph takes no more."""
        if self.rounding is None:
            outputs = self._module(image)
        else:
            with self.rounding:
                outputs = self._module(image)
        return tuple(output.numpy() for output in outputs)

    def describe(self) -> dict[str, Any]:
        import torch

        return {"package": "torch", "version": torch.__version__}

    def cost(self) -> Cost:
        return Cost(None, None, "an exported form: see the detector itself")


def graph_detector(detector: Detector, variant: str, *, flip: bool = True) -> GraphDetector:
    """``graph``: the module in float32; ``picture``: on whole grey levels; ``float16``: that, simulated in float16.

    Raises:
        ExportError: the detector has no PyTorch module; says why.
    """
    module = deploy(detector, flip=flip)
    backend = GraphBackend(module, picture=variant != "graph", float16=variant == "float16")
    return GraphDetector(detector, variant, backend)
