"""float16 as a phone computes with it, simulated in PyTorch: weights and every operator's result rounded to float16."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only

__all__ = ["LARGEST", "RoundToFloat16", "with_float16_weights"]

LARGEST = 65504.0  # finite number of float16


def with_float16_weights(module: torch.nn.Module) -> torch.nn.Module:
    """A copy whose floating-point parameters and buffers are rounded to float16 and kept as float32.

    What is beyond float16's range becomes infinite there, as it does in a converted package.
    """
    rounded = copy.deepcopy(module)
    with torch.no_grad():
        for tensor in (*rounded.parameters(), *rounded.buffers()):
            if tensor.is_floating_point():
                tensor.copy_(_rounded(tensor))
    return rounded


class RoundToFloat16(TorchDispatchMode):
    """While active, the result of every PyTorch operator is rounded to float16, to nearest, ties to even.

    The arithmetic inside an operator stays float32: products of float16 numbers are exact there, and Apple does not
    say how the Neural Engine adds them up, so a sum kept in float16 would be a guess on the gloomy side. An operator
    here may be several in the converted program or part of one (a batch norm that is merged into a convolution).

    Attributes:
        overflows: results that were finite and are infinite in float16, counted over all operators.
        largest: greatest magnitude of a finite result.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.overflows = 0
        self.largest = 0.0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        schema = func._schema
        if schema.is_mutable:  # written in place: what the name stands for must stay the same tensor
            tree_map_only(torch.Tensor, self._round_in_place, result)
            return result
        if any(value.alias_info is not None for value in schema.returns):
            return result  # a view of numbers that are rounded already
        return tree_map_only(torch.Tensor, self._round, result)

    def _round(self, tensor: torch.Tensor) -> torch.Tensor:
        if not tensor.is_floating_point():
            return tensor
        rounded = _rounded(tensor)
        self._watch(tensor, rounded)
        return rounded

    def _round_in_place(self, tensor: torch.Tensor) -> torch.Tensor:
        if tensor.is_floating_point():
            rounded = _rounded(tensor)
            self._watch(tensor, rounded)
            tensor.copy_(rounded)
        return tensor

    def _watch(self, tensor: torch.Tensor, rounded: torch.Tensor) -> None:
        if tensor.numel() == 0:
            return
        low, high = (float(end) for end in torch.aminmax(tensor))
        peak = max(-low, high)
        if not peak < float("inf"):  # something is not finite already: look at the rest
            finite = torch.isfinite(tensor)
            peak = float(torch.where(finite, tensor, 0).abs().max())
        if peak > LARGEST:
            self.overflows += int((torch.isfinite(tensor) & ~torch.isfinite(rounded)).sum())
        self.largest = max(self.largest, peak)


def _rounded(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.to(torch.float16).to(tensor.dtype)
