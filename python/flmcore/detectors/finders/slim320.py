"""Linzaer's Ultra-Light face detector, slim, 320×240, through onnxruntime: a small SSD trained on WIDER FACE."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.data.images import PathLike
from flmcore.detectors.finders.finder import Boxes, NetworkFinder
from flmcore.detectors.finders.models import ModelFile, find_model, open_onnx
from flmcore.detectors.finders.suppress import suppress
from flmcore.detectors.weights import sha256_of
from flmcore.errors import WeightsError

__all__ = ["Slim320Finder", "decode_ssd", "ssd_priors"]

MODEL = ModelFile(
    finder="slim320",
    sums={"slim320_simplified.onnx": "0863d8fedffb8692c3fef345193c7befc9b513a66ac4ff87bdecf47452fa272f"},
    source="github.com/cunjian/pytorch_face_landmark",
)
_SIZE = (320, 240)
_PRIORS = (
    (8, (10, 16, 24)),
    (16, (32, 48)),
    (32, (64, 96)),
    (64, (128, 192, 256)),
)  # stride, sides in pixels
_VARIANCES = (0.1, 0.2)
_OVERLAP = 0.3


def ssd_priors() -> NDArray[np.float64]:
    """(4420, 4): centre x, y, width, height of the priors as shares of the 320×240 input, by stride, row, column, side."""
    rows = []
    for stride, sides in _PRIORS:
        across, down = (math.ceil(extent / stride) for extent in _SIZE)
        y, x = np.divmod(np.arange(across * down), across)
        centres = (np.stack([x, y], axis=1) + 0.5) * stride / np.array(_SIZE)
        sizes = np.array(sides)[:, None] / np.array(_SIZE)
        each = [np.repeat(centres, len(sides), axis=0), np.tile(sizes, (len(centres), 1))]
        rows.append(np.concatenate(each, axis=1))
    return np.asarray(np.clip(np.concatenate(rows), 0.0, 1.0))


def decode_ssd(offsets: NDArray[np.float32], priors: NDArray[np.float64]) -> Boxes:
    """(N, 4) boxes as shares of the input from offsets (N, 4) to priors: SSD's code with variances 0.1 and 0.2."""
    moved = offsets.astype(np.float64)
    centre = priors[:, :2] + moved[:, :2] * _VARIANCES[0] * priors[:, 2:]
    half = priors[:, 2:] * np.exp(np.clip(moved[:, 2:] * _VARIANCES[1], None, 10)) / 2
    return np.concatenate([centre - half, centre + half], axis=1)


class Slim320Finder(NetworkFinder):
    """Faces down to a thirtieth of the image, also in profile; boxes are upright rectangles from hair to chin."""

    name = kind = "slim320"
    size = _SIZE
    rule = "stretch"
    mean, std = 127.0, 128.0

    def __init__(self, *, weights: PathLike | None = None, threshold: float = 0.7) -> None:
        self.threshold = threshold
        file = find_model(MODEL, weights)
        self._sha256 = sha256_of(file)
        self._session = open_onnx(file, self.name)
        self._priors = ssd_priors()
        shapes = {value.name: value.shape[1:] for value in self._session.get_outputs()}
        count = len(self._priors)
        if shapes != {"scores": [count, 2], "boxes": [count, 4]}:
            msg = f"{file}: expected outputs scores (1, {count}, 2) and boxes (1, {count}, 4), got {shapes}"
            raise WeightsError(msg)

    def _detect(self, inputs: NDArray[np.float32]) -> tuple[Boxes, Boxes]:
        scores, offsets = self._session.run(["scores", "boxes"], {self._session.get_inputs()[0].name: inputs})
        face = scores[0, :, 1].astype(np.float64)
        sure = face >= self.threshold
        return suppress(decode_ssd(offsets[0, sure], self._priors[sure]), face[sure], _OVERLAP)

    def _about(self) -> dict[str, Any]:
        import onnxruntime

        return {
            "weights_sha256": self._sha256,
            "package": "onnxruntime",
            "version": onnxruntime.__version__,
        }
