"""Which beards there are, and who wears them."""

from __future__ import annotations

import numpy as np

from .pigment import hair_density, rgb
from .traits import Beard

__all__ = ["BEARD_ZONES", "sample_beard"]

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
        **dict(zip(BEARD_ZONES, zones.clip(0, 1).tolist(), strict=True)),
        length=float(length) if zones.any() else 0.0,
        ragged=float(rng.uniform(0, 1)),
        colour=rgb(hair_density(eumelanin, hair[1] + float(rng.uniform(0, 0.3)))),
    )
