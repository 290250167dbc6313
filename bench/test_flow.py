"""Optical flow of a clip's landmarks from one frame to the next, pyramids included, against OpenCV on one thread.

Same work on both sides: RGB frames, 21×21 patches, 4 levels, 30 steps or 0.01 px, there and back. ``ours`` keeps the pyramid
of the frame before, as a run over a clip does; ``ours_from_frames`` makes both. OpenCV's Python binding takes no pyramids
(5.0: "prevImg is not a numerical tuple"), so it makes two in each of its two calls; its grey frame before is kept.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

import flmcore
from flmcore import _core

WINDOW, LEVELS, STEPS, EPSILON = 21, 4, 30, 0.01
CRITERIA = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, STEPS, EPSILON)
SHIFT = np.array([2.3, -1.6])


def frames(height: int, width: int, landmarks: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two frames of a smooth picture that moves, and points about its middle."""
    rng = np.random.default_rng(0)
    waves = rng.uniform((10, 0, 0), (80, np.pi, 2 * np.pi), (12, 3))

    def drawn(shift: np.ndarray) -> np.ndarray:
        x, y = np.meshgrid(np.arange(width) - shift[0], np.arange(height) - shift[1])
        grey = np.full((height, width), 127.0)
        for length, angle, phase in waves:
            grey += 20 * np.sin(2 * np.pi / length * (np.cos(angle) * x + np.sin(angle) * y) + phase)
        return np.repeat(np.rint(grey.clip(0, 255)).astype(np.uint8)[:, :, None], 3, axis=2)

    points = np.array([width, height]) / 2 + rng.uniform(-0.2, 0.2, (landmarks, 2)) * height
    return drawn(np.zeros(2)), drawn(SHIFT), points


def ours(previous: np.ndarray, points: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    held = flmcore.FlowPyramid(previous, levels=LEVELS)

    def call(frame: np.ndarray) -> np.ndarray:
        new = flmcore.FlowPyramid(frame, levels=LEVELS)
        return flmcore.track_points(
            held, new, points, window=WINDOW, iterations=STEPS, epsilon=EPSILON
        ).points

    return call


def ours_from_frames(previous: np.ndarray, points: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    options = {"window": WINDOW, "levels": LEVELS, "iterations": STEPS, "epsilon": EPSILON}
    return lambda frame: flmcore.track_points(previous, frame, points, **options).points  # type: ignore[arg-type]


def opencv(previous: np.ndarray, points: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    held, start = cv2.cvtColor(previous, cv2.COLOR_RGB2GRAY), points.astype(np.float32)[:, None]
    options = {"winSize": (WINDOW, WINDOW), "maxLevel": LEVELS - 1, "criteria": CRITERIA}

    def call(frame: np.ndarray) -> np.ndarray:
        new = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
        there, found, _ = cv2.calcOpticalFlowPyrLK(held, new, start, None, **options)
        back, returned, _ = cv2.calcOpticalFlowPyrLK(new, held, there, None, **options)
        good = (found & returned)[:, 0] > 0
        good &= np.linalg.norm((back - start)[:, 0], axis=1) <= 1
        return np.where(good[:, None], there[:, 0], np.nan)

    return call


def floor(_previous: np.ndarray, points: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Reading the frame once."""

    def call(frame: np.ndarray) -> np.ndarray:
        _core.read_once(frame.reshape(-1).view(np.float32))
        return points + SHIFT

    return call


@pytest.mark.parametrize("impl", [ours, ours_from_frames, opencv, floor], ids=lambda f: f.__name__)
@pytest.mark.parametrize(
    ("height", "width", "landmarks"), [(480, 640, 98), (1080, 1920, 98), (480, 640, 478)]
)
def test_flow(
    benchmark: pytest.FixtureRequest, impl: Callable, height: int, width: int, landmarks: int
) -> None:  # type: ignore[type-arg]
    benchmark.group = f"flow {width}x{height} {landmarks} points"  # type: ignore[attr-defined]
    benchmark.extra_info["impl"] = "flmcore" if impl in (ours, ours_from_frames) else impl.__name__  # type: ignore[attr-defined]
    previous, frame, points = frames(height, width, landmarks)
    found = benchmark(impl(previous, points), frame)  # type: ignore[operator]
    there = ~np.isnan(found[:, 0])
    assert there.mean() > 0.95
    assert np.abs(found - points - SHIFT)[there].max() < 0.1
