"""Eyebrows, painted along the landmarks of a brow."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from .canvas import Canvas
from .noise import Pieces
from .plane import Patch, grid_around, landmark, smooth_curve, to_line
from .traits import Brows

__all__ = ["brow_coverage", "paint_brows"]

_ABOVE = 0.35  # part of a brow's thickness that lies above its landmarks: people mark the upper half


@cache
def _frame() -> tuple[Patch, NDArray[np.float32]]:
    """The right brow: how far below its line, mm, and how far along, 0 at the inner end (beyond it: less than 0)."""
    points = landmark(21, 20, 19, 18, 17)
    before, after = points[0] + np.array([11.4, 3.0]), points[-1] + np.array([-4.0, 4.0])
    curve = smooth_curve(np.vstack([before, points, after]))
    grid = grid_around(np.vstack([points, [[0.8, -40]]]), 14)
    away, side, along = to_line(grid, curve)
    length = np.hypot(*(curve[1:] - curve[:-1]).T).cumsum()
    inner = length[5] / length[-1]
    outer = length[-7] / length[-1]
    along = (along - inner) / (outer - inner)
    down = Patch(grid.rows, grid.columns, np.asarray(-away * side, np.float32))
    return down, along.astype(np.float32)


def brow_coverage(b: Brows, grain: NDArray[np.float32] | None = None) -> Patch:
    """How much of the skin the right brow covers, 0 to 1; ``grain`` (h, w) of deviation 1 makes it hairy."""
    down, along = _frame()
    t = along.clip(0, 1)
    # thin at the inner end, full at a third, tapered at the outer end
    half = 0.5 * b.thickness * (0.62 + 1.4 * t * (1 - t)) * (1 - b.taper * (t * t * t))
    middle = (0.5 - _ABOVE) * b.thickness - b.arch * (4 * t * (1 - t) - 0.5)
    edge = 1.2 + 1.8 * b.ragged
    if grain is not None:
        half = half + grain * np.float32((0.1 + 0.06 * b.thickness) * (0.15 + 0.6 * b.ragged))
    coverage = ((half - np.abs(down.value - middle)) / edge + 0.5).clip(0, 1)
    ends = ((along + 0.05) * 12).clip(b.joined * 0.6, 1) * ((1.06 - along) * 14).clip(0, 1)
    strands = 1.0 if grain is None else (0.9 + (0.06 + 0.14 * b.ragged) * grain).clip(0.25, 1.1)
    return Patch(down.rows, down.columns, (coverage * ends * strands * np.float32(b.density)).clip(0, 1))


def paint_brows(canvas: Canvas, b: Brows, pieces: Pieces, uneven: tuple[float, float]) -> None:
    """Both brows, ``uneven`` (right, left) scaling the density of each."""
    if b.density < 0.02:
        return
    height, width = _frame()[0].value.shape
    for side, scale in enumerate(uneven):
        right = brow_coverage(b, pieces.cut(0, height, width, stretch=2.5))
        patch = right.mirrored() if side else right
        canvas.cover(patch, b.colour, min(1.0, scale))
