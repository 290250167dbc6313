"""Whether an ONNX model gives what the PyTorch module gives, before it becomes a file."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flmcore.detectors.decode import decode_outputs
from flmcore.detectors.schema import CoordinatesDecode, DetectorConfig
from flmcore.errors import ExportError

if TYPE_CHECKING:
    from flmcore.export.deployed_module import Deployed

__all__ = ["Difference", "compare"]

# Largest difference of an output, as a share of its largest value. float32: sums of thousands of products in another
# order, 24 bits each, through some hundred layers. float16 rounds each activation to 11 bits.
_SHARES = {False: 1e-3, True: 0.1}
_PIXELS = {False: 0.05, True: 2.0}  # of landmarks, in crop pixels
_JUMPS = 0.05  # share of landmarks whose two highest cells are so near that rounding chooses between them


@dataclass(frozen=True)
class Difference:
    """Largest differences between the ONNX model and the PyTorch module.

    Attributes:
        share: of an output, as a share of that output's largest value.
        pixels: of a landmark, in crop pixels, those that jumped left out; NaN where none is defined.
        jumped: landmarks whose peak moved to another cell, of those compared.
        landmarks: how many were compared.
    """

    share: float
    pixels: float
    jumped: int
    landmarks: int


def compare(config: DetectorConfig, module: Deployed, data: bytes, *, half: bool) -> Difference:
    """Run both on crops; ExportError, with the figure, where they differ by more than rounding explains.

    The crops are a smooth picture and noise about it: what a trained network sees in noise alone is near nothing, and
    nearly equal everywhere.
    """
    import torch

    pictures = _pictures(module.image_size)
    with torch.no_grad():
        expected = [
            np.concatenate([value.numpy() for value in group])
            for group in zip(*(module(torch.from_numpy(p[None])) for p in pictures), strict=True)
        ]
    found = _run(data, module, pictures)
    difference = _difference(config, module, expected, found, half=half)
    too_far = difference.pixels > _PIXELS[half] or difference.share > _SHARES[half]
    if too_far or difference.jumped > math.ceil(_JUMPS * difference.landmarks):
        pixels = (
            f"{difference.pixels:.3g} crop pixels, {difference.jumped} of {difference.landmarks} elsewhere"
        )
        limits = f"{_PIXELS[half]:g} crop pixels and {_SHARES[half]:g} of an output's largest value"
        msg = (
            f"{config.name}: expected the ONNX model within {limits} of the PyTorch module, got {pixels} and"
            f" {difference.share:.3g}"
        )
        raise ExportError(msg)
    return difference


def _pictures(size: tuple[int, int]) -> NDArray[np.float32]:
    """Three crops (3, 3, H, W), grey levels 0 to 255."""
    width, height = size
    rows, columns = np.mgrid[0:height, 0:width] / np.array([height, width])[:, None, None]
    waves = [np.sin(7 * rows + c) + np.cos(5 * columns + 2 * c) for c in range(3)]
    smooth = np.stack(waves) * 60 + 128
    noise = np.random.default_rng(0).normal(0, 12, (3, 3, height, width))
    return np.clip(np.rint(smooth + noise), 0, 255).astype(np.float32)


def _run(data: bytes, module: Deployed, pictures: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        batched = isinstance(session.get_inputs()[0].shape[0], str)
        batches = [pictures] if batched else [p[None] for p in pictures]
        parts = [session.run(list(module.output_names), {module.input_name: b}) for b in batches]
    except Exception as error:  # onnxruntime has a class for each status code
        msg = f"expected an ONNX model that onnxruntime runs, got {' '.join(str(error).split())}"
        raise ExportError(msg) from error
    return [np.concatenate(group) for group in zip(*parts, strict=True)]


def _difference(
    config: DetectorConfig, module: Deployed, expected: list[Any], found: list[Any], *, half: bool
) -> Difference:
    shares = [0.0]
    for kind, a, b in zip(module.output_kinds, expected, found, strict=True):
        if a.shape != b.shape or not np.isfinite(b).all():
            got = f"shape {b.shape}" if a.shape != b.shape else "NaN or infinity"
            msg = f"{config.name}: expected finite {kind} of shape {a.shape} from onnxruntime, got {got}"
            raise ExportError(msg)
        if kind != "landmarks" or module.decode == "none":
            shares.append(float(np.abs(a - b).max() / max(np.abs(a).max(), 1e-12)))
    if module.decode == "none":
        points = [decode_outputs(config, tuple(group))[0] for group in (expected, found)]
    else:
        points = [expected[0], found[0]]
    moves = np.linalg.norm(points[0] - points[1], axis=-1)
    moves = moves[np.isfinite(moves)]
    sees_cells = not isinstance(config.decode, CoordinatesDecode)  # numbers of a network's own do not jump
    jumps = (moves > _PIXELS[half]) & sees_cells
    kept = moves[~jumps]
    return Difference(
        max(shares), float(kept.max()) if kept.size else math.nan, int(jumps.sum()), int(moves.size)
    )
