"""Sweeps: what changes between the views of one still image: the window, or the pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.nearest import nearest

__all__ = [
    "PIXEL_SWEEPS",
    "SWEEPS",
    "WINDOW_SWEEPS",
    "Sweep",
    "SweepPart",
    "make_sweep",
    "make_sweeps",
    "path_at",
]

WINDOW_SWEEPS = ("shift", "scale", "rotate")
PIXEL_SWEEPS = ("noise", "jpeg", "brightness")
SWEEPS = (*WINDOW_SWEEPS, *PIXEL_SWEEPS)
ALL = "all"
BINS = 8  # of the random part, for error against displacement
MIN_FRAMES, MAX_FRAMES = 8, 100_000

_CUT = 2.5  # standard deviations at which the random offsets are cut
# Per sweep: how far the path swings, and the standard deviation of the random part. A cut at 2.5 sigma makes the
# random scale and rotation reach exactly the path's ends, 10 % and 10 degrees; so it is for noise and JPEG quality.
_PATH_AMPLITUDE = {
    "shift": 0.05,
    "scale": 0.10,
    "rotate": 10.0,
    "noise": 4.0,
    "jpeg": 30.0,
    "brightness": 0.5,
}
_RANDOM_SIGMA = {"shift": 0.03, "scale": 0.04, "rotate": 4.0, "noise": 1.6, "jpeg": 12.0, "brightness": 0.2}
_UNIT = {
    "shift": "share of the box's longer side",
    "scale": "share of the window",
    "rotate": "degrees",
    "noise": "standard deviation in grey levels at mid-grey",
    "jpeg": "JPEG quality, from 60",
    "brightness": "doublings of gain, and of gamma halved",
}
_COLUMNS = {"shift": 2, "brightness": 2}  # one for the others


@dataclass(frozen=True)
class SweepPart:
    """T windows, as offsets to one box.

    Attributes:
        name: ``path`` (a smooth closed curve) or ``random`` (independent offsets).
        shift: (T, 2), ``dx, dy`` as a share of the box's longer side.
        scale: (T,), factor on the window's side.
        rotation: (T,), degrees.
        offset: (T, C), the sweep's own offsets, in its unit; what pixel sweeps change the pixels by.
    """

    name: str
    shift: NDArray[np.float64]
    scale: NDArray[np.float64]
    rotation: NDArray[np.float64]
    offset: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.shift)

    @property
    def size(self) -> NDArray[np.float64]:
        """(T,) how far each view is from the middle one."""
        return np.asarray(np.sqrt((self.offset * self.offset).sum(axis=1)))

    def bins(self) -> list[NDArray[np.intp]]:
        """Views by the size of their offset, smallest first, as many in each bin (but for one)."""
        order = np.argsort(self.size, kind="stable")
        return np.array_split(order, BINS)


@dataclass(frozen=True)
class Sweep:
    """A named set of views: jitter is read from ``path``; spread, gain and residual from ``random``."""

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
            "bins": [float(f"{self.random.size[rows].mean():.6g}") for rows in self.random.bins()],
        }


def make_sweep(name: str = "shift", *, frames: int = 128, seed: int = 0) -> Sweep:
    """The sweep of that name.

    Of the window, the image unchanged:

    * ``shift``: path ``dx = 0.05 sin(2π 3t/T)``, ``dy = 0.05 sin(2π 2t/T + π/4)``; random ``dx, dy ~ N(0, 0.03²)``
      cut at 2.5 σ, in shares of the box's longer side;
    * ``scale``: path ``ds = 0.10 sin(2π 3t/T)``; random ``ds ~ N(0, 0.04²)`` cut at 2.5 σ (±10 %);
    * ``rotate``: path ``dθ = 10° sin(2π 3t/T)``; random ``dθ ~ N(0, 4²)`` degrees cut at 2.5 σ (±10°).

    Of the pixels, the window unchanged (:mod:`flmcore.evaluation.pixels` says how they change):

    * ``noise``: path: sensor noise of 4 grey levels, new in each view; random: of ``|N(0, 1.6²)|`` levels, to 4;
    * ``jpeg``: path: quality ``60 + 30 sin(2π 3t/T)``; random ``60 + N(0, 12²)`` cut at 2.5 σ; whole numbers;
    * ``brightness``: path: gain ``2^(0.5 sin(2π 3t/T))``, gamma ``2^(0.25 sin(2π 2t/T + π/4))``; random: exponents
      ``N(0, 0.2²)`` and ``N(0, 0.1²)`` cut at 2.5 σ.

    Every offset is rounded to 1e-12, so that the last bit of a machine's ``sin`` cannot reach a result. The random
    part comes from the raw 64-bit words of PCG64, which NumPy promises never to change, through the inverse
    distribution function: the same seed is the same sweep on any machine and version.

    Args:
        name: one of ``SWEEPS``.
        frames: views T in each part, from 8.
        seed: of the random part, from 0.

    Raises:
        ValueError: an unknown name, or frames or seed out of range.
    """
    if name not in SWEEPS:
        msg = f"sweep: expected one of {', '.join(SWEEPS)}, got {name!r}{nearest(name, SWEEPS)}"
        raise ValueError(msg)
    _check_whole("frames", frames, MIN_FRAMES, MAX_FRAMES)
    _check_whole("seed", seed, 0, 2**63 - 1)
    path = path_at(name, frames, np.arange(frames))
    random = np.round(_cut_normal(frames, path.shape[1], seed) * _RANDOM_SIGMA[name], 12)
    if name == "noise":
        random = np.abs(random)
    if name == "jpeg":
        path, random = np.round(path), np.round(random)
    if name == "brightness":
        random = random * np.array([1.0, 0.5])
    return Sweep(name, int(frames), int(seed), _part("path", name, path), _part("random", name, random))


def make_sweeps(name: str = "shift", *, frames: int = 128, seed: int = 0) -> list[Sweep]:
    """The sweep of that name, or every sweep for ``all``, ``shift`` first.

    Raises:
        ValueError: as :func:`make_sweep`.
    """
    if not isinstance(name, str) or name not in (*SWEEPS, ALL):
        msg = f"sweep: expected one of {', '.join((*SWEEPS, ALL))}, got {name!r}{nearest(str(name), (*SWEEPS, ALL))}"
        raise ValueError(msg)
    names = SWEEPS if name == ALL else (name,)
    return [make_sweep(one, frames=frames, seed=seed) for one in names]


def _check_whole(argument: str, value: int, low: int, high: int) -> None:
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or not low <= value <= high:
        msg = f"{argument}: expected a whole number from {low} to {high}, got {value!r}"
        raise ValueError(msg)


def path_at(name: str, frames: int, t: NDArray[Any]) -> NDArray[np.float64]:
    """(n, C) offsets of the path of ``frames`` views at times ``t``, which may lie between two views."""
    amplitude = _PATH_AMPLITUDE[name]
    turn = [2 * math.pi * float(time) / frames for time in t]
    if name == "noise":
        return np.full((len(turn), 1), amplitude)
    if _COLUMNS.get(name) != 2:
        return np.round(amplitude * np.array([[math.sin(3 * a)] for a in turn]), 12)
    second = 0.5 if name == "brightness" else 1.0
    rows = [[math.sin(3 * a), second * math.sin(2 * a + math.pi / 4)] for a in turn]
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
        offset=offsets,
    )
