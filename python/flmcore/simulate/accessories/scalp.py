"""The shell of hair that covers a scalp: where its points are on the skin, and how far off it they may stand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flmcore.simulate.accessories.atlas import Atlas, Spots, directions
from flmcore.simulate.accessories.grid import Floats, grid_triangles
from flmcore.simulate.accessories.noise import noise
from flmcore.simulate.accessories.strands import HAIRLINES, LOWEST_TILT, hair_margin

__all__ = ["SHAPES", "Scalp", "scalp"]

_ROWS, _COLUMNS = 19, 41
SHAPES = ("all over", "top", "sides", "back", "front", "left", "lumps", "more lumps")


@dataclass(frozen=True)
class Scalp:
    """Points on the upper head.

    Attributes:
        spots: where they are on the skin.
        rays: (N, 3) float32, outward.
        uv: (N, 2) on the pictures of :mod:`flmcore.simulate.accessories.strands`.
        triangles: for each hairline, those that can show hair.
        shapes: (8, N) float32, how thick hair is there (mm per mm), see :data:`SHAPES`; 0 at the hairline comes from
            ``rise``.
        rise: for each hairline and how gently hair rises behind it (``steep``, ``gentle``, ``round``): (N,), 0 to 1.
    """

    spots: Spots
    rays: Floats
    uv: Floats
    triangles: dict[str, NDArray[np.int32]]
    shapes: Floats
    rise: dict[tuple[str, str], Floats]


def scalp(atlas: Atlas) -> Scalp:
    """The shell on this skin."""
    tilt, turn = np.meshgrid(
        np.linspace(1.0, LOWEST_TILT, _ROWS), np.linspace(-180, 180, _COLUMNS), indexing="ij"
    )
    tilt, turn = tilt.ravel(), turn.ravel()
    rays = directions(turn, tilt)
    spots = atlas.cast(rays)
    points = spots.on(atlas.vertices.astype(np.float32))
    uv = np.stack([turn / 360 + 0.5, tilt / LOWEST_TILT], axis=-1).astype(np.float32)
    all_triangles = grid_triangles(_ROWS, _COLUMNS)
    triangles, rise = {}, {}
    for line in HAIRLINES:
        margin = hair_margin(line, turn, points)
        shown = (margin[all_triangles] > -13).any(axis=1)
        triangles[line] = np.ascontiguousarray(all_triangles[shown])
        for name, width in (("steep", 13.0), ("gentle", 32.0), ("round", 85.0)):
            part = np.clip((margin - 1) / width, 0, 1)
            rise[line, name] = (part * part * (3 - 2 * part)).astype(np.float32)
    return Scalp(spots, rays.astype(np.float32), uv, triangles, _shapes(turn, tilt, rays), rise)


def _shapes(turn: NDArray[np.floating], tilt: NDArray[np.floating], rays: NDArray[np.floating]) -> Floats:
    up = np.clip(-rays[:, 1], 0, 1)
    rng = np.random.default_rng(20254)
    u, v = rays[:, 0] * 3 + 40, rays[:, 2] * 3 + rays[:, 1] + 40
    front = np.exp(-(((tilt - 50) / 22) ** 2)) * np.exp(-((turn / 50) ** 2))
    shapes = [
        np.ones(len(turn)),
        up**0.7,
        np.abs(rays[:, 0]) * np.exp(-(((tilt - 75) / 35) ** 2)),
        np.clip(rays[:, 2], 0, 1),
        front,
        up * rays[:, 0],
        noise(rng, u * 1.3, v * 1.3),
        noise(rng, u * 3, v * 3),
    ]
    # the seam at the back: first and last column are the same points
    return np.stack(shapes).astype(np.float32)
