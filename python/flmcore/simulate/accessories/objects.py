"""Things before the face: a cup, a telephone, a microphone, a stick in the mouth, paper, a ball."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flmcore.simulate.accessories.clothes import CLOTHS, cloth_greys, sample_colour
from flmcore.simulate.accessories.fitted import Fitted
from flmcore.simulate.accessories.grid import Floats, box, cross, floats, grid_triangles, grid_uv, tubes, unit
from flmcore.simulate.accessories.hands import Hand, build_hand, held, place_of
from flmcore.simulate.accessories.lots import pick
from flmcore.simulate.accessories.tint import Colour, ramp, tinted
from flmcore.simulate.parts import CLASSES, Geometry, Part

__all__ = ["Thing", "build_thing", "sample_thing"]

KINDS = ("cup", "telephone", "microphone", "stick", "paper", "ball")


@dataclass(frozen=True)
class Thing:
    """Something held before the face.

    Attributes:
        kind: of ``KINDS``.
        touches: weights of landmarks before whose mean it is.
        gap: mm from there.
        size: 1 is its usual size.
        turn, tilt: degrees about the vertical and about the line of sight.
        cloth: of :data:`~flmcore.simulate.accessories.clothes.CLOTHS`, its pattern.
        dark, bright: sRGB.
        gloss: how much light it mirrors.
        hand: that holds it.
    """

    kind: str
    touches: tuple[tuple[int, float], ...]
    gap: float
    size: float
    turn: float
    tilt: float
    cloth: str
    dark: Colour
    bright: Colour
    gloss: float
    hand: Hand | None


def sample_thing(rng: np.random.Generator) -> Thing:
    """One at random."""
    kind = pick(rng, KINDS, [0.25, 0.2, 0.2, 0.1, 0.15, 0.1])
    side = pick(rng, [-1, 1])
    touches, gap = {
        "cup": (((57, 1.0),), rng.uniform(30, 60)),
        "telephone": ((((13 if side > 0 else 3), 1.0),), rng.uniform(4, 10))
        if rng.random() < 0.6
        else (((30, 1.0), (int(rng.integers(68)), 1.0)), rng.uniform(60, 200)),
        "microphone": (((57, 1.0), (8, 0.5)), rng.uniform(25, 70)),
        "stick": (((54 if side > 0 else 48, 0.6), (66, 0.4)), 0.0),
    }.get(kind, (((int(rng.integers(68)), 1.0), (30, 0.3)), rng.uniform(40, 200)))
    hand = None
    if kind != "stick" and rng.random() < 0.85:
        thick = {"cup": 34.0, "ball": 38.0, "microphone": 14.0}.get(kind, 5.0)  # the palm is before it
        hand = held(rng, side, touches, float(gap) + thick)
    return Thing(
        kind=kind,
        touches=touches,
        gap=float(gap),
        size=float(rng.uniform(0.85, 1.2)),
        turn=float(rng.normal(0, 18)),
        tilt=float(rng.normal(0, 14)),
        cloth=pick(rng, CLOTHS) if kind in ("cup", "paper", "ball") else "plain",
        dark=sample_colour(rng),
        bright=sample_colour(rng),
        gloss=float(rng.uniform(0.02, 0.6)),
        hand=hand,
    )


def build_thing(thing: Thing, head: Fitted) -> list[Part]:
    """The thing, and the hand that holds it."""
    place, out = place_of(thing.touches, head)
    middle = place + out * np.float32(thing.gap)
    vertices, triangles, uv = _SHAPES[thing.kind](thing, middle.astype(np.float32), _axes(thing, out))
    texture = tinted(cloth_greys()[thing.cloth], ramp(thing.dark, thing.bright))
    geometry = Geometry(np.ascontiguousarray(vertices, np.float32), triangles, uv)
    parts = [Part(thing.kind, geometry, texture, CLASSES["ignore"], thing.gloss, 40.0, two_sided=True)]
    if thing.hand is not None:
        parts += build_hand(thing.hand, head)
    return parts


def _axes(thing: Thing, out: Floats) -> Floats:
    """(3, 3) rows: to the right of the picture, down, away from the viewer; turned and tilted."""
    turn, tilt = np.radians(thing.turn), np.radians(thing.tilt)
    away = unit(-out + floats([np.sin(turn), 0, 0]))
    down = floats([np.sin(tilt), np.cos(tilt), 0])
    down = unit(down - (down * away).sum() * away)
    return np.stack([cross(down, away), down, away]).astype(np.float32)


Shape = tuple[Floats, NDArray[np.int32], Floats]


def _along(
    middle: Floats, axis: Floats, facing: Floats, profile: list[tuple[float, float]], size: float
) -> Shape:
    """A turned body: (way along the axis, radius) in mm."""
    rows = floats(profile) * np.float32(size)
    radii = np.repeat(rows[None, :, 1:], 2, axis=-1)
    points = tubes((middle + rows[:, :1] * axis)[None], radii, facing, 14)
    return points, grid_triangles(len(rows), 15), grid_uv(len(rows), 15)


def _cup(thing: Thing, middle: Floats, axes: Floats) -> Shape:
    wall = [(-38.0, 30.0), (-40.0, 37.0), (-36.0, 38.0), (0.0, 36.0), (50.0, 30.0), (54.0, 26.0), (54.5, 1.0)]
    return _along(middle + 22 * axes[1], axes[1], axes[2], wall, thing.size)


def _ball(thing: Thing, middle: Floats, axes: Floats) -> Shape:
    arc = np.linspace(0.02, np.pi - 0.02, 10)
    return _along(middle, axes[1], axes[2], [(-40 * np.cos(a), 40 * np.sin(a)) for a in arc], thing.size)


def _microphone(thing: Thing, middle: Floats, axes: Floats) -> Shape:
    head = [
        (-22.0, 2.0),
        (-19.0, 13.0),
        (-8.0, 22.0),
        (6.0, 23.0),
        (18.0, 17.0),
        (22.0, 14.0),
        (60.0, 13.0),
        (190.0, 11.0),
    ]
    axis = unit(axes[1] - 0.35 * axes[2])
    return _along(middle, axis, axes[2], [*head, (191.0, 1.0)], thing.size)


def _stick(thing: Thing, middle: Floats, axes: Floats) -> Shape:
    axis = unit(-axes[2] + np.float32(0.4) * axes[1] + np.float32(0.02 * thing.turn) * axes[0])
    return _along(
        middle, axis, axes[1], [(-6.0, 3.0), (0.0, 3.2), (55.0, 3.0), (80.0, 3.0), (80.5, 0.2)], thing.size
    )


def _slab(thing: Thing, middle: Floats, axes: Floats, half: tuple[float, float, float]) -> Shape:
    sizes = floats(half)[:, None] * np.float32(thing.size)
    return box(middle, axes * sizes), grid_triangles(2, 2, 6), grid_uv(2, 2, 6)


def _telephone(thing: Thing, middle: Floats, axes: Floats) -> Shape:
    return _slab(thing, middle, axes, (37.0, 75.0, 4.0))


def _paper(thing: Thing, middle: Floats, axes: Floats) -> Shape:
    return _slab(thing, middle, axes, (60.0, 80.0, 1.0 + 8 * thing.gloss))


_SHAPES = {
    "cup": _cup,
    "telephone": _telephone,
    "microphone": _microphone,
    "stick": _stick,
    "paper": _paper,
    "ball": _ball,
}
