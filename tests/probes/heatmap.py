from collections.abc import Iterator

import numpy as np

import flmcore
from flmcore import _core
from flmcore.ops.heatmaps import HEATMAP_METHODS


def probe() -> Iterator[np.ndarray]:
    rng = np.random.default_rng(2)
    for shape in [(3, 7, 64, 64), (2, 5, 33, 47), (1, 4, 5, 300)]:
        noise = rng.normal(0, 1, shape)
        yy, xx = np.mgrid[: shape[2], : shape[3]]
        middle = rng.uniform(0, 1, (2, *shape[:2], 1, 1))
        blob = (
            np.exp(-((xx - shape[3] * middle[0]) ** 2 + (yy - shape[2] * middle[1]) ** 2) / 8) + 0.01 * noise
        )
        for maps in (noise, blob, 80 * blob, 1e-3 * blob):
            for dtype in (np.float32, np.float16):
                for method in HEATMAP_METHODS:
                    for view in (maps.astype(dtype), maps.astype(dtype)[..., ::-1, 1:]):
                        for threads in (1, 2, 3):
                            yield from flmcore.decode_heatmaps(view, method=method, threads=threads)
    yield from flmcore.decode_heatmaps(noise, method="local_mean", gamma=0.73)
    yield from flmcore.decode_heatmaps(np.tile(blob, (64, 8, 1, 1)), method="dark")
    every_half = np.arange(65536, dtype=np.uint16).view(np.float16).reshape(1, -1, 1, 1)
    yield flmcore.decode_heatmaps(every_half, threshold=-np.inf)[1]
    x = np.concatenate([rng.uniform(-800, 800, 5000), [0.0, np.nan, -np.inf, np.inf]])
    yield _core.exponential(x)
    yield _core.logarithm(np.exp(rng.uniform(-700, 700, 5000)))
