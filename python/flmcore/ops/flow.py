"""Where the image under a point goes from one frame to the next: pyramidal Lucas-Kanade."""

from __future__ import annotations

import math
import operator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flmcore import _core
from flmcore.ops._arrays import as_landmarks, as_threads

__all__ = ["Flow", "FlowPyramid", "track_points"]


class Flow(NamedTuple):
    """Points followed into the next frame."""

    points: NDArray[np.float64]
    """(K, 2) in the next frame, image pixels; NaN where not valid."""
    valid: NDArray[np.bool_]
    """(K,)"""
    forward_backward: NDArray[np.float64]
    """(K,) pixels between a point and itself after going there and back; NaN where one of both ways fails."""


class FlowPyramid:
    """A frame as :func:`track_points` needs it: made once, used as ``next`` and then as ``previous``.

    Each level is half as wide and high as the one before, blurred by (1, 4, 6, 4, 1)/16 (Burt and Adelson 1983), in
    float32. It takes 5.3 bytes a pixel.

    Args:
        frame: uint8 (H, W, 3) RGB or (H, W) grey with any strides, or floating point (H, W) grey levels.
            Grey is 0.299 R + 0.587 G + 0.114 B, not rounded.
        levels: images, the frame itself included; fewer where a side would be half of less than 4 pixels.
        threads: None for every processor; the result has the same bytes at any number.

    Raises:
        ValueError: an empty frame, another shape, a side above 32767, a grey level that is not finite or beyond 1e6.
        TypeError: another dtype.
    """

    __slots__ = ("_data", "_levels", "height", "width")

    def __init__(self, frame: ArrayLike, *, levels: int = 4, threads: int | None = 1) -> None:
        pixels = np.asarray(frame)
        self._levels = _whole("levels", levels, 1, 16)
        if pixels.dtype == np.uint8:
            self._data = _core.flow_pyramid_bytes(pixels, levels=self._levels, threads=as_threads(threads))
        elif pixels.dtype.kind == "f":
            grey = np.ascontiguousarray(pixels, dtype=np.float32)
            self._data = _core.flow_pyramid_floats(grey, levels=self._levels, threads=as_threads(threads))
        else:
            msg = f"frame: expected uint8 or floating point, got dtype {pixels.dtype}"
            raise TypeError(msg)
        self.height, self.width = int(pixels.shape[0]), int(pixels.shape[1])

    @property
    def levels(self) -> list[NDArray[np.float32]]:
        """Views of the images, (H, W) first."""
        views: list[NDArray[np.float32]] = []
        start, height, width = 0, self.height, self.width
        while len(views) < self._levels:
            views.append(self._data[start : start + height * width].reshape(height, width))
            start += height * width
            if min(height, width) < 4:
                break
            height, width = (height + 1) // 2, (width + 1) // 2
        return views


def track_points(
    previous: ArrayLike | FlowPyramid,
    next: ArrayLike | FlowPyramid,
    points: ArrayLike,
    *,
    window: int = 21,
    levels: int = 4,
    iterations: int = 30,
    epsilon: float = 0.01,
    max_error: float = 1.0,
    min_eigenvalue: float = 1.0,
    threads: int | None = 1,
) -> Flow:
    """Follows points of one frame into the next by pyramidal Lucas-Kanade, there and back.

    Lucas and Kanade (1981) as Bouguet (2000) puts it: at each level of a pyramid, from the coarsest, the shift of a
    square patch that explains the next frame best in the least squares sense, by Gauss-Newton steps with Scharr's
    gradients of the previous frame and bilinear samples. Then the point found is followed back, from nothing, and
    counts where it returns (forward-backward error, Kalal, Mikolajczyk and Matas 2010).

    A point is not valid where it is NaN, where its patch and a pixel around it are not inside both frames, where the
    patch shows too little structure in some direction, or where it does not return.

    Args:
        previous, next: frames as in :class:`FlowPyramid`, or pyramids of them, of one size.
        points: (K, 2) in image pixels, (0, 0) the centre of the top-left pixel.
        window: side of the patch in pixels, odd, 3 to 255. Larger is steadier, and blurs motion within the patch; a
            fifth of the distance between the outer eye corners is a good start for a face.
        levels: of the pyramids made here; pyramids given bring their own number, which must be one. Shifts of up to
            some window/2 · 2^(levels − 1) pixels are found. Levels smaller than the window are passed over.
        iterations: Gauss-Newton steps a level, at most.
        epsilon: a step of at most so many pixels is the last of its level.
        max_error: forward-backward error in pixels, above which a point is not valid.
        min_eigenvalue: of the patch's gradients, (grey levels per pixel)², mean over the patch, in the direction with
            the least. A tenth is OpenCV's default (``minEigThreshold=1e-4``).
        threads: None for every processor; the result has the same bytes at any number.

    Raises:
        ValueError: frames of different sizes or numbers of levels, another shape, an option out of its range.
        TypeError: another dtype.
    """
    was, now = (
        frame if isinstance(frame, FlowPyramid) else FlowPyramid(frame, levels=levels, threads=threads)
        for frame in (previous, next)
    )
    sizes = [(pyramid.height, pyramid.width, pyramid._levels) for pyramid in (was, now)]
    if sizes[0] != sizes[1]:
        msg = f"next: expected height, width and levels {sizes[0]} as previous has, got {sizes[1]}"
        raise ValueError(msg)
    found, valid, error = _core.flow_track(
        was._data,
        now._data,
        np.ascontiguousarray(as_landmarks("points", points), dtype=np.float64),
        height=was.height,
        width=was.width,
        levels=was._levels,
        window=_whole("window", window, 3, 255, odd=True),
        iterations=_whole("iterations", iterations, 1, 10_000),
        epsilon=_at_least_0("epsilon", epsilon),
        max_error=_at_least_0("max_error", max_error),
        min_eigenvalue=_at_least_0("min_eigenvalue", min_eigenvalue),
        threads=as_threads(threads),
    )
    return Flow(found, valid, error)


def _whole(name: str, value: int, low: int, high: int, *, odd: bool = False) -> int:
    what = f"{'an odd' if odd else 'a whole'} number from {low} to {high}"
    try:
        number = operator.index(value)
    except TypeError:
        msg = f"{name}: expected {what}, got {value!r}"
        raise TypeError(msg) from None
    if not low <= number <= high or (odd and number % 2 == 0):
        msg = f"{name}: expected {what}, got {value!r}"
        raise ValueError(msg)
    return number


def _at_least_0(name: str, value: float) -> float:
    number = float(value)
    if not (math.isfinite(number) and number >= 0):
        msg = f"{name}: expected a number from 0, got {value!r}"
        raise ValueError(msg)
    return number
