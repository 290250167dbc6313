"""What lights a face: one or two lights that are far away, and light from all around."""

from __future__ import annotations

import bisect
import itertools
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
_WEIGHTS = EVEN * np.sqrt(_SQUARES) * _BANDS
_Three = tuple[float, float, float]


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
_NAMES = tuple(_KINDS)
_UP_TO = tuple(itertools.accumulate(kind.share for kind in _KINDS.values()))


def broad_light(directions: NDArray[np.floating], colours: NDArray[np.floating]) -> NDArray[np.float64]:
    """(9, 3) coefficients of real spherical harmonics (their constants included, as ``ops.drawing.shade`` has them) of

    what broad lights from unit vectors (J, 3), with colours (J, 3), send back from a white surface. The light falls off
    with the angle to its direction as 1 + 2 cos + 5/8 (3 cos² − 1), cut off after band 2: below 0 behind.
    """
    terms = np.array([_harmonics(x, y, z) for x, y, z in np.asarray(directions).tolist()]) * _WEIGHTS
    return (terms[:, :, None] * np.asarray(colours)[:, None, :]).sum(axis=0)  # type: ignore[no-any-return]


def _harmonics(x: float, y: float, z: float) -> tuple[float, ...]:
    """Without their constants."""
    return 1.0, y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y


def sample_lights(rng: np.random.Generator, *, shadows: float = 0.6) -> Lights:
    """Lights of a random kind; ``shadows`` is the share of main lights that cast them."""
    name = _NAMES[bisect.bisect(_UP_TO, rng.random(), 0, len(_NAMES) - 1)]
    kind = _KINDS[name]
    behind = name == "back"
    directions = [_direction(rng, kind, behind)]
    colours = [_times(rng.uniform(*kind.key), _white(rng, kind))]
    if behind or rng.random() < 0.35:  # a second, weaker one from elsewhere
        other = _KINDS["room"]
        directions.append(_direction(rng, other, False))
        colours.append(_times(0.6 * rng.uniform(*other.key), _white(rng, kind)))
    return Lights(
        directions=np.array(directions, np.float32),
        colours=np.array(colours, np.float32),
        ambient=_ambient(rng, kind).astype(np.float32),
        shadow=bool(rng.random() < shadows),
        softness=float(rng.random()),
        kind=name,
    )


def _direction(rng: np.random.Generator, kind: _Kind, behind: bool) -> _Three:
    up = math.radians(rng.uniform(*kind.above))
    side = math.radians(
        rng.uniform(100, 180) * (1 if rng.random() < 0.5 else -1)
        if behind
        else rng.uniform(-1, 1) * kind.aside
    )
    return math.cos(up) * math.sin(side), -math.sin(up), -math.cos(up) * math.cos(side)


def _white(rng: np.random.Generator, kind: _Kind) -> _Three:
    """Linear RGB of mean about 1: a white of some warmth, or a colour."""
    warmth = rng.uniform(*kind.warmth)
    r, g, b = rng.uniform(0.0, 1.6, 3).tolist()
    share = kind.colour * rng.random()
    white = 1 - share
    return white * (1 + 0.35 * warmth) + share * r, white + share * g, white * (1 - 0.45 * warmth) + share * b


def _times(strength: float, colour: _Three) -> _Three:
    return strength * colour[0], strength * colour[1], strength * colour[2]


def _ambient(rng: np.random.Generator, kind: _Kind) -> NDArray[np.float64]:
    """(9, 3): an even light, the sky or a ceiling, the ground, and a broad light or two from the sides."""
    strength = rng.uniform(*kind.ambient)
    even = _times(0.45 * EVEN, _white(rng, kind))
    broad = [(0.0, -1.0, 0.0), (0.0, 1.0, 0.0)]
    weights = [
        _times(rng.uniform(0.2, 0.9), _white(rng, kind)),
        _times(rng.uniform(0.0, 0.35), _white(rng, kind)),
    ]
    for _ in range(2):
        broad.append(_direction(rng, _KINDS["window"], False))
        weights.append(_times(rng.uniform(0.1, 0.9), _white(rng, kind)))
    # The even light also makes up for what the broad ones take away on their far side.
    coefficients = broad_light(np.array(broad), np.array(weights)) * 0.4
    coefficients[0] += even
    return strength * coefficients
