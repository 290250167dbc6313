"""What muscles do: fields of millimetres over the average head at full strength, and how expressions are drawn."""

from __future__ import annotations

import bisect
import functools
import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flmcore.simulate.head.sites import Sites, bump, step

__all__ = ["EXPRESSION", "JAW_DEGREES", "Expression", "expression_fields", "sample_expression"]

Floats = NDArray[np.float64]
JAW_DEGREES = 28.0  # of a mouth wide open


def _side(s: Sites, side: float) -> Floats:
    """1 on one side (1 left, −1 right), 0.5 in the middle."""
    return step(side * s.x, -12.0, 12.0)


def _at(s: Sites, x: float, y: float, wide: float, high: float) -> Floats:
    return bump(s.points[:, :2], (x, y), (wide, high)) * step(s.z, -35.0, -60.0) * s.soft


def _smile(s: Sites, side: float) -> Floats:
    corner = _at(s, side * 26.0, 42.0, 12.0, 10.0)
    cheek = _at(s, side * 36.0, 19.0, 14.0, 14.0)
    lid = _at(s, side * 31.0, -14.0, 14.0, 6.0)
    return s.field(
        side * (8.0 * corner + 2.5 * cheek),
        -7.0 * corner - 5.0 * cheek - 1.2 * lid,
        6.0 * corner - 3.0 * cheek,
    )


def _frown(s: Sites, side: float) -> Floats:
    corner = _at(s, side * 27.0, 44.0, 10.0, 9.0)
    return s.field(side * 1.0 * corner, 6.5 * corner, 1.0 * corner)


def _stretch_mouth(s: Sites, side: float) -> Floats:
    corner = _at(s, side * 27.0, 44.0, 12.0, 11.0)
    return s.field(side * 7.0 * corner, 1.5 * corner, 4.0 * corner)


def _pucker(s: Sites) -> Floats:
    near = _at(s, 0.0, 43.0, 22.0, 13.0)
    return s.field(-0.42 * s.x * near, -0.12 * (s.y - 43.0) * near, -6.5 * _at(s, 0.0, 43.0, 18.0, 11.0))


def _funnel(s: Sites) -> Floats:
    near = _at(s, 0.0, 43.0, 22.0, 13.0)
    open_ = np.where(s.lower > 0.5, 3.5, -3.0) * _at(s, 0.0, 43.0, 13.0, 9.0)
    return s.field(-0.25 * s.x * near, open_, -5.5 * _at(s, 0.0, 43.0, 14.0, 12.0))


def _upper_lip_up(s: Sites, side: float) -> Floats:
    near = _at(s, side * 8.0, 38.0, 12.0, 8.0) * (1 - s.lower)
    wing = _at(s, side * 16.0, 12.0, 7.0, 9.0)
    return s.field(y=-5.0 * near - 2.5 * wing, z=1.0 * near)


def _lower_lip_down(s: Sites, side: float) -> Floats:
    near = _at(s, side * 8.0, 49.5, 12.0, 9.0) * s.lower
    return s.field(y=5.0 * near, z=1.0 * near)


def _press(s: Sites) -> Floats:
    red = np.where(s.lower > 0.5, 48.5, 38.0)
    near = bump(np.stack([s.x, s.y - red], 1), (0.0, 0.0), (16.0, 5.0)) * step(s.z, -80.0, -92.0) * s.soft
    return s.field(y=np.where(s.lower > 0.5, -2.6, 2.2) * near, z=2.6 * near)


def _sideways(s: Sites) -> Floats:
    near = _at(s, 0.0, 46.0, 24.0, 16.0)
    return s.field(9.0 * near, z=0.17 * s.x * near)


def _brow(s: Sites, x: float, up: float, inward: float = 0.0) -> Floats:
    near = _at(s, x, -42.0, 15.0, 11.0)
    high = _at(s, x, -64.0, 18.0, 14.0)
    return s.field(-np.sign(x) * inward * near, -up * near - 0.4 * up * high)


def _puff(s: Sites, side: float) -> Floats:
    near = _at(s, side * 38.0, 40.0, 14.0, 15.0)
    return s.field(side * 7.0 * near, z=-5.5 * near)


def _sneer(s: Sites, side: float) -> Floats:
    near = _at(s, side * 14.0, 2.0, 9.0, 12.0)
    return s.field(y=-3.5 * near, z=-0.8 * near)


def _cheek_raise(s: Sites, side: float) -> Floats:
    near = _at(s, side * 34.0, -5.0, 16.0, 9.0)
    return s.field(y=-3.5 * near, z=-1.5 * near)


def _both(make: Callable[[Sites, float], Floats]) -> Callable[[Sites], tuple[Floats, Floats]]:
    """Left and right."""
    return lambda s: (make(s, 1.0), make(s, -1.0))


_PAIRED: dict[str, Callable[[Sites, float], Floats]] = {
    "smile": _smile,
    "frown": _frown,
    "stretch": _stretch_mouth,
    "upper lip up": _upper_lip_up,
    "lower lip down": _lower_lip_down,
    "brow inner up": lambda s, side: _brow(s, side * 17.0, 6.0),
    "brow outer up": lambda s, side: _brow(s, side * 43.0, 6.5),
    "brow down": lambda s, side: _brow(s, side * 22.0, -5.5, 3.0),
    "puff": _puff,
    "sneer": _sneer,
    "cheek up": _cheek_raise,
}
_SINGLE: dict[str, Callable[[Sites], Floats]] = {
    "pucker": _pucker,
    "funnel": _funnel,
    "press": _press,
    "sideways": _sideways,
    "jaw sideways": lambda s: s.field(6.0 * s.jaw),
    "jaw forward": lambda s: s.field(z=-4.0 * s.jaw),
}
EXPRESSION = (*(f"{name} {side}" for name in _PAIRED for side in ("left", "right")), *_SINGLE)


@dataclass(frozen=True)
class Expression:
    """What a face does.

    Attributes:
        weights: (len(EXPRESSION),) float32, 0 at rest, 1 strong.
        jaw: degrees that the jaw is open.
        blink: left and right: 0 at rest, 1 closed, below 0 wide open.
    """

    weights: NDArray[np.float32]
    jaw: float = 0.0
    blink: tuple[float, float] = (0.0, 0.0)

    @staticmethod
    def named(jaw: float = 0.0, blink: tuple[float, float] = (0.0, 0.0), **weights: float) -> Expression:
        """From names with ``_`` for a space; a pair's common name moves both sides."""
        values = np.zeros(len(EXPRESSION), np.float32)
        for name, value in weights.items():
            spaced = name.replace("_", " ")
            if spaced not in _PAIRED and spaced not in EXPRESSION:
                msg = f"expression: expected one of {', '.join((*_PAIRED, *EXPRESSION))}, got {name!r}"
                raise ValueError(msg)
            for each in (f"{spaced} left", f"{spaced} right") if spaced in _PAIRED else (spaced,):
                values[EXPRESSION.index(each)] = value
        return Expression(values, jaw, blink)


def expression_fields(s: Sites) -> Floats:
    """(M + 2, N, 3): those of :data:`EXPRESSION`, then two of the jaw (per sine, per 1 − cosine of its angle)."""
    fields = [make(s, side) for make in _PAIRED.values() for side in (1.0, -1.0)]
    fields += [make(s) for make in _SINGLE.values()]
    axis = np.array([0.0, 4.0, -8.0])  # through the joints of the jaw
    away = s.points - axis
    fields.append(s.jaw[:, None] * np.stack([0 * s.x, -away[:, 2], away[:, 1]], axis=1))
    fields.append(s.jaw[:, None] * -away * [0.0, 1.0, 1.0])
    return np.stack(fields)


def sample_expression(rng: np.random.Generator, strength: float = 1.0) -> Expression:
    """A random expression: at rest, one of the usual ones, or a mixture."""
    kind = bisect.bisect(_UP_TO, rng.random(), 0, len(_RECIPES) - 1)
    amounts, paired = _recipes()
    count = len(EXPRESSION)
    values = amounts[kind] * rng.uniform(0.3, 1.1)
    values *= 1 + paired * rng.normal(0.0, 0.12, count)  # lopsided
    values += rng.exponential(0.12, count) * (rng.random(count) < 0.4)
    values[_EITHER_WAY] *= np.where(rng.random(len(_EITHER_WAY)) < 0.5, -1.0, 1.0)
    jaw = float(rng.uniform(*_RECIPES[kind][1])) * strength
    blink = _sample_blink(rng)
    values = np.minimum(np.maximum(values, -1.2), 1.2) * strength
    return Expression(values.astype(np.float32), jaw, blink)


def _sample_blink(rng: np.random.Generator) -> tuple[float, float]:
    kind, rest = rng.random(), rng.normal(0.0, 0.12)
    if kind < 0.78:
        left = right = rest
    elif kind < 0.90:
        left = right = rng.uniform(0.3, 1.0)
    elif kind < 0.95:
        left = right = rng.uniform(-0.45, -0.1)
    else:
        left, right = rest, rng.uniform(0.5, 1.0)
        if rng.random() < 0.5:
            left, right = right, left
    return min(max(left, -0.45), 1.0), min(max(right, -0.45), 1.0)


@functools.cache
def _recipes() -> tuple[Floats, Floats]:
    """The weights of each recipe, (R, M), and which of the M are one side of a pair."""
    amounts = np.stack(
        [Expression.named(0.0, (0.0, 0.0), **_underscored(names)).weights for names, _ in _RECIPES]
    )
    paired = [name.endswith((" left", " right")) for name in EXPRESSION]
    return amounts.astype(np.float64), np.array(paired, np.float64)


def _underscored(names: dict[str, float]) -> dict[str, float]:
    return {name.replace(" ", "_"): value for name, value in names.items()}


# What is done together, and the degrees that the jaw is open.
_RECIPES: tuple[tuple[dict[str, float], tuple[float, float]], ...] = (
    ({}, (0.0, 1.0)),
    ({"smile": 0.8, "cheek up": 0.5}, (0.0, 2.0)),
    ({"smile": 1.0, "cheek up": 0.8, "upper lip up": 0.7, "lower lip down": 0.4}, (1.0, 8.0)),
    ({"smile": 0.9, "cheek up": 1.0, "upper lip up": 0.8, "brow outer up": 0.4}, (8.0, 22.0)),
    ({}, (3.0, 14.0)),
    ({"stretch": 0.5, "brow inner up": 0.6, "brow outer up": 0.6}, (12.0, 28.0)),
    ({"pucker": 0.9}, (0.0, 3.0)),
    ({"funnel": 0.9}, (1.0, 9.0)),
    ({"press": 0.9}, (0.0, 0.5)),
    ({"frown": 0.8, "brow inner up": 0.6}, (0.0, 2.0)),
    ({"brow down": 0.9, "sneer": 0.5, "press": 0.3}, (0.0, 1.0)),
    ({"sneer": 0.9, "upper lip up": 0.8, "brow down": 0.6}, (0.0, 8.0)),
    ({"sideways": 0.7}, (0.0, 2.0)),
    ({"puff": 0.9, "press": 0.3}, (0.0, 0.5)),
)
_UP_TO = tuple(itertools.accumulate(share / 100 for share in (20, 14, 16, 8, 10, 6, 4, 5, 4, 4, 3, 3, 2, 1)))
_EITHER_WAY = [EXPRESSION.index("sideways"), EXPRESSION.index("jaw sideways")]
