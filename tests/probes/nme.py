from collections.abc import Iterator

import numpy as np

import flmcore


def probe() -> Iterator[np.ndarray]:
    rng = np.random.default_rng(3)
    for scheme in ("300w-68", "lapa-106", "aflw-19", "openseeface-66"):
        truth = rng.normal(100, 40, (37, flmcore.schemes.get(scheme).landmarks, 2))
        points = truth + rng.normal(0, 2, truth.shape)
        points[::3, 1] = np.nan
        for normaliser in ("interocular", "interpupil", "box"):
            for p, t in ((points, truth), (points.astype(np.float32), truth.astype(np.float32))):
                result = flmcore.nme(p, t, scheme=scheme, normaliser=normaliser)
                yield result.per_image
                yield np.nan_to_num(result.per_landmark, nan=-1.0)
                yield np.array([result.mean, result.median])
