"""The skin of a person as a texture on the chart."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from .brows import paint_brows
from .canvas import Canvas
from .folds import blob, folds, hollows
from .lids import paint_lashes, paint_lids
from .lips import paint_lips, paint_lipstick
from .noise import Pieces
from .pigment import BLOOD, SHADE, melanin_density, skin_density
from .plane import HEIGHT, WIDTH, Patch, falloff, grid_around, whole
from .traits import Complexion
from .whiskers import paint_beard

__all__ = ["paint_skin", "scalp", "skin_gloss"]

Sides = tuple[float, float]


def _grain(canvas: Canvas, c: Complexion, pieces: Pieces) -> None:
    """What is uneven everywhere: blotches of blood, pores, light that is not the scene's, freckles."""
    coarse, blotchy, spotted, fine = (pieces.cut(grain, HEIGHT, WIDTH) for grain in (3, 2, 1, 0))
    canvas.melanin.fill(0)
    canvas.texture(canvas.blood, blotchy, 0.10 * c.mottle, first=True)
    canvas.texture(canvas.shade, fine, 0.022 * c.pores, first=True)
    canvas.texture(canvas.shade, coarse, 0.10 * c.uneven)
    if c.freckles:
        where = _freckled()
        spots = np.maximum(spotted[where.where] - np.float32(2.1 - 0.9 * c.freckles), 0) * where.value
        canvas.add(Patch(where.rows, where.columns, spots), melanin=0.22 * c.freckles)


@cache
def _freckled() -> Patch:
    """Where the sun falls: cheeks and nose most."""
    grid = grid_around([[-120, -85], [120, 85]], 0)
    middle = falloff(np.hypot((grid.y - 2) / 32, grid.x / 75))
    edge = ((120 - np.abs(grid.x)) / 30).clip(0, 1) * ((85 - np.abs(grid.y)) / 20).clip(0, 1)
    return Patch(grid.rows, grid.columns, ((0.25 + 0.75 * middle) * edge).astype(np.float32))


@cache
def _flushed() -> dict[str, Patch]:
    return {
        "cheek_right": blob(-52, 14, 24, 18),
        "blush_right": blob(-66, 8, 24, 12),
        "nose": blob(0, 9, 13, 11),
        "chin": blob(0, 66, 20, 13),
        "forehead": blob(0, -70, 55, 22),
        "muzzle": blob(0, 38, 40, 28),
    }


def _sides(rng: np.random.Generator, spread: float = 0.2) -> Sides:
    right, left = rng.random(2).tolist()
    return 1 - spread + 2 * spread * right, 1 - spread + 2 * spread * left


def _pair(canvas: Canvas, right: Patch, sides: Sides, **amounts: float) -> None:
    for patch, scale in zip((right, right.mirrored()), sides, strict=True):
        canvas.add(patch, **{name: amount * scale for name, amount in amounts.items()})


def _flush(canvas: Canvas, c: Complexion, rng: np.random.Generator) -> None:
    where, amounts = _flushed(), rng.uniform(0, 0.45, 4) * (0.4 + c.mottle)
    _pair(canvas, where["cheek_right"], _sides(rng), blood=float(amounts[0]))
    for name, amount in zip(("nose", "chin", "forehead"), amounts[1:].tolist(), strict=True):
        canvas.add(where[name], blood=amount)
    canvas.add(where["muzzle"], melanin=float(rng.normal(0, 0.03)))
    if c.makeup.blush:
        _pair(canvas, where["blush_right"], _sides(rng, 0.1), blood=0.9 * c.makeup.blush)


def _hollow(canvas: Canvas, c: Complexion, rng: np.random.Generator) -> None:
    """Openings and hollows."""
    r, where = c.relief, hollows()
    hollow_cheeks = float(rng.uniform(-0.08, 0.12))
    for name, shade in (
        ("nostril_right", 0.5 + 1.0 * r.nose),
        ("wing_right", 0.08 + 0.34 * r.nose),
        ("nose_side_right", 0.16 * r.sockets),
        ("corner_right", 0.42 * r.sockets),
        ("socket_right", 0.26 * r.sockets),
        ("cheek_right", hollow_cheeks),
        ("temple_right", 0.15 * r.sockets),
        ("mouth_corner_right", 0.45 * r.chin),
    ):
        _pair(canvas, where[name], _sides(rng), shade=shade)
    for name, shade in (
        ("under_nose", 0.10 + 0.30 * r.nose),
        ("philtrum", 0.20 * r.chin),
        ("under_lip", 0.10 + 0.28 * r.chin),
        ("chin", 0.18 * r.chin * float(rng.uniform() < 0.2)),
        ("jaw", 0.08 + 0.42 * r.jaw),
    ):
        if shade:
            canvas.add(where[name], shade=shade)


def _fold(canvas: Canvas, c: Complexion, rng: np.random.Generator) -> None:
    """Lines of age and of the face at work; either side gets its own."""
    r, where = c.relief, folds()
    for name, shade in (
        ("smile_right", 0.40 * r.smile_folds),
        ("mouth_right", 0.36 * r.mouth_folds),
        ("frown_right", 0.38 * r.frown),
        ("trough_right", 0.24 * r.sockets),
        ("bags_right", 0.36 * r.bags),
        ("crows_feet_right", 0.34 * r.crows_feet),
        ("forehead", 0.36 * r.forehead),
        ("neck", 0.36 * r.neck),
    ):
        variants = where[name]
        which = [int(len(variants) * share) for share in rng.random(2).tolist()]
        sides = _sides(rng, 0.35)
        if shade < 0.02:
            continue
        canvas.add(variants[which[0]], shade=shade * sides[0])
        if name.endswith("_right"):
            canvas.add(variants[which[1]].mirrored(), shade=shade * sides[1])


@cache
def _spot() -> NDArray[np.float32]:
    y, x = np.mgrid[-3:4, -3:4]
    return np.stack([np.exp(-(x * x + y * y) / (2 * s * s)) for s in (0.6, 1.0, 1.5)]).astype(np.float32)


def _blemish(canvas: Canvas, c: Complexion, rng: np.random.Generator) -> None:
    """Moles and pimples."""
    count = int(rng.integers(0, 3) + c.blemishes * rng.integers(1, 24))
    rows, columns = rng.integers(30, 220, count), rng.integers(70, 250, count)
    sizes, moles = rng.integers(0, 3, count), rng.uniform(size=count) < 0.25
    for row, column, size, mole in zip(*(v.tolist() for v in (rows, columns, sizes, moles)), strict=True):
        spot = Patch(slice(row, row + 7), slice(column, column + 7), _spot()[size])
        canvas.add(spot, melanin=0.4 if mole else 0.02, blood=0.0 if mole else 0.8)


@cache
def scalp() -> Patch:
    """Where the head's hair grows: behind a hairline over the forehead and before the ears."""
    grid = whole()
    x = np.abs(grid.x)
    line = np.interp(x, [0, 45, 68, 88, 110, 128, 145, 170], [-98, -96, -88, -66, -48, -22, 0, 8])
    coverage = ((line - grid.y) / 14 + 0.5).clip(0, 1)
    return Patch(grid.rows, grid.columns, np.broadcast_to(coverage, (HEIGHT, WIDTH)).astype(np.float32))


@cache
def _hairy_scalp() -> tuple[Patch, ...]:
    """The scalp with strands, in a few variants."""
    rows, pieces = slice(0, 150), Pieces(np.random.default_rng(2))
    grains = [pieces.cut(0, 150, WIDTH, stretch=2.0) for _ in range(6)]
    return tuple(
        Patch(rows, slice(0, WIDTH), (scalp().value[rows] * (1 + 0.10 * grain)).clip(0, 1))
        for grain in grains
    )


def _paint_scalp(canvas: Canvas, c: Complexion, rng: np.random.Generator) -> None:
    variants = _hairy_scalp()
    which = int(rng.integers(len(variants)))
    if c.scalp >= 0.05:
        canvas.cover(variants[which], c.hair, 0.95 * c.scalp)


def paint_skin(c: Complexion) -> NDArray[np.uint8]:
    """The skin of the face, the head and the neck on the chart.

    Args:
        c: the person.

    Returns:
        (256, 320, 4) uint8, sRGB and a coverage of 255; u runs along columns, v along rows (:func:`chart`). The same
        complexion gives the same bytes.
    """
    rng = np.random.default_rng(c.pattern)
    pieces, canvas = Pieces(rng), Canvas()
    _grain(canvas, c, pieces)
    _flush(canvas, c, rng)
    _hollow(canvas, c, rng)
    _fold(canvas, c, rng)
    _blemish(canvas, c, rng)
    eyes, brows = _sides(rng, 0.12), _sides(rng, 0.1)
    paint_lids(canvas, c, eyes)
    paint_lips(canvas, c.lips, pieces)
    canvas.develop(skin_density(c.melanin, c.blood, c.yellow), melanin_density(c.melanin), BLOOD, SHADE)
    paint_lipstick(canvas, c.makeup)
    paint_beard(canvas, c.beard, pieces)
    paint_lashes(canvas, c, eyes)
    _paint_scalp(canvas, c, rng)
    paint_brows(canvas, c.brows, pieces, brows)
    return canvas.image()


def skin_gloss(c: Complexion) -> tuple[float, float]:
    """How much of a light the skin mirrors, 0 to 1, and the exponent of its highlight."""
    return 0.03 + 0.20 * c.shine, 6.0 + 18.0 * c.shine
