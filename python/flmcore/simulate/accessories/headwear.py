"""Hats, caps, bands, hoods and headscarves: shells over the scalp."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flmcore.simulate.accessories.atlas import Atlas, Spots, directions
from flmcore.simulate.accessories.clothes import cloth_greys, sample_colour
from flmcore.simulate.accessories.drape import draped
from flmcore.simulate.accessories.fitted import Fitted
from flmcore.simulate.accessories.grid import Floats, floats, grid_triangles, grid_uv, unit, ways
from flmcore.simulate.accessories.lots import pick
from flmcore.simulate.accessories.tint import Colour, ramp, tinted
from flmcore.simulate.parts import CLASSES, Geometry, Part

__all__ = ["SHROUDS", "Headwear", "build_headwear", "sample_headwear"]

SHROUDS = ("hood", "headscarf")  # go round the face, down to the neck
# how often; mm off the scalp at the edge and on top; how low on forehead; brim in mm
_KINDS = {
    "beanie": (0.22, (4, 7), (6, 28), ("middle", "low"), (0, 0)),
    "cap": (0.24, (5, 8), (14, 30), ("high", "middle"), (45, 75)),
    "cap backwards": (0.06, (5, 8), (14, 26), ("high", "middle"), (45, 65)),
    "hat": (0.12, (7, 11), (35, 60), ("high", "middle"), (30, 80)),
    "band": (0.1, (4, 8), (4, 6), ("high", "middle"), (0, 0)),
    "helmet": (0.06, (18, 26), (26, 34), ("high", "middle"), (0, 25)),
    "hood": (0.08, (12, 26), (16, 40), ("wide",), (0, 0)),
    "headscarf": (0.12, (4, 10), (8, 24), ("narrow",), (0, 0)),
}


@dataclass(frozen=True)
class Headwear:
    """What is on the head.

    Attributes:
        kind: of the keys above.
        edge, top: mm off the scalp at its edge and on top.
        level: how low it reaches.
        brim: mm that a brim or a peak stands out.
        droop: mm that the brim's edge is lower.
        cloth, dark, bright: its pattern, as of :class:`~flmcore.simulate.accessories.clothes.Clothes`.
        gloss: how much light it mirrors.
    """

    kind: str
    edge: float
    top: float
    level: str
    brim: float
    droop: float
    cloth: str
    dark: Colour
    bright: Colour
    gloss: float


def sample_headwear(rng: np.random.Generator) -> Headwear:
    """One at random."""
    names = list(_KINDS)
    kind = pick(rng, names, [_KINDS[name][0] for name in names])
    _, edge, top, levels, brim = _KINDS[kind]
    bright = sample_colour(rng)
    cloth = (
        "knit"
        if kind == "beanie" and rng.random() < 0.6
        else pick(rng, ["plain", "folds", "stripes", "blotches"], [0.5, 0.3, 0.1, 0.1])
    )
    share = float(rng.uniform(0.4, 0.9))
    return Headwear(
        kind=kind,
        edge=float(rng.uniform(*edge)),
        top=float(rng.uniform(*top)),
        level=pick(rng, levels),
        brim=float(rng.uniform(*brim)),
        droop=float(rng.uniform(0, 18)),
        cloth=cloth,
        dark=sample_colour(rng)
        if rng.random() < 0.25
        else (bright[0] * share, bright[1] * share, bright[2] * share),
        bright=bright,
        gloss=float(rng.uniform(0.3, 0.8)) if kind == "helmet" else float(rng.uniform(0.01, 0.1)),
    )


_ROWS, _COLUMNS = 10, 33
# y (mm) of the edge at turns 0 (front), 45, 90 (over the ear), 135, 180 degrees
_EDGES = {
    "high": (-84, -78, -52, -36, -30),
    "middle": (-72, -68, -46, -28, -20),
    "low": (-62, -56, -14, 2, 4),
    "band": (-104, -102, -86, -70, -64),  # where a band ends above
}
# angle (degrees) from straight ahead of the opening of what goes round the face: above, at the side, at the chin
_OPENINGS = {"narrow": (22.0, 64.0, 61.0), "wide": (35.0, 74.0, 68.0)}


def _dome(atlas: Atlas, level: str, band: bool) -> tuple[Spots, Floats]:
    """Rows from the crown (or a band's upper edge) down to the edge."""
    turn = np.linspace(-180, 180, _COLUMNS)
    tilt = np.linspace(1, 135, 68)
    mesh = np.meshgrid(tilt, turn, indexing="ij")
    height = atlas.cast(directions(mesh[1].ravel(), mesh[0].ravel())).on(atlas.vertices.astype(np.float32))[
        :, 1
    ]
    height = np.maximum.accumulate(height.reshape(len(tilt), _COLUMNS), axis=0)

    def tilt_at(name: str) -> NDArray[np.float64]:
        edge = np.interp(np.abs(turn), (0, 45, 90, 135, 180), _EDGES[name])
        return np.array([np.interp(y, height[:, c] + 1e-4 * tilt, tilt) for c, y in enumerate(edge)])

    upper = tilt_at("band") if band else np.full(_COLUMNS, 1.0)
    share = np.linspace(0, 1, _ROWS)[:, None]
    rays = directions(np.broadcast_to(turn, (_ROWS, _COLUMNS)), upper * (1 - share) + tilt_at(level) * share)
    rays = rays.reshape(-1, 3)
    return atlas.cast(rays), rays.astype(np.float32)


def _shroud(atlas: Atlas, level: str) -> tuple[Spots, Floats]:
    """Rows from the opening about the face to the back of the head; columns clockwise as seen from the front."""
    above, beside, below = _OPENINGS[level]
    around = np.linspace(
        -np.pi, np.pi, _COLUMNS
    )  # 0 is up; seen from outside, the next column is to the right
    up = np.cos(around)
    opening = beside + np.where(up > 0, above - beside, below - beside) * np.abs(up) ** 1.6
    share = np.linspace(0, 1, _ROWS)[::-1, None]
    angle = np.radians(opening + (178 - opening) * share)
    rays = np.stack([np.sin(angle) * np.sin(around), -np.sin(angle) * up, -np.cos(angle)], axis=-1).reshape(
        -1, 3
    )
    return atlas.cast(rays), rays.astype(np.float32)


def build_headwear(wear: Headwear, head: Fitted) -> list[Part]:
    """The shell, and its brim."""
    if wear.kind in SHROUDS:
        spots, rays = head.atlas.keep(_shroud, wear.level)
    else:
        spots, rays = head.atlas.keep(_dome, wear.level, wear.kind == "band")
    on_skin = spots.on(head.skin)
    off = _off(wear)
    if wear.kind in SHROUDS:
        vertices = draped(on_skin, np.repeat(off, _COLUMNS), rays, _ROWS)
    else:
        vertices = on_skin + np.repeat(off, _COLUMNS)[:, None] * rays
        if wear.kind == "hat":
            vertices = _crowned(vertices, on_skin)
    texture = tinted(cloth_greys()[wear.cloth], ramp(wear.dark, wear.bright))
    label = CLASSES["headwear"]
    geometry = Geometry(vertices, grid_triangles(_ROWS, _COLUMNS), grid_uv(_ROWS, _COLUMNS))
    parts = [Part(wear.kind, geometry, texture, label, wear.gloss, 15.0, two_sided=True)]
    if wear.brim > 0:
        brim = _brim(wear, vertices.reshape(_ROWS, _COLUMNS, 3)[-1])
        parts.append(Part("brim", brim, texture, label, wear.gloss, 15.0, two_sided=True))
    return parts


def _off(wear: Headwear) -> Floats:
    """mm off the scalp for each row."""
    share = ways(_ROWS)
    off = wear.edge + (wear.top - wear.edge) * (1 - share) ** np.float32(
        0.6 if wear.kind == "helmet" else 1.0
    )
    off += 0.3 * (wear.top - wear.edge) * np.sin(share * np.float32(np.pi))
    if wear.kind == "beanie":
        off[-3:] += floats([1.5, 4.0, 3.0])  # the fold
    if wear.kind == "band":
        off[0] = 1.0
    if wear.kind in SHROUDS:
        off[-1] = 0.5 * wear.edge  # close to the face
    return off.astype(np.float32)


def _crowned(vertices: Floats, on_skin: Floats) -> Floats:
    """A hat's wall goes straight up before it closes."""
    grid = vertices.reshape(_ROWS, _COLUMNS, 3).copy()
    edge = grid[-1]
    lift = ways(_ROWS)[::-1, None]
    wall = np.minimum(1.0, 1.25 * (1 - lift) ** 0.35)
    middle = on_skin.reshape(_ROWS, _COLUMNS, 3)[0].mean(axis=0)
    grid[..., 0] = middle[0] + (edge[:, 0] - middle[0]) * wall
    grid[..., 2] = edge[:, 2].mean() + (edge[:, 2] - edge[:, 2].mean()) * wall
    return grid.reshape(-1, 3)


_BRIM_ROWS = 4


def _brim(wear: Headwear, edge: Floats) -> Geometry:
    turn = np.linspace(-np.pi, np.pi, _COLUMNS, dtype=np.float32)
    if wear.kind == "cap backwards":
        turn = turn + np.float32(np.pi)
    if wear.kind == "hat":
        reach = np.full(_COLUMNS, wear.brim, np.float32)
    else:
        reach = np.float32(wear.brim) * np.maximum(np.cos(turn * 1.35), 0) ** np.float32(0.6)
        reach[np.cos(turn) < 0.2] = 0
    middle = (edge.min(axis=0) + edge.max(axis=0)) / 2
    out = unit((edge - middle) * floats([1, 0, 1]))
    if wear.kind != "hat":  # a peak goes forward more than sideways
        out = unit(out * floats([0.35, 0, 1]))
    way = ways(_BRIM_ROWS)[:, None, None]
    points = edge + way * reach[:, None] * out
    if wear.kind == "hat":
        fall = np.float32(wear.droop) * way[..., 0]
    else:  # a peak is arched
        fall = (np.float32(4 + wear.droop) + np.float32(0.12) * reach * np.abs(np.sin(turn))) * way[..., 0]
    points[..., 1] += fall * (reach > 0)
    return Geometry(
        points.reshape(-1, 3), grid_triangles(_BRIM_ROWS, _COLUMNS), grid_uv(_BRIM_ROWS, _COLUMNS)
    )
