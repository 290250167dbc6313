"""From which tensors of a checkpoint a converter made a weight: one of them, a part of one, or two of them folded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Fold", "Tensors"]

Array = NDArray[Any]
_PROBE = 8  # output channels that decide which tensor a weight comes from
_ALIKE = (
    0.9  # cosine between a weight and its origin, also where 4 bits are left of it; unrelated ones are near 0
)
_SHORT = 16  # numbers; shorter runs are found in a checkpoint by chance


@dataclass(frozen=True)
class Norm:
    """A batch normalisation as what it does: scale · x + shift; ``size`` is of the two terms of which shift is the sum."""

    name: str
    scale: NDArray[np.float64]
    shift: NDArray[np.float64]
    size: NDArray[np.float64]

    def tensors(self) -> tuple[str, ...]:
        return tuple(f"{self.name}{leaf}" for leaf in ("weight", "bias", "running_mean", "running_var"))


@dataclass(frozen=True)
class Fold:
    """A weight's origin.

    Attributes:
        source: name of the tensor.
        norm: the batch normalisation that was folded into it; None where it is as it was.
        expected: float64, what should be stored.
    """

    source: str
    norm: Norm | None
    expected: NDArray[np.float64]


class Tensors:
    """The floating-point tensors of a checkpoint, ready to be searched.

    Args:
        state: name → array, as a module's state dict has them.
        epsilons: of batch normalisations by their prefix (``layer1.bn1.``), 1e-5 where it is not given.
    """

    def __init__(self, state: Mapping[str, Array], epsilons: Mapping[str, float]) -> None:
        self.state = {name: value for name, value in state.items() if value.dtype.kind == "f"}
        self._norms = [_norm(name, self.state, epsilons) for name in _norm_names(self.state)]
        self._stored: dict[np.dtype[Any], dict[bytes, list[str]]] = {}

    def equal(self, value: Array) -> tuple[str, ...]:
        """Names of the tensors that are this one, byte for byte, rounded to its type; shapes may differ."""
        if value.dtype not in self._stored:
            found = defaultdict(list)
            for name, tensor in self.state.items():
                found[_rounded(tensor, value.dtype).tobytes()].append(name)
            self._stored[value.dtype] = found
        return tuple(self._stored[value.dtype].get(value.tobytes(), ()))

    def part(self, value: Array) -> tuple[str, ...]:
        """Name of the tensor that holds this as one of several equal parts, byte for byte: attention has three in one."""
        if value.size < _SHORT:
            return ()
        wanted = value.tobytes()
        for name, tensor in self.state.items():
            if tensor.size <= value.size or tensor.size % value.size:
                continue
            place = _rounded(tensor, value.dtype).tobytes().find(wanted)
            if place >= 0 and place % len(wanted) == 0:
                return (name,)
        return ()

    def fold(self, value: Array) -> Fold | None:
        """The tensor of this shape that points where the weight points, per output channel; None where none does."""
        candidates = self._by_shape.get(value.shape, ())
        probes = {name: _likeness(value[:_PROBE], self.state[name][:_PROBE]) for name in candidates}
        best = max(probes, key=lambda name: probes[name], default=None)
        if best is None or probes[best] < _ALIKE:
            return None
        source = self.state[best].astype(np.float64)
        rows = source.reshape(len(source), -1)
        along = (value.astype(np.float64).reshape(rows.shape) * rows).sum(1)
        ratio = along / np.maximum((rows**2).sum(1), np.finfo(np.float64).tiny)
        plain = Norm("", np.ones(len(ratio)), np.zeros(len(ratio)), np.zeros(len(ratio)))
        norms = [plain, *(norm for norm in self._norms if norm.scale.shape == ratio.shape)]
        norm = min(norms, key=lambda one: float(np.abs(one.scale - ratio).sum()))
        scale = norm.scale.reshape(-1, *[1] * (source.ndim - 1))
        return Fold(best, norm if norm is not plain else None, source * scale)

    @cached_property
    def _by_shape(self) -> Mapping[tuple[int, ...], list[str]]:
        found = defaultdict(list)
        for name, tensor in self.state.items():
            if tensor.ndim > 1:
                found[tensor.shape].append(name)
        return found


def _norm_names(state: Mapping[str, Array]) -> list[str]:
    return [name.removesuffix("running_var") for name in state if name.rpartition(".")[2] == "running_var"]


def _norm(name: str, state: Mapping[str, Array], epsilons: Mapping[str, float]) -> Norm:
    variance = state[f"{name}running_var"].astype(np.float64)
    scale = state.get(f"{name}weight", np.ones(1)) / np.sqrt(variance + epsilons.get(name, 1e-5))
    own = state.get(f"{name}bias", np.zeros(1)).astype(np.float64)
    moved = state[f"{name}running_mean"].astype(np.float64) * scale
    return Norm(name, scale, own - moved, np.abs(own) + np.abs(moved))


def _likeness(first: Array, second: Array) -> float:
    """Median over output channels of the cosine, signs aside."""
    a, b = (one.reshape(len(one), -1).astype(np.float64) for one in (first, second))
    if a.shape[1] == 1:
        return 0.0  # numbers all point one way
    norms = np.sqrt((a**2).sum(1) * (b**2).sum(1))
    return float(np.median(np.abs((a * b).sum(1)) / np.maximum(norms, np.finfo(np.float64).tiny)))


def _rounded(tensor: Array, dtype: np.dtype[Any]) -> Array:
    with np.errstate(over="ignore"):  # what float16 cannot hold is infinite in the package too
        return np.ascontiguousarray(tensor.astype(dtype))
