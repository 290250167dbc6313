"""Folds, hollows and openings that show as shade: where they are on the chart, in a few variants each."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .plane import Grid, Patch, falloff, grid_around, landmark, smooth_curve, to_line, whole

__all__ = ["folds", "hollows"]

VARIANTS = 4


def _patch(grid: Grid, value: NDArray[np.floating]) -> Patch:
    kept = np.broadcast_to(value, np.broadcast(grid.x, grid.y).shape).astype(np.float32)
    kept.setflags(write=False)
    return Patch(grid.rows, grid.columns, kept)


def crease(line: ArrayLike, width: float, *, relief: float = 0.4, steps: int = 4) -> Patch:
    """A line that is dark in the middle, fades at its ends, and has a lit bulge at its right hand."""
    curve = smooth_curve(line, steps)
    grid = grid_around(curve, 4 * width)
    away, side, along = to_line(grid, curve)
    across = away * side
    profile = falloff(across / width) - relief * falloff((across - 2.2 * width) / (1.3 * width))
    return _patch(grid, profile * np.sin(np.pi * (0.06 + 0.88 * along)) ** 0.7)


def blob(x: float, y: float, rx: float, ry: float, power: float = 2.0) -> Patch:
    """A soft spot, 1 in the middle."""
    reach = 2.2 if power <= 2 else 1.6
    grid = grid_around([[x - reach * rx, y - reach * ry], [x + reach * rx, y + reach * ry]], 0)
    distance = np.sqrt(((grid.x - x) / rx) ** 2 + ((grid.y - y) / ry) ** 2)
    edge = np.exp(-(reach**power))
    return _patch(grid, (falloff(distance ** (power / 2)) - edge).clip(0) / (1 - edge))


def _joined(patches: list[Patch]) -> Patch:
    """Several as one, the strongest of them at each texel."""
    top, left = (min(p.where[k].start for p in patches) for k in (0, 1))
    bottom, right = (max(p.where[k].stop for p in patches) for k in (0, 1))
    value = np.zeros((bottom - top, right - left), np.float32)
    for p in patches:
        part = value[p.rows.start - top : p.rows.stop - top, p.columns.start - left : p.columns.stop - left]
        np.copyto(part, p.value, where=np.abs(p.value) > np.abs(part))
    value.setflags(write=False)
    return Patch(slice(top, bottom), slice(left, right), value)


def _moved(rng: np.random.Generator, line: ArrayLike, by: float) -> NDArray[np.float64]:
    points = np.asarray(line, np.float64)
    return points + rng.normal(0, by, points.shape) + rng.normal(0, by, 2)


def _forehead(rng: np.random.Generator) -> Patch:
    x = np.array([-52.0, -34, -17, 0, 17, 34, 52]) * rng.uniform(0.7, 1.1)
    first, step, bow = rng.uniform(-66, -60), rng.uniform(6, 10), rng.uniform(-6, 3)
    lines = []
    for k in range(int(rng.integers(2, 5))):
        y = first - k * step + bow * (1 - (x / 50) ** 2) + rng.normal(0, 0.9, len(x))
        lines.append(crease(np.stack([x + rng.normal(0, 4), y], axis=1), rng.uniform(0.8, 1.6)))
    return _joined(lines)


def _crows_feet(rng: np.random.Generator) -> Patch:
    x, y = landmark(36)[0]
    lines = []
    for angle in np.radians(np.array([-28, -8, 12, 32]) + rng.normal(0, 5, 4))[: int(rng.integers(2, 5))]:
        start, length = rng.uniform(4, 7), rng.uniform(9, 18)
        reach = np.array([start, start + length / 2, start + length])
        bend = np.array([-0.06, 0.0, 0.06]) + angle
        lines.append(crease(np.stack([x - reach * np.cos(bend), y + reach * np.sin(bend)], axis=1), 0.9))
    return _joined(lines)


def _bag(rng: np.random.Generator) -> Patch:
    low = rng.uniform(6.5, 10.5)
    eye = landmark(39, 40, 41, 36)
    line = eye + np.array([[-1, low * 0.8], [-1, low], [0, low], [4, low * 0.8]])
    return crease(_moved(rng, line, 0.5), rng.uniform(1.2, 2.2), relief=0.5)


def _neck(rng: np.random.Generator) -> Patch:
    x = np.array([-60.0, -30, 0, 30, 60])
    lines = [
        crease(np.stack([x, y - (x / 60) ** 2 * 8 + rng.normal(0, 0.8, 5)], axis=1), rng.uniform(0.9, 1.8))
        for y in rng.uniform([93, 104], [100, 116])
    ]
    return _joined(lines)


@cache
def folds() -> dict[str, tuple[Patch, ...]]:
    """Lines of the skin by name, variants of each; those with ``_right`` have a mirror image on the left."""
    rng = np.random.default_rng(1)
    smile = np.array([[-15.5, 9], [-20, 15], [-26, 24], [-31, 33], [-34, 42]])
    mouth = np.array([[-29, 42], [-31, 48], [-32, 55], [-31, 61]])
    frown = np.array([[-6, -38], [-5, -44], [-6, -51]])
    trough = np.array([[-19, -18], [-25, -10], [-34, -4], [-43, -2]])

    def bank(make: Callable[[np.random.Generator], Patch]) -> tuple[Patch, ...]:
        return tuple(make(rng) for _ in range(VARIANTS))

    return {
        "smile_right": bank(lambda r: crease(_moved(r, smile, 1.2), r.uniform(1.3, 2.6))),
        "mouth_right": bank(lambda r: crease(_moved(r, mouth, 0.9), r.uniform(1.2, 2.2))),
        "frown_right": bank(lambda r: crease(_moved(r, frown, 0.6), r.uniform(0.8, 1.4))),
        "trough_right": bank(lambda r: crease(_moved(r, trough, 1.0), r.uniform(1.3, 2.4))),
        "bags_right": bank(_bag),
        "crows_feet_right": bank(_crows_feet),
        "forehead": bank(_forehead),
        "neck": bank(_neck),
    }


def _jaw() -> Patch:
    """Darker below the jaw, fading towards the collar."""
    grid, jaw = whole(), landmark(*range(17))
    below = grid.y - np.interp(grid.x, jaw[:, 0], jaw[:, 1])
    near = falloff((grid.x / 125) ** 2)
    value = ((below + 3) / 9).clip(0, 1) * np.exp(-(below.clip(0) / 45)) * near
    part = grid_around([[-138, 15], [138, 120]], 0)
    return _patch(part, value[part.rows, part.columns])


@cache
def hollows() -> dict[str, Patch]:
    """Places that little light reaches, by name; those with ``_right`` have a mirror image."""
    # Upwards: the bulge is the wing.
    wing = [[-10.5, 20.5], [-14.8, 18.0], [-15.5, 12.0], [-12.5, 6.5], [-8.5, 4.0]]
    base = [[-12, 22.0], [-6.6, 22.8], [0, 25.2], [6.6, 22.8], [12, 22.0]]
    inner = landmark(39)[0]
    return {
        "nostril_right": blob(-7.2, 19.2, 4.0, 2.0, power=3.0),
        "wing_right": crease(wing, 1.9, relief=0.4),
        "nose_side_right": blob(-13.5, -12, 6, 17),
        "corner_right": blob(inner[0] + 4.5, inner[1] - 1, 5.5, 7.5),
        "socket_right": blob(-35, -32, 27, 8.5),
        "cheek_right": blob(-62, 26, 26, 22),
        "temple_right": blob(-88, -42, 17, 22),
        "mouth_corner_right": blob(-29.5, 42.2, 4.5, 4.0),
        "under_nose": crease(base, 1.6, relief=0.2),
        "philtrum": blob(0, 29.5, 2.6, 5.5),
        "under_lip": blob(0, 57.3, 14, 4.0),
        "chin": blob(0, 74, 1.6, 7.0),
        "jaw": _jaw(),
    }
