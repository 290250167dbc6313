"""Hair that hangs over the forehead, hair that hangs beside and behind the head, and hair that is tied up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flmcore.simulate.accessories.atlas import Atlas, Spots, directions
from flmcore.simulate.accessories.fitted import Fitted
from flmcore.simulate.accessories.grid import Floats, floats, grid_triangles, grid_uv, tubes, ways
from flmcore.simulate.accessories.lots import pick
from flmcore.simulate.accessories.strands import SHEET_ENDS, sheet_covers, sheet_greys
from flmcore.simulate.accessories.tint import Words, tinted
from flmcore.simulate.parts import CLASSES, Geometry, Part

__all__ = ["Curtain", "Fringe", "Tuft", "build_curtain", "build_fringe", "build_tuft"]


@dataclass(frozen=True)
class Fringe:
    """Hair over the forehead.

    Attributes:
        end: of :data:`~flmcore.simulate.accessories.strands.SHEET_ENDS`.
        length: 0.5 (half the forehead) to 1 (the brows) to 1.15 (the lids).
        wave: which of the hanging pictures.
        offset: mm off the forehead at the lower end.
    """

    end: str
    length: float
    wave: int
    offset: float

    @staticmethod
    def sample(rng: np.random.Generator, wave: int) -> Fringe:
        """One at random; a tenth reach into the eyes."""
        end = pick(rng, SHEET_ENDS, [0.22, 0.2, 0.15, 0.15, 0.2, 0.08])
        length = rng.uniform(0.65, 1.0) if rng.random() < 0.88 else rng.uniform(1.0, 1.15)
        return Fringe(end, float(length), wave, float(rng.uniform(3, 8)))


_FRINGE = (8, 17)


def _fringe_grid(atlas: Atlas) -> tuple[Spots, Floats]:
    rows, columns = _FRINGE
    tilt, turn = np.meshgrid(np.linspace(38, 90, rows), np.linspace(-1, 1, columns), indexing="ij")
    turn = turn * (40 + 26 * (tilt - 38) / 52)
    rays = directions(turn.ravel(), tilt.ravel())
    return atlas.cast(rays), rays.astype(np.float32)


def build_fringe(fringe: Fringe, head: Fitted, colours: Words, thickness: float, gloss: float) -> Part:
    """The sheet; ``thickness`` (mm) is the hair's where it starts."""
    rows, columns = _FRINGE
    spots, rays = head.atlas.keep(_fringe_grid)
    fall = ways(rows) ** 0.7
    off = (1 - fall) * np.float32(thickness * 0.5 + 2.5) + fall * np.float32(fringe.offset + 0.2 * thickness)
    off += np.float32(min(4 + 0.15 * thickness, thickness)) * np.sin(fall * np.float32(np.pi))
    vertices = spots.on(head.skin) + np.repeat(off, columns)[:, None] * rays
    uv = grid_uv(rows, columns) * floats([1, 1 / fringe.length])
    uv = np.minimum(uv, np.float32(1), out=uv)
    texture = tinted(sheet_greys()[fringe.wave], colours, sheet_covers()[fringe.end + ", sided"])
    geometry = Geometry(floats(vertices), grid_triangles(rows, columns), floats(uv))
    return Part("fringe", geometry, texture, CLASSES["hair"], gloss, 20.0, two_sided=True)


@dataclass(frozen=True)
class Curtain:
    """Hair that hangs to jaw, shoulders or chest.

    Attributes:
        before: how far forward it reaches: turn in degrees from the front, of 62 (over the cheek), 78 or 108 (behind
            the ears).
        lowest: y in mm of its end.
        end: of :data:`~flmcore.simulate.accessories.strands.SHEET_ENDS`.
        wave: which of the hanging pictures.
        flare: how much wider it gets below, share of its width.
        swing: mm by which all of it is off to the left.
        curl: mm, waves of its outline.
    """

    before: int
    lowest: float
    end: str
    wave: int
    flare: float
    swing: float
    curl: float

    @staticmethod
    def sample(rng: np.random.Generator, wave: int, *, long: bool) -> Curtain:
        """One at random."""
        before = pick(rng, [62, 78, 108], [0.4, 0.35, 0.25])
        lowest = rng.uniform(140, 260) if long else rng.uniform(45, 120)
        end = pick(rng, ["straight", "wispy"])
        flare = rng.normal(0.08, 0.12) if long else rng.normal(0.0, 0.1)
        return Curtain(
            before,
            float(lowest),
            end,
            wave,
            float(flare),
            float(rng.normal(0, 4)),
            float(wave * rng.uniform(0, 2.5)),
        )


_CURTAIN = (9, 25)
_TILTS = (52.0, 70.0, 86.0)  # of the rows on the scalp
_ON_SCALP = len(_TILTS)
_ABOVE = floats(np.cos(np.radians(_TILTS)) ** 0.7)[:, None]
_BESIDE = floats(np.exp(-(((np.array(_TILTS) - 75) / 35) ** 2)))[:, None]


def _curtain_grid(atlas: Atlas, before: int) -> tuple[Spots, Floats]:
    rows, columns = _ON_SCALP, _CURTAIN[1]
    tilt, turn = np.meshgrid(_TILTS, np.linspace(360 - before, before, columns), indexing="ij")
    rays = directions(turn.ravel(), tilt.ravel())
    return atlas.cast(rays), rays.astype(np.float32).reshape(rows, columns, 3)


def build_curtain(
    curtain: Curtain, head: Fitted, colours: Words, thickness: dict[str, float], gloss: float
) -> Part:
    """The sheet, from the side of the head's top down."""
    rows, columns = _CURTAIN
    spots, rays = head.atlas.keep(_curtain_grid, curtain.before)
    top = spots.on(head.skin).reshape(_ON_SCALP, columns, 3)
    # just off the shell of hair on the scalp, whose thickness is added up as there
    sides, back = np.abs(rays[..., 0]) * _BESIDE, np.maximum(rays[..., 2], 0)
    reach = _ABOVE * np.float32(1.15 * thickness.get("top", 0.0)) + sides * np.float32(
        thickness.get("sides", 0.0)
    )
    reach += back * np.float32(thickness.get("back", 0.0)) + np.float32(3.0)
    sheet = np.empty((rows, columns, 3), np.float32)
    sheet[:_ON_SCALP] = top + reach[..., None] * rays
    edge = sheet[_ON_SCALP - 1]
    fall = ways(rows - _ON_SCALP + 1)[1:, None]
    drop = np.float32(curtain.lowest) - edge[:, 1]
    # it falls beside the jaw, a little inward, then outward over the shoulders
    width = 1 - np.float32(0.10) * np.sin(fall * np.float32(np.pi)) + np.float32(curtain.flare) * fall * fall
    curl = np.float32(curtain.curl) * np.sin(
        fall * 11 + np.arange(columns, dtype=np.float32) * np.float32(1.3)
    )
    sheet[_ON_SCALP:, :, 0] = (
        edge[:, 0] * width + np.float32(curtain.swing) * fall + curl * np.sign(edge[:, 0])
    )
    sheet[_ON_SCALP:, :, 1] = edge[:, 1] + drop * fall
    forward = np.float32(0.10) * np.maximum(drop - 150, 0) * fall * fall
    sheet[_ON_SCALP:, :, 2] = edge[:, 2] * (1 - np.float32(0.08) * fall) - forward
    uv = grid_uv(rows, columns)
    texture = tinted(sheet_greys()[curtain.wave], colours, sheet_covers()[curtain.end + ", sided"])
    geometry = Geometry(sheet.reshape(-1, 3), grid_triangles(rows, columns), uv)
    return Part("hair_long", geometry, texture, CLASSES["hair"], gloss, 20.0, two_sided=True)


@dataclass(frozen=True)
class Tuft:
    """A bun or a tail.

    Attributes:
        turn, tilt: where on the head, degrees as in :func:`~flmcore.simulate.accessories.atlas.directions`.
        size: mm, radius.
        length: mm that a tail hangs down; 0 for a bun.
        swing: mm to the person's left at its end.
        wave: which of the hanging pictures.
    """

    turn: float
    tilt: float
    size: float
    length: float
    swing: float
    wave: int

    @staticmethod
    def sample(rng: np.random.Generator) -> tuple[Tuft, ...]:
        """A bun, two, a tail, or two of them."""
        kind = pick(rng, ["bun", "high bun", "two buns", "tail", "two tails"], [0.25, 0.25, 0.08, 0.32, 0.1])
        wave, size = int(rng.integers(0, 4)), float(rng.uniform(18, 38))
        if kind == "bun":
            return (Tuft(180, 75, size, 0, 0, wave),)
        if kind == "high bun":
            return (Tuft(180, pick(rng, [5, 20, 40]), size, 0, 0, wave),)
        if kind == "two buns":
            return tuple(Tuft(side * 75, 35, size * 0.8, 0, 0, wave) for side in (-1, 1))
        length = float(rng.uniform(90, 260))
        if kind == "tail":
            tilt = pick(rng, [25, 50, 75])
            return (Tuft(180, tilt, size * 0.75, length, float(rng.normal(0, 60)), wave),)
        return tuple(Tuft(side * 110, 75, size * 0.6, length, side * 25, wave) for side in (-1, 1))


_BUN = (9, 12)
_TAIL = (9, 8)
_TAIL_WIDTH = np.array([0.35, 0.8, 1.0, 1.1, 1.05, 1.0, 0.9, 0.7, 0.25], np.float32)


def _one_spot(atlas: Atlas, turn: float, tilt: float) -> tuple[Spots, Floats]:
    ray = directions(np.array([turn]), np.array([tilt]))
    return atlas.cast(ray), ray[0].astype(np.float32)


def build_tuft(tuft: Tuft, head: Fitted, colours: Words, gloss: float) -> Part:
    """A ball of hair, or a tail along a falling curve."""
    spots, ray = head.atlas.keep(_one_spot, tuft.turn, tuft.tilt)
    root = spots.on(head.skin)[0]
    size = np.float32(tuft.size)
    if tuft.length == 0:
        rows, columns = _BUN
        around = np.linspace(0, 2 * np.pi, columns, dtype=np.float32)
        down = np.linspace(0.02, np.pi - 0.02, rows, dtype=np.float32)[:, None]
        ball = np.stack(
            [np.sin(down) * np.sin(around), -np.cos(down) + 0 * around, -np.sin(down) * np.cos(around)],
            axis=-1,
        )
        vertices = (root + ray * (size * np.float32(0.55)) + size * ball).reshape(-1, 3)
        kind = "bun"
    else:
        rows, columns = _TAIL[0], _TAIL[1] + 1
        way = ways(rows)[:, None]
        out = ray * floats([1, 0.4, 1])
        path = root + out * (size * 2.2 * np.sin(way * np.float32(1.6)))
        path[:, 1] += (np.float32(tuft.length) * way**1.3 - size * np.sin(way * np.float32(np.pi)))[:, 0]
        path[:, 0] += np.float32(tuft.swing) * way[:, 0]
        radii = np.repeat(size * _TAIL_WIDTH[:, None], 2, axis=1)
        vertices = tubes(path[None], radii[None], floats([0, 0.1, -1]), _TAIL[1])
        kind = "tail"
    texture = tinted(sheet_greys()[tuft.wave], colours)
    geometry = Geometry(vertices, grid_triangles(rows, columns), grid_uv(rows, columns))
    return Part(kind, geometry, texture, CLASSES["hair"], gloss, 20.0, two_sided=False)
