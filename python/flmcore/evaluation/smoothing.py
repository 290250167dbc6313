"""What smoothing would do: each filter, tuned to a budget of lag, on landmarks of a face that moves as the path does."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from flmcore.evaluation.filters import FILTERS, Floats
from flmcore.evaluation.sweep import Sweep, path_at
from flmcore.ops.affine import invert_affine

__all__ = ["FILTER_NAMES", "RATE", "measure_lag", "smoothed_values"]

RATE = 30.0  # frames a second
NONE = "none"
FILTER_NAMES = (NONE, *FILTERS)
_WARM_UP = 4  # the first quarter of the frames is for the filters to settle
_LAG_STEP = 0.05  # frames
_EARLIEST = -4.0  # frames: a filter that extrapolates may run ahead


def smoothed_values(
    landmarks: NDArray[np.float64],
    windows: NDArray[np.float64],
    sweep: Sweep,
    normaliser: float,
    budget: float,
) -> dict[str, dict[str, float | None]]:
    """Per filter, ``none`` first: residual ``jitter`` and ``error`` in per cent, ``lag_ms``, and its ``parameter``.

    Moving the window by +δ over a still face is moving the face by −δ under a fixed window, so landmarks seen through
    the path less δ are those of a face whose motion is known.

    Args:
        landmarks: (T, K, 2) image pixels, through the path.
        windows: (T, 2, 3) of the path, which only shifts.
        sweep: whose path it is.
        normaliser: pixels of 100 %.
        budget: lag in seconds that a filter may have.
    """
    motion = path_at(sweep.name, sweep.frames, np.arange(sweep.frames))
    side = _pixels_of(motion, windows) / normaliser  # of one unit of the path, in units of the normaliser
    still = landmarks[:, np.isfinite(landmarks).all(axis=(0, 2))] / normaliser
    if still.shape[1] == 0:
        return {}
    still = still - still.mean(axis=0)
    noise = max(float(np.sqrt((still * still).mean())), 1e-4)
    seen = still - (side * motion)[:, None, :]
    values = {NONE: _values(seen, sweep, side, None)}
    for name in FILTERS:
        parameter = _tuned(name, sweep.name, sweep.frames, side, noise, budget)
        if parameter is None:
            values[name] = dict.fromkeys(("jitter", "error", "lag_ms", "parameter"))
            continue
        smooth = FILTERS[name][0](seen.reshape(len(seen), -1), parameter, noise).reshape(seen.shape)
        values[name] = _values(smooth, sweep, side, parameter)
    return values


def _values(
    smooth: NDArray[np.float64], sweep: Sweep, side: float, parameter: float | None
) -> dict[str, float | None]:
    """Jitter is movement less the true movement, taken as late as the landmarks are; error has the lag in it."""
    start = sweep.frames // _WARM_UP
    lag = measure_lag(smooth.mean(axis=1), sweep.name, sweep.frames, side)
    times = np.arange(start, sweep.frames)
    late = -side * path_at(sweep.name, sweep.frames, times - lag)
    now = -side * path_at(sweep.name, sweep.frames, times)
    steps = np.diff(smooth[start:] - late[:, None], axis=0)
    away = smooth[start:] - now[:, None]
    rounded = (100 * _mean_length(steps), 100 * _mean_length(away), 1000 * lag / RATE)
    jitter, error, lag_ms = (float(f"{value:.6g}") for value in rounded)
    return {"jitter": jitter, "error": error, "lag_ms": lag_ms, "parameter": parameter}


def _mean_length(vectors: NDArray[np.float64]) -> float:
    return float(np.sqrt((vectors * vectors).sum(axis=-1)).mean())


def measure_lag(places: Floats, sweep: str, frames: int, side: float) -> float:
    """Frames by which ``places`` (T, 2) follow the motion −side · path: the delay that leaves the least squares.

    After the warm-up; a constant distance does not count.
    """
    start = frames // _WARM_UP
    delays, delayed = _delayed(sweep, frames)
    target = places[start:] - places[start:].mean(axis=0)
    rest = ((target + side * delayed) ** 2).sum(axis=(1, 2))
    best = int(rest.argmin())
    if 0 < best < len(rest) - 1:  # the top of the parabola through three neighbours
        before, here, after = rest[best - 1 : best + 2].tolist()
        bend = before - 2 * here + after
        return float(delays[best] + (_LAG_STEP * 0.5 * (before - after) / bend if bend > 0 else 0.0))
    return float(delays[best])


@lru_cache(maxsize=4)
def _delayed(name: str, frames: int) -> tuple[Floats, Floats]:
    """Delays (n,), and the path after the warm-up by so much later (n, T', 2), its mean taken off."""
    start = frames // _WARM_UP
    delays = np.round(np.arange(_EARLIEST, max(start, 2) + _LAG_STEP, _LAG_STEP), 6)
    times = np.arange(start, frames)[None, :] - delays[:, None]
    paths = path_at(name, frames, times.ravel()).reshape(*times.shape, -1)
    return delays, paths - paths.mean(axis=1, keepdims=True)


@lru_cache(maxsize=256)
def _tuned(name: str, sweep: str, frames: int, side: float, noise: float, budget: float) -> float | None:
    """The strongest smoothing that, like all weaker ones, keeps the noise-free motion within the budget; else None."""
    apply, parameters = FILTERS[name]
    motion = -side * path_at(sweep, frames, np.arange(frames))
    chosen = None
    for parameter in parameters:
        if abs(measure_lag(apply(motion, parameter, noise), sweep, frames, side)) / RATE > budget:
            break
        chosen = parameter
    return chosen


def _pixels_of(motion: Floats, windows: NDArray[np.float64]) -> float:
    """Image pixels of one unit of the path, from where the windows are."""
    places = invert_affine(windows)[:, :, 2]
    places = places - places.mean(axis=0)
    offsets = motion - motion.mean(axis=0)
    return float((places * offsets).sum() / (offsets * offsets).sum())
