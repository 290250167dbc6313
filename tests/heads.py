"""Heads before a camera, for the tests of what is drawn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flmcore.ops.drawing import Fragments, draw
from flmcore.simulate.head import HeadModel, PosedHead

DISTANCE = 900.0  # mm from the head's origin
SIZE = 256


def on_screen(points: NDArray[np.floating], yaw: float = 0.0, zoom: float = 1.0) -> NDArray[np.float64]:
    """(N, 3): pixels of a picture of :data:`SIZE`, and the depth, of a camera before a head turned by ``yaw`` degrees."""
    c, s = np.cos(np.radians(yaw)), np.sin(np.radians(yaw))
    turned = points.astype(np.float64) @ np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]).T
    depth = turned[:, 2] + DISTANCE
    pixels = turned[:, :2] / depth[:, None] * DISTANCE * zoom + SIZE / 2
    return np.column_stack([pixels, depth])


def drawn(head: PosedHead, yaw: float = 0.0, zoom: float = 1.0) -> tuple[Fragments, NDArray[np.str_]]:
    """What is seen, and the part's name of each triangle."""
    vertices, triangles, names, start = [], [], [], 0
    for name, part in head.parts.items():
        vertices.append(on_screen(part.vertices, yaw, zoom))
        triangles.append(part.triangles + start)
        names.append(np.full(len(part.triangles), name))
        start += len(part.vertices)
    fragments = draw(np.concatenate(vertices), np.concatenate(triangles), size=SIZE, samples=1)
    return fragments, np.concatenate(names)


def seen(head: PosedHead, yaw: float = 0.0, zoom: float = 1.0) -> NDArray[np.str_]:
    """(SIZE, SIZE) name of the part that each pixel shows, empty where there is none."""
    fragments, names = drawn(head, yaw, zoom)
    return np.where(fragments.triangle >= 0, names[fragments.triangle], "")


def posed(model: HeadModel, seed: int, strength: float = 1.0) -> PosedHead:
    rng = np.random.default_rng(seed)
    shape, expression = model.sample_shape(rng, strength), model.sample_expression(rng, strength)
    return model.pose(shape, expression, rng.normal(0, 8, (2,)))
