"""Which beards there are, and where they grow on the chart."""

from __future__ import annotations

from functools import cache

import numpy as np

from .pigment import hair_density, rgb
from .plane import Patch, grid_around, inside, landmark, smooth_curve
from .traits import Beard

__all__ = ["BEARD_ZONES", "beard_zones", "sample_beard"]

BEARD_ZONES = ("moustache", "chin", "jaw", "cheeks", "neck", "sides")
_STYLES = {  # how dense each zone is, and how often the style is worn
    "stubble": ((0.9, 0.9, 0.8, 0.5, 0.6, 0.6), 0.38),
    "full": ((1.0, 1.0, 1.0, 0.6, 0.5, 0.9), 0.24),
    "trimmed": ((0.9, 1.0, 0.9, 0.15, 0.1, 0.8), 0.12),
    "moustache": ((1.0, 0.0, 0.0, 0.0, 0.0, 0.3), 0.10),
    "goatee": ((0.8, 1.0, 0.0, 0.0, 0.0, 0.2), 0.08),
    "chin": ((0.0, 1.0, 0.1, 0.0, 0.1, 0.2), 0.03),
    "strap": ((0.2, 0.7, 1.0, 0.0, 0.2, 1.0), 0.03),
    "sides": ((0.1, 0.0, 0.0, 0.1, 0.0, 1.0), 0.02),
}


def sample_beard(rng: np.random.Generator, hair: tuple[float, float], feminine: bool, age: float) -> Beard:
    """A beard for about 60 % of men; a shade of one for most of the others."""
    zones, style = np.zeros(len(BEARD_ZONES)), "none"
    chance, length, spread = rng.uniform(), rng.uniform(0.35, 1.0), rng.uniform(0.6, 1.1, len(BEARD_ZONES))
    weights = np.array([weight for _, weight in _STYLES.values()])
    chosen = list(_STYLES)[int(rng.choice(len(_STYLES), p=weights / weights.sum()))]
    if not feminine and age > 17:
        style = chosen if chance < 0.6 else "shaven"
        zones = np.array(_STYLES[chosen if chance < 0.6 else "stubble"][0]) * spread
    if style in ("stubble", "shaven"):
        length *= 0.45 if style == "stubble" else 0.12
    if feminine and age > 45:  # down
        zones[:2], length = spread[:2] * 0.3 * (chance < 0.3), 0.1
    eumelanin = float(np.clip(hair[0] + rng.uniform(-0.2, 0.2), 0, 1.1))
    return Beard(
        *zones.clip(0, 1).tolist(),
        length=float(length) if zones.any() else 0.0,
        ragged=float(rng.uniform(0, 1)),
        colour=rgb(hair_density(eumelanin, hair[1] + float(rng.uniform(0, 0.3)))),
    )


def _step(value: np.ndarray, soft: float) -> np.ndarray:
    """0 to 1 across ``soft`` mm about an edge, from the distance to it."""
    return (value / soft + 0.5).clip(0, 1)


@cache
def beard_zones() -> dict[str, Patch]:
    """The zones, all on the same rectangle of the lower face; none reaches the red of the lips."""
    mouth = landmark(*range(48, 60))
    jaw = landmark(*range(17))
    grid = grid_around(np.vstack([jaw, [[0, 112]]]), 2)
    x, y = np.abs(grid.x), grid.y
    lips = inside(grid, smooth_curve(mouth, closed=True))
    off_lips = _step(-lips - 1.2, 1.6)
    jaw_line = np.interp(x, np.abs(jaw[8::-1, 0]), jaw[8::-1, 1])
    lower = _step(y - 24 + 0 * x, 6.0)
    # moustache: from under the nose, drooping past the corners
    upper = _step(y - 20 - 0.10 * x, 5.0) * _step(41 + 0.30 * x - y, 5.0) * _step(35 - x, 9.0)
    chin = _step(27 - x, 10.0) * _step(y - 50 + 0.3 * np.maximum(x - 12, 0), 6.0)
    corners = _step(36 - x, 7.0) * _step(x - 25, 6.0) * _step(y - 34, 6.0)
    strip = _step(y - jaw_line + 20, 12.0) * _step(x - 20, 12.0)
    cheeks = _step(y - 18 + 0.16 * (x - 36), 16.0) * _step(x - 30, 12.0) * lower
    neck = _step(y - jaw_line - 1, 6.0)
    above_neck = _step(jaw_line + 6 - y, 12.0)
    sides = _step(x - 112, 10.0) * _step(150 - x, 8.0) * _step(y + 30, 20.0)
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
        value.setflags(write=False)
        made[name] = Patch(grid.rows, grid.columns, value)
    return made
