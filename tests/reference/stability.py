"""Jitter, spread, gain and residual, written from the definitions, in two passes over lists of numbers."""

from __future__ import annotations

import itertools
import math

import numpy as np

Point = tuple[float, float]


def inverse_at(window: np.ndarray, c: Point) -> Point:
    (a, b, e), (d, f, g) = window.tolist()
    det, x, y = a * f - b * d, c[0] - e, c[1] - g
    return (f * x - b * y) / det, (a * y - d * x) / det


def mean(values: list[float]) -> float:
    return math.fsum(values) / len(values) if values else math.nan


def there(point: np.ndarray) -> bool:
    return not np.isnan(point).any()


def window_shifts(points: np.ndarray, windows: np.ndarray) -> list[Point | None]:
    """Where each frame's window shows c, in the image; None for a frame without a landmark."""
    used = [t for t in range(len(points)) if any(there(q) for q in points[t])]
    if not used:
        return [None] * len(points)
    shape = [q for q in points[used[0]] if there(q)]
    x, y = mean([float(q[0]) for q in shape]), mean([float(q[1]) for q in shape])
    (a, b, e), (d, f, g) = windows[used[0]].tolist()
    c = (a * x + b * y + e, d * x + f * y + g)
    return [inverse_at(windows[t], c) if t in used else None for t in range(len(points))]


def landmark(track: np.ndarray, shifts: list[Point | None]) -> dict[str, float]:
    """Sums of one landmark over its frames."""
    frames = [t for t in range(len(track)) if there(track[t])]
    q = [(float(track[t][0]), float(track[t][1])) for t in frames]
    d = [shift for t in frames if (shift := shifts[t]) is not None]
    qm, dm = [(mean([p[0] for p in s]), mean([p[1] for p in s])) for s in (q, d)]
    r = [(x - qm[0], y - qm[1]) for x, y in q]
    e = [(x - dm[0], y - dm[1]) for x, y in d]
    cross = math.fsum(a * u + b * v for (a, b), (u, v) in zip(r, e, strict=True))
    shift = math.fsum(u * u + v * v for u, v in e)
    moves = any(s != d[0] for s in d)
    gain = cross / shift if moves else 0.0
    rest = [(a - gain * u, b - gain * v) for (a, b), (u, v) in zip(r, e, strict=True)]
    steps = [
        math.dist(track[t - 1].tolist(), track[t].tolist())
        for t in range(1, len(track))
        if there(track[t]) and there(track[t - 1])
    ]
    return {
        "frames": len(frames),
        "steps": len(steps),
        "step": math.fsum(steps),
        "max": max(steps, default=math.nan),
        "spread": math.fsum(x * x + y * y for x, y in r),
        "cross": cross if moves else 0.0,
        "shift": shift if moves else 0.0,
        "rest": math.fsum(x * x + y * y for x, y in rest),
    }


def figures(sums: list[dict[str, float]], percent: float) -> dict[str, float]:
    """Jitter, spread, gain, residual over these landmarks."""
    n, steps, shift = (math.fsum(s[key] for s in sums) for key in ("frames", "steps", "shift"))
    return {
        "jitter": percent * math.fsum(s["step"] for s in sums) / steps if steps else math.nan,
        "spread": percent * math.sqrt(math.fsum(s["spread"] for s in sums) / n) if n else math.nan,
        "gain": math.fsum(s["cross"] for s in sums) / shift if shift else math.nan,
        "residual": percent * math.sqrt(math.fsum(s["rest"] for s in sums) / n) if n else math.nan,
    }


def mean_steps(points: np.ndarray) -> list[float]:
    """Mean step length into each frame that has one."""
    found = []
    for before, after in itertools.pairwise(points):
        both = [
            math.dist(a.tolist(), b.tolist())
            for a, b in zip(before, after, strict=True)
            if there(a) and there(b)
        ]
        if both:
            found.append(mean(both))
    return found


def stability(
    points: np.ndarray, windows: np.ndarray, pixels: float
) -> tuple[dict[str, float], list[dict[str, float]]]:
    """Figures over all landmarks with percentiles, and the same of each landmark."""
    points = np.asarray(points, np.float64)
    shifts = window_shifts(points, windows)
    sums = [landmark(points[:, k], shifts) for k in range(points.shape[1])]
    whole = figures(sums, 100 / pixels)
    steps = mean_steps(points)
    for name, share in (("p50", 50), ("p95", 95), ("max", 100)):
        whole[name] = 100 / pixels * float(np.percentile(steps, share)) if steps else math.nan
    single = [
        {
            **figures([s], 100 / pixels),
            "max": 100 / pixels * s["max"],
            "frames": s["frames"],
            "steps": s["steps"],
        }
        for s in sums
    ]
    return whole, single
