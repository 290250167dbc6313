"""The network that is trained: built, checked and started."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from flmcore.detectors import nets
from flmcore.detectors.checkpoint import read_checkpoint
from flmcore.detectors.checkpoint_fit import fit, load_backbone
from flmcore.detectors.schema import InputConfig
from flmcore.errors import ConfigError
from flmcore.train.batches import Batch
from flmcore.train.schema import TrainConfig

__all__ = ["build_network", "network_options", "start_at_mean", "to_input"]


def build_network(config: TrainConfig) -> nn.Module:
    """The network of ``[model]``, seeded; from its backbone's or its own weights where they are named.

    Raises:
        ConfigError: an unknown option, or a network that does not give landmarks as numbers.
        WeightsError: weights that do not fit.
    """
    torch.manual_seed(config.seed)
    network: nn.Module = nets.build(
        config.model.network,
        network_options(config),
        landmarks=config.landmarks,
        size=config.crop.size,
        mean_face=None,
    )
    if config.model.weights is not None:
        path = config.folder / config.model.weights
        fit(network, read_checkpoint(path), str(path))
    elif config.model.backbone is not None:
        load_backbone(network, config.folder / config.model.backbone)
    _check_output(config, network)
    return network


def network_options(config: TrainConfig) -> dict[str, Any]:
    """The options of the network's maker, with the values that the loss needs."""
    values = {"values": config.values} if config.values != 2 else {}
    return {**config.model.options, **values}


def _check_output(config: TrainConfig, network: nn.Module) -> None:
    width, height = config.crop.size
    wanted = config.landmarks * config.values
    network.eval()
    try:
        with torch.no_grad():
            output = network(torch.zeros(2, 3, height, width))
    except RuntimeError as error:
        msg = f"model: expected a network for crops of {width}×{height}, got {' '.join(str(error).split())[:200]}"
        raise ConfigError(msg) from error
    if not isinstance(output, torch.Tensor) or output.shape != (2, wanted):
        got = tuple(output.shape) if isinstance(output, torch.Tensor) else type(output).__name__
        msg = f"model: expected a network that gives (N, {wanted}), coordinates of landmarks, got {got}"
        raise ConfigError(msg)


@torch.no_grad()
def start_at_mean(network: nn.Module, batch: Batch, values: int) -> bool:
    """Let an untrained head give the mean face of a batch: what it gives at first would be far outside of the crop.

    Changes the last linear layer of as many outputs; returns whether there is one.
    """
    mean = torch.from_numpy(batch.targets).nanmean(dim=0)
    mean = torch.where(torch.isfinite(mean), mean, torch.full_like(mean, 0.5))
    last = [m for m in network.modules() if isinstance(m, nn.Linear) and m.out_features == values * len(mean)]
    if not last or last[-1].bias is None:
        return False
    bias = torch.full((len(mean), values), -3.0)  # log-sigma: a twentieth of the crop
    bias[:, :2] = mean
    last[-1].bias.copy_(bias.reshape(-1))
    last[-1].weight.mul_(0.1)
    return True


class _Constants:
    """Mean and deviation as tensors, made once."""

    def __init__(self, config: InputConfig, device: torch.device) -> None:
        self.mean = torch.tensor(config.mean, device=device).reshape(1, 3, 1, 1)
        self.scale = 1 / torch.tensor(config.std, device=device).reshape(1, 3, 1, 1)
        self.order = [2, 1, 0] if config.channels == "bgr" else None


def to_input(config: InputConfig, device: torch.device) -> Any:
    """A function: crops (N, H, W, 3) uint8 tensor → (N, 3, H, W) float32, channels last in memory, normalised."""
    constants = _Constants(config, device)

    def convert(crops: torch.Tensor) -> torch.Tensor:
        planes = crops.to(device, non_blocking=True).permute(0, 3, 1, 2)
        if constants.order is not None:
            planes = planes[:, constants.order].contiguous(memory_format=torch.channels_last)
        return planes.float().sub_(constants.mean).mul_(constants.scale)

    return convert
