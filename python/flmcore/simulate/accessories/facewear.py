"""A mask over mouth and nose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flmcore.simulate.accessories.atlas import Atlas, Spots, directions
from flmcore.simulate.accessories.clothes import cloth_greys, sample_colour
from flmcore.simulate.accessories.drape import draped
from flmcore.simulate.accessories.fitted import Fitted
from flmcore.simulate.accessories.grid import Floats, floats, grid_uv, join, tubes, ways
from flmcore.simulate.accessories.lots import pick
from flmcore.simulate.accessories.tint import Colour, ramp, tinted
from flmcore.simulate.parts import CLASSES, Geometry, Part

__all__ = ["Mask", "build_mask", "sample_mask"]


@dataclass(frozen=True)
class Mask:
    """A mask.

    Attributes:
        level: ``on the nose``, ``under the nose`` or ``on the chin``.
        gap: mm off the skin in its middle.
        cloth, dark, bright: its pattern.
    """

    level: str
    gap: float
    cloth: str
    dark: Colour
    bright: Colour


def sample_mask(rng: np.random.Generator) -> Mask:
    """One at random: half of them a surgeon's."""
    surgical = rng.random() < 0.5
    bright = (
        ((150.0, 195.0, 215.0), (235.0, 235.0, 235.0))[int(rng.random() < 0.4)]
        if surgical
        else sample_colour(rng)
    )
    level = pick(rng, ["on the nose", "under the nose", "on the chin"], [0.8, 0.1, 0.1])
    cloth = "stripes" if surgical else pick(rng, ["plain", "folds", "dots", "checks", "blotches"])
    share = 0.88 if surgical else float(rng.uniform(0.3, 0.9))
    return Mask(
        level,
        float(rng.uniform(3, 8)),
        cloth,
        (bright[0] * share, bright[1] * share, bright[2] * share),
        bright,
    )


_ROWS, _COLUMNS, _BAND_ROWS = 10, 19, 5
# y (mm) of the upper and the lower edge in the middle and at the sides
_LEVELS = {
    "on the nose": ((-9, 6), (84, 66)),
    "under the nose": ((20, 20), (86, 68)),
    "on the chin": ((54, 34), (88, 72)),
}


def _grid(atlas: Atlas, level: str) -> tuple[Spots, Floats]:
    turn = np.linspace(-74, 74, _COLUMNS)
    tilt = np.linspace(60, 165, 106)
    mesh = np.meshgrid(tilt, turn, indexing="ij")
    height = atlas.cast(directions(mesh[1].ravel(), mesh[0].ravel())).on(atlas.vertices.astype(np.float32))[
        :, 1
    ]
    height = np.maximum.accumulate(height.reshape(len(tilt), _COLUMNS), axis=0) + floats(1e-4 * tilt[:, None])
    upper, lower = _LEVELS[level]
    side = (np.abs(turn) / 74) ** 1.5
    ends = [middle + (outer - middle) * side for middle, outer in (upper, lower)]
    angles = [np.array([np.interp(y, height[:, c], tilt) for c, y in enumerate(edge)]) for edge in ends]
    share = np.linspace(0, 1, _ROWS)[:, None]
    rays = directions(np.broadcast_to(turn, (_ROWS, _COLUMNS)), angles[0] * (1 - share) + angles[1] * share)
    rays = rays.reshape(-1, 3)
    return atlas.cast(rays), rays.astype(np.float32)


def build_mask(mask: Mask, head: Fitted) -> Part:
    """The mask and the bands to the ears, in one part."""
    spots, rays = head.atlas.keep(_grid, mask.level)
    on_skin = spots.on(head.skin)
    bulge = np.sin(np.linspace(0.1, 0.9, _ROWS, dtype=np.float32) * np.float32(np.pi))
    sheet = draped(on_skin, np.repeat(2 + np.float32(mask.gap) * bulge, _COLUMNS), rays, _ROWS)
    grid = sheet.reshape(_ROWS, _COLUMNS, 3)
    paths = np.empty((4, _BAND_ROWS, 3), np.float32)
    way = ways(_BAND_ROWS)[:, None]
    for index, (row, column, side) in enumerate(
        ((0, 0, "right"), (-1, 0, "right"), (0, -1, "left"), (-1, -1, "left"))
    ):
        sign = -1 if side == "right" else 1
        end = head.ears[side] + floats([sign * 1.0, 6.0 if row == 0 else 42.0, 14.0])
        paths[index] = grid[row, column] * (1 - way) + end * way
        paths[index, :, 0] += sign * 3 * np.sin(way[:, 0] * np.float32(np.pi))
    bands = tubes(paths, np.full((4, _BAND_ROWS, 2), 1.2, np.float32), floats([0, 1, 0.2]), 4)
    vertices = np.concatenate([sheet, bands]).astype(np.float32)
    uv = np.concatenate([grid_uv(_ROWS, _COLUMNS), grid_uv(_BAND_ROWS, 5, 4)])
    texture = tinted(cloth_greys()[mask.cloth], ramp(mask.dark, mask.bright))
    triangles = join((_ROWS, _COLUMNS, 1), (_BAND_ROWS, 5, 4))
    return Part(
        "mask", Geometry(vertices, triangles, uv), texture, CLASSES["facewear"], 0.04, 8.0, two_sided=True
    )
