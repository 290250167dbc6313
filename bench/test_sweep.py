"""A whole sweep of one face: 128 windows of a photograph through a small ONNX network, to the jitter.

Ours beside the script that people write: OpenCV cuts a window, NumPy normalises it, the session runs on it alone, NumPy
maps back and measures. Both may use two cores.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pytest

import flmcore
import small_network

WINDOWS = 128
NORMALISER = 90.0  # pixels
BOX = np.array([820.0, 380.0, 1080.0, 640.0])
CONFIG = f"""
name = "small"
scheme = "wflw-98"
licence = "none: random weights"
[model]
backend = "onnx"
weights = "small.onnx"
[crop]
size = [{small_network.SIDE}, {small_network.SIDE}]
rule = "square"
scale = 1.2
[input]
channels = "rgb"
mean = [0, 0, 0]
std = [255, 255, 255]
[decode]
kind = "coordinates"
units = "normalized"
origin = "edge"
"""


def path_shifts() -> np.ndarray:
    """The path part of the sweep ``shift`` (docs/definitions.md)."""
    t = np.arange(WINDOWS) / WINDOWS
    return 0.05 * np.stack([np.sin(2 * np.pi * 3 * t), np.sin(2 * np.pi * 2 * t + np.pi / 4)], axis=1)


@pytest.fixture(scope="module")
def photograph() -> np.ndarray:
    """1920x1080; smooth with noise, so that what is measured does not depend on a file."""
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (68, 120, 3), dtype=np.uint8)
    image = cv2.resize(small, (1920, 1080), interpolation=cv2.INTER_CUBIC)
    return np.clip(image + rng.normal(0, 4, image.shape), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("small")
    small_network.write(place / "small.onnx")
    (place / "small.toml").write_text(CONFIG, encoding="utf-8")
    return place


def ours(folder: Path, image: np.ndarray, *, infer: bool = True) -> Callable[[], float]:
    detector = flmcore.load_detector(folder / "small.toml", threads=2)
    shifts, out = path_shifts(), np.empty((WINDOWS, 3, small_network.SIDE, small_network.SIDE), np.float32)
    kept = detector.infer(detector.crop(image, detector.windows(BOX, shift=shifts)))

    def sweep() -> float:
        windows = detector.windows(BOX, shift=shifts)
        inputs = detector.crop(image, windows, out=out)
        points, _ = detector.decode(detector.infer(inputs) if infer else kept)
        in_image = flmcore.transform_points(points, flmcore.invert_affine(windows))
        return flmcore.stability(in_image, windows, normaliser=NORMALISER).jitter

    return sweep


def plain_script(folder: Path, image: np.ndarray) -> Callable[[], float]:
    session = onnxruntime.InferenceSession(str(folder / "small.onnx"), providers=["CPUExecutionProvider"])
    affines = flmcore.load_detector(folder / "small.toml").windows(BOX, shift=path_shifts())

    def sweep() -> float:
        landmarks = []
        for affine in affines:
            window = cv2.warpAffine(
                image, affine, (small_network.SIDE, small_network.SIDE), flags=cv2.INTER_LINEAR
            )
            tensor = (window.astype(np.float32) / 255.0).transpose(2, 0, 1)[None]
            output = session.run(None, {"input": tensor})[0]
            points = output.reshape(-1, 2) * small_network.SIDE - 0.5
            back = cv2.invertAffineTransform(affine)
            landmarks.append(points @ back[:, :2].T + back[:, 2])
        steps = np.linalg.norm(np.diff(np.stack(landmarks), axis=0), axis=-1)
        return float(100 / NORMALISER * steps.mean())

    return sweep


@pytest.mark.benchmark(group="sweep-end-to-end", min_rounds=15)
@pytest.mark.parametrize("impl", ["flmcore", "opencv, one run per window", "flmcore, all but inference"])
def test_sweep(benchmark: Callable, impl: str, folder: Path, photograph: np.ndarray) -> None:
    cv2.setNumThreads(2)
    if impl == "flmcore":
        run = ours(folder, photograph)
    elif impl == "flmcore, all but inference":
        run = ours(folder, photograph, infer=False)
    else:
        run = plain_script(folder, photograph)
        benchmark.extra_info["rival"] = "today"
    benchmark.extra_info["impl"] = impl
    jitter = benchmark(run)
    # OpenCV rounds crops to 8 bits: the figures agree, not the digits.
    assert jitter == pytest.approx(ours(folder, photograph)(), rel=0.05)
