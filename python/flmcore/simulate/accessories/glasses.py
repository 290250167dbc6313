"""Glasses that rest on the nose and the ears, clear and dark."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from flmcore.simulate.accessories.atlas import Atlas, Spots
from flmcore.simulate.accessories.fitted import Fitted
from flmcore.simulate.accessories.grid import Floats, floats, join, plain, tubes, unit
from flmcore.simulate.accessories.spectacles import Glasses
from flmcore.simulate.parts import CLASSES, Geometry, Part

__all__ = ["build_glasses"]

_ROUND = 28  # points of a lens's outline
_SIDES = 4
_TURN = np.linspace(0, 2 * np.pi, _ROUND + 1)
_TEMPLE_ROWS = 9
# where the side arm passes the head, found on the mean head by rays: heights about the hinge's, turns from the front
_ARM_TURNS = np.array([50.0, 58.0, 66.0, 74.0, 82.0])


def _outline(glasses: Glasses) -> Floats:
    """(29, 2) mm: a lens's outline, x outward and y down from its middle, clockwise from outside."""
    c, s = np.cos(_TURN), np.sin(_TURN)
    power = 2 / glasses.corner
    x = glasses.half_width * np.sign(c) * np.abs(c) ** power
    y = glasses.half_height * np.sign(s) * np.abs(s) ** power
    out = x / glasses.half_width
    y = y - glasses.lift * out * (1 if glasses.lift > 0 else (s > 0))
    x = x - 0.10 * glasses.half_width * (1 - out) * np.clip(s, 0, 1)  # the nose's side is cut away below
    x = x + 0.2 * glasses.half_width * np.clip(-out, 0, 1) * np.clip(s, 0, 1)
    return np.stack([x, y], axis=-1).astype(np.float32)


def _arms(atlas: Atlas) -> dict[str, Spots]:
    """Where side arms pass the head, from the outer end of the brow to the ear."""
    height = np.linspace(-28.0, -27.0, len(_ARM_TURNS)) + 35.0  # over the centre of the rays
    out = {}
    for side, sign in (("left", 1.0), ("right", -1.0)):
        turn = np.radians(_ARM_TURNS) * sign
        rays = np.stack([80 * np.sin(turn), height, -80 * np.cos(turn)], axis=-1)
        out[side] = atlas.cast(rays / np.linalg.norm(rays, axis=1, keepdims=True))
    return out


def build_glasses(glasses: Glasses, head: Fitted) -> list[Part]:
    """Frame, opaque, and the two lenses, blended."""
    scale = np.float32(np.abs(head.points[45, 0] - head.points[36, 0]) / 89.0)
    seat = _seat(glasses, head)
    outline = _outline(glasses) * scale
    middle = (glasses.bridge / 2 + glasses.half_width) * scale
    pupil = head.points[36:48, 1].mean() + glasses.low * scale + 0.8 * glasses.slip
    rims = np.empty((2, _ROUND + 1, 3), np.float32)
    for index, sign in enumerate((-1, 1)):
        out = outline[:, 0] + middle
        rims[index, :, 0] = seat[0] + sign * out
        rims[index, :, 1] = pupil + outline[:, 1] - sign * np.float32(np.radians(glasses.tilt)) * out
        # bent round the face a little, and the upper edge leans forward
        rims[index, :, 2] = (
            seat[2] + (out * out) * np.float32(0.0022) / scale + outline[:, 1] * np.float32(0.10)
        )
    frame = _frame(glasses, head, rims, seat)
    parts = [
        Part("glasses", frame, plain(glasses.frame), CLASSES["glasses"], glasses.gloss, 60.0, two_sided=True)
    ]
    parts.append(
        Part(
            "lenses",
            _lenses(rims),
            _lens_texture(glasses),
            CLASSES["glasses"],
            0.5,
            120.0,
            two_sided=True,
            blend=True,
        )
    )
    return parts


def _seat(glasses: Glasses, head: Fitted) -> NDArray[np.float32]:
    """(3,) where the bridge rests on the nose: as high as the brows and the eyes let it."""
    nose = head.points[27:31]
    brows, eyes = head.points[17:27, 2].min() - 0.5, head.points[36:48, 2].min() - 13.0
    depth = min(float(brows), float(eyes), float(nose[0, 2]) - 1.0) - 0.7 * glasses.slip
    depth = max(depth, float(nose[3, 2]))
    # down the ridge until it comes forward as far; NumPy's interp needs growing x
    share = float(np.interp(-depth, -nose[:, 2], np.arange(4.0)))
    lower = int(min(share, 2.0))
    on = nose[lower] + (nose[lower + 1] - nose[lower]) * np.float32(share - lower)
    return floats(on)


def _frame(glasses: Glasses, head: Fitted, rims: Floats, seat: Floats) -> Geometry:
    rim = np.float32(max(glasses.rim, 0.25))
    thick = np.full((2, _ROUND + 1, 2), rim, np.float32)
    thick[..., 0] = max(0.8, 0.7 * float(rim))  # towards the front
    if glasses.half_rim or glasses.rim == 0:
        thick[:, rims[0, :, 1] > rims[0, :, 1].mean()] = 0.15
    if glasses.rim == 0:
        thick[:] = 0.2
    front = floats([0, 0, -1])
    edges = tubes(rims, thick, front, _SIDES)
    bridge = np.empty((1, 7, 3), np.float32)
    step = np.linspace(-1, 1, 7, dtype=np.float32)
    inner = rims[:, int(_ROUND * 0.56)]  # above the middle of the nose's side
    bridge[0] = (inner[0] * (1 - step[:, None]) + inner[1] * (1 + step[:, None])) / 2
    sink = 1 - step * step
    bridge[0, :, 1] += (seat[1] - bridge[0, 3, 1]) * sink * np.float32(0.6)
    bridge[0, :, 2] += (seat[2] - bridge[0, 3, 2] - rim * np.float32(0.8)) * sink
    bars = tubes(bridge, np.full((1, 7, 2), max(float(rim), 0.8), np.float32), front, _SIDES)
    pads = _pads(rims, seat)
    arms = _side_arms(glasses, head, rims)
    grids = (
        (_ROUND + 1, _SIDES + 1, 2),
        (7, _SIDES + 1, 1),
        (3, _SIDES + 1, 2),
        (_TEMPLE_ROWS, _SIDES + 1, 2),
    )
    vertices = np.concatenate([edges, bars, pads, arms])
    return Geometry(vertices, join(*grids), _no_uv(len(vertices)))


@functools.cache
def _no_uv(count: int) -> Floats:
    return np.full((count, 2), 0.5, np.float32)


def _pads(rims: Floats, seat: Floats) -> Floats:
    """Pads between the rims and the sides of the nose, below the bridge."""
    paths = np.empty((2, 3, 3), np.float32)
    for index, sign in enumerate((-1, 1)):
        start = rims[index, int(_ROUND * 0.5)]
        end = seat + floats([sign * 7.0, 6.0, 5.5])
        paths[index] = np.stack([start, (start + end) / 2, end])
        paths[index, 1, 2] -= 1
    return tubes(paths, np.full((2, 3, 2), 0.8, np.float32), floats([0, 1, 0.1]), _SIDES)


def _side_arms(glasses: Glasses, head: Fitted, rims: Floats) -> Floats:
    """Two arms from the hinges along the temples to the ears and down behind them."""
    beside = head.atlas.keep(_arms)
    paths = np.empty((2, _TEMPLE_ROWS, 3), np.float32)
    for index, (side, sign) in enumerate((("right", -1), ("left", 1))):
        hinge = rims[index, _ROUND - 3] + floats([sign * 1.5, 0, 0.5])
        rest = head.ears[side] + floats([sign * 1.5, -1.0, 2.0])
        skin = beside[side].on(head.skin)
        path = paths[index]
        path[0] = hinge
        path[1] = hinge + floats([sign * 2.0, 0, 4.0])
        depth = path[1, 2] + (rest[2] - path[1, 2]) * np.linspace(0.2, 0.8, 4, dtype=np.float32)
        way = ((depth - path[1, 2]) / (rest[2] - path[1, 2]))[:, None]
        path[2:6] = path[1] + (rest - path[1]) * way
        order = np.argsort(skin[:, 2])
        clear = np.interp(depth, skin[order, 2], np.abs(skin[order, 0])).astype(np.float32) + np.float32(1.3)
        path[2:6, 0] = sign * np.maximum(np.abs(path[2:6, 0]), clear)
        path[6] = rest
        path[7] = rest + floats([-sign * 1.0, 6.0, 9.0])
        path[8] = rest + floats([-sign * 3.0, 24.0, 15.0])
    tall = np.float32(max(1.0, 1.2 * glasses.rim))
    radii = np.empty((2, _TEMPLE_ROWS, 2), np.float32)
    radii[..., 0], radii[..., 1] = tall, 0.8
    return tubes(paths, radii, unit(floats([0, -1, -0.15])), _SIDES)


@functools.cache
def _disc() -> tuple[NDArray[np.int32], Floats]:
    """Triangles of two discs of 29 points and a middle each, seen from the front, and their places on the picture."""
    around = np.arange(_ROUND)
    one = np.stack([np.full(_ROUND, _ROUND + 1), around, around + 1], axis=-1)
    both = np.concatenate([one, one[:, ::-1] + _ROUND + 2]).astype(np.int32)
    ring = np.stack([0.5 + 0.5 * np.cos(_TURN), 0.5 + 0.5 * np.sin(_TURN)], axis=-1)
    uv = np.concatenate([ring, [[0.5, 0.5]]])
    return both, np.tile(uv, (2, 1)).astype(np.float32)


def _lenses(rims: Floats) -> Geometry:
    triangles, uv = _disc()
    points = np.empty((2, _ROUND + 2, 3), np.float32)
    points[:, :-1] = rims
    points[:, -1] = rims[:, :-1].mean(axis=1)
    points[:, -1, 2] -= 1.0
    return Geometry(points.reshape(-1, 3), triangles, uv)


_LENS = 16


@functools.cache
def _band() -> Floats:
    y, x = np.mgrid[0:_LENS, 0:_LENS].astype(np.float32) / _LENS
    return floats(np.exp(-(((x - y - 0.05) / 0.14) ** 2))[..., None])


def _lens_texture(glasses: Glasses) -> NDArray[np.uint8]:
    colour, top, bottom = glasses.lens
    picture = np.empty((_LENS, _LENS, 4), np.float32)
    picture[..., :3] = colour
    picture[..., 3] = np.linspace(top, bottom, _LENS, dtype=np.float32)[:, None]
    if glasses.glare > 0:
        picture += np.float32(glasses.glare) * _band() * (floats([250, 250, 255, 190]) - picture)
    return picture.astype(np.uint8)
