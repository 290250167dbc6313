from collections.abc import Iterator

import numpy as np

import flmcore
from sweeps import sweep


def probe() -> Iterator[np.ndarray]:
    for landmarks in (1, 3, 4, 106):
        for turns in (False, True):
            for missing in (0.0, 0.05):
                points, windows = sweep(70, landmarks, turns=turns, missing=missing)
                for given in (points, points.astype(np.float32)):
                    result = flmcore.stability(given, windows, normaliser=60.0)
                    yield np.array([result.jitter, result.spread, result.gain, result.residual])
                    yield np.array([result.p50, result.p95, result.max])
                    yield from result.per_landmark.values()
                    held = flmcore.StabilityAccumulator(normaliser=60.0)
                    held.update(given[:33], windows[:33])
                    later = flmcore.StabilityAccumulator(normaliser=60.0)
                    later.update(given[33:], windows[33:])
                    held.merge(later)
                    yield np.frombuffer(held.to_bytes(), np.uint8)
                yield np.array(flmcore.crop_jitter(points, windows, normaliser=60.0))
