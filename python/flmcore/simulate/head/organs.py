"""What lies in and on the skin: eyeballs, teeth, the cavity of the mouth with the tongue, and ears. Average, in mm."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flmcore.simulate.head.skin import EYE_RADIUS

__all__ = ["MOUTH_DEPTHS", "ear", "eyeball", "mouth", "teeth"]

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Organ = tuple[Floats, Indices, Floats]  # vertices (V, 3), triangles (F, 3), uv (V, 2)


def _grid(rows: int, columns: int, *, closed: bool = False) -> Indices:
    """Triangles of a grid of vertices, counter-clockwise on a screen where columns run right and rows down."""
    across = columns if closed else columns - 1
    r, c = np.meshgrid(np.arange(rows - 1), np.arange(across), indexing="ij")
    following = (c + 1) % columns
    a, b = r * columns + c, r * columns + following
    d, e = (r + 1) * columns + c, (r + 1) * columns + following
    return np.concatenate([np.stack([a, d, b], -1).reshape(-1, 3), np.stack([b, d, e], -1).reshape(-1, 3)])


def eyeball() -> Organ:
    """The front of an eyeball about the origin, looking at the camera, with a cornea; uv azimuthal: radius 0.5 is 90°."""
    rings, around = 11, 24
    turn = np.linspace(0, 2 * np.pi, around, endpoint=False)
    away = np.linspace(0.0, 100.0, rings)[1:]
    tilt = np.radians(away)[:, None]
    reach = EYE_RADIUS + 0.6 * np.clip(1 - (np.degrees(tilt) / 27) ** 2, 0, None)
    points = np.stack(
        [
            reach * np.sin(tilt) * np.cos(turn),
            reach * np.sin(tilt) * np.sin(turn),
            -reach * np.cos(tilt) * np.ones_like(turn),
        ],
        axis=-1,
    ).reshape(-1, 3)
    flat = np.minimum(away / 180.0, 0.55)[:, None]
    uv = 0.5 + np.stack([flat * np.cos(turn), flat * np.sin(turn)], axis=-1).reshape(-1, 2)
    centre = len(points)
    fan = np.column_stack([np.roll(np.arange(around), -1), np.arange(around), np.full(around, centre)])
    vertices = np.concatenate([points, [(0.0, 0.0, -EYE_RADIUS - 0.6)]])
    triangles = np.concatenate([_grid(rings - 1, around, closed=True)[:, ::-1], fan])
    return vertices, triangles, np.concatenate([uv, [(0.5, 0.5)]])


def teeth(*, upper: bool) -> Organ:
    """An arc of teeth: u from the right end to the left, v from the gum to the edge (upper), from the edge (lower)."""
    columns = 17
    t = np.linspace(-1.0, 1.0, columns)
    width, front, back = (26.0, -99.5, -64.0) if upper else (24.0, -97.0, -64.0)
    x = width * np.sin(t * np.pi / 2)
    z = back + (front - back) * np.cos(t * np.pi / 2) ** 0.8
    gum, edge = (31.0, 42.8) if upper else (55.0, 43.6)
    top, bottom = (gum, edge - 1.2 * np.abs(t)) if upper else (edge + 0.5 * np.abs(t), gum)
    rows = [
        np.column_stack([x, np.broadcast_to(top + (bottom - top) * s, x.shape), z]) for s in (0.0, 0.5, 1.0)
    ]
    u = (t + 1) / 2
    uv = np.concatenate([np.column_stack([u, np.full(columns, v)]) for v in (0.0, 0.5, 1.0)])
    return np.concatenate(rows), _grid(3, columns), uv


MOUTH_DEPTHS = np.array([0.0, 0.12, 0.3, 0.55, 0.8, 0.999])  # rings of the cavity, from the lips to its end


def mouth(rim: Floats) -> Organ:
    """The cavity, a bag that starts where the inner sides of the lips end (v up to 0.5), and the tongue (v from 0.5).

    ``rim`` (N, 3): once around, along the upper lip from the right to the left, back along the lower one.
    """
    s = MOUTH_DEPTHS[:, None]
    wide = np.cos(s * np.pi / 2) ** 0.8
    wider = 1.0 + 0.5 * np.clip(s / 0.3, 0, 1)  # behind the lips, before it narrows
    middle = rim.mean(axis=0)
    x = rim[:, 0] * wide * (0.9 * wider + 0.1) ** 0.3
    y = middle[1] + (rim[:, 1] - middle[1]) * wide * wider
    z = rim[:, 2] + s * (-52.0 - rim[:, 2])
    bag = np.stack([x, y, z], axis=-1).reshape(-1, 3)
    turn = np.arctan2((rim[:, 1] - middle[1]) * 2, rim[:, 0])
    bag_uv = np.stack([0.5 + 0.5 * wide * np.cos(turn), 0.25 + 0.25 * wide * np.sin(turn)], axis=-1).reshape(
        -1, 2
    )
    tongue, triangles, uv = _tongue()
    inside = _grid(len(MOUTH_DEPTHS), len(rim), closed=True)  # seen from within
    every = np.concatenate([inside, triangles + len(bag)])
    return np.concatenate([bag, tongue]), every, np.concatenate([bag_uv, uv])


def _tongue() -> Organ:
    columns, rows = 9, 7
    across, along = np.meshgrid(np.linspace(-1, 1, columns), np.linspace(0, 1, rows))
    x = 20.0 * across * np.sqrt(np.clip(1 - (along * 0.85) ** 2.5, 0, None))
    y = 48.0 + 4.0 * across**2 + 5.0 * along**2 + 1.2 * (1 - np.abs(across)).clip(0, 0.3)
    z = -60.0 - 31.0 * along
    uv = np.stack([0.5 + across / 2, 0.5 + along / 2], axis=-1).reshape(-1, 2)
    return np.stack([x, y, z], axis=-1).reshape(-1, 3), _grid(rows, columns), uv


# An ear in its own plane: how far back and down its outline runs from the tragion, mm, once around from the upper root.
_OUTLINE = np.array(
    [
        (-2, -12),
        (2, -22),
        (10, -30),
        (20, -31),
        (29, -24),
        (32, -12),
        (29, 2),
        (23, 14),
        (15, 25),
        (7, 31),
        (1, 28),
        (-1, 18),
    ],
    np.float64,
)


def ear(*, left: bool) -> Organ:
    """An ear: rim, fold, bowl; uv from 0 to 1, u backwards, v down."""
    around, centre = 24, np.array([10.0, -1.0])
    at = np.linspace(0, len(_OUTLINE), around, endpoint=False)
    outline = np.stack([_periodic(at, _OUTLINE[:, i]) for i in range(2)], axis=1)
    # Share of the way from the middle, and how far it stands off the plane of the ear.
    rings = np.array(
        [(1.02, -3.0), (1.0, 1.5), (0.92, 2.6), (0.82, 1.2), (0.66, 1.6), (0.48, -3.0), (0.25, -5.5)]
    )
    flat = centre + rings[:, None, :1] * (outline - centre)
    off = np.broadcast_to(rings[:, 1:], flat.shape[:2])
    flat = np.concatenate([flat.reshape(-1, 2), [centre]])
    off = np.concatenate([off.ravel(), [-6.0]])
    back = flat[:, 0].clip(0)
    x = 71.0 + 0.42 * back + 0.9 * off
    points = np.column_stack([x, flat[:, 1] + 0.05 * back, -6.0 + 0.91 * flat[:, 0] - 0.42 * off])
    last = (len(rings) - 1) * around
    fan = np.column_stack(
        [last + np.arange(around), last + np.roll(np.arange(around), -1), np.full(around, last + around)]
    )
    triangles = np.concatenate([_grid(len(rings), around, closed=True), fan[:, ::-1]])
    low, high = _OUTLINE.min(axis=0) - 1, _OUTLINE.max(axis=0) + 1
    uv = (flat - low) / (high - low)
    if not left:
        points[:, 0] *= -1
        triangles = triangles[:, ::-1]
    return points, triangles, uv


def _periodic(at: Floats, values: Floats) -> Floats:
    """Catmull-Rom spline through values around a circle."""
    i, t = np.floor(at).astype(int), at % 1.0
    a, b, c, d = (values[(i + k) % len(values)] for k in (-1, 0, 1, 2))
    return np.asarray(
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    )
