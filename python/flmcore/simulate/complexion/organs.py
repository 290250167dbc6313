"""Eyes, teeth, the inside of the mouth and ears as textures of their own."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .noise import Pieces
from .pigment import BLOOD, SHADE, skin_density
from .plane import falloff
from .traits import Complexion

__all__ = ["paint_ear", "paint_eye", "paint_mouth", "paint_teeth"]

_EYE_RADIUS, _IRIS_RADIUS = 12.0, 6.0  # mm
_IRIS = (
    np.degrees(np.arcsin(_IRIS_RADIUS / _EYE_RADIUS)) / 180
)  # of the texture's width: 90 degrees are half of it


def _finished(colours: NDArray[np.floating]) -> NDArray[np.uint8]:
    """(H, W, 4) of planes (3, H, W), which NumPy is quicker with until then."""
    out = np.full((*colours.shape[1:], 4), 255, np.uint8)
    out[..., :3] = (colours + 0.5).clip(0, 255).transpose(1, 2, 0)
    return out


def _planes(colour: ArrayLike) -> NDArray[np.float32]:
    """(3, 1, 1)"""
    return np.asarray(colour, np.float32)[:, None, None]


def _mix(base: NDArray[np.float32], coverage: NDArray[np.float32], colour: ArrayLike) -> None:
    change = _planes(colour) - base
    change *= coverage
    base += change


@cache
def _polar() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Distance from the pupil's centre as a part of the iris' radius, and the turn; (64, 64) each."""
    y, x = (np.mgrid[:64, :64] + 0.5) / 64 - 0.5
    return (np.hypot(x, y) / _IRIS).astype(np.float32), np.arctan2(y, x).astype(np.float32)


@cache
def _lid_shadow() -> NDArray[np.float32]:
    """Light that arrives under the lids when the eye looks ahead: little below the upper one's margin."""
    radius, turn = _polar()
    down = radius * np.sin(turn)
    above, below = ((-0.35 - down) / 0.75).clip(0, 1), ((down - 0.75) / 0.8).clip(0, 1)
    return np.asarray((1 - 0.6 * above) * (1 - 0.3 * below), np.float32)


def paint_eye(c: Complexion) -> NDArray[np.uint8]:
    """(64, 64, 4) uint8: an eyeball about its optical axis; 90 degrees off it is half of the width."""
    eyes, (radius, turn) = c.eyes, _polar()
    rng = np.random.default_rng([c.pattern, 1])
    grain = np.abs(Pieces(rng).cut(1, 64, 64))
    colours = np.empty((3, 64, 64), np.float32)
    colours[:] = _planes(eyes.white)
    # veins, and shade under the lids
    # a blurred field's zeros are winding lines
    veins = (1 - 5 * grain).clip(0, 1) * ((radius - 1.1) * 0.8).clip(0, 1) * np.float32(0.6 * eyes.veins)
    _mix(colours, veins, np.array([190, 90, 85]))
    _mix(colours, ((radius - 1.2) * 0.28).clip(0, 0.6), 0.55 * np.array(eyes.white) + [25, 0, 0])
    inside = ((1 - radius) * 8 + 0.5).clip(0, 1)
    iris = np.float32(1.1875) - np.float32(0.25) * radius
    for k, phase in zip((7, 12, 19), rng.uniform(0, 2 * np.pi, 3).tolist(), strict=True):
        iris += np.float32(0.09) * np.cos(np.float32(k) * turn + np.float32(phase))
    colours += inside * (_planes(eyes.iris) * iris - colours)
    rim = falloff((radius - 0.97) / 0.13) * np.float32(0.75 * eyes.limbus)
    _mix(colours, rim, 0.25 * np.array(eyes.iris))
    pupil = ((eyes.pupil - radius) * 8 + 0.5).clip(0, 1)
    _mix(colours, pupil, np.array([8, 7, 8]))
    colours *= _lid_shadow()
    if eyes.glint:
        x, y = radius * np.cos(turn), radius * np.sin(turn)
        gx, gy = rng.uniform(-0.45, 0.45), rng.uniform(-0.6, -0.1)
        spot = (1.5 - np.hypot(x - gx, y - gy) * 5.0).clip(0, 1) * np.float32(eyes.glint)
        _mix(colours, spot, np.array([255, 255, 255]))
    return _finished(colours)


@cache
def _tooth_fields() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Down from the gum, 0 to 1, (32, 1); from the middle of the row to either side, 0 to 1, (1, 96)."""
    return (np.arange(32) + 0.5)[:, None] / 32, np.abs((np.arange(96) + 0.5)[None] / 96 - 0.5) * 2


def paint_teeth(c: Complexion, *, upper: bool = True) -> NDArray[np.uint8]:
    """(32, 96, 4) uint8: a row of ten teeth across; the gum is at v = 0 of the upper row, at v = 1 of the lower one."""
    y, off = _tooth_fields()
    rng = np.random.default_rng([c.pattern, 2 if upper else 5])
    # incisors are wider, and towards the sides the row turns away from the light
    shade = 1 - 0.55 * off**2
    edges = np.concatenate([[0.0], np.cumsum(rng.uniform(0.9, 1.1, 5) * [0.26, 0.21, 0.22, 0.20, 0.20])])
    gap = np.abs(off[..., None] - edges).min(axis=-1)
    colours = np.repeat((_planes(c.teeth) * shade).astype(np.float32), 32, axis=1)
    between = (falloff(gap / 0.012) * 0.45).astype(np.float32)
    _mix(colours, between, np.array([60, 40, 35]))
    scallop = 0.20 + 0.05 * np.cos(np.pi * (gap / 0.11).clip(0, 1))
    gum = ((scallop - y) * 14 + 0.5).clip(0, 1).astype(np.float32)
    _mix(colours, gum, 255 * np.exp(-skin_density(0.15 + 0.3 * c.melanin, 1.4, 0)))
    return _finished(colours if upper else colours[:, ::-1])


@cache
def _tongue_groove() -> NDArray[np.float32]:
    along, across = (np.arange(32) + 0.5)[:, None] / 32, (np.arange(64) + 0.5)[None] / 32 - 1
    groove = (1 - 0.18 * falloff(across / 0.08)) * (1 - 0.25 * across**2)
    return np.asarray((0.35 + 0.65 * along**0.7) * groove, np.float32)


@cache
def _throat() -> NDArray[np.float32]:
    """Light that reaches the cavity: none in its depth, the middle."""
    y, x = (np.arange(32) + 0.5)[:, None] / 16 - 1, (np.arange(64) + 0.5)[None] / 32 - 1
    return np.asarray(0.25 + 0.75 * np.hypot(x, y).clip(0, 1) ** 2, np.float32)


def paint_mouth(c: Complexion) -> NDArray[np.uint8]:
    """(64, 64, 4) uint8: the cavity about (0.5, 0.25), its depth in the middle; from v = 0.5 the tongue, root to tip."""
    rng = np.random.default_rng([c.pattern, 3])
    cheeks = _planes((120, 45, 45)) * np.float32(rng.uniform(0.5, 1.2))
    tongue = _planes((190, 100, 98)) * np.float32(rng.uniform(0.6, 1.1))
    return _finished(np.concatenate([_throat() * cheeks, _tongue_groove() * tongue], axis=1))


@cache
def _ear_shade() -> NDArray[np.float32]:
    """The bowl, dark before the middle, and the furrow behind the rim; (64, 64)."""
    v, u = (np.mgrid[:64, :64] + 0.5) / 64
    bowl = falloff(np.hypot((u - 0.36) / 0.16, (v - 0.52) / 0.17))
    around = np.hypot((u - 0.42) / 0.44, (v - 0.45) / 0.46)
    furrow = falloff((around - 0.80) / 0.09) * ((0.85 - v) / 0.3).clip(0, 1)
    return np.asarray(0.9 * bowl + 0.4 * furrow, np.float32)


def paint_ear(c: Complexion) -> NDArray[np.uint8]:
    """(64, 64, 4) uint8: skin with more blood; u runs backwards, v down."""
    pieces = Pieces(np.random.default_rng([c.pattern, 4]))
    blood = np.float32(0.3) + np.float32(0.15 * c.mottle) * pieces.cut(2, 64, 64)
    density = _planes(BLOOD) * blood
    density += _planes(skin_density(c.melanin, c.blood, c.yellow))
    density += _planes(SHADE) * _ear_shade()
    return _finished(255 * np.exp(-density))
