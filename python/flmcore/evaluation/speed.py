"""Latency of one face, by stage."""

from __future__ import annotations

import gc
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.evaluation.measure import Measurable

__all__ = ["STAGES", "measure_speed"]

STAGES = ("crop", "inference", "decode", "total")
_LEAST = 20  # repeats, however slow the detector is


def measure_speed(
    detector: Measurable,
    image: NDArray[np.uint8],
    windows: NDArray[np.float64],
    *,
    repeats: int = 200,
    warmup: int = 10,
    budget: float = 4.0,
) -> dict[str, Any]:
    """Milliseconds that one face takes at batch 1, on the detector's own threads: crop, inference, decode (to image pixels) and their total.

    Args:
        detector: what is measured.
        image: (H, W, 3) uint8.
        windows: (T, 2, 3); the repeats walk through them, so that no cache sees one window twice in a row.
        repeats: timed faces; fewer, but at least 20, where they would take longer than ``budget`` seconds.
        warmup: untimed faces before.
        budget: seconds.

    Returns:
        p50, p90, p99 and min of each stage; p99 is None below 100 repeats, where it would be the maximum.
    """
    buffer = detector.crop(image, windows[:1])
    laps: list[tuple[float, ...]] = []
    collecting = gc.isenabled()
    gc.disable()
    try:
        stop = float("inf")
        for lap in range(-warmup, repeats):
            if lap == 0:
                stop = time.perf_counter() + budget
            window = windows[lap % len(windows)][None]
            start = time.perf_counter()
            buffer = detector.crop(image, window, out=buffer)
            cropped = time.perf_counter()
            raw = detector.infer(buffer)
            inferred = time.perf_counter()
            points, _ = detector.decode(raw)
            detector.to_image(points, window)
            end = time.perf_counter()
            if lap >= 0:
                laps.append((cropped - start, inferred - cropped, end - inferred, end - start))
            if end > stop and lap + 1 >= _LEAST:
                break
    finally:
        if collecting:
            gc.enable()
    times = np.array(laps) * 1e3
    stages = {name: _percentiles(times[:, column]) for column, name in enumerate(STAGES)}
    return {
        "repeats": len(laps),
        "warmup": warmup,
        "batch": 1,
        "threads": _threads(detector),
        "unit": "ms",
        **stages,
    }


def _threads(detector: Measurable) -> int | None:
    """Threads of the network; None where its backend does not say."""
    threads = detector.describe().get("backend", {}).get("threads")
    return None if threads is None else int(threads)


def _percentiles(values: NDArray[np.float64]) -> dict[str, float | None]:
    p50, p90, p99 = np.quantile(values, [0.5, 0.9, 0.99]).tolist()
    return {
        "p50": round(p50, 4),
        "p90": round(p90, 4),
        "p99": round(p99, 4) if len(values) >= 100 else None,
        "min": round(float(values.min()), 4),
    }
