"""Stability of 10,000 frames of 106 landmarks: one pass in the core against NumPy, and against reading the points."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flmcore
from flmcore import _core

T, K = 10_000, 106
PIXELS = 60.0


def material() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    shift = 0.05 * np.stack([np.sin(np.arange(T) * 0.1), np.cos(np.arange(T) * 0.07)], axis=1)
    windows = flmcore.box_affine([100, 100, 300, 300], 112, shift=shift)
    face = rng.uniform(100, 300, (K, 2))
    points = face + 0.3 * 200 * shift[:, None] + rng.normal(0, 0.2, (T, K, 2))
    return points.astype(np.float32), windows


POINTS, WINDOWS = material()
Figures = tuple[float, ...]


def core(points: np.ndarray, windows: np.ndarray) -> Figures:
    r = flmcore.stability(points, windows, normaliser=PIXELS)
    return r.jitter, r.spread, r.gain, r.residual, r.p50, r.p95, r.max


def streamed(points: np.ndarray, windows: np.ndarray) -> Figures:
    """As landmarks come from a detector: 64 windows at a time."""
    held = flmcore.StabilityAccumulator(normaliser=PIXELS)
    for t in range(0, len(points), 64):
        held.update(points[t : t + 64], windows[t : t + 64])
    r = held.result()
    return r.jitter, r.spread, r.gain, r.residual, r.p50, r.p95, r.max


def shifts(points: np.ndarray, windows: np.ndarray) -> np.ndarray:
    linear, offset = windows[:, :, :2], windows[:, :, 2]
    c = linear[0] @ points[0].mean(axis=0, dtype=np.float64) + offset[0]
    d = np.linalg.solve(linear, (c - offset)[:, :, None])[:, :, 0]
    return d - d.mean(axis=0)


def numpy_today(points: np.ndarray, windows: np.ndarray) -> Figures:
    """Straight from the definitions, vectorised."""
    q = points.astype(np.float64)
    step = np.linalg.norm(np.diff(q, axis=0), axis=2)
    r = q - q.mean(axis=0)
    d = shifts(points, windows)[:, None]
    gain = (r * d).sum(axis=(0, 2)) / (d * d).sum()
    rest = r - gain[:, None] * d
    p50, p95 = np.percentile(step.mean(axis=1), (50, 95))
    spread, residual = (np.sqrt((a * a).sum(axis=2).mean()) for a in (r, rest))
    percent = 100 / PIXELS
    return (
        percent * step.mean(),
        percent * spread,
        gain.mean(),
        percent * residual,
        percent * p50,
        percent * p95,
        percent * step.mean(axis=1).max(),
    )


class NumpyExpert:
    """Blocks that stay in the cache, buffers made once, sums shifted by the first frame, sums of products by BLAS."""

    def __init__(self, landmarks: int, block: int = 64) -> None:
        self.block = block
        self.q = np.empty((block + 1, 2 * landmarks))
        self.d = np.empty((block, 2 * landmarks))
        self.step = np.empty((block, landmarks))

    def __call__(self, points: np.ndarray, windows: np.ndarray) -> Figures:
        frames, landmarks = points.shape[:2]
        flat, d = points.reshape(frames, -1), shifts(points, windows)
        first = flat[0].astype(np.float64)
        total, squares, cross = np.zeros(2 * landmarks), np.zeros(2 * landmarks), np.zeros(2 * landmarks)
        means = np.empty(frames)
        self.q[0] = 0
        for t in range(0, frames, self.block):
            n = min(self.block, frames - t)
            q, d_block, step = self.q[1 : n + 1], self.d[:n], self.step[:n]
            np.subtract(flat[t : t + n], first, out=q)
            total += np.ones(n) @ q
            squares += np.einsum("tk,tk->k", q, q)
            cross[0::2] += d[t : t + n, 0] @ q[:, 0::2]
            cross[1::2] += d[t : t + n, 1] @ q[:, 1::2]
            np.subtract(q, self.q[:n], out=d_block)
            np.multiply(d_block, d_block, out=d_block)
            np.add(d_block[:, 0::2], d_block[:, 1::2], out=step)
            np.sqrt(step, out=step)
            np.mean(step, axis=1, out=means[t : t + n])
            self.q[0] = self.q[n]
        spread = (squares - total * total / frames).sum()
        along, shift = (cross[0::2] + cross[1::2]), (d * d).sum()
        gain = along / shift
        rest = spread - (gain * along).sum()
        p50, p95 = np.percentile(means[1:], (50, 95))
        percent, count = 100 / PIXELS, frames * landmarks
        return (
            percent * means[1:].mean(),
            percent * np.sqrt(spread / count),
            gain.mean(),
            percent * np.sqrt(rest / count),
            percent * p50,
            percent * p95,
            percent * means[1:].max(),
        )


CASES = {
    "flmcore": (core, None),
    "accumulator, 64 frames at a time": (streamed, None),
    "numpy": (numpy_today, "today"),
    "numpy, blocked and preallocated": (NumpyExpert(K), "expert"),
}


@pytest.mark.benchmark(group="stability")
@pytest.mark.parametrize("impl", CASES)
def test_stability(benchmark: Any, impl: str) -> None:
    function, rival = CASES[impl]
    benchmark.extra_info.update({"impl": impl} | ({"rival": rival} if rival else {}))
    # p50 and p95 of the accumulator come from bins 2**-9 wide to each side
    np.testing.assert_allclose(
        benchmark(function, POINTS, WINDOWS), core(POINTS, WINDOWS), rtol=2**-9 if "acc" in impl else 1e-9
    )


@pytest.mark.benchmark(group="stability")
def test_floor(benchmark: Any) -> None:
    """Reading the points once, as fast as the core can."""
    benchmark.extra_info["impl"] = "floor"
    benchmark(_core.read_once, POINTS.reshape(-1))
