"""The error on faces that are not trained on, as a detector would make it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from flmcore import schemes
from flmcore.ops.affine import invert_affine, transform_points
from flmcore.ops.nme import nme
from flmcore.train.sample import plain_sample
from flmcore.train.schema import TrainConfig
from flmcore.train.sources import Source

__all__ = ["ValidationSet"]

_BATCH = 64


class ValidationSet:
    """Crops of a source's faces, cut as the detector cuts them, and the truth in the pixels they were cut from."""

    def __init__(self, config: TrainConfig, source: Source, count: int) -> None:
        samples, truth = [], []
        for number in range(count):
            face = source.face(number)
            samples.append(plain_sample(face, config))
            truth.append(face.points)
        self.name = source.name
        self._crops = np.stack([crop for crop, _ in samples])
        self._back = invert_affine(np.stack([affine for _, affine in samples]))
        self._truth = np.stack(truth)
        self._config = config
        eyes = schemes.get(config.scheme).eye_outer
        self.normaliser = (
            "box" if eyes is None or np.isnan(self._truth[:, list(eyes)]).any() else "interocular"
        )

    def __len__(self) -> int:
        return len(self._crops)

    def error(self, network: nn.Module, to_input: Callable[[torch.Tensor], Any]) -> float:
        """NME in % of the normaliser (:func:`flmcore.nme`), the mean over the faces; NaN with nothing to compare."""
        found = transform_points(self._predict(network, to_input), self._back)
        usable = np.isfinite(found).all(axis=-1, keepdims=True)
        points = np.where(usable, found, np.nan)
        return nme(points, self._truth, scheme=self._config.scheme, normaliser=self.normaliser).mean

    def _predict(self, network: nn.Module, to_input: Callable[[torch.Tensor], Any]) -> NDArray[np.float64]:
        """(N, K, 2) crop pixels."""
        training = network.training
        network.eval()
        outputs = []
        with torch.inference_mode():
            for start in range(0, len(self._crops), _BATCH):
                crops = torch.from_numpy(self._crops[start : start + _BATCH])
                outputs.append(network(to_input(crops)).float().cpu().numpy())
        network.train(training)
        values = np.concatenate(outputs).reshape(len(self._crops), self._config.landmarks, -1)[..., :2]
        return np.asarray(values.astype(np.float64) * np.array(self._config.crop.size) - 0.5)
