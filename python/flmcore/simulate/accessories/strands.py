"""Pictures of strands of hair, and of where a scalp grows hair, made once per process and coloured per person.

The scalp's pictures are unrolled: u goes with the turn about the vertical axis from the back (0) over the front (0.5) to
the back, v with the tilt from straight up (0) to :data:`LOWEST_TILT`.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from flmcore.simulate.accessories.atlas import Atlas, directions
from flmcore.simulate.accessories.noise import noise
from flmcore.simulate.accessories.tint import Words, coverage

__all__ = ["FLOWS", "HAIRLINES", "LOWEST_TILT", "SHEET_ENDS", "hair_margin", "scalp_covers", "scalp_greys"]
__all__ += ["sheet_covers", "sheet_greys"]

LOWEST_TILT = 140.0
_HEIGHT, _WIDTH = 96, 192
_SHEET = 96  # of a fringe, or of hair that hangs

FLOWS = ("whorl", "parted left", "parted right", "parted middle", "back", "curls", "grain", "tousled")

# Hairlines: y (mm) below which no hair grows, at turns from the front: round temple, ear and nape.
_TURNS = (0, 15, 30, 45, 56, 65, 72, 76, 85, 89, 112, 120, 136, 180)
HAIRLINES = {
    "straight": (-86, -86, -84, -80, -68, -40, -12, -2, -2, -27, -29, 6, 32, 42),
    "low": (-77, -77, -76, -73, -62, -36, -10, 2, 2, -26, -29, 8, 36, 50),
    "high": (-97, -97, -95, -88, -72, -44, -18, -10, -10, -28, -30, 2, 28, 38),
    "peak": (-80, -88, -92, -88, -72, -42, -14, -4, -4, -27, -29, 6, 32, 42),
    "receding": (-97, -106, -112, -106, -78, -46, -18, -4, -4, -27, -29, 6, 32, 40),
    "far back": (-122, -122, -122, -115, -84, -50, -22, -6, -6, -28, -30, 4, 30, 40),
    "wreath": (-100, -100, -100, -96, -74, -44, -16, -4, -4, -27, -29, 6, 32, 40),
    "sideburns": (-86, -86, -84, -80, -66, -38, 8, 16, 14, -26, -28, 8, 34, 44),
    "none before the ear": (-84, -84, -82, -78, -66, -48, -36, -32, -30, -28, -29, 6, 30, 40),
}


def hair_margin(line: str, turn: NDArray[np.floating], points: NDArray[np.floating]) -> NDArray[np.float64]:
    """How far (mm, about) above the hairline points (..., 3) of the mean head lie; negative where no hair grows."""
    margin = np.interp(np.abs(turn), _TURNS, HAIRLINES[line]) - points[..., 1]
    if line == "wreath":  # bald above: hair from ear to ear only
        crown = np.interp(np.abs(turn), (0, 60, 90, 180), (-60.0, -66.0, -88.0, -78.0))
        margin = np.minimum(margin, points[..., 1] - crown)
    return np.asarray(margin, np.float64)


def _unrolled() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    turn = (np.arange(_WIDTH) + 0.5) / _WIDTH * 360 - 180
    tilt = (np.arange(_HEIGHT) + 0.5) / _HEIGHT * LOWEST_TILT
    across, down = np.meshgrid(turn, tilt)
    return across, down


def _picture(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    return (np.clip(values, 0, 1) * 255).astype(np.uint8)


def _along(rng: np.random.Generator, s: NDArray[np.floating], t: NDArray[np.floating]) -> NDArray[np.float64]:
    """Strands that follow lines of equal s (mm), wavering with t (mm)."""
    s = s + 4 * noise(rng, s / 40, t / 40)
    fine = noise(rng, s / 3.2, t / 60)
    coarse = noise(rng, s / 9, t / 80)
    return 0.52 + 0.24 * fine + 0.2 * coarse + 0.1 * noise(rng, s / 30, t / 30)


def _flow(
    rng: np.random.Generator, name: str, turn: NDArray[np.floating], tilt: NDArray[np.floating]
) -> NDArray[np.float64]:
    way = directions(turn, tilt)
    x, y, z = way[..., 0], way[..., 1], way[..., 2]
    if name == "whorl":
        a = np.radians(28)  # its axis leans back
        up, back = -y * np.cos(a) + z * np.sin(a), z * np.cos(a) + y * np.sin(a)
        around = np.arctan2(x, -back)
        return _along(rng, around * 75, np.arccos(np.clip(up, -1, 1)) * 90)
    if name.startswith("parted"):
        part = {"left": 0.3, "right": -0.3, "middle": 0.0}[name.split()[1]]
        from_part = np.arcsin(np.clip(x, -1, 1)) - part
        grey = _along(rng, np.arctan2(-y, -z) * 85 - 12 * np.abs(from_part), from_part * 90)
        scalp = np.exp(-((from_part / 0.03) ** 2)) * (y < -0.3) * (z < 0.25)
        return grey * (1 - 0.6 * scalp) - 0.15 * np.exp(-((from_part / 0.12) ** 2)) * (y < -0.3)
    if name == "back":
        return _along(rng, np.arcsin(np.clip(x, -1, 1)) * 88, np.arctan2(-y, -z) * 85)
    u, v = turn * np.sin(np.radians(np.maximum(tilt, 12))) * 1.5, tilt * 1.5
    if name == "grain":
        return 0.5 + 0.3 * rng.uniform(-1, 1, turn.shape) + 0.1 * noise(rng, u / 9, v / 9)
    if name == "tousled":
        bend = 16 * noise(rng, u / 26, v / 26)
        return _along(rng, u + bend, v + 16 * noise(rng, u / 26, v / 26))
    bend_u, bend_v = 5 * noise(rng, u / 9, v / 9), 5 * noise(rng, u / 9, v / 9)
    ridges = 1 - np.abs(noise(rng, (u + bend_u) / 6, (v + bend_v) / 6)) * 2
    return 0.45 + 0.33 * ridges + 0.15 * noise(rng, u / 16, v / 16)


@functools.cache
def scalp_greys() -> tuple[NDArray[np.uint8], ...]:
    """A picture of the strands of the scalp for each of :data:`FLOWS`: 0 (a gap) to 255 (a shining strand)."""
    rng = np.random.default_rng(20250)
    turn, tilt = _unrolled()
    # a ring of light about the crown, darker underneath
    ring = 0.14 * np.exp(-(((tilt - 38) / 15) ** 2)) - 0.12 * np.clip((tilt - 70) / 50, 0, 1)
    return tuple(_picture(_flow(rng, name, turn, tilt) + ring) for name in FLOWS)


def scalp_covers(atlas: Atlas) -> dict[str, Words]:
    """Where hair grows, for each hairline; names that end in ``, shaved`` and ``, thin`` have gaps, ``, fuzz`` few strands."""
    rng = np.random.default_rng(20251)
    turn, tilt = _unrolled()
    step = 6  # the skin is looked up on a coarser grid
    coarse = atlas.cast(directions(turn[::step, ::step], tilt[::step, ::step])).on(
        atlas.vertices.astype(np.float32)
    )
    height = np.empty((_HEIGHT, _WIDTH, 3))
    rows, columns = np.arange(0, _HEIGHT, step), np.arange(0, _WIDTH, step)
    grid = coarse.reshape(len(rows), len(columns), 3)
    for axis in range(3):
        wide = np.stack([np.interp(np.arange(_WIDTH), columns, row) for row in grid[..., axis]])
        height[..., axis] = np.stack(
            [np.interp(np.arange(_HEIGHT), rows, wide[:, c]) for c in range(_WIDTH)], axis=1
        )
    out = {}
    ragged = 3.5 * noise(rng, turn / 2.5, tilt / 9) + 3 * noise(rng, turn / 9, tilt / 9)
    speckle = rng.uniform(0, 1, turn.shape)
    strands = np.abs(noise(rng, turn / 3.2, tilt / 25))
    for line in HAIRLINES:
        margin = hair_margin(line, turn, height) + ragged
        grows = margin > 0
        out[line] = coverage(np.where(grows, 255, 0).astype(np.uint8))
        shaved = grows & (speckle < np.clip(0.35 + margin / 25, 0, 0.86))
        out[line + ", shaved"] = coverage(np.where(shaved, 255, 0).astype(np.uint8))
        thin = grows & ((strands > 0.04 + 0.14 * np.exp(-((tilt / 45) ** 2))) | (margin < 0))
        out[line + ", thin"] = coverage(np.where(thin, 255, 0).astype(np.uint8))
        fuzz = (margin > 2) & (strands < 0.13) & (speckle < 0.85)
        out[line + ", fuzz"] = coverage(np.where(fuzz, 255, 0).astype(np.uint8))
    return out


SHEET_ENDS = ("straight", "wispy", "swept left", "swept right", "open", "pointed")


@functools.cache
def sheet_greys() -> tuple[NDArray[np.uint8], ...]:
    """Pictures (96, 96) of hair that hangs: straight, wavy, wavier, curly. The lower end is at v = 1."""
    rng = np.random.default_rng(20252)
    x, y = np.meshgrid(np.arange(_SHEET) * 2.0, np.arange(_SHEET) * 2.0)
    out = []
    for wave in (0.0, 3.0, 8.0):
        bend = wave * np.sin(y / 14 + 2 * noise(rng, x / 30, y / 90))
        out.append(_along(rng, x + bend, y))
    bend = 5 * noise(rng, x / 9, y / 9)
    out.append(0.45 + 0.35 * (1 - 2 * np.abs(noise(rng, (x + bend) / 7, (y + bend) / 6))))
    shade = 0.1 - 0.12 * (y / y.max())
    return tuple(_picture(grey + shade) for grey in out)


@functools.cache
def sheet_covers() -> dict[str, Words]:
    """How hanging hair ends below, for each of :data:`SHEET_ENDS`; ``, sided`` ones are ragged at the sides as well."""
    rng = np.random.default_rng(20253)
    x, y = np.meshgrid(np.linspace(-1, 1, _SHEET), np.linspace(0, 1, _SHEET))
    strand = noise(rng, x * 22, y * 1.5) + 0.6 * noise(rng, x * 7, y)
    end = {
        "straight": 0.93 + 0.05 * strand,
        "wispy": 0.78 + 0.2 * strand,
        "swept left": 0.72 - 0.24 * x + 0.07 * strand,
        "swept right": 0.72 + 0.24 * x + 0.07 * strand,
        "open": 0.3 + 0.75 * np.sqrt(np.abs(x)) + 0.06 * strand,
        "pointed": 0.8 - 0.3 * np.abs(x) + 0.08 * strand,
    }
    out = {}
    for name, lowest in end.items():
        there = y < np.minimum(lowest, 0.985)
        out[name] = coverage(np.where(there, 255, 0).astype(np.uint8))
        sides = np.abs(x) < 0.95 + 0.05 * noise(rng, x * 3, y * 14) - 0.02
        gaps = (strand > -1.05 + 0.5 * np.clip(y - 0.5, 0, 1)) & sides
        out[name + ", sided"] = coverage(np.where(there & gaps, 255, 0).astype(np.uint8))
    return out
