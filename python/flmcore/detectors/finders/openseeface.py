"""OpenSeeFace's heat-map face detector through onnxruntime."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.data.images import PathLike
from flmcore.detectors.finders.finder import Boxes, NetworkFinder
from flmcore.detectors.finders.models import ModelFile, find_model, open_onnx
from flmcore.detectors.finders.suppress import suppress
from flmcore.detectors.weights import sha256_of
from flmcore.errors import WeightsError

__all__ = ["OpenSeeFaceFinder", "decode_peaks"]

MODEL = ModelFile(
    finder="openseeface",
    sums={
        name: "0e8e4806766d85ab067a52c7af0dcb59eb7f9dfe580b44f20a8e6ab712d89809"
        for name in ("openseeface_mnv3_detection_opt.onnx", "mnv3_detection_opt.onnx")
    },
    source="github.com/emilianavt/OpenSeeFace",
)
_SIZE, _CELLS = 224, 56
_RADIUS = 112  # input pixels for a radius of 1
_OVERLAP = 0.5


def decode_peaks(
    maps: NDArray[np.float32], pooled: NDArray[np.float32], threshold: float
) -> tuple[Boxes, Boxes]:
    """Squares (N, 4) as shares of the input, and scores (N,), from (2, 56, 56) maps of faces and radii.

    A face is where the map of faces equals itself after max pooling; the square is about the middle of that cell.
    (OpenSeeFace takes the cell's corner: half a cell, which is 4 % of a typical face, up and to the left.)
    """
    rows, columns = np.nonzero((maps[0] == pooled[0]) & (maps[0] > threshold))
    centre = (np.stack([columns, rows], axis=1) + 0.5) / _CELLS
    radius = maps[1, rows, columns].astype(np.float64)[:, None] * _RADIUS / _SIZE
    return np.concatenate([centre - radius, centre + radius], axis=1), maps[0, rows, columns].astype(
        np.float64
    )


class OpenSeeFaceFinder(NetworkFinder):
    """Faces of any size; boxes are squares on a grid of a fifty-sixth of the image, so they move in steps."""

    name = kind = "openseeface"
    size = (_SIZE, _SIZE)
    rule = "stretch"
    mean = (123.675, 116.28, 103.53)  # ImageNet's
    std = (58.395, 57.12, 57.375)

    def __init__(self, *, weights: PathLike | None = None, threshold: float = 0.6) -> None:
        self.threshold = threshold
        file = find_model(MODEL, weights)
        self._sha256 = sha256_of(file)
        self._session = open_onnx(file, self.name)
        shapes = {value.name: value.shape[1:] for value in self._session.get_outputs()}
        if shapes != {key: [2, _CELLS, _CELLS] for key in ("output", "maxpool")}:
            msg = f"{file}: expected outputs output and maxpool (N, 2, {_CELLS}, {_CELLS}), got {shapes}"
            raise WeightsError(msg)

    def _detect(self, inputs: NDArray[np.float32]) -> tuple[Boxes, Boxes]:
        maps, pooled = self._session.run(["output", "maxpool"], {self._session.get_inputs()[0].name: inputs})
        return suppress(*decode_peaks(maps[0], pooled[0], self.threshold), _OVERLAP)

    def _search(self, pixels: NDArray[np.uint8]) -> tuple[Boxes, Boxes]:
        boxes, scores = super()._search(pixels)
        # The network's radius is that of the face's longer side in the stretched input. Stretched back it is right on
        # the image's shorter axis and too long on the other by the image's aspect: so the shorter side it is.
        centre = (boxes[:, :2] + boxes[:, 2:]) / 2
        half = (boxes[:, 2:] - boxes[:, :2]).min(axis=1, keepdims=True, initial=np.inf) / 2
        return np.concatenate([centre - half, centre + half], axis=1), scores

    def _about(self) -> dict[str, Any]:
        import onnxruntime

        return {
            "weights_sha256": self._sha256,
            "package": "onnxruntime",
            "version": onnxruntime.__version__,
        }
