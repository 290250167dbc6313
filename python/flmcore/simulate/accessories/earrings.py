"""Ear-rings: studs, rings and drops."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flmcore.simulate.accessories.fitted import Fitted
from flmcore.simulate.accessories.grid import Floats, floats, grid_triangles, grid_uv, plain, tubes, ways
from flmcore.simulate.accessories.lots import pick
from flmcore.simulate.accessories.tint import Colour
from flmcore.simulate.parts import CLASSES, Geometry, Part

__all__ = ["Earrings", "build_earrings", "sample_earrings"]


@dataclass(frozen=True)
class Earrings:
    """A pair: ``kind`` is stud, ring or drop, ``size`` its radius or length in mm."""

    kind: str
    size: float
    colour: Colour


def sample_earrings(rng: np.random.Generator) -> Earrings:
    """A pair at random."""
    kind = pick(rng, ["stud", "ring", "drop"], [0.4, 0.35, 0.25])
    low, high = {"stud": (2.0, 4.5), "ring": (7.0, 24.0), "drop": (12.0, 40.0)}[kind]
    metals = ((212, 175, 85), (205, 205, 210), (225, 170, 150), (240, 240, 235))
    r, g, b = metals[int(rng.integers(4))] if rng.random() < 0.8 else rng.uniform(20, 240, 3).tolist()
    return Earrings(kind, float(rng.uniform(low, high)), (float(r), float(g), float(b)))


_ROWS = 13


def build_earrings(rings: Earrings, head: Fitted) -> Part:
    """Both, in one part."""
    way = ways(_ROWS)
    if rings.kind == "ring":
        turn = way * np.float32(2 * np.pi)
        path = floats(rings.size) * np.stack([0 * turn, 1 - np.cos(turn), np.sin(turn)], axis=-1)
        thick = np.full(_ROWS, 1.3, np.float32)
        facing = floats([1, 0, 0])
    else:
        length = rings.size if rings.kind == "drop" else 2 * rings.size
        path = np.stack([0 * way, length * way, 0 * way], axis=-1)
        ball = np.sin(np.clip(way, 0.01, 0.99) * np.float32(np.pi))
        thick = rings.size * ball if rings.kind == "stud" else 0.5 + 0.14 * rings.size * ball * way
        facing = floats([0, 0, -1])
    start = np.stack([head.lobes["right"], head.lobes["left"]])[:, None]
    paths = start + path.astype(np.float32)
    radii = np.broadcast_to(thick.astype(np.float32)[None, :, None], (2, _ROWS, 2))
    vertices: Floats = tubes(paths, radii, facing, 6)
    geometry = Geometry(vertices, grid_triangles(_ROWS, 7, 2), grid_uv(_ROWS, 7, 2))
    return Part("earrings", geometry, plain(rings.colour), CLASSES["ignore"], 0.8, 60.0, two_sided=True)
