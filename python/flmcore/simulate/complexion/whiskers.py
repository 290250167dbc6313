"""Where beards grow on the chart, and painting them."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from .beards import BEARD_ZONES
from .canvas import Canvas
from .noise import Pieces
from .plane import Patch, grid_around, inside, landmark, smooth_curve
from .traits import Beard

__all__ = ["beard_zones", "grown", "paint_beard"]


def _trimmed(patch: Patch) -> Patch:
    """Without the rows and columns where it is 0."""
    rows, columns = (np.flatnonzero(patch.value.any(axis=axis)) for axis in (1, 0))
    (top, bottom), (left, right) = ((int(v[0]), int(v[-1]) + 1) for v in (rows, columns))
    value = np.ascontiguousarray(patch.value[top:bottom, left:right])
    value.setflags(write=False)
    row, column = patch.rows.start, patch.columns.start
    return Patch(slice(row + top, row + bottom), slice(column + left, column + right), value)


def _step(value: NDArray[np.floating], soft: float) -> NDArray[np.floating]:
    """0 to 1 across ``soft`` mm about an edge, from the distance to it."""
    return (value / soft + 0.5).clip(0, 1)


@cache
def beard_zones() -> dict[str, Patch]:
    """The zones by name; none reaches the red of the lips."""
    mouth = landmark(*range(48, 60))
    jaw = landmark(*range(17))
    grid = grid_around(np.vstack([jaw, [[0, 112], [0, -36]]]), 2)
    x, y = np.abs(grid.x), grid.y
    lips = inside(grid, smooth_curve(mouth, closed=True))
    off_lips = _step(-lips - 1.2, 1.6)
    jaw_line = np.interp(x, np.abs(jaw[8::-1, 0]), jaw[8::-1, 1])
    # moustache: from under the nose, drooping past the corners
    upper = _step(y - 20 - 0.10 * x, 5.0) * _step(41 + 0.30 * x - y, 5.0) * _step(35 - x, 9.0)
    chin = _step(27 - x, 10.0) * _step(y - 50 + 0.3 * np.maximum(x - 12, 0), 6.0)
    corners = _step(36 - x, 7.0) * _step(x - 25, 6.0) * _step(y - 34, 6.0)
    strip = _step(y - jaw_line + 20, 12.0) * _step(x - 20, 12.0)
    edge = 34 - 0.45 * (x - 32)  # of the cheek's hair: from the corner of the mouth up to the ear
    cheeks = _step(y - edge - 0 * x, 18.0) * _step(x - 30, 12.0) * _step(128 - x, 20.0)
    neck = _step(y - jaw_line - 1, 6.0) * _step(112 - x, 30.0)
    above_neck = _step(jaw_line + 6 - y, 12.0) * _step(140 - x, 12.0)
    sides = _step(x - 112, 10.0) * _step(y + 18, 30.0)
    fields = {
        "moustache": upper,
        "chin": np.maximum(chin, 0.8 * corners) * above_neck,
        "jaw": strip * above_neck,
        "cheeks": cheeks * above_neck,
        "neck": neck * _step(108 - y, 25.0),
        "sides": sides * above_neck,
    }
    shape = np.broadcast(grid.x, grid.y).shape
    made = {}
    for name in BEARD_ZONES:
        value = (np.broadcast_to(fields[name], shape) * off_lips).astype(np.float32)
        made[name] = _trimmed(Patch(grid.rows, grid.columns, value))
    return made


def grown(beard: Beard) -> Patch | None:
    """How densely hair grows, from 0, over all zones of a beard, or None where none does."""
    zones = beard_zones()
    there = [(zones[name], amount) for name in BEARD_ZONES if (amount := getattr(beard, name)) > 0]
    if not there:
        return None
    top, left = (min(z.where[k].start for z, _ in there) for k in (0, 1))
    bottom, right = (max(z.where[k].stop for z, _ in there) for k in (0, 1))
    total = np.zeros((bottom - top, right - left), np.float32)
    for zone, amount in there:
        rows = slice(zone.rows.start - top, zone.rows.stop - top)
        columns = slice(zone.columns.start - left, zone.columns.stop - left)
        total[rows, columns] += np.float32(amount) * zone.value
    return Patch(slice(top, bottom), slice(left, right), total)


def paint_beard(canvas: Canvas, beard: Beard, pieces: Pieces) -> None:
    """Over the developed skin: a shaven beard is a shade of dots, a long one covers it."""
    zones = grown(beard)
    if zones is None or not beard.length:
        return
    height, width = zones.value.shape
    hairs = pieces.cut(0, height, width, stretch=3.0 if beard.length > 0.5 else 1.3)
    total = zones.value
    total *= 1 + np.float32(0.5 * beard.ragged) * pieces.cut(2, height, width)
    np.clip(total, 0, 1, out=total)
    strands = hairs * np.float32(0.55 - 0.3 * beard.length)
    strands += 1
    total *= strands.clip(0.2, 1.6)
    total *= np.float32(0.16 + 0.84 * beard.length)
    canvas.cover(Patch(zones.rows, zones.columns, total.clip(0, 0.97)), beard.colour)
