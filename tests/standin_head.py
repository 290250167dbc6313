"""A head of plain shapes for tests of what is worn: an ellipsoid through the ears and the brows, a nose, a neck."""

from __future__ import annotations

import functools

import numpy as np

from flmcore.simulate.accessories.atlas import Atlas
from flmcore.simulate.accessories.fitted import Fitted
from flmcore.simulate.accessories.grid import grid_triangles
from flmcore.simulate.anatomy import MEAN_LANDMARKS

_ROWS, _COLUMNS = 49, 73


def skin_points(*, width: float = 1.0, depth: float = 1.0, height: float = 1.0) -> np.ndarray:
    """(V, 3) float32 mm, rows from the crown to the end of the neck."""
    y = np.concatenate([-35 - 97 * np.cos(np.linspace(0.02, np.pi * 0.92, 37)), np.linspace(62, 140, 12)])
    turn = np.linspace(-np.pi, np.pi, _COLUMNS)
    share = np.clip(np.sqrt(np.maximum(1 - ((y[:37] + 35) / 97) ** 2, 0)), 0.05, 1)
    wide = np.concatenate([73 * share, np.full(12, 52.0)])
    wide[20:37] = np.maximum(wide[20:37], 50)
    wide = np.maximum(wide, np.where(y > 40, 50, 0))
    front = np.concatenate([100 * share**0.8, np.full(12, 45.0)])
    front[20:37] = np.maximum(front[20:37], 88)
    back = np.concatenate([95 * share, np.full(12, 60.0)])
    back[20:37] = np.maximum(back[20:37], 60)
    c = -np.cos(turn)
    z = np.where(c < 0, front[:, None] * c, back[:, None] * c)
    x = wide[:, None] * np.sin(turn)
    nose = np.exp(-((x / 9) ** 2)) * np.interp(y, [-40, -27, 9, 20], [0, 2, 24, 0])[:, None] * (c < -0.9)
    points = np.stack([x * width, np.broadcast_to(y[:, None], x.shape) * height, (z - nose) * depth], axis=-1)
    return points.reshape(-1, 3).astype(np.float32)


@functools.cache
def _atlas() -> Atlas:
    return Atlas(skin_points(), grid_triangles(_ROWS, _COLUMNS))


def standin(*, width: float = 1.0, depth: float = 1.0, height: float = 1.0) -> Fitted:
    """The head, its landmarks where the anatomy's are."""
    size = np.float32([width, height, depth])
    return Fitted(
        atlas=_atlas(),
        skin=skin_points(width=width, depth=depth, height=height),
        points=MEAN_LANDMARKS.astype(np.float32) * size,
        ears={side: np.float32([sign * 73, -24, 8]) * size for side, sign in (("left", 1), ("right", -1))},
        lobes={side: np.float32([sign * 76, 26, 6]) * size for side, sign in (("left", 1), ("right", -1))},
        hair=(70.0, 45.0, 30.0),
        tone=(205.0, 155.0, 125.0),
    )
