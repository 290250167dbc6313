"""Acceleration, flow-compensated jitter and high-frequency share, from the definitions, in lists of numbers."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable

import numpy as np

Track = list[float]


def near(interval: float, nominal: float) -> bool:
    return abs(interval - nominal) <= max(0.05 * nominal, 0.001 + 1e-12)


def accelerations(times: list[float], track: np.ndarray, rate: float) -> list[float]:
    """Of one landmark (T, 2) in pixels per nominal interval squared; gaps are where all is NaN."""
    h, found = 1 / rate, []
    for t in range(1, len(times) - 1):
        a, b = times[t] - times[t - 1], times[t + 1] - times[t]
        if np.isnan(track[t - 1 : t + 2]).any() or max(a, b) > 3.5 * h:
            continue
        if near(a, h) and near(b, h):
            change = track[t + 1] - 2 * track[t] + track[t - 1]
        else:
            change = 2 * h * h / (a + b) * ((track[t + 1] - track[t]) / b - (track[t] - track[t - 1]) / a)
        found.append(math.hypot(*change))
    return found


def flow_steps(track: np.ndarray, tracked: np.ndarray) -> list[float]:
    """tracked[t]: where the image at track[t - 1] is in frame t."""
    return [
        math.dist(track[t], tracked[t])
        for t in range(1, len(track))
        if not np.isnan([*track[t - 1], *track[t], *tracked[t]]).any()
    ]


def periodogram(values: Track) -> list[float]:
    """Less the least-squares line, under a Hann window."""
    n = len(values)
    mean, middle = math.fsum(values) / n, (n - 1) / 2
    slope = math.fsum((i - middle) * v for i, v in enumerate(values)) / math.fsum(
        (i - middle) ** 2 for i in range(n)
    )
    rest = [
        (v - mean - slope * (i - middle)) * math.sin(math.pi * (i + 0.5) / n) ** 2
        for i, v in enumerate(values)
    ]
    return [
        abs(sum(r * cmath.exp(-2j * math.pi * j * i / n) for i, r in enumerate(rest))) ** 2
        for j in range(n // 2 + 1)
    ]


def energies(values: Track, sampled: Callable[[Track], Track], rate: float) -> tuple[float, float]:
    """Above 5 Hz and in all, of one coordinate's frames that ``sampled`` brings to even times."""
    power = periodogram(sampled(values))
    noise = [0.0] * len(power)
    for i in range(len(values)):  # white noise is independent impulses
        impulse = [float(i == j) for j in range(len(values))]
        noise = [a + b for a, b in zip(noise, periodogram(sampled(impulse)), strict=True)]
    step = rate / len(sampled(values))
    above = whole = 0.0
    for j, (p, unit) in enumerate(zip(power, noise, strict=True)):
        low, high = max(0, (j - 0.5) * step), min(rate / 2, (j + 0.5) * step)
        whole += p / unit * (high - low)
        above += p / unit * max(0, high - max(low, 5))
    return above, whole
