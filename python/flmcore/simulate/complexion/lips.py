"""Lips, painted between their landmarks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from .canvas import Canvas
from .noise import Pieces
from .plane import Patch, falloff, grid_around, inside, landmark, smooth_curve, to_line
from .traits import Lips, MakeUp

__all__ = ["LipFrame", "lip_frame", "paint_lips", "paint_lipstick"]

Field = NDArray[np.float32]


@dataclass(frozen=True)
class LipFrame:
    """Distances on the rectangle of the mouth, (h, w) float32 mm: positive inside the outline; positive above the line."""

    rows: slice
    columns: slice
    depth: Field
    above: Field
    along: Field  # of the line between the lips, 0 to 1

    def patch(self, value: NDArray[np.floating]) -> Patch:
        return Patch(self.rows, self.columns, np.asarray(value, np.float32))


@cache
def lip_frame() -> LipFrame:
    """The mean mouth, closed."""
    outline = smooth_curve(landmark(*range(48, 60)), closed=True)
    # the line runs midway between the two lips' inner landmarks
    middle = (landmark(60, 61, 62, 63, 64) + landmark(60, 67, 66, 65, 64)) / 2
    line = smooth_curve(np.vstack([landmark(48), middle, landmark(54)]))
    grid = grid_around(outline, 7)
    away, side, along = to_line(grid, line)
    fields = [np.asarray(f, np.float32) for f in (inside(grid, outline), -away * side, along)]
    for field in fields:
        field.setflags(write=False)
    return LipFrame(grid.rows, grid.columns, *fields)


def paint_lips(canvas: Canvas, lips: Lips, pieces: Pieces) -> None:
    """The red of the lips, the line between them and their rim, as pigments and shade."""
    frame = lip_frame()
    height, width = frame.depth.shape
    soft = 4.5 - 3.5 * lips.border
    red = (frame.depth / soft + 0.5).clip(0, 1)
    chaps = 1 + lips.dryness * 0.45 * pieces.cut(0, height, width, stretch=2.5)
    canvas.add(frame.patch(red * chaps), blood=lips.blood, melanin=lips.melanin)
    upper = red * (frame.above > 0)
    canvas.add(frame.patch(upper), shade=lips.upper_shade)
    taper = (np.minimum(frame.along, 1 - frame.along) * 9).clip(0.45, 1)
    line = falloff(frame.above / 1.15) * taper * (frame.depth > -1.5)
    canvas.add(frame.patch(line), shade=1.5 * lips.line, blood=0.6 * lips.line)
    # light catches the roll just outside the red
    rim = falloff((frame.depth + 1.6) / 1.3) * lips.border
    canvas.add(frame.patch(rim), shade=-0.10)


def paint_lipstick(canvas: Canvas, makeup: MakeUp) -> None:
    """Over the developed skin."""
    if makeup.lipstick:
        frame = lip_frame()
        red = (frame.depth / 1.2 + 0.6).clip(0, 1) * (1 - 0.75 * falloff(frame.above))
        canvas.cover(frame.patch(red), makeup.lipstick_colour, makeup.lipstick)
