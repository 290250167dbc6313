"""Convolutions, products, normalisations and pooling of Core ML's programs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F

from mil_ops import Numbers, ints, op


@op("conv")
def conv(
    x: Numbers,
    weight: Numbers,
    bias: Numbers | None = None,
    strides: Numbers | None = None,
    pad_type: str = "valid",
    pad: Numbers | None = None,
    dilations: Numbers | None = None,
    groups: Numbers | int = 1,
) -> Numbers:
    spatial = x.ndim - 2
    steps, spread = ints(strides, [1] * spatial), ints(dilations, [1] * spatial)
    reach = [(size - 1) * dilation + 1 for size, dilation in zip(weight.shape[2:], spread, strict=True)]
    padded = F.pad(x, _for_torch(_pads(pad_type, pad, x.shape[2:], reach, steps)))
    function = (F.conv1d, F.conv2d, F.conv3d)[spatial - 1]
    return function(padded, weight, bias, steps, 0, spread, int(groups))


@op("linear")
def linear(x: Numbers, weight: Numbers, bias: Numbers | None = None) -> Numbers:
    """``weight`` is (outputs, inputs)."""
    return F.linear(x, weight, bias)


@op("matmul")
def matmul(
    x: Numbers, y: Numbers, transpose_x: Numbers | bool = False, transpose_y: Numbers | bool = False
) -> Numbers:
    return (x.mT if transpose_x else x) @ (y.mT if transpose_y else y)


@op("batch_norm")
def batch_norm(
    x: Numbers,
    mean: Numbers,
    variance: Numbers,
    gamma: Numbers | None = None,
    beta: Numbers | None = None,
    epsilon: Numbers | float = 1e-5,
) -> Numbers:
    """Along the second axis."""
    scale = 1 / torch.sqrt(variance + epsilon) * (1 if gamma is None else gamma)
    shape = (1, -1, *[1] * (x.ndim - 2))
    normal = (x - mean.reshape(shape)) * scale.reshape(shape)
    return normal if beta is None else normal + beta.reshape(shape)


@op("layer_norm")
def layer_norm(
    x: Numbers,
    axes: Numbers | None = None,
    gamma: Numbers | None = None,
    beta: Numbers | None = None,
    epsilon: Numbers | float = 1e-5,
) -> Numbers:
    """``gamma`` and ``beta`` have the sizes of ``x`` along ``axes``, in the order of x's axes."""
    which = [axis % x.ndim for axis in ints(axes, list(range(x.ndim)))]
    centred = x - x.mean(which, keepdim=True)
    normal = centred / torch.sqrt((centred**2).mean(which, keepdim=True) + epsilon)
    shape = [size if axis in which else 1 for axis, size in enumerate(x.shape)]
    normal = normal if gamma is None else normal * gamma.reshape(shape)
    return normal if beta is None else normal + beta.reshape(shape)


@op("softmax")
def softmax(x: Numbers, axis: Numbers | int = -1) -> Numbers:
    return torch.softmax(x, int(axis))


@op("max_pool")
def max_pool(x: Numbers, kernel_sizes: Numbers, pad_type: str, **more: Any) -> Numbers:
    """Padding never wins."""
    frame = _frame(x, ints(kernel_sizes), pad_type, **more)
    return frame.windows(x, padding=-math.inf, behind=-math.inf).amax(-1)


@op("avg_pool")
def avg_pool(
    x: Numbers,
    kernel_sizes: Numbers,
    pad_type: str,
    exclude_padding_from_average: Numbers | bool = False,
    **more: Any,
) -> Numbers:
    """Padding counts as zeros unless it is excluded; what ``ceil_mode`` adds behind it never counts."""
    frame = _frame(x, ints(kernel_sizes), pad_type, **more)
    counts = 0.0 if exclude_padding_from_average else 1.0
    ones = frame.windows(torch.ones_like(x[:1, :1]), padding=counts, behind=0.0)
    return frame.windows(x, padding=0.0, behind=0.0).sum(-1) / ones.sum(-1)


@dataclass(frozen=True)
class _Frame:
    """Where a kernel is put: its sizes and steps, padding, and what is missing for last windows that are not whole."""

    kernel: list[int]
    steps: list[int]
    pads: list[tuple[int, int]]
    missing: list[tuple[int, int]]

    def windows(self, x: Numbers, padding: float, behind: float) -> Numbers:
        """The numbers under each position of the kernel, last axis."""
        framed = F.pad(F.pad(x, _for_torch(self.pads), value=padding), _for_torch(self.missing), value=behind)
        for axis, (size, step) in enumerate(zip(self.kernel, self.steps, strict=True)):
            framed = framed.unfold(2 + axis, size, step)
        return framed.flatten(-len(self.kernel))


def _frame(
    x: Numbers,
    kernel: list[int],
    pad_type: str,
    strides: Numbers | None = None,
    pad: Numbers | None = None,
    ceil_mode: Numbers | bool = False,
) -> _Frame:
    steps = ints(strides, [1] * len(kernel))
    pads = _pads(pad_type, pad, x.shape[2:], kernel, steps)
    places = zip(x.shape[2:], pads, kernel, steps, strict=True)
    return _Frame(kernel, steps, pads, [(0, _missing(*place) if ceil_mode else 0) for place in places])


def _pads(
    pad_type: str, pad: Numbers | None, sizes: Sequence[int], kernel: Sequence[int], steps: Sequence[int]
) -> list[tuple[int, int]]:
    """Before and after each spatial axis. ``same`` gives ⌈size / stride⌉ places, the odd one behind, lower: before."""
    if pad_type == "custom":
        given = ints(pad, [0] * 2 * len(sizes))
        return list(zip(given[::2], given[1::2], strict=True))
    if pad_type == "valid":
        return [(0, 0)] * len(sizes)
    if pad_type not in ("same", "same_lower"):
        msg = f"pad_type: expected valid, same, same_lower or custom, got {pad_type!r}"
        raise ValueError(msg)
    pads = []
    for size, reach, step in zip(sizes, kernel, steps, strict=True):
        total = max(0, (math.ceil(size / step) - 1) * step + reach - size)
        few, many = total // 2, total - total // 2
        pads.append((many, few) if pad_type == "same_lower" else (few, many))
    return pads


def _missing(size: int, pads: tuple[int, int], reach: int, step: int) -> int:
    """Behind an axis for a last window that is not whole, unless that would begin in the padding."""
    before, after = pads
    count = math.ceil((size + before + after - reach) / step) + 1
    if (count - 1) * step >= size + before and before + after > 0:
        count -= 1
    return max(0, (count - 1) * step + reach - size - before - after)


def _for_torch(pads: Sequence[tuple[int, int]]) -> list[int]:
    """The last axis first."""
    return [number for pair in reversed(pads) for number in pair]
