"""Crops: 64 windows of a 1920x1080 image to 256x256 normalised float32 planes, beside OpenCV and NumPy.

Windows: square, 180 to 420 pixels wide, at random sub-pixel places; centres anywhere in the image, so that some reach
beyond its border (constant, black). Rotated ones turn by -45 to 45 degrees.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import flmcore

N, SIZE = 64, 256
MEAN = np.array([123.675, 116.28, 103.53], np.float32)
STD = np.array([58.395, 57.12, 57.375], np.float32)
SHAPE = (N, 3, SIZE, SIZE)

_rng = np.random.default_rng(0)
IMAGE = cv2.GaussianBlur(_rng.integers(0, 256, (1080, 1920, 3), dtype=np.uint8), (0, 0), 2)
_side, _centre = _rng.uniform(180, 420, (N, 1)), _rng.uniform((0, 0), (1920, 1080), (N, 2))
BOXES = np.concatenate([_centre - _side / 2, _centre + _side / 2], axis=1)
AXIS = flmcore.box_affine(BOXES, SIZE)
ROTATED = flmcore.box_affine(BOXES, SIZE, rotation=_rng.uniform(-45, 45, N))
LOOKUP = [
    ((np.arange(256, dtype=np.float32) - m) / s).astype(np.float32) for m, s in zip(MEAN, STD, strict=True)
]

Crops = Callable[[NDArray[np.float64], NDArray[np.float32]], NDArray[np.float32]]


def ours(affines: NDArray[np.float64], out: NDArray[np.float32]) -> NDArray[np.float32]:
    return flmcore.crop(IMAGE, affines, SIZE, mean=MEAN, std=STD, out=out, threads=1)


def ours_fresh(affines: NDArray[np.float64], _: NDArray[np.float32]) -> NDArray[np.float32]:
    return flmcore.crop(IMAGE, affines, SIZE, mean=MEAN, std=STD, threads=1)


def today(affines: NDArray[np.float64], _: NDArray[np.float32]) -> NDArray[np.float32]:
    """What people write: one warp after the other, then NumPy."""
    crops = []
    for affine in affines:
        crop = cv2.warpAffine(IMAGE, affine, (SIZE, SIZE)).astype(np.float32)
        crops.append(((crop - MEAN) / STD).transpose(2, 0, 1))
    return np.stack(crops)


PIXELS = np.empty((SIZE, SIZE, 3), np.uint8)
PLANES = [np.empty((SIZE, SIZE), np.uint8) for _ in range(3)]


def expert(affines: NDArray[np.float64], out: NDArray[np.float32]) -> NDArray[np.float32]:
    """All memory reused: 8-bit warp, split, and one look-up per plane into its place (the fastest of those tried:
    per-plane multiply and subtract with ``out=``, float split)."""
    for affine, planes in zip(affines, out, strict=True):
        cv2.warpAffine(IMAGE, affine, (SIZE, SIZE), dst=PIXELS)
        cv2.split(PIXELS, PLANES)
        for plane, lookup, target in zip(PLANES, LOOKUP, planes, strict=True):
            cv2.LUT(plane, lookup, dst=target)
    return out


def floor(_: NDArray[np.float64], out: NDArray[np.float32]) -> NDArray[np.float32]:
    out.fill(1)
    return out


CASES = [
    pytest.param(ours, "flmcore", None, id="flmcore"),
    pytest.param(ours_fresh, "flmcore-fresh", None, id="flmcore-fresh"),
    pytest.param(today, "opencv+numpy", "today", id="today"),
    pytest.param(expert, "opencv-reused", "expert", id="expert"),
    pytest.param(floor, "floor", None, id="floor"),
]


def measure(benchmark, run: Crops, impl: str, rival: str | None, affines: NDArray[np.float64]) -> None:
    cv2.setNumThreads(1)
    out = np.zeros(SHAPE, np.float32)
    benchmark.extra_info.update({"impl": impl, "isa": flmcore.build_info()["isa"]})
    if rival:
        benchmark.extra_info["rival"] = rival
    result = benchmark.pedantic(run, args=(affines, out), rounds=15, warmup_rounds=1)
    if impl != "floor":  # fast and right: within OpenCV's rounding to 8 bits
        grey = result * STD[:, None, None] + MEAN[:, None, None]
        wanted = cv2.warpAffine(IMAGE, affines[7], (SIZE, SIZE))
        assert np.abs(grey[7].transpose(1, 2, 0) - wanted).max() <= 0.75


@pytest.mark.benchmark(group="crop-axis")
@pytest.mark.parametrize(("run", "impl", "rival"), CASES)
def test_axis(benchmark, run: Crops, impl: str, rival: str | None) -> None:
    measure(benchmark, run, impl, rival, AXIS)


@pytest.mark.benchmark(group="crop-rotated")
@pytest.mark.parametrize(("run", "impl", "rival"), CASES)
def test_rotated(benchmark, run: Crops, impl: str, rival: str | None) -> None:
    measure(benchmark, run, impl, rival, ROTATED)


@pytest.mark.benchmark(group="crop-threads")
@pytest.mark.parametrize("threads", [1, 2])
def test_threads(benchmark, threads: int) -> None:
    out = np.zeros(SHAPE, np.float32)
    impl = "flmcore" if threads == 2 else "flmcore, one thread"
    benchmark.extra_info.update({"impl": impl, "threads": threads})

    def run() -> NDArray[np.float32]:
        return flmcore.crop(IMAGE, ROTATED, SIZE, mean=MEAN, std=STD, out=out, threads=threads)

    result = benchmark.pedantic(run, rounds=15, warmup_rounds=1)
    np.testing.assert_array_equal(result[::9], ours(ROTATED[::9], np.empty((8, *SHAPE[1:]), np.float32)))


@pytest.mark.benchmark(group="crop-bytes")
@pytest.mark.parametrize("impl", ["flmcore", "opencv"])
def test_bytes(benchmark, impl: str) -> None:
    """Windows as they are, 8 bits: the warp alone."""
    cv2.setNumThreads(1)
    out = np.zeros((N, SIZE, SIZE, 3), np.uint8)
    benchmark.extra_info["impl"] = impl

    def flmcore_() -> None:
        flmcore.crop(IMAGE, ROTATED, SIZE, dtype="uint8", out=out, threads=1)

    def opencv() -> None:
        for affine, target in zip(ROTATED, out, strict=True):
            cv2.warpAffine(IMAGE, affine, (SIZE, SIZE), dst=target)

    benchmark.pedantic(flmcore_ if impl == "flmcore" else opencv, rounds=9, warmup_rounds=1)
    assert np.abs(out[7].astype(int) - cv2.warpAffine(IMAGE, ROTATED[7], (SIZE, SIZE))).max() <= 1


@pytest.mark.benchmark(group="crop-antialias")
@pytest.mark.parametrize("impl", ["flmcore", "pillow"])
def test_antialias(benchmark, impl: str) -> None:
    """Shrinking 16 windows of 600 pixels to 128, axis-aligned, 8 bits out."""
    image = pytest.importorskip("PIL.Image")
    boxes = [(x, y, x + 600.0, y + 600.0) for x in (110.3, 450, 801.7, 1203) for y in (25.5, 101, 203.2, 410)]
    affines, picture = flmcore.box_affine(boxes, 128), image.fromarray(IMAGE)
    benchmark.extra_info["impl"] = impl

    def flmcore_() -> NDArray[np.uint8]:
        return flmcore.crop(IMAGE, affines, 128, antialias=True, dtype="uint8", threads=1)

    def pillow() -> NDArray[np.uint8]:
        kernel = image.Resampling.BILINEAR
        return np.stack([np.asarray(picture.resize((128, 128), kernel, box=box)) for box in boxes])

    result = benchmark.pedantic(flmcore_ if impl == "flmcore" else pillow, rounds=9, warmup_rounds=1)
    assert np.abs(result.astype(int) - pillow()).max() <= 1
