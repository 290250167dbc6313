"""What a package gives when it is run operation by operation, beside what its PyTorch module gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from coreml_here import coremltools
from filled import filled_detector
from flmcore.export.coreml import export_coreml
from flmcore.export.deployed import deploy
from flmcore.export.package import read_package
from flmcore.export.program import Program
from flmcore.export.verify import verify_package
from mil_interpreter import execute

# Random weights make outputs of any size: differences are in units of the output's spread.
SUMS = 1e-4  # float32, added in another order
WEIGHTS = 0.02  # weights rounded to float16, all else float32
HALF = 0.05  # every result rounded to float16


def picture() -> np.ndarray[Any, Any]:
    """Grey levels as an app would pass them: whole numbers from 0 to 255."""
    return np.random.default_rng(0).integers(0, 256, (1, 3, 256, 256)).astype(np.float32)


class Exported:
    """A detector's package read back, its weights verified, and what the PyTorch module gives for the picture."""

    def __init__(self, name: str, precision: str, decode: str, folder: Path) -> None:
        coremltools()
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            detector = filled_detector(name)
            out = folder / f"{name}-{precision}-{decode}.mlpackage"
            export_coreml(detector, out, precision=precision, decode=decode)
            self.path = out
            self.program: Program = read_package(out)
            self.weights = verify_package(out, detector.backend.module)  # type: ignore[attr-defined]
            module = deploy(detector, decode=decode)
            with torch.inference_mode():
                outputs = module(torch.from_numpy(picture()))
        finally:
            torch.set_num_threads(threads)
        self.expected = {key: value.numpy() for key, value in zip(module.output_names, outputs, strict=True)}

    def drift(self, name: str, *, half: bool = False) -> float:
        """Largest difference of the output ``name``, in units of its spread."""
        got = execute(self.program, {"image": picture()}, half=half)
        assert got.keys() == self.expected.keys()
        expected = self.expected[name]
        assert got[name].shape == expected.shape
        return float(np.abs(got[name] - expected).max() / expected.std())
