"""BlazeFace, the front-camera model, through PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.data.images import PathLike
from flmcore.detectors.finders.anchors import SIZE, decode_blaze
from flmcore.detectors.finders.finder import Boxes, NetworkFinder
from flmcore.detectors.finders.models import ModelFile, find_model
from flmcore.detectors.weights import sha256_of
from flmcore.errors import MissingExtraError, WeightsError

__all__ = ["BlazeFaceFinder"]

MODEL = ModelFile(
    finder="blazeface",
    sums={"blazeface.pth": "54ecff653feaaaf1f7d44b6aff28fd2fc50e483a4e847563b6dd261369c43ba4"},
    source="github.com/hollance/BlazeFace-PyTorch",
)


class BlazeFaceFinder(NetworkFinder):
    """Faces of a tenth of the image and larger; boxes are squares from the forehead to the chin."""

    name = kind = "blazeface"
    size = (SIZE, SIZE)
    rule = "square"
    mean = std = 127.5

    def __init__(self, *, weights: PathLike | None = None, threshold: float = 0.75) -> None:
        try:
            import torch
        except ImportError:
            raise MissingExtraError(
                package="torch", extra="torch", what_for="face finder blazeface"
            ) from None
        from flmcore.detectors.finders.blazeface_net import BlazeFace

        self.threshold = threshold
        self._torch = torch
        file = find_model(MODEL, weights)
        self._sha256 = sha256_of(file)
        self._network = BlazeFace().eval()
        try:
            self._network.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
        except Exception as error:  # pickle, zip and tensors of other shapes raise their own kinds
            msg = f"{file}: expected the state dict of BlazeFace, got {' '.join(str(error).split())[:300]}"
            raise WeightsError(msg) from error

    def _detect(self, inputs: NDArray[np.float32]) -> tuple[Boxes, Boxes]:
        threads = self._torch.get_num_threads()
        self._torch.set_num_threads(1)  # too small to gain from more; torch keeps one number for the process
        try:
            with self._torch.inference_mode():
                regressors, logits = self._network(self._torch.from_numpy(inputs))
        finally:
            self._torch.set_num_threads(threads)
        return decode_blaze(regressors[0].numpy(), logits[0].numpy(), self.threshold)

    def _about(self) -> dict[str, Any]:
        return {"weights_sha256": self._sha256, "package": "torch", "version": self._torch.__version__}
