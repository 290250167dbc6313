"""Convolutions, products, normalisations and pooling of Core ML's programs."""

from __future__ import annotations

import math
from collections.abc import Sequence
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
    windows, _ = _windows(x, -math.inf, ints(kernel_sizes), pad_type, **more)
    return windows.amax(-1)


@op("avg_pool")
def avg_pool(
    x: Numbers,
    kernel_sizes: Numbers,
    pad_type: str,
    exclude_padding_from_average: Numbers | bool = False,
    **more: Any,
) -> Numbers:
    """Padding counts as zeros unless it is excluded; what ``ceil_mode`` adds behind it never counts."""
    windows, counted = _windows(x, 0.0, ints(kernel_sizes), pad_type, **more)
    inside = torch.ones_like(x[:1, :1])
    if not exclude_padding_from_average:
        inside = F.pad(inside, counted, value=1.0)
        counted = [0] * len(counted)
    ones, _ = _windows(inside, 0.0, ints(kernel_sizes), "custom", **{**more, "pad": _from_torch(counted)})
    return windows.sum(-1) / ones.sum(-1)


def _windows(
    x: Numbers,
    fill: float,
    kernel: list[int],
    pad_type: str,
    strides: Numbers | None = None,
    pad: Numbers | None = None,
    ceil_mode: Numbers | bool = False,
) -> tuple[Numbers, list[int]]:
    """The numbers under each position of the kernel, last axis, and the padding in PyTorch's order.

    Taking each stride-th place of the kernel's axes, so that windows are views until they are reduced.
    """
    spatial = x.ndim - 2
    steps = ints(strides, [1] * spatial)
    pads = _for_torch(_pads(pad_type, pad, x.shape[2:], kernel, steps))
    padded = F.pad(x, pads, value=fill)
    if ceil_mode:
        padded = F.pad(padded, _for_torch(_ceil_pads(x.shape[2:], pads, kernel, steps)), value=fill)
    for axis in range(spatial):
        padded = padded.unfold(2 + axis, kernel[axis], steps[axis])
    return padded.flatten(-spatial), pads


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


def _ceil_pads(
    sizes: Sequence[int], pads: Sequence[int], kernel: Sequence[int], steps: Sequence[int]
) -> list[tuple[int, int]]:
    """What is missing behind for a last window that is not whole, unless it would begin in the padding."""
    more = []
    for size, (before, after), reach, step in zip(sizes, _pairs(pads), kernel, steps, strict=True):
        count = math.ceil((size + before + after - reach) / step) + 1
        if (count - 1) * step >= size + before and before + after > 0:
            count -= 1
        more.append((0, max(0, (count - 1) * step + reach - size - before - after)))
    return more


def _for_torch(pads: Sequence[tuple[int, int]]) -> list[int]:
    """The last axis first."""
    return [number for pair in reversed(pads) for number in pair]


def _pairs(pads: Sequence[int]) -> list[tuple[int, int]]:
    return list(zip(pads[::2], pads[1::2], strict=True))[::-1]


def _from_torch(pads: Sequence[int]) -> Numbers:
    return torch.tensor([number for pair in _pairs(pads) for number in pair])
