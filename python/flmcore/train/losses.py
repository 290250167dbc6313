"""How far landmarks off count. Lengths are pixels of the crop; landmarks that are undefined count nothing."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch

from flmcore import schemes
from flmcore.train.schema import TrainConfig

__all__ = ["gaussian", "landmark_weights", "loss_of", "smooth_l1", "wing"]

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def wing(distance: torch.Tensor, width: float = 10.0, curvature: float = 2.0) -> torch.Tensor:
    """Wing loss of each signed distance x: ``w ln(1 + |x| / ε)`` below w, ``|x| - C`` from there, C making it continuous.

    Feng et al., Wing Loss for Robust Facial Landmark Localisation with Convolutional Neural Networks, 2018, equation 5:
    ``C = w - w ln(1 + w / ε)``. Unlike a square it does not lose interest in errors that are small already.
    """
    size = distance.abs()
    curved = width * torch.log1p(size / curvature)
    straight = size - (width - width * math.log1p(width / curvature))
    return torch.where(size < width, curved, straight)


def smooth_l1(distance: torch.Tensor, knee: float = 1.0) -> torch.Tensor:
    """``x² / 2β`` below β, ``|x| - β/2`` from there (Girshick, Fast R-CNN, 2015, with β)."""
    size = distance.abs()
    return torch.where(size < knee, size * size / (2 * knee), size - knee / 2)


def gaussian(distance: torch.Tensor, log_sigma: torch.Tensor) -> torch.Tensor:
    """Negative log-likelihood of each landmark, (..., K), under a circular Gaussian, without its constant.

    ``2 ln σ + |d|² / 2σ²``: Wood et al., 3D Face Reconstruction with Dense Landmarks, 2022, equation 1.
    """
    square = distance.square().sum(dim=-1)
    return 2 * log_sigma + square * torch.exp(-2 * log_sigma) / 2


def landmark_weights(config: TrainConfig) -> torch.Tensor:
    """(K,) from ``[loss] groups``; 1 where no group of a landmark is named, the largest where several are."""
    weights = torch.full((config.landmarks,), -1.0)
    groups = schemes.get(config.scheme).groups
    for group, weight in config.loss.groups.items():
        for landmark in groups[group]:
            weights[landmark] = max(float(weights[landmark]), weight)
    return torch.where(weights < 0, torch.ones(()), weights)


def loss_of(config: TrainConfig, device: torch.device) -> Loss:
    """``loss(output, targets)``: output (N, values·K) and targets (N, K, 2), shares of the crop → a number.

    The mean over the coordinates (``gaussian``: the landmarks) that are defined, each with its landmark's weight.
    """
    size = torch.tensor([float(extent) for extent in config.crop.size], device=device)
    weights = landmark_weights(config).to(device)
    count, kind, set_up = config.values, config.loss.kind, config.loss

    def loss(output: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        values = output.float().reshape(len(targets), -1, count)
        defined = torch.isfinite(targets).all(dim=-1)
        weight = weights * defined
        aimed = torch.where(defined[..., None], targets, values[..., :2].detach())
        distance = (values[..., :2] - aimed) * size
        if kind == "gaussian":
            per_landmark = gaussian(distance, values[..., 2] + math.log(math.sqrt(float(size.prod()))))
        else:
            per_landmark = _OF_COORDINATES[kind](distance, set_up).mean(dim=-1)
        return (per_landmark * weight).sum() / weight.sum().clamp(min=1e-6)

    return loss


_OF_COORDINATES: dict[str, Callable[..., torch.Tensor]] = {
    "wing": lambda distance, loss: wing(distance, loss.width, loss.curvature),
    "l1": lambda distance, _: distance.abs(),
    "smooth_l1": lambda distance, loss: smooth_l1(distance, loss.knee),
    "l2": lambda distance, _: distance.square(),
}
