"""What lights a face: one or two lights that are far away, and light from all around."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Lights", "broad_light", "sample_lights"]

# What a surface gets of the bands 0, 1, 2 of the light around it, over π, so that light of 1 from everywhere gives 1
# (Ramamoorthi and Hanrahan, An efficient representation for irradiance environment maps, 2001).
# The harmonics' constants squared, over that of band 0; the coefficient of band 0 of an even light of 1.
_SQUARES = np.array([1.0, 3.0, 3.0, 3.0, 15.0, 15.0, 5 / 4, 15.0, 15 / 4])
EVEN = math.sqrt(4 * math.pi)
_BANDS = np.array([1.0, 2 / 3, 2 / 3, 2 / 3, 1 / 4, 1 / 4, 1 / 4, 1 / 4, 1 / 4])


@dataclass(frozen=True)
class Lights:
    """Lights in the camera's frame (x right, y down, z away from the camera).

    Attributes:
        directions: (L, 3) float32, unit vectors towards the lights; the first is the main one.
        colours: (L, 3) float32, linear RGB: what a white surface that faces the light sends back.
        ambient: (9, 3) float32: coefficients, as of :func:`broad_light`, of what a white surface sends back.
        shadow: whether the main light casts shadows.
        softness: of the shadows' edges, 0 (hard) to 1.
        kind: such as ``sun``.
    """

    directions: NDArray[np.float32]
    colours: NDArray[np.float32]
    ambient: NDArray[np.float32]
    shadow: bool
    softness: float
    kind: str


@dataclass(frozen=True)
class _Kind:
    share: float  # of the images
    key: tuple[float, float]  # strength of the main light, before exposure
    ambient: tuple[float, float]
    above: tuple[float, float]  # degrees over the horizon
    aside: float  # degrees from the camera's side, ± at most
    warmth: tuple[float, float]  # of the main light: −1 blue, 1 candle
    colour: float = 0.0  # how far colours may leave the white ones


_KINDS = {
    "overcast": _Kind(0.20, (0.0, 0.3), (0.7, 1.0), (30, 80), 90, (-0.3, 0.2)),
    "sun": _Kind(0.18, (0.8, 2.2), (0.25, 0.6), (15, 70), 110, (0.0, 0.4)),
    "room": _Kind(0.22, (0.2, 0.7), (0.4, 0.8), (10, 75), 80, (-0.1, 0.7)),
    "window": _Kind(0.14, (0.5, 1.4), (0.15, 0.5), (-5, 35), 100, (-0.4, 0.2)),
    "flash": _Kind(0.09, (0.7, 1.5), (0.1, 0.4), (-5, 20), 20, (-0.1, 0.2)),
    "back": _Kind(0.08, (0.8, 2.5), (0.35, 0.7), (0, 60), 180, (-0.2, 0.6)),
    "night": _Kind(0.05, (0.3, 1.2), (0.05, 0.25), (-30, 80), 120, (-0.5, 1.0), 0.4),
    "stage": _Kind(0.04, (0.4, 1.5), (0.1, 0.5), (-40, 80), 140, (-1.0, 1.0), 0.9),
}


def broad_light(directions: NDArray[np.floating], colours: NDArray[np.floating]) -> NDArray[np.float64]:
    """(9, 3) coefficients of real spherical harmonics (their constants included, as ``ops.drawing.shade`` has them) of

    what broad lights from unit vectors (J, 3), with colours (J, 3), send back from a white surface. The light falls off
    with the angle to its direction as 1 + 2 cos + 5/8 (3 cos² − 1), cut off after band 2: below 0 behind.
    """
    x, y, z = np.asarray(directions, np.float64).T
    terms = np.stack([x * 0 + 1, y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y], axis=1)
    weights = EVEN * np.sqrt(_SQUARES) * _BANDS
    return ((terms * weights)[:, :, None] * np.asarray(colours)[:, None, :]).sum(axis=0)  # type: ignore[no-any-return]


def sample_lights(rng: np.random.Generator, *, shadows: float = 0.6) -> Lights:
    """Lights of a random kind; ``shadows`` is the share of main lights that cast them."""
    names = list(_KINDS)
    name = names[int(np.searchsorted(np.cumsum([kind.share for kind in _KINDS.values()]), rng.random()))]
    kind = _KINDS[name]
    behind = name == "back"
    directions = [_direction(rng, kind, behind)]
    colours = [_white(rng, kind) * rng.uniform(*kind.key)]
    if behind or rng.random() < 0.35:  # a second, weaker one from elsewhere
        other = _KINDS["room"]
        directions.append(_direction(rng, other, False))
        colours.append(_white(rng, kind) * rng.uniform(*other.key) * 0.6)
    return Lights(
        directions=np.array(directions, np.float32),
        colours=np.array(colours, np.float32),
        ambient=_ambient(rng, kind).astype(np.float32),
        shadow=bool(rng.random() < shadows),
        softness=float(rng.random()),
        kind=name,
    )


def _direction(rng: np.random.Generator, kind: _Kind, behind: bool) -> NDArray[np.float64]:
    up = math.radians(rng.uniform(*kind.above))
    side = math.radians(
        rng.uniform(100, 180) * (1 if rng.random() < 0.5 else -1)
        if behind
        else rng.uniform(-1, 1) * kind.aside
    )
    return np.array([math.cos(up) * math.sin(side), -math.sin(up), -math.cos(up) * math.cos(side)])


def _white(rng: np.random.Generator, kind: _Kind) -> NDArray[np.float64]:
    """Linear RGB of mean about 1: a white of some warmth, or a colour."""
    warmth = rng.uniform(*kind.warmth)
    white = np.array([1 + 0.35 * warmth, 1.0, 1 - 0.45 * warmth])
    tint = rng.uniform(0.0, 1.6, 3)
    share = kind.colour * rng.random()
    return (1 - share) * white + share * tint


def _ambient(rng: np.random.Generator, kind: _Kind) -> NDArray[np.float64]:
    """(9, 3): an even light, the sky or a ceiling, the ground, and a broad light or two from the sides."""
    strength = rng.uniform(*kind.ambient)
    even = _white(rng, kind) * 0.45
    broad = [np.array([0.0, -1.0, 0.0]), np.array([0.0, 1.0, 0.0])]
    weights = [rng.uniform(0.2, 0.9) * _white(rng, kind), rng.uniform(0.0, 0.35) * _white(rng, kind)]
    for _ in range(2):
        broad.append(_direction(rng, _KINDS["window"], False))
        weights.append(rng.uniform(0.1, 0.9) * _white(rng, kind))
    # The even light also makes up for what the broad ones take away on their far side.
    coefficients = broad_light(np.array(broad), np.array(weights)) * 0.4
    coefficients[0] += even * EVEN
    return strength * coefficients
