"""Hands before the face: a palm with a forearm, and five fingers that bend."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flmcore.simulate.accessories.fitted import Fitted
from flmcore.simulate.accessories.grid import (
    Floats,
    cross,
    floats,
    grid_triangles,
    grid_uv,
    join,
    plain,
    tubes,
    unit,
)
from flmcore.simulate.accessories.hand_skin import hand_texture
from flmcore.simulate.accessories.lots import pick
from flmcore.simulate.accessories.tint import Colour
from flmcore.simulate.parts import CLASSES, Geometry, Part

__all__ = ["Hand", "build_hand", "held", "place_of", "sample_hand"]


@dataclass(frozen=True)
class Hand:
    """A hand and what it touches.

    Attributes:
        side: 1 for the person's left hand, −1 for the right.
        touches: weights of landmarks whose mean is covered.
        point: (x, y) mm in the hand, x to the thumb and y to the wrist, that lies there: (0, 0) is the palm's middle.
        gap: mm between that place and the palm.
        wrist: degrees from straight down, outward, in which the wrist lies.
        curl: bend of the joints of thumb, index, middle, ring, little finger, radians a joint.
        spread: degrees between neighbouring fingers.
        size: 1 is a mean adult's: 185 mm from wrist to finger tip.
        sleeve: sRGB of what covers the forearm, None for skin.
    """

    side: int
    touches: tuple[tuple[int, float], ...]
    point: tuple[float, float]
    gap: float
    wrist: float
    curl: tuple[float, float, float, float, float]
    spread: float
    size: float
    sleeve: Colour | None


# what hands do: how often, landmarks for the left hand's side, point of the hand, gap, wrist's turn, curl, spread
_POSES = {
    "on the mouth": (0.2, ((62, 1.0),), (0, -45), (2, 12), (35, 95), (0.0, 0.25), (1, 6)),
    "on the cheek": (
        0.22,
        ((14, 0.6), (12, 0.4), (45, 0.2)),
        (0, -20),
        (2, 10),
        (-10, 40),
        (0.05, 0.4),
        (1, 9),
    ),
    "at the chin": (0.2, ((8, 1.0), (10, 0.4)), (0, -45), (2, 10), (-5, 40), (0.5, 1.2), (0, 4)),
    "on the brow": (0.12, ((24, 0.7), (27, 0.3)), (0, -60), (2, 15), (20, 80), (0.0, 0.3), (1, 8)),
    "over an eye": (0.1, ((44, 0.5), (47, 0.5)), (0, -25), (4, 25), (0, 70), (0.0, 0.4), (2, 10)),
    "in front": (0.16, ((30, 1.0), (46, 0.5)), (0, -30), (30, 150), (-40, 80), (0.0, 0.8), (0, 14)),
}
_MIRROR_68 = (
    *range(16, -1, -1),
    *range(26, 16, -1),
    *range(27, 31),
    *range(35, 30, -1),
    45,
    44,
    43,
    42,
    47,
    46,
    39,
    38,
)
_MIRROR_68 += (37, 36, 41, 40, 54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65)


def sample_hand(rng: np.random.Generator) -> Hand:
    """A hand that covers some of the face."""
    names = list(_POSES)
    name = pick(rng, names, [_POSES[key][0] for key in names])
    _, touches, point, gap, wrist, curl, spread = _POSES[name]
    side = pick(rng, [-1, 1])
    bend = rng.uniform(*curl) + rng.normal(0, 0.1, 5)
    bend[0] = 0.3 * bend[0] + 0.1
    jitter = rng.normal(0, 10, 2)
    return Hand(
        side=side,
        touches=tuple((index if side > 0 else _MIRROR_68[index], weight) for index, weight in touches),
        point=(float(point[0] + jitter[0]), float(point[1] + 1.5 * jitter[1])),
        gap=float(rng.uniform(*gap)),
        wrist=float(rng.uniform(*wrist)),
        curl=_five(np.clip(bend, 0.0, 1.4)),
        spread=float(rng.uniform(*spread)),
        size=float(rng.normal(0.98, 0.06)),
        sleeve=_sleeve(rng),
    )


def _five(values: NDArray[np.floating]) -> tuple[float, float, float, float, float]:
    a, b, c, d, e = values.tolist()
    return a, b, c, d, e


def _sleeve(rng: np.random.Generator) -> Colour | None:
    if rng.random() < 0.45:
        return None
    r, g, b = rng.uniform(15, 235, 3).tolist()
    return r, g, b


def held(rng: np.random.Generator, side: int, touches: tuple[tuple[int, float], ...], gap: float) -> Hand:
    """A hand that holds something there."""
    bend = np.clip(np.array([0.5, 0.95, 1.0, 1.05, 1.05]) + rng.normal(0, 0.08, 5), 0, 1.4)
    wrist, size = float(rng.uniform(0, 40)), float(rng.normal(0.98, 0.05))
    return Hand(side, touches, (5, -75), gap, wrist, _five(bend), 0.0, size, _sleeve(rng))


def place_of(touches: tuple[tuple[int, float], ...], head: Fitted) -> tuple[Floats, Floats]:
    """The place (3,) that is touched, and the direction (3,) out of the face there."""
    total = sum(weight for _, weight in touches)
    place = np.zeros(3, np.float32)
    for index, weight in touches:
        place += head.points[index] * np.float32(weight / total)
    out = unit(place * floats([1, 0, 1]) - floats([0, 0, 10]))
    return place, out


# thumb, index, middle, ring, little finger: base x, y; length; radius (mm); degrees outward
_FINGERS = np.array(
    [
        (34, 18, 62, 10.5, 48),
        (29, -44, 72, 9.0, 4),
        (10, -50, 80, 9.2, 0),
        (-10, -47, 74, 8.8, -4),
        (-28, -39, 58, 7.8, -9),
    ],
    np.float32,
)
_ALONG = floats([0.0, 0.42, 0.6, 0.76, 0.92, 0.98, 1.0])  # rows of a finger, of its length
_BENT = floats([1.0, 1.0, 2.0, 2.0, 3.0, 3.0])  # joints passed before each step
_THICK = floats([1.0, 0.98, 0.92, 0.9, 0.82, 0.5, 0.05])
# palm and forearm: y, half thickness, half width
_PALM = np.array(
    [
        (-58, 1, 20),
        (-53, 8, 36),
        (-38, 11, 41),
        (-8, 13, 42),
        (25, 15, 38),
        (48, 15, 30),
        (62, 16, 27),
        (120, 22, 31),
        (330, 36, 40),
    ],
    np.float32,
)
_SIDES, _PALM_SIDES = 7, 12
_ROWS, _PALM_ROWS = len(_ALONG), len(_PALM)


def _frame(hand: Hand, head: Fitted) -> tuple[Floats, Floats, Floats, Floats]:
    """Middle of the palm, and directions to the thumb, to the wrist, and out of the back of the hand."""
    place, out = place_of(hand.touches, head)
    turn = np.radians(hand.wrist) * hand.side
    down = floats([np.sin(turn), np.cos(turn), 0])
    down = unit(down - (down * out).sum() * out)
    # the palm faces the face: with the wrist below, the left hand's thumb is on the person's left
    across = cross(out, down) * np.float32(hand.side)
    x, y = hand.point
    size = np.float32(hand.size)
    middle = (
        place
        + out * np.float32(hand.gap + 13 * hand.size)
        - size * (np.float32(x) * across + np.float32(y) * down)
    )
    return middle.astype(np.float32), across.astype(np.float32), down.astype(np.float32), out


def _finger_paths(hand: Hand) -> Floats:
    """(5, rows, 3): x to the thumb, y to the wrist, z out of the back of the hand."""
    outward = np.radians(_FINGERS[:, 4] + hand.spread * floats([1.5, 1.5, 0.5, -0.5, -1.5]))
    bend = floats(hand.curl)[:, None] * _BENT
    steps = np.diff(_ALONG) * _FINGERS[:, 2:3]
    flat = np.cos(bend) * steps
    path = np.zeros((5, _ROWS, 3), np.float32)
    path[:, 0, :2] = _FINGERS[:, :2]
    path[:, 1:, 0] = path[:, :1, 0] + np.cumsum(flat * np.sin(outward)[:, None], axis=1)
    path[:, 1:, 1] = path[:, :1, 1] - np.cumsum(flat * np.cos(outward)[:, None], axis=1)
    path[:, 1:, 2] = -np.cumsum(np.sin(bend) * steps, axis=1)
    return path


def build_hand(hand: Hand, head: Fitted) -> list[Part]:
    """Skin of the hand, and a sleeve."""
    middle, across, down, out = _frame(hand, head)
    size = np.float32(hand.size)
    local = _finger_paths(hand)
    paths = middle + size * (local[..., :1] * across + local[..., 1:2] * down + local[..., 2:] * out)
    radii = np.repeat(size * _FINGERS[:, 3:4] * _THICK, 2, axis=1).reshape(5, _ROWS, 2)
    facing = np.tile(across, (5, 1, 1))
    facing[0] = out
    fingers = tubes(paths, radii, facing, _SIDES)
    palm_path = middle + size * _PALM[:, :1] * down - size * floats([3.0]) * out
    palm = tubes(palm_path[None], size * _PALM[None, :, 1:], out, _PALM_SIDES)
    grids = ((_ROWS, _SIDES + 1, 5), (_PALM_ROWS, _PALM_SIDES + 1, 1))
    geometry = Geometry(np.concatenate([fingers, palm]), join(*grids), _uv())
    parts = [Part("hand", geometry, hand_texture(head.tone), CLASSES["ignore"], 0.12, 10.0)]
    if hand.sleeve is not None:
        cloth = tubes(palm_path[None, -3:], size * (_PALM[None, -3:, 1:] + 7), out, _PALM_SIDES)
        sleeve = Geometry(cloth, grid_triangles(3, _PALM_SIDES + 1), grid_uv(3, _PALM_SIDES + 1))
        parts.append(
            Part("sleeve", sleeve, plain(hand.sleeve), CLASSES["clothing"], 0.03, 6.0, two_sided=True)
        )
    return parts


@functools.cache
def _uv() -> Floats:
    fingers = grid_uv(_ROWS, _SIDES + 1, 5) * floats([0.5, 1.0])
    palm = grid_uv(_PALM_ROWS, _PALM_SIDES + 1) * floats([0.45, 0.5]) + floats([0.55, 0.0])
    uv = floats(np.concatenate([fingers, palm]))
    uv.setflags(write=False)
    return uv
