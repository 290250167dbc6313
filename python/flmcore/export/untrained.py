"""A detector whose network has made-up weights: what a phone makes of its structure needs none."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from flmcore.detectors import nets
from flmcore.detectors.load import find_config, load_detector
from flmcore.detectors.mean_face import read_mean_face
from flmcore.detectors.schema import DetectorConfig
from flmcore.detectors.weights import locate_mean_face, locate_weights
from flmcore.errors import ExportError, MissingExtraError, WeightsError

if TYPE_CHECKING:
    from flmcore.detectors.base import Detector

__all__ = ["UNTRAINED", "open_or_untrained", "untrained_detector"]

UNTRAINED = "Its weights are not here: the network is filled with made-up numbers, which its structure does not depend on."


def open_or_untrained(
    name_or_path: Any, weights: Any = None, *, untrained: bool = False
) -> tuple[Detector, bool]:
    """The detector with its weights, else untrained where they are not here; whether it is untrained.

    Weights that are there but damaged, or asked for by ``weights``, are no reason to do without: the error is raised.
    """
    config = find_config(name_or_path)
    if untrained:
        return untrained_detector(config), True
    if weights is None and config.model.backend == "torch" and config.model.network is not None:
        try:
            file = locate_weights(config)
            if config.model.mean_face is not None:
                locate_mean_face(config, file)
        except WeightsError:
            return untrained_detector(config), True
    return load_detector(config, weights=weights), False


def untrained_detector(config: DetectorConfig) -> Detector:
    """The config's network with weights of uniform noise, the same each time.

    Raises:
        ExportError: the config names no network of PyTorch, whose structure would be known without its file.
    """
    model = config.model
    if model.backend != "torch" or model.network is None:
        msg = f"{config.name}: untrained: expected a detector with model.network, got backend {model.backend} without"
        raise ExportError(msg)
    with _own_random_state():
        network = nets.build(
            model.network,
            model.options,
            where=f"{config.path}: model",
            landmarks=config.landmarks,
            size=config.crop.size,
            mean_face=None if model.mean_face is None else _mean_face(config),
        )
    _fill(network.eval())
    return load_detector(config, module=network)


def _own_random_state() -> Any:
    """Networks start with random numbers, which are not to be drawn from the caller's."""
    try:
        import torch
    except ImportError:
        raise MissingExtraError(package="torch", extra="torch", what_for="backend torch") from None
    return torch.random.fork_rng(devices=[])


def _mean_face(config: DetectorConfig) -> Any:
    """The config's own where it is here, else points on a spiral within the crop."""
    try:
        return read_mean_face(locate_mean_face(config, None), config.landmarks, config.scheme)
    except WeightsError:
        share = np.arange(config.landmarks) / config.landmarks
        angle = 2 * math.pi * 7 * share
        reach = 0.1 + 0.3 * share
        return np.stack([0.5 + reach * np.cos(angle), 0.5 + reach * np.sin(angle)], axis=1).astype(np.float32)


def _fill(network: Any) -> None:
    """Noise everywhere: ones and zeros, as networks start with, the converter would simplify away."""
    import torch

    noise = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, value in [*network.named_parameters(), *network.named_buffers()]:
            if not value.is_floating_point() or name.endswith("mean_face"):
                continue
            if value.ndim >= 2:
                reach = math.sqrt(3 / math.prod(value.shape[1:]))
                value.copy_(torch.empty(value.shape).uniform_(-reach, reach, generator=noise))
            elif name.endswith(("bias", "running_mean")):
                value.copy_(torch.empty(value.shape).uniform_(-0.05, 0.05, generator=noise))
            else:
                value.copy_(torch.empty(value.shape).uniform_(0.5, 1.5, generator=noise))
