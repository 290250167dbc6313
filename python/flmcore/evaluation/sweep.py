"""Sweeps: the windows that one still image is seen through."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["SWEEPS", "Sweep", "SweepPart", "make_sweep"]

SWEEPS = ("shift", "scale", "rotate")
_PLANNED = ("noise", "all")
MIN_FRAMES, MAX_FRAMES = 8, 100_000

_CUT = 2.5  # standard deviations at which the random offsets are cut
# Per sweep: how far the path swings, and the standard deviation of the random part. A cut at 2.5 sigma makes the
# random scale and rotation reach exactly the path's ends, 10 % and 10 degrees.
_PATH_AMPLITUDE = {"shift": 0.05, "scale": 0.10, "rotate": 10.0}
_RANDOM_SIGMA = {"shift": 0.03, "scale": 0.04, "rotate": 4.0}
_UNIT = {"shift": "share of the box's longer side", "scale": "share of the window", "rotate": "degrees"}


@dataclass(frozen=True)
class SweepPart:
    """T windows, as offsets to one box.

    Attributes:
        name: ``path`` (a smooth closed curve) or ``random`` (independent offsets).
        shift: (T, 2), ``dx, dy`` as a share of the box's longer side.
        scale: (T,), factor on the window's side.
        rotation: (T,), degrees.
    """

    name: str
    shift: NDArray[np.float64]
    scale: NDArray[np.float64]
    rotation: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.shift)


@dataclass(frozen=True)
class Sweep:
    """A named set of windows: jitter is read from ``path``; spread, gain and residual from ``random``."""

    name: str
    frames: int
    seed: int
    path: SweepPart
    random: SweepPart

    def describe(self) -> dict[str, Any]:
        """What a result says about its sweep."""
        return {
            "name": self.name,
            "frames": self.frames,
            "seed": self.seed,
            "path_amplitude": _PATH_AMPLITUDE[self.name],
            "random_sigma": _RANDOM_SIGMA[self.name],
            "random_cut_sigma": _CUT,
            "unit": _UNIT[self.name],
        }


def make_sweep(name: str = "shift", *, frames: int = 128, seed: int = 0) -> Sweep:
    """The sweep of that name.

    * ``shift``: path ``dx = 0.05 sin(2π 3t/T)``, ``dy = 0.05 sin(2π 2t/T + π/4)``; random ``dx, dy ~ N(0, 0.03²)``
      cut at 2.5 σ, in shares of the box's longer side;
    * ``scale``: path ``ds = 0.10 sin(2π 3t/T)``; random ``ds ~ N(0, 0.04²)`` cut at 2.5 σ (±10 %);
    * ``rotate``: path ``dθ = 10° sin(2π 3t/T)``; random ``dθ ~ N(0, 4²)`` degrees cut at 2.5 σ (±10°).

    Every offset is rounded to 1e-12, so that the last bit of a machine's ``sin`` cannot reach a result. The random
    part comes from the raw 64-bit words of PCG64, which NumPy promises never to change, through the inverse
    distribution function: the same seed is the same sweep on any machine and version.

    Args:
        name: ``shift``, ``scale`` or ``rotate``.
        frames: windows T in each part, from 8.
        seed: of the random part, from 0.

    Raises:
        ValueError: an unknown name, or frames or seed out of range.
    """
    if name in _PLANNED:
        msg = (
            f"sweep: expected one of {', '.join(SWEEPS)}, got {name!r}, which this version does not have yet"
        )
        raise ValueError(msg)
    if name not in SWEEPS:
        msg = f"sweep: expected one of {', '.join(SWEEPS)}, got {name!r}"
        raise ValueError(msg)
    _check_whole("frames", frames, MIN_FRAMES, MAX_FRAMES)
    _check_whole("seed", seed, 0, 2**63 - 1)
    path = _path_offsets(name, frames)
    random = np.round(_cut_normal(frames, path.shape[1], seed) * _RANDOM_SIGMA[name], 12)
    return Sweep(name, int(frames), int(seed), _part("path", name, path), _part("random", name, random))


def _check_whole(argument: str, value: int, low: int, high: int) -> None:
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or not low <= value <= high:
        msg = f"{argument}: expected a whole number from {low} to {high}, got {value!r}"
        raise ValueError(msg)


def _path_offsets(name: str, frames: int) -> NDArray[np.float64]:
    """(T, 2) for shift, (T, 1) for scale and rotate."""
    amplitude = _PATH_AMPLITUDE[name]
    turn = [2 * math.pi * t / frames for t in range(frames)]
    rows = [
        [math.sin(3 * a), math.sin(2 * a + math.pi / 4)] if name == "shift" else [math.sin(3 * a)]
        for a in turn
    ]
    return np.round(amplitude * np.array(rows), 12)


def _cut_normal(rows: int, columns: int, seed: int) -> NDArray[np.float64]:
    """Independent standard normal values within ±2.5, row by row from one stream."""
    words = np.random.PCG64(seed).random_raw(rows * columns)
    normal = NormalDist()
    low, high = normal.cdf(-_CUT), normal.cdf(_CUT)
    uniform = ((words >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
    values = [min(max(normal.inv_cdf(low + u * (high - low)), -_CUT), _CUT) for u in uniform.tolist()]
    return np.array(values).reshape(rows, columns)


def _part(part: str, name: str, offsets: NDArray[np.float64]) -> SweepPart:
    still, one = np.zeros((len(offsets), 2)), np.ones(len(offsets))
    offset = offsets[:, 0]
    return SweepPart(
        part,
        shift=offsets if name == "shift" else still,
        scale=one + offset if name == "scale" else one,
        rotation=offset if name == "rotate" else still[:, 0],
    )
