"""The optimiser, and its state as named tensors."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from flmcore.errors import ResultsError
from flmcore.train.schema import OptimiseConfig

__all__ = ["Optimiser"]


class Optimiser:
    """AdamW or SGD over a network's weights; biases and normalisation (tensors of one axis) do not decay."""

    def __init__(self, network: nn.Module, config: OptimiseConfig) -> None:
        self._named = [(name, p) for name, p in network.named_parameters() if p.requires_grad]
        self._clip = config.clip
        groups = [
            {"params": [p for _, p in self._named if p.ndim > 1], "weight_decay": config.decay},
            {"params": [p for _, p in self._named if p.ndim <= 1], "weight_decay": 0.0},
        ]
        self._inner: torch.optim.Optimizer
        if config.method == "adamw":
            self._inner = torch.optim.AdamW(groups, lr=config.rate)
        else:
            self._inner = torch.optim.SGD(
                groups, lr=config.rate, momentum=config.momentum, nesterov=config.momentum > 0
            )

    def step(self, rate: float) -> float:
        """One step down the gradients at this rate; returns the gradients' norm before clipping, NaN where not clipped."""
        norm = float("nan")
        if self._clip > 0:
            norm = float(torch.nn.utils.clip_grad_norm_([p for _, p in self._named], self._clip))
        for group in self._inner.param_groups:
            group["lr"] = rate
        self._inner.step()
        self._inner.zero_grad(set_to_none=True)
        return norm

    def tensors(self) -> dict[str, torch.Tensor]:
        """``WEIGHT:KEY`` → tensor, of every weight that has been stepped."""
        return {
            f"{name}:{key}": value
            for name, weight in self._named
            for key, value in self._inner.state.get(weight, {}).items()
            if isinstance(value, torch.Tensor)
        }

    @torch.no_grad()
    def load(self, tensors: Mapping[str, torch.Tensor]) -> None:
        """What :meth:`tensors` gave; ResultsError where a name is of no weight."""
        weights = dict(self._named)
        for full_name, tensor in tensors.items():
            name, _, key = full_name.rpartition(":")
            if name not in weights:
                msg = f"checkpoint: expected the state of this network's weights, got one of {name!r}"
                raise ResultsError(msg)
            weight = weights[name]
            if tensor.shape == weight.shape:  # in the weight's own layout in memory
                tensor = torch.empty_like(weight).copy_(tensor)
            self._inner.state[weight][key] = tensor.clone()
