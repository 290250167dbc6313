from collections.abc import Iterator

import numpy as np

import flmcore
from textures import texture


def probe() -> Iterator[np.ndarray]:
    rng = np.random.default_rng(3)
    noise = rng.integers(0, 256, (61, 83, 3), np.uint8)
    for frame in (noise, noise[:, :, 0], texture(50, 77)):
        yield from flmcore.FlowPyramid(frame, levels=5).levels
    points = rng.uniform(-5, 90, (200, 2))
    a, b = texture(90, 100), texture(90, 100, [[1, 0.01, 2.3], [-0.01, 1, -1.4]])
    for window in (3, 8 + 1, 15, 16 + 1, 21):
        yield from flmcore.track_points(a, b, points, window=window, max_error=50.0, min_eigenvalue=0.0)
        yield from flmcore.track_points(noise[:, 5:], noise[:, :-5], points, window=window, max_error=50.0)
