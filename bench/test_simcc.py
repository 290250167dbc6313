"""One face of 106 landmarks as SimCC vectors of 512 + 512 bins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import flmcore
from flmcore import _core

Vectors = NDArray[np.float32]
Decode = Callable[[Vectors, Vectors], Any]


def make_vectors() -> tuple[Vectors, Vectors]:
    rng = np.random.default_rng(0)
    middle = rng.uniform(20, 490, (2, 1, 106, 1))
    peaks = np.exp(-((np.arange(512) - middle) ** 2) / (2 * 5.66**2))
    x, y = (peaks + rng.normal(0, 0.02, peaks.shape)).astype(np.float32)
    return x, y


X, Y = make_vectors()


def ours(x: Vectors, y: Vectors) -> Any:
    return flmcore.decode_simcc(x, y, threads=1)[0]


def ours_dark(x: Vectors, y: Vectors) -> Any:
    return flmcore.decode_simcc(x, y, method="dark", threads=1)[0]


def read(x: Vectors, y: Vectors) -> Any:
    return _core.read_once(x), _core.read_once(y)


def numpy_argmax(x: Vectors, y: Vectors) -> Any:
    """rtmlib, MMPose get_simcc_maximum."""
    n, k = x.shape[:2]
    fx, fy = x.reshape(n * k, -1), y.reshape(n * k, -1)
    locations = np.stack((fx.argmax(axis=1), fy.argmax(axis=1)), axis=-1).astype(np.float32)
    values = np.minimum(fx.max(axis=1), fy.max(axis=1))
    locations[values <= 0] = -1
    return locations.reshape(n, k, 2) / 2


def numpy_dark(x: Vectors, y: Vectors) -> Any:
    """MMPose SimCCLabel.decode with use_dark: OpenCV over each padded vector, NumPy for the rest."""
    locations = numpy_argmax(x, y) * 2
    for axis, vectors in enumerate((x, y)):
        logs = np.empty_like(vectors)
        for i in np.ndindex(vectors.shape[:2]):
            padded = np.zeros((1, vectors.shape[2] + 34), np.float32)
            padded[0, 17:-17] = vectors[i]
            logs[i] = cv2.GaussianBlur(padded, (35, 1), 0)[0, 17:-17]
            logs[i] *= vectors[i].max() / logs[i].max()
        np.clip(logs, 1e-3, 50.0, logs)
        np.log(logs, logs)
        g = np.pad(logs, ((0, 0), (0, 0), (2, 2)), "edge")
        at = (locations[..., axis] + 2.5).astype(np.int64)[..., None]
        near = [np.take_along_axis(g, at + d, axis=2)[..., 0] for d in (-2, -1, 0, 1, 2)]
        locations[..., axis] -= 0.5 * (near[3] - near[1]) / (1e-9 + 0.25 * (near[4] - 2 * near[2] + near[0]))
    return locations / 2


def case(group: str, impl: str, decode: Decode, rival: str = "") -> Any:
    return pytest.param(impl, decode, rival, marks=pytest.mark.benchmark(group=group), id=f"{group}-{impl}")


CASES = [
    case("simcc-argmax", "flmcore", ours),
    case("simcc-argmax", "floor", read),
    case("simcc-argmax", "numpy", numpy_argmax, "today"),
    case("simcc-dark", "flmcore", ours_dark),
    case("simcc-dark", "floor", read),
    case("simcc-dark", "argmax", ours),
    case("simcc-dark", "mmpose", numpy_dark, "today"),
]


@pytest.mark.parametrize(("impl", "decode", "rival"), CASES)
def test_simcc(benchmark: Any, impl: str, decode: Decode, rival: str) -> None:
    benchmark.extra_info["impl"] = impl
    if rival:
        benchmark.extra_info["rival"] = rival
    benchmark(decode, X, Y)


def test_rivals_agree() -> None:
    np.testing.assert_array_equal(numpy_argmax(X, Y), ours(X, Y))
    # float32 logarithms there, over a curvature of about 1/64 (both blurs' widths squared): 50 * 2^-24 * 64.
    np.testing.assert_allclose(numpy_dark(X, Y), ours_dark(X, Y), atol=5e-4)
