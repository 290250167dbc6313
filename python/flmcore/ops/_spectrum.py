"""Energy of movement below and above a frequency, from segments of a track."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["ABOVE_HZ", "SEGMENT_S", "frames_of", "is_even", "segment_energies"]

Floats = NDArray[np.float64]
ABOVE_HZ = 5.0
SEGMENT_S = 2.0
_NEAR_MS, _NEAR = 1e-3, 0.05


def frames_of(rate: float) -> int:
    """Frames of a whole segment; even, so that half of one is a number of frames too."""
    return max(4, 2 * round(SEGMENT_S * rate / 2))


def is_even(intervals: Floats, interval: float) -> NDArray[np.bool_]:
    """Which intervals count as the nominal one: within 5 % or 1 ms, since containers round times to milliseconds."""
    return np.asarray(np.abs(intervals - interval) <= max(_NEAR * interval, _NEAR_MS * (1 + 1e-9)))


def segment_energies(times: Floats, tracks: Floats, rate: float, frames: int) -> tuple[Floats, Floats, bool]:
    """Energy (M,) of each column of ``tracks`` (n, M) above 5 Hz and in all, and whether times had to be evened out.

    The segment is ``frames`` frames of 1/``rate`` s from the first time on. Each bin of the periodogram (straight line
    taken off, Hann window) is divided by what white noise of unit variance in the frames leaves in it, so that white
    noise has a flat spectrum after all that was done to it, interpolation included. A bin stands for the band half way
    to its neighbours.
    """
    even = (
        len(times) == frames
        and bool(is_even(np.diff(times), 1 / rate).all())
        and abs(times[-1] - times[0] - (frames - 1) / rate) <= 0.5 / rate
    )
    if even:
        spectra, unit = _spectra(tracks), _unit_even(frames)
    else:
        between = _interpolation(times, times[0] + np.arange(frames) / rate)
        spectra = _spectra(between @ tracks)
        unit = _spectra(between).sum(axis=1)
    density = spectra / unit[:, None]
    whole, above = _bands(frames, rate)
    return (above[:, None] * density).sum(axis=0), (whole[:, None] * density).sum(axis=0), not even


def _spectra(tracks: Floats) -> Floats:
    """Periodogram (bins, M) of columns, each less its least-squares line, under a Hann window."""
    frames = len(tracks)
    ramp = np.arange(frames) - (frames - 1) / 2
    mean = tracks.sum(axis=0) / frames
    slope = (ramp[:, None] * tracks).sum(axis=0) / (ramp * ramp).sum()
    window = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(frames) + 0.5) / frames)
    bins = np.fft.rfft(window[:, None] * (tracks - mean - ramp[:, None] * slope), axis=0)
    return np.asarray(bins.real * bins.real + bins.imag * bins.imag)


@lru_cache(maxsize=8)
def _unit_even(frames: int) -> Floats:
    return np.asarray(_spectra(np.eye(frames)).sum(axis=1))


@lru_cache(maxsize=8)
def _bands(frames: int, rate: float) -> tuple[Floats, Floats]:
    """Width of each bin's band, and of its part above 5 Hz, in Hz."""
    step = rate / frames
    centres = step * np.arange(frames // 2 + 1)
    low, high = np.maximum(centres - step / 2, 0), np.minimum(centres + step / 2, rate / 2)
    return high - low, np.clip(high - np.maximum(low, ABOVE_HZ), 0, None)


def _interpolation(times: Floats, wanted: Floats) -> Floats:
    """(len(wanted), len(times)) matrix that interpolates linearly."""
    after = np.clip(np.searchsorted(times, wanted, side="right"), 1, len(times) - 1)
    share = np.clip((wanted - times[after - 1]) / (times[after] - times[after - 1]), 0, 1)
    matrix = np.zeros((len(wanted), len(times)))
    rows = np.arange(len(wanted))
    matrix[rows, after - 1], matrix[rows, after] = 1 - share, share
    return matrix
