"""What surrounds an eye on the chart: lashes, margins, the crease, shadow."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from .plane import Grid, Patch, falloff, grid_around, inside, landmark, smooth_curve, to_line

__all__ = ["EyeFrame", "eye_frame", "line_strength"]

Field = NDArray[np.float32]


@dataclass(frozen=True)
class EyeFrame:
    """Distances about the right eye on its rectangle: each (h, w) float32, mm.

    Attributes:
        opening: distance from the eye's outline, positive inside.
        upper, lower: distance from either lid's margin, positive above; the margins go on past the outer corner, as
            lashes do.
        along_upper, along_lower: 0 at the inner corner to 1 where the lashes end.
    """

    grid: Grid
    opening: Field
    upper: Field
    along_upper: Field
    lower: Field
    along_lower: Field

    def patch(self, value: NDArray[np.floating]) -> Patch:
        return Patch(self.grid.rows, self.grid.columns, np.asarray(value, np.float32))


@cache
def eye_frame() -> EyeFrame:
    """The frame of the mean right eye; the left one's is its mirror image."""
    outline = smooth_curve(landmark(36, 37, 38, 39, 40, 41), closed=True)
    brow = landmark(17, 18, 19, 20, 21)
    grid = grid_around(np.vstack([outline, brow + np.array([0, 8]), [[-68, -6]]]), 5)
    outer = landmark(36)[0]
    upper = smooth_curve(np.vstack([landmark(39, 38, 37, 36), outer + np.array([-6.5, -3.0])]))
    lower = smooth_curve(np.vstack([landmark(39, 40, 41, 36), outer + np.array([-4.0, -2.0])]))
    fields = []
    for curve in (upper, lower):
        away, side, along = to_line(grid, curve)
        fields += [away * side, along]  # the curves go to the left: their right hand is above
    made = [np.asarray(f, np.float32) for f in (inside(grid, outline), *fields)]
    for field in made:
        field.setflags(write=False)
    return EyeFrame(grid, *made)


def line_strength(away: Field, along: Field, above: float, below: float, wing: float) -> Field:
    """A lid's dark line: 1 on the margin, fading over ``above`` and ``below`` mm, its wing past the outer corner."""
    across = np.where(away > 0, away / above, away / -below)
    inner = (along * 5).clip(0.25, 1)
    outer = np.where(along > 0.83, wing * (1 - along) / 0.17, 1.0)
    strength: Field = falloff(across * across) * inner * outer  # flat on the margin, then a soft edge
    return strength
