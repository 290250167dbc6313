from collections.abc import Iterator

import numpy as np

import flmcore
from flmcore.ops.simcc import SIMCC_METHODS


def probe() -> Iterator[np.ndarray]:
    rng = np.random.default_rng(4)
    for k, wide, high in [(106, 512, 512), (5, 384, 300), (3, 1, 17)]:
        x, y = rng.normal(0, 1, (3, k, wide)), rng.normal(0, 1, (3, k, high))
        x += 5 * np.exp(-((np.arange(wide) - wide / 3) ** 2) / 64)
        for scale in (1.0, 20.0, 1e-4):
            for dtype in (np.float32, np.float16):
                for method in SIMCC_METHODS:
                    for threads in (1, 2, 3):
                        yield from flmcore.decode_simcc(
                            (scale * x).astype(dtype),
                            (scale * y).astype(dtype),
                            method=method,
                            threads=threads,
                        )
