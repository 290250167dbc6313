"""How heads differ: fields of millimetres per standard deviation over the average head, and how they are drawn.

Lengths follow the standard deviations of direct anthropometry (Farkas 1994: face width 5 mm, nose width 2.5, nose
length 3, mouth width 3.5, biocular width 3.5, face height 6, bigonial width 5.5 and so on).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from flmcore.simulate.head.sites import Sites, bump, step

__all__ = ["IDENTITY", "identity_fields", "sample_shape"]

Floats = NDArray[np.float64]


def _pull(
    s: Sites, centre: tuple[float, float, float], width: float, by: tuple[float, float, float]
) -> Floats:
    """Move what is about a place, and its mirror image, by so much; x away from the midline."""
    left = bump(s.points, centre, width)
    right = bump(s.points, (-centre[0], centre[1], centre[2]), width)
    if centre[0] == 0:
        return s.field(s.x / width * by[0] * left, by[1] * left, by[2] * left)
    return s.field(by[0] * (left - right), by[1] * (left + right), by[2] * (left + right))


def _nose(s: Sites, y: float, high: float, wide: float = 15.0) -> Floats:
    """1 on the nose about a height."""
    return bump(s.points[:, :2], (0.0, y), (wide, high)) * step(s.z, -80.0, -96.0)


def _below(s: Sites, y: float, over: float) -> Floats:
    """0 above, 1 well below a height."""
    return step(s.y, y - over, y + over)


def _stretch(s: Sites, axis: int, by: Floats | float, about: float = 0.0) -> Floats:
    """Scale along an axis."""
    out = np.zeros_like(s.points)
    out[:, axis] = (s.points[:, axis] - about) * by
    return out


def _eyes(s: Sites, x: float, y: float, wide: float = 17.0, high: float = 13.0) -> Floats:
    """Move the eyes apart and down."""
    left = bump(s.points[:, :2], (31.0, -24.8), (wide, high)) * step(s.z, -40.0, -62.0)
    right = bump(s.points[:, :2], (-31.0, -24.8), (wide, high)) * step(s.z, -40.0, -62.0)
    return s.field(x * (left - right), y * (left + right))


def _eye_scale(s: Sites, x: float, y: float, slant: float = 0.0) -> Floats:
    """Widen and open the eyes; slant: lift the outer corner."""
    out = s.field()
    for side in (-1.0, 1.0):
        near = bump(s.points[:, :2], (side * 31.0, -24.8), (17.0, 10.0)) * step(s.z, -50.0, -66.0)
        away = s.points[:, 0] - side * 31.0
        out[:, 0] += near * x * away
        out[:, 1] += near * (y * (s.y + 24.8) - slant * side * away)
        out[:, 2] += near * abs(x) * 0.0
    return out


def _mouth(s: Sites) -> Floats:
    return bump(s.points[:, :2], (0.0, 43.0), (25.0, 13.0)) * step(s.z, -60.0, -80.0)


def _lip(s: Sites, upper: bool) -> Floats:
    side = (1 - s.lower) if upper else s.lower
    y = 38.5 if upper else 48.5
    return bump(s.points[:, :2], (0.0, y), (17.0, 4.5)) * step(s.z, -80.0, -92.0) * side


IDENTITY: dict[str, Callable[[Sites], Floats]] = {
    "size": lambda s: s.points * 0.025,
    "width": lambda s: _stretch(s, 0, 0.034),
    "length": lambda s: _stretch(s, 1, 0.034),
    "depth": lambda s: _stretch(s, 2, 0.04),
    "taper": lambda s: _stretch(s, 0, 0.04 * np.tanh((s.y - 5.0) / 55.0)),
    "jaw width": lambda s: _stretch(s, 0, 0.055 * bump(s.points[:, 1:], (62.0, -40.0), (26.0, 40.0))),
    "lower face": lambda s: s.field(y=4.0 * _below(s, 42.0, 40.0)),
    "chin forward": lambda s: _pull(s, (0.0, 78.0, -98.0), 22.0, (0.0, 0.0, -5.0)),
    "chin height": lambda s: _pull(s, (0.0, 85.0, -92.0), 24.0, (0.0, 3.5, 0.0)),
    "chin width": lambda s: _pull(s, (18.0, 78.0, -92.0), 16.0, (3.5, 0.0, -1.0)),
    "cheekbones": lambda s: _pull(s, (50.0, -1.0, -72.0), 18.0, (2.5, 0.0, -2.5)),
    "fat": lambda s: (
        _pull(s, (46.0, 34.0, -68.0), 24.0, (3.6, 1.5, -2.8)) + _pull(s, (0.0, 96.0, -60.0), 26.0, (0, 5, -4))
    ),
    "forehead": lambda s: s.field(z=-4.5 * bump(s.points, (0.0, -80.0, -90.0), (60.0, 32.0, 40.0))),
    "forehead height": lambda s: s.field(y=-7.0 * step(s.y, -40.0, -130.0)),
    "brow ridge": lambda s: _pull(s, (24.0, -43.0, -96.0), 13.0, (0.0, 0.0, -2.2)),
    "brow height": lambda s: s.field(y=-2.6 * bump(s.points[:, 1:], (-45.0, -88.0), (11.0, 30.0))),
    "brow slope": lambda s: _pull(s, (48.0, -42.0, -82.0), 14.0, (0.0, -2.6, 0.0)),
    "nose length": lambda s: s.field(y=3.2 * _nose(s, 16.0, 17.0, 18.0)),
    "nose depth": lambda s: s.field(z=-3.0 * _nose(s, 11.0, 16.0)),
    "nose width": lambda s: s.field(x=0.12 * s.x * _nose(s, 14.0, 10.0, 18.0)),
    "nose bridge": lambda s: s.field(z=-3.0 * _nose(s, -16.0, 13.0, 9.0) - 2.0 * _nose(s, -28.0, 9.0, 8.0)),
    "nose bridge width": lambda s: s.field(x=0.14 * s.x * _nose(s, -12.0, 13.0, 14.0)),
    "nose hump": lambda s: s.field(z=-2.0 * _nose(s, -6.0, 6.0, 8.0)),
    "nose tip up": lambda s: s.field(y=-2.8 * _nose(s, 13.0, 7.0, 10.0)),
    "nose tip wide": lambda s: s.field(x=0.18 * s.x * _nose(s, 12.0, 6.0, 10.0)),
    "eyes apart": lambda s: _eyes(s, 1.8, 0.0),
    "eyes height": lambda s: _eyes(s, 0.0, 1.8),
    "eyes wide": lambda s: _eye_scale(s, 0.055, 0.02),
    "eyes open": lambda s: _eye_scale(s, 0.0, 0.13),
    "eyes slant": lambda s: _eye_scale(s, 0.0, 0.0, 0.07),
    "eyes deep": lambda s: _pull(s, (31.0, -26.0, -84.0), 13.0, (0.0, 0.0, 2.0)),
    "mouth width": lambda s: s.field(x=0.07 * s.x * _mouth(s)),
    "mouth height": lambda s: s.field(y=2.4 * _mouth(s)),
    "mouth forward": lambda s: s.field(
        z=-3.0 * bump(s.points[:, :2], (0.0, 44.0), (26.0, 18.0)) * step(s.z, -50.0, -85.0)
    ),
    "upper lip": lambda s: s.field(y=-1.6 * _lip(s, True), z=-1.0 * _lip(s, True)),
    "lower lip": lambda s: s.field(y=1.8 * _lip(s, False), z=-1.2 * _lip(s, False)),
    "mouth corners": lambda s: _pull(s, (26.0, 42.0, -88.0), 9.0, (0.0, -1.4, 0.0)),
    "age": lambda s: (
        _pull(s, (36.0, 56.0, -74.0), 16.0, (2.0, 4.0, -1.0))
        + _pull(s, (31.0, -32.0, -86.0), 9.0, (0, 1.4, -0.6))
    ),
    "male": lambda s: (
        _stretch(s, 0, 0.035 * bump(s.points[:, 1:], (62.0, -50.0), (30.0, 50.0)))
        + _pull(s, (0.0, 80.0, -96.0), 22.0, (0.0, 1.5, -2.5))
        + _pull(s, (20.0, -43.0, -97.0), 14.0, (0.0, 0.5, -2.0))
    ),
    "child": lambda s: (
        s.field(y=-4.5 * _below(s, 30.0, 45.0))
        + _eye_scale(s, 0.05, 0.10)
        + s.field(z=1.8 * _nose(s, -6.0, 18.0) + 1.5 * _nose(s, 8.0, 8.0))
        + _pull(s, (42.0, 28.0, -74.0), 18.0, (2.0, 0.0, -2.5))
    ),
    "epicanthus": lambda s: (
        _pull(s, (18.0, -23.0, -82.0), 5.0, (0.0, 1.0, -1.5))
        + s.field(z=3.0 * _nose(s, -20.0, 12.0, 9.0))
        + _pull(s, (45.0, 0.0, -78.0), 20.0, (1.5, 0.0, -2.0))
    ),
    "skew": lambda s: s.field(x=1.6 * _below(s, 15.0, 60.0)),
    "nose skew": lambda s: s.field(x=1.1 * _nose(s, 6.0, 14.0)),
    "eyes skew": lambda s: s.field(y=0.9 * np.tanh(s.x / 25.0) * bump(s.points[:, 1:2], (-30.0,), (20.0,))),
    "mouth skew": lambda s: s.field(y=1.4 * np.tanh(s.x / 20.0) * _mouth(s)),
}
RIPPLES = 10


def identity_fields(sites: Sites) -> Floats:
    """(M, N, 3) mm per standard deviation: the named ones, then smooth ones without a name."""
    fields = [make(sites) for make in IDENTITY.values()]
    rng = np.random.default_rng(68)
    for index in range(RIPPLES):
        fields.append(_ripple(sites, rng, symmetric=index % 3 != 2))
    return np.stack(fields)


def _ripple(s: Sites, rng: np.random.Generator, *, symmetric: bool) -> Floats:
    """A smooth random field of wavelength 50 to 120 mm, about half a millimetre high."""
    field = np.zeros_like(s.points)
    for _ in range(6):
        wave = rng.normal(size=3)
        wave *= 2 * np.pi / rng.uniform(50.0, 120.0) / np.linalg.norm(wave)
        phase, size = rng.uniform(0, 2 * np.pi), rng.normal(size=3)
        wave_here = np.sin(s.points @ wave + phase)
        if symmetric:
            mirrored = np.sin((s.points * [-1, 1, 1]) @ wave + phase)
            odd = (wave_here - mirrored) / 2
            field += np.stack(
                [odd * size[0], *((wave_here + mirrored) / 2 * size[i] for i in (1, 2))], axis=1
            )
        else:
            field += 0.35 * wave_here[:, None] * size
    return field * 0.22


def sample_shape(rng: np.random.Generator, strength: float = 1.0) -> NDArray[np.float32]:
    """Weights (M,) of a random head, in standard deviations: normal, not beyond 2.5."""
    weights = rng.normal(size=len(IDENTITY) + RIPPLES)
    child = list(IDENTITY).index("child")
    weights[child] = max(0.0, rng.normal() * 1.6 - 1.6)
    age = list(IDENTITY).index("age")
    weights[age] = abs(weights[age]) - 0.6
    return (strength * np.clip(weights, -2.5, 2.5)).astype(np.float32)
