"""Where MediaPipe's 468 landmarks lie on the skin: a table of places in its plane, measured by bench/mediapipe_places.py."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flmcore.simulate.head.skin import own_skin, skin_triangles

__all__ = ["TABLE", "mediapipe_points"]

TABLE = Path(__file__).parent / "mediapipe-468.json"


@cache
def mediapipe_points() -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Corners (468, 3) of the triangle that a landmark lies in, and how much of each (468, 3): they sum to 1."""
    skin = own_skin()
    triangles = skin_triangles(skin)
    places = np.array(json.loads(TABLE.read_text(encoding="utf-8")), np.float64)
    a, b, c = (skin.places[triangles[:, i]] for i in range(3))
    b, c = b - a, c - a
    twice = b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0]
    away = places[:, None] - a
    second = (away[..., 0] * c[:, 1] - away[..., 1] * c[:, 0]) / twice
    third = (b[:, 0] * away[..., 1] - b[:, 1] * away[..., 0]) / twice
    shares = np.stack([1.0 - second - third, second, third], axis=-1)
    best = shares.min(axis=2).argmax(axis=1)  # inside it, or nearest to its border where the mesh ends
    chosen = np.clip(shares[np.arange(len(places)), best], 0.0, None)
    return triangles[best], (chosen / chosen.sum(axis=1, keepdims=True)).astype(np.float32)
