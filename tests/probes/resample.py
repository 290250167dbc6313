from collections.abc import Iterator

import numpy as np

from flmcore.ops.resample import flip_means, resample_means


def probe() -> Iterator[np.ndarray]:
    rng = np.random.default_rng(4)
    for images, columns in ((1, 1), (7, 1), (13, 3), (14, 1), (131, 5), (64, 2)):
        values = rng.lognormal(0, 1, (images, columns))
        yield resample_means(values, resamples=50, seed=3)
        yield flip_means(values, resamples=50, seed=3)
