"""Landmarks from SimCC vectors."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flmcore import _core
from flmcore.ops._arrays import as_threads
from flmcore.ops._maps import as_maps, as_positive, as_threshold, choose

__all__ = ["SIMCC_METHODS", "decode_simcc"]

# Method -> the options that it takes beside split_ratio, threshold and threads.
SIMCC_METHODS: dict[str, tuple[str, ...]] = {"argmax": (), "dark": ("sigma",), "expectation": ("beta",)}

# max_simcc_blur of cpp/flmcore/kernels/simcc.hpp.
MAX_BLUR = 255


def decode_simcc(
    x: ArrayLike,
    y: ArrayLike,
    *,
    split_ratio: float = 2.0,
    method: str = "argmax",
    threshold: float | None = None,
    sigma: float | Sequence[float] | None = None,
    beta: float | None = None,
    threads: int | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Landmark and score from each pair of SimCC vectors (Li et al., ECCV 2022).

    The score is MMPose's: the smaller of the two vectors' largest values. Methods:

    * ``argmax``: the first largest bin of each vector.
    * ``dark``: MMPose's ``refine_simcc_dark``: that bin moved by slope over curvature of the logarithm of the
      blurred vector. ``sigma`` (default 5.66; one number or one each for x and y) is that of the training
      labels; the blur's width follows it as in MMPose, odd((20·sigma − 7) // 3), 35 by default. As published, the
      distance is not limited.
    * ``expectation``: mean bin under softmax(``beta`` · vector), ``beta`` > 0, default 1.

    Args:
        x, y: (N, K, W·split_ratio) and (N, K, H·split_ratio), or both without N for one face. float32 and float16
            are read in place whatever their strides; float64 is first rounded to float32.
        split_ratio: bins per input pixel.
        method: one of the above.
        threshold: a landmark whose score is not above it is undefined. None is 0 for ``argmax`` and ``dark``, which
            is MMPose's rule (it answers −1 there), and -inf for ``expectation``. -inf accepts all; under ``dark`` a
            pair without a positive value stays undefined.
        sigma, beta: options of the methods that name them above.
        threads: threads to use at most; None is every processor. A single face runs on one.

    Returns:
        ``xy`` (N, K, 2) float32 in input pixels, bin / split_ratio, and ``score`` (N, K) float32; (K, 2) and (K,)
        for one face. An undefined landmark has NaN coordinates. A NaN or an infinity in either vector gives NaN
        coordinates and a NaN score; other landmarks are not affected.

    Raises:
        TypeError: a dtype that is not a float32, float16 or float64; an option that the method does not take.
        ValueError: another number of axes, x and y that differ in N or K, vectors without a bin, an unknown method,
            an option out of range.
    """
    if method != "argmax" or sigma is not None or beta is not None:
        choose(method, SIMCC_METHODS, sigma=sigma, beta=beta)
    (xs, single), (ys, single_y) = as_maps("x", x, "NKW"), as_maps("y", y, "NKH")
    if single != single_y:
        msg = f"y: expected as many axes as x of shape {np.shape(x)}, got shape {np.shape(y)}"
        raise ValueError(msg)
    split = as_positive("split_ratio", split_ratio, 2.0)
    least = as_threshold(threshold, -math.inf if method == "expectation" else 0.0)
    workers = 0 if threads is None else as_threads(threads)
    if method == "argmax":
        xy, score = _core.simcc_argmax(xs, ys, split_ratio=split, threshold=least, threads=workers)
    elif method == "dark":
        blur_x, blur_y = _blur_widths(sigma)
        xy, score = _core.simcc_dark(
            xs, ys, split_ratio=split, threshold=least, blur_x=blur_x, blur_y=blur_y, threads=workers
        )
    else:
        sharpness = as_positive("beta", beta, 1.0)
        xy, score = _core.simcc_expectation(
            xs, ys, split_ratio=split, threshold=least, beta=sharpness, threads=workers
        )
    return (xy[0], score[0]) if single else (xy, score)


def _blur_widths(sigma: float | Sequence[float] | None) -> tuple[int, int]:
    if sigma is None:
        return 35, 35
    values = (sigma, sigma) if np.ndim(sigma) == 0 else tuple(np.asarray(sigma).tolist())
    if len(values) != 2:
        msg = f"sigma: expected one number or (x, y), got {sigma!r}"
        raise ValueError(msg)
    return _blur_width(values[0]), _blur_width(values[1])


def _blur_width(sigma: float) -> int:
    """MMPose SimCCLabel.decode: an odd number of bins about 20/3 sigma wide."""
    value = as_positive("sigma", sigma, 5.66)
    width = int((value * 20 - 7) // 3) if value < 1e6 else MAX_BLUR + 2
    width -= int(width % 2 == 0)
    if not 1 <= width <= MAX_BLUR:
        msg = f"sigma: expected 0.5 to 38.8 bins, got {sigma!r}"
        raise ValueError(msg)
    return width
