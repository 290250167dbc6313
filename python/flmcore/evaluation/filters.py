"""Smoothing filters for landmarks on video; each sees only the past. Sequences are (T, D), one column per coordinate."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["FILTERS", "Floats", "dlib_momentum", "exponential", "one_euro", "savitzky_golay"]

Floats = NDArray[np.float64]


def exponential(x: Floats, alpha: float) -> Floats:
    """y[t] = y[t−1] + alpha · (x[t] − y[t−1]); behind a steady motion by (1 − alpha) / alpha frames."""
    y = x.copy()
    for t in range(1, len(x)):
        y[t] = y[t - 1] + alpha * (x[t] - y[t - 1])
    return y


def one_euro(
    x: Floats, cutoff: float, *, rate: float = 30.0, beta: float = 10.0, speed_cutoff: float = 1.0
) -> Floats:
    """Casiez, Roussel, Vogel 2012, "1 € Filter": an exponential filter whose cutoff grows with the speed.

    ``cutoff`` and ``speed_cutoff`` in Hz, ``beta`` in Hz per unit of x in a second; ``rate`` in frames a second.
    """
    y, speed = x.copy(), np.zeros_like(x[0])
    slow = _weight(np.float64(speed_cutoff), rate)
    for t in range(1, len(x)):
        speed = speed + slow * ((x[t] - x[t - 1]) * rate - speed)
        y[t] = y[t - 1] + _weight(cutoff + beta * np.abs(speed), rate) * (x[t] - y[t - 1])
    return y


def _weight(cutoff: Floats | np.float64, rate: float) -> Floats | np.float64:
    return 1 / (1 + rate / (2 * math.pi * cutoff))


def savitzky_golay(x: Floats, window: int, *, degree: int = 2) -> Floats:
    """The value at the last of ``window`` frames of the polynomial fitted to them (Savitzky and Golay 1964).

    Before the first frame everything stands where it was in the first.
    """
    if window <= degree + 1:
        return x.copy()
    powers = np.arange(1 - window, 1)[:, None] ** np.arange(degree + 1)
    weights = np.linalg.pinv(powers.astype(np.float64))[0]
    padded = np.concatenate([np.repeat(x[:1], window - 1, axis=0), x])
    return np.stack([weights @ padded[t : t + window] for t in range(len(x))])


def dlib_momentum(x: Floats, acceleration: float, *, noise: float, reach: float = 3.0) -> Floats:
    """Dlib's ``momentum_filter(noise, acceleration, reach)`` of each column.

    A Kalman filter of place and speed, one frame a step, whose process noise ``acceleration``² is on the speed alone;
    where the prediction is more than ``reach`` · ``noise`` from the measurement it is first moved to that distance.
    """
    (p00, p01, p11) = 1.0, 0.0, 1.0
    place, speed = np.zeros_like(x[0]), np.zeros_like(x[0])  # of the prediction
    y = np.empty_like(x)
    for t, measured in enumerate(x):
        p00, p01, p11 = p00 + 2 * p01 + p11, p01 + p11, p11 + acceleration**2
        gain0, gain1 = p00 / (p00 + noise**2), p01 / (p00 + noise**2)
        limited = np.clip(place, measured - reach * noise, measured + reach * noise)
        # As in Dlib: a first measurement within reach of zero is taken as it is, one beyond is not.
        fresh = (limited == place) if t == 0 else np.zeros(len(measured), bool)
        rest = measured - limited
        y[t] = np.where(fresh, measured, limited + gain0 * rest)
        speed = np.where(fresh, 0.0, speed + gain1 * rest)
        place = y[t] + speed
        p00, p01, p11 = (1 - gain0) * p00, (1 - gain0) * p01, p11 - gain1 * p01
    return y


# Name → the filter by one number, and its numbers from the weakest smoothing to the strongest. ``noise`` is what the
# sequence's landmarks stray by, which only Dlib's asks for.
FILTERS: dict[str, tuple[Callable[[Floats, float, float], Floats], tuple[float, ...]]] = {
    "ema": (
        lambda x, alpha, noise: exponential(x, alpha),  # noqa: ARG005
        tuple(round(0.97**i, 6) for i in range(1, 120)),
    ),
    "one-euro": (
        lambda x, cutoff, noise: one_euro(x, cutoff),  # noqa: ARG005
        tuple(round(30 * 0.9**i, 6) for i in range(80)),
    ),
    "savitzky-golay": (
        lambda x, window, noise: savitzky_golay(x, int(window)),  # noqa: ARG005
        tuple(range(5, 16, 2)),
    ),
    "dlib-momentum": (
        lambda x, share, noise: dlib_momentum(x, share * noise, noise=noise),
        tuple(round(3 * 0.85**i, 6) for i in range(50)),
    ),
}
