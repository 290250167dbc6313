"""Shoulders, what covers them, and collars: a head must not float."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flmcore.simulate.accessories.fitted import Fitted
from flmcore.simulate.accessories.grid import Floats, floats, grid_triangles, grid_uv
from flmcore.simulate.accessories.lots import pick
from flmcore.simulate.accessories.noise import noise
from flmcore.simulate.accessories.tint import Colour, Words, coverage, ramp, tinted
from flmcore.simulate.parts import CLASSES, Geometry, Part

__all__ = ["Clothes", "build_clothes", "cloth_greys", "sample_clothes", "sample_colour"]

_NECKS = ("crew", "v", "wide", "high", "shirt", "roll", "hood", "scarf", "straps")
CLOTHS = ("plain", "folds", "stripes", "bars", "checks", "dots", "knit", "blotches")


@dataclass(frozen=True)
class Clothes:
    """What is seen of a body.

    Attributes:
        neck: the neckline or the collar.
        cloth: of ``CLOTHS``.
        dark, bright: sRGB of the pattern.
        size: of the shoulders, 1 is the mean.
        turn, lean: degrees that the body is turned to the person's left and leans to it, against the head.
        slope: how much the shoulders fall, 1 is the mean.
    """

    neck: str
    cloth: str
    dark: Colour
    bright: Colour
    size: float
    turn: float
    lean: float
    slope: float


def sample_colour(rng: np.random.Generator) -> Colour:
    """Of cloth: greys, blues, blacks and whites more often than all others."""
    kind = rng.random()
    if kind < 0.4:
        grey = pick(rng, [25, 60, 120, 190, 235]) + rng.normal(0, 15)
        colour = grey + rng.normal(0, 6, 3)
    elif kind < 0.6:
        colour = np.array([35, 50, 95]) * rng.uniform(0.6, 2.2) + rng.normal(0, 12, 3)
    else:
        colour = rng.uniform(10, 240, 3)
    r, g, b = np.clip(colour, 4, 250).tolist()
    return r, g, b


def sample_clothes(rng: np.random.Generator) -> Clothes:
    """Clothes at random."""
    bright = sample_colour(rng)
    dark = sample_colour(rng) if rng.random() < 0.6 else (bright[0] * 0.5, bright[1] * 0.5, bright[2] * 0.5)
    neck = pick(rng, _NECKS, [0.24, 0.14, 0.1, 0.06, 0.2, 0.09, 0.07, 0.06, 0.04])
    cloth = pick(rng, CLOTHS, [0.25, 0.25, 0.1, 0.08, 0.09, 0.06, 0.1, 0.07])
    turn, lean, size, slope = rng.normal(0, 1, 4)
    return Clothes(
        neck,
        cloth,
        dark,
        bright,
        float(1 + 0.07 * size),
        float(22 * turn),
        float(4 * lean),
        float(1 + 0.2 * slope),
    )


_SIDE = 64


@functools.cache
def cloth_greys() -> dict[str, NDArray[np.uint8]]:
    """Pictures (64, 64) of cloth: 0 is its dark colour, 255 its bright one."""
    rng = np.random.default_rng(20260)
    y, x = np.mgrid[0:_SIDE, 0:_SIDE].astype(np.float64)
    folds = noise(rng, x / 7, y / 22)
    grain = 0.05 * rng.uniform(-1, 1, x.shape)
    pictures = {
        "plain": 0.9 + 0.06 * folds,
        "folds": 0.75 + 0.25 * folds,
        "stripes": (y % 10 < 5) * 0.85 + 0.1 + 0.05 * folds,
        "bars": (x % 8 < 4) * 0.85 + 0.1,
        "checks": 0.45 * (x % 12 < 6) + 0.45 * (y % 12 < 6),
        "dots": ((x % 9 - 4) ** 2 + (y % 9 - 4) ** 2 > 6) * 0.9,
        "knit": 0.65 + 0.25 * np.sin(x * 1.6 + 0.8 * np.sin(y * 1.6)) * np.cos(y * 0.8),
        "blotches": 0.5 + 0.9 * noise(rng, x / 12, y / 12),
    }
    return {name: (np.clip(grey + grain, 0, 1) * 255).astype(np.uint8) for name, grey in pictures.items()}


_ROWS, _COLUMNS = 11, 29
# the body in rows from the neck down: half width, half depth (mm), y below the end of the neck
_BODY = np.array(
    [
        (-10, -10, -34),  # inside the neck
        (-2, -2, -14),
        (12, 8, 2),
        (36, 20, 13),
        (72, 30, 24),
        (108, 40, 36),
        (132, 48, 52),
        (146, 54, 80),
        (148, 60, 130),
        (142, 64, 210),
        (138, 66, 330),
    ],
    np.float32,
)


@functools.cache
def _superellipse() -> Floats:
    turn = np.linspace(-np.pi, np.pi, _COLUMNS)
    s, c = np.sin(turn), np.cos(turn)
    return np.stack([np.sign(s) * np.abs(s) ** 0.85, -np.sign(c) * np.abs(c) ** 0.85], axis=-1).astype(
        np.float32
    )


@functools.cache
def _covers() -> dict[str, Words]:
    """Where cloth is, for each neckline: u round the body, 0.5 in front, v from the neck down."""
    y, x = np.mgrid[0:_SIDE, 0:_SIDE].astype(np.float64) / (_SIDE - 1)
    front = np.abs(x - 0.5)  # 0 in front, 0.25 at the side
    lowest = {
        "crew": 0.17 + 0.08 * np.exp(-((front / 0.12) ** 2)),
        "v": 0.16 + 0.5 * np.maximum(0, 1 - front / 0.14),
        "wide": 0.32 + 0.16 * np.exp(-((front / 0.12) ** 2)),
        "high": 0.06 + 0 * x,
        "shirt": 0.15 + 0.3 * np.maximum(0, 1 - front / 0.07),
        "roll": 0.1 + 0 * x,
        "hood": 0.15 + 0 * x,
        "scarf": 0.15 + 0 * x,
        "straps": 0.62 - 0.5 * np.exp(-(((front - 0.17) / 0.03) ** 2)),
    }
    return {name: coverage(np.where(y > edge, 255, 0).astype(np.uint8)) for name, edge in lowest.items()}


_BAND = (5, 25)
# bands about the neck: (out of the neck in mm, y against its end) from the upper edge down
_BANDS = {
    "shirt": ((16, -26), (10, -36), (12, -22), (26, -6), (40, 6)),
    "roll": ((2, -44), (6, -48), (10, -34), (12, -12), (20, 4)),
    "hood": ((16, -14), (26, -26), (44, -22), (56, -4), (46, 18)),
    "scarf": ((4, -46), (22, -56), (38, -34), (36, -8), (20, 12)),
}


def build_clothes(clothes: Clothes, head: Fitted) -> list[Part]:
    """Skin of neck and chest, the cloth over it, and a collar where there is one."""
    ring = head.skin[head.atlas.edge]
    low, high = ring.min(axis=0), ring.max(axis=0)
    middle, half = (low + high) / 2, (high - low) / 2
    middle[1] = ring[:, 1].mean()
    body = _placed(clothes, _body(clothes, half), middle)
    geometry = Geometry(body, grid_triangles(_ROWS, _COLUMNS), grid_uv(_ROWS, _COLUMNS))
    colours = ramp(clothes.dark, clothes.bright)
    grey = cloth_greys()[clothes.cloth]
    parts = []
    if clothes.neck not in ("high", "roll", "scarf"):
        upper = Geometry(body[: 9 * _COLUMNS], grid_triangles(9, _COLUMNS), grid_uv(9, _COLUMNS))
        parts.append(Part("chest", upper, _skin_texture(head.tone), CLASSES["neck"], 0.08, 8.0))
    cloth = Geometry(body + _outward(), geometry.triangles, geometry.uv)
    texture = tinted(grey, colours, _covers()[clothes.neck])
    parts.append(Part("clothes", cloth, texture, CLASSES["clothing"], 0.03, 6.0, two_sided=True))
    if clothes.neck in _BANDS:
        parts.append(_band(clothes, half, middle, tinted(grey, colours, _band_cover(clothes.neck))))
    return parts


@functools.cache
def _outward() -> Floats:
    """(rows · columns, 3) mm: from the skin to the cloth."""
    ring = 2 * _superellipse()
    flat = np.stack([ring[:, 0], np.full(_COLUMNS, -2.0), ring[:, 1]], axis=-1)
    return floats(np.tile(flat, (_ROWS, 1)))


@functools.cache
def _skin_relief() -> Floats:
    """(16, 16, 1): what a skin's tone is multiplied with."""
    rng = np.random.default_rng(20261)
    y, x = np.mgrid[0:16, 0:16].astype(np.float64)
    return floats(0.97 + 0.06 * noise(rng, x / 4, y / 4))[..., None]


def _skin_texture(tone: Colour) -> NDArray[np.uint8]:
    picture = np.full((16, 16, 4), 255, np.uint8)
    picture[..., :3] = np.minimum(_skin_relief() * floats(tone), 255)
    return picture


def _body(clothes: Clothes, half: Floats) -> Floats:
    """(rows, columns, 3) about the end of the neck."""
    ring = _superellipse()
    rows = _BODY.copy()
    rows[:, :2] *= np.float32(clothes.size)
    rows[2:, 2] *= np.float32(clothes.slope)
    out = np.empty((_ROWS, _COLUMNS, 3), np.float32)
    out[..., 0] = (half[0] + rows[:, :1]) * ring[:, 0]
    out[..., 1] = rows[:, 2:]
    # the shoulders lie a little behind the neck's end, the chest before it
    out[..., 2] = (half[2] + rows[:, 1:2]) * ring[:, 1] + 0.08 * rows[:, :1]
    # the neckline is lower in front than behind
    out[..., 1] += (-ring[:, 1] * 12) * floats([0, 0.3, 0.8, 1, 1, 0.8, 0.5, 0, 0, 0, 0])[:, None]
    return out.reshape(-1, 3)


def _placed(clothes: Clothes, points: Floats, middle: Floats) -> Floats:
    """Turned with the body, and moved to where the neck ends; the uppermost points stay with the neck."""
    a, b = math.radians(clothes.turn), math.radians(clothes.lean)
    ca, sa, cb, sb = (np.float32(value) for value in (math.cos(a), math.sin(a), math.cos(b), math.sin(b)))
    x, y, z = points[:, 0], points[:, 1], points[:, 2]
    across = x * ca - z * sa
    out = np.empty_like(points)
    out[:, 0] = across * cb - y * sb
    out[:, 1] = across * sb + y * cb
    out[:, 2] = x * sa + z * ca
    out += middle
    return out


@functools.cache
def _band_cover(neck: str) -> Words:
    y, x = np.mgrid[0:_SIDE, 0:_SIDE].astype(np.float64) / (_SIDE - 1)
    there = np.abs(x - 0.5) > (0.02 + 0.09 * y if neck == "shirt" else -1)
    return coverage(np.where(there, 255, 0).astype(np.uint8))


def _band(clothes: Clothes, half: Floats, middle: Floats, texture: NDArray[np.uint8]) -> Part:
    rows, columns = _BAND
    turn = np.linspace(-np.pi, np.pi, columns, dtype=np.float32)
    profile = floats(_BANDS[clothes.neck])
    points = np.empty((rows, columns, 3), np.float32)
    points[..., 0] = (half[0] + profile[:, :1]) * np.sin(turn)
    points[..., 1] = profile[:, 1:] + 8 * np.cos(turn)
    points[..., 2] = -(half[2] + 0.8 * profile[:, :1]) * np.cos(turn)
    placed = _placed(clothes, points.reshape(-1, 3), middle)
    geometry = Geometry(placed, grid_triangles(rows, columns), grid_uv(rows, columns))
    return Part("collar", geometry, texture, CLASSES["clothing"], 0.03, 6.0, two_sided=True)
