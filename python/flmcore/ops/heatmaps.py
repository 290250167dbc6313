"""Landmarks from heat maps."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flmcore import _core
from flmcore.ops._arrays import as_threads
from flmcore.ops._maps import as_maps, as_odd, as_positive, as_threshold, choose

__all__ = ["HEATMAP_METHODS", "QUARTER_RULES", "decode_heatmaps"]

# Method -> the options that it takes beside threshold and threads.
HEATMAP_METHODS: dict[str, tuple[str, ...]] = {
    "argmax": (),
    "quarter": ("rule",),
    "taylor": (),
    "dark": ("blur_kernel",),
    "dark_udp": ("blur_kernel",),
    "softargmax": ("beta",),
    "local_mean": ("gamma", "radius"),
}

# In the order of enum QuarterRule (cpp/flmcore/kernels/heatmap.hpp).
QUARTER_RULES = ("mmpose", "fan", "symmetric")

# max_blur of cpp/flmcore/kernels/heatmap.hpp.
MAX_BLUR = 63


def decode_heatmaps(
    heatmaps: ArrayLike,
    *,
    method: str = "argmax",
    threshold: float | None = None,
    rule: str | None = None,
    blur_kernel: int | None = None,
    beta: float | None = None,
    gamma: float | None = None,
    radius: float | None = None,
    threads: int | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Landmark and score of each heat map.

    The peak is the map's largest value, the first in row-major order where several are equal; its value is the
    score under every method. Methods differ in how they go below one cell:

    * ``argmax``: the peak's cell.
    * ``quarter``: a quarter of a cell towards the larger of the two neighbours, on each axis; none where they are
      equal. ``rule`` says at which peaks: ``mmpose`` (default, its ``refine_keypoints``: x where 1 < x < W-1 and
      0 < y, y where 1 < y < H-1 and 0 < x, so uneven at the left and top), ``fan`` (face-alignment: both axes
      where 0 < x < W-1 and 0 < y < H-1), or ``symmetric`` (each axis where the peak has both neighbours on it).
    * ``taylor``: the top of the quadratic given by central differences of the map at the peak, at most one cell
      away on each axis. At a border only the axis along it moves; where the quadratic has no top, neither does.
    * ``dark``: MMPose's ``refine_keypoints_dark`` (Zhang et al., CVPR 2020): the same on the logarithm of the map
      blurred by a Gaussian of width ``blur_kernel`` (odd, 1 to 63, default 11), with differences over two cells.
      As published, peaks less than two cells from a border do not move, and the distance is not limited.
      ``blur_kernel=1`` is no blur.
    * ``dark_udp``: MMPose's ``refine_keypoints_dark_udp`` (Huang et al., CVPR 2020): differences over one cell,
      values limited to 1e-3 … 50, every peak moves.
    * ``softargmax``: mean position under softmax(``beta`` · map), ``beta`` > 0, default 1.
    * ``local_mean``: iBUG's face alignment: mean position under max(map, 0)^``gamma`` (default 1) over the cells
      within ``radius``·√(H·W) of the peak (default 0.1).

    Args:
        heatmaps: (N, K, H, W), or (K, H, W) for one face. float32 and float16 are read in place whatever their
            strides; float64 is first rounded to float32.
        method: one of the above.
        threshold: a landmark whose score is not above it is undefined. None is 0 for all methods but
            ``softargmax``, since a map without a positive value shows nothing (MMPose answers −1 there), and
            -inf for ``softargmax``, whose maps are logits. -inf accepts all; under ``dark``, ``dark_udp`` and
            ``local_mean`` a map without a positive value stays undefined, as its logarithm or mean is.
        rule, blur_kernel, beta, gamma, radius: options of the methods that name them above.
        threads: threads to use at most; None is every processor. A single face runs on one.

    Returns:
        ``xy`` (N, K, 2) float32 in heat-map pixels, (0, 0) the centre of the first cell, and ``score`` (N, K)
        float32; (K, 2) and (K,) for one face. An undefined landmark has NaN coordinates. A map that holds a NaN or
        an infinity has NaN coordinates and a NaN score; other maps are not affected.

        Published code in other conventions: face-alignment and iBUG count cell centres from 0.5, so their
        coordinates are these + 0.5.

    Raises:
        TypeError: a dtype that is not a float32, float16 or float64; an option that the method does not take.
        ValueError: another number of axes, maps without a cell, an unknown method or rule, an option out of range.
    """
    plain = rule is None and blur_kernel is None and beta is None and gamma is None and radius is None
    if method != "argmax" or not plain:
        choose(
            method, HEATMAP_METHODS, rule=rule, blur_kernel=blur_kernel, beta=beta, gamma=gamma, radius=radius
        )
    maps, single = as_maps("heatmaps", heatmaps, "NKHW")
    least = as_threshold(threshold, -math.inf if method == "softargmax" else 0.0)
    workers = 0 if threads is None else as_threads(threads)
    if method == "argmax":
        xy, score = _core.heatmap_argmax(maps, threshold=least, threads=workers)
    elif method == "quarter":
        xy, score = _core.heatmap_quarter(maps, threshold=least, rule=_rule_index(rule), threads=workers)
    elif method == "taylor":
        xy, score = _core.heatmap_taylor(maps, threshold=least, threads=workers)
    elif method in ("dark", "dark_udp"):
        size = as_odd("blur_kernel", blur_kernel, 11, MAX_BLUR)
        kernel = _core.heatmap_dark if method == "dark" else _core.heatmap_dark_udp
        xy, score = kernel(maps, threshold=least, blur_kernel=size, threads=workers)
    elif method == "softargmax":
        sharpness = as_positive("beta", beta, 1.0)
        xy, score = _core.heatmap_softargmax(maps, threshold=least, beta=sharpness, threads=workers)
    else:
        power, reach = as_positive("gamma", gamma, 1.0), as_positive("radius", radius, 0.1)
        xy, score = _core.heatmap_local_mean(
            maps, threshold=least, gamma=power, radius=reach, threads=workers
        )
    return (xy[0], score[0]) if single else (xy, score)


def _rule_index(rule: str | None) -> int:
    if rule is None:
        return 0
    if rule not in QUARTER_RULES:
        msg = f"rule: expected one of {', '.join(QUARTER_RULES)}, got {rule!r}"
        raise ValueError(msg)
    return QUARTER_RULES.index(rule)
