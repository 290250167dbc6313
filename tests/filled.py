"""Detectors of the zoo whose weights follow from their names: what is tried with them depends on no download."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

import flmcore
from flmcore.detectors import nets
from flmcore.detectors.load import find_config
from weight_fill import fill


def filled_detector(name: str, **options: Any) -> flmcore.Detector:
    """A detector of the zoo on one thread; ``options`` change those of its network."""
    import torch

    config = find_config(name)
    if options:
        model = replace(config.model, options={**config.model.options, **options})
        config = replace(config, model=model)
    mean_face = None
    if config.model.mean_face is not None:
        mean_face = np.random.default_rng(0).random((config.landmarks, 2), dtype=np.float32)
    network = nets.build(
        str(config.model.network),
        config.model.options,
        where=name,
        landmarks=config.landmarks,
        size=config.crop.size,
        mean_face=mean_face,
    )
    shapes = {
        key: tuple(value.shape) for key, value in network.state_dict().items() if "mean_face" not in key
    }
    network.load_state_dict(
        {key: torch.from_numpy(value) for key, value in fill(shapes).items()}, strict=False
    )
    return flmcore.load_detector(config, module=network, threads=1)
