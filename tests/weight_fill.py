"""Weights that depend on names and shapes alone, so that two programs can fill a network alike.

The rule of the published-parity material: each tensor is uniform noise keyed by its name, scaled by what it is for.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Overrides = Mapping[str, Mapping[str, float]]


def fill(
    shapes: Mapping[str, tuple[int, ...]], *, gain: float = 1.0, overrides: Overrides | None = None
) -> dict[str, NDArray[Any]]:
    """An array for each name; ``overrides`` multiply and add to single ones."""
    filled = {}
    for name, shape in shapes.items():
        leaf = name.rpartition(".")[2]
        if leaf == "num_batches_tracked":
            filled[name] = np.zeros(shape, np.int64)
            continue
        noise = np.random.Generator(np.random.Philox(key=zlib.crc32(name.encode()))).random(shape)
        change = (overrides or {}).get(name, {})
        value = _scaled(noise, leaf, gain) * change.get("mul", 1.0) + change.get("add", 0.0)
        filled[name] = np.asarray(value, np.float32)
    return filled


def _scaled(noise: NDArray[np.float64], leaf: str, gain: float) -> NDArray[np.float64]:
    if leaf == "running_var" or (
        noise.ndim == 1 and leaf not in ("running_mean",) and not leaf.endswith("bias")
    ):
        return 0.5 + noise
    if noise.ndim == 0:
        return 0.5 + noise
    if noise.ndim == 1:
        return (noise - 0.5) * 0.1
    scale = np.sqrt(3 / np.prod(noise.shape[1:])) * gain if leaf.endswith("weight") else 1.0
    return (noise - 0.5) * 2 * scale


def make_input(batch: int = 2, side: int = 256) -> NDArray[np.float32]:
    """Noise from 0 to 1, N×3×H×W."""
    return np.random.Generator(np.random.Philox(key=0)).random((batch, 3, side, side), dtype=np.float32)


def digest(arrays: Mapping[str, NDArray[Any]]) -> str:
    """SHA-256 over names and bytes, as the parity material states it."""
    total = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        total.update(name.encode())
        total.update(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
    return total.hexdigest()
