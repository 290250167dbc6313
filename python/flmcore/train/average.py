"""An exponential average of a network's weights and of its normalisation's statistics."""

from __future__ import annotations

import copy

import torch
from torch import nn

__all__ = ["Average"]


class Average:
    """A copy of a network that follows it: ``average += (1 - decay) (network - average)`` after every step.

    Early on the average is of few steps: the decay is ``min(decay, (1 + n) / (10 + n))`` at step n, as in TensorFlow's
    ``ExponentialMovingAverage``. Statistics of batch normalisation are averaged too, whole numbers are copied. With a
    decay of 0 it is the network itself.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self._live, self._decay = network, decay
        self.network = copy.deepcopy(network).eval() if decay > 0 else network
        for tensor in self.network.parameters() if decay > 0 else ():
            tensor.requires_grad_(False)

    @torch.no_grad()
    def update(self, step: int) -> None:
        """After step number ``step``, counted from 0."""
        if self.network is self._live:
            return
        share = 1 - min(self._decay, (1 + step) / (10 + step))
        kept, new = [], []
        live = self._live.state_dict()
        for name, tensor in self.network.state_dict().items():
            if tensor.is_floating_point():
                kept.append(tensor)
                new.append(live[name])
            else:
                tensor.copy_(live[name])
        torch._foreach_lerp_(kept, new, share)
