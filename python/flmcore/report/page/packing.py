"""Landmark tracks as text for the page: small enough to mail, exact enough to magnify."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["PER_PIXEL", "pack_tracks"]

PER_PIXEL = (
    16  # steps; rounding moves a landmark by at most 1/32 px, which magnified 20 times is half a pixel
)
_UNDEFINED = -(2**30)
_FARTHEST = 2**20  # steps; what lies farther away is on no screen


def pack_tracks(points: ArrayLike) -> dict[str, Any]:
    """``frames``, ``points``, ``per_pixel`` and ``data`` of (T, K, 2) landmarks; ``FLM.unpack`` in the page reads it.

    ``data`` is base64 of zlib of the four byte planes (lowest first) of the zigzag-coded uint32 differences along
    time, coordinate by coordinate: neighbours in time lie side by side and are nearly alike. The first of each row is
    the difference from 0; undefined landmarks are -2**30 steps.

    Raises:
        ValueError: another shape.
    """
    given = np.asarray(points, dtype=np.float64)
    if given.ndim != 3 or given.shape[2] != 2:
        msg = f"points: expected shape (T, K, 2), got {given.shape}"
        raise ValueError(msg)
    steps = given.transpose(1, 2, 0).reshape(-1, given.shape[0]) * PER_PIXEL
    seen = np.isfinite(steps) & (np.abs(steps) < _FARTHEST)
    whole = np.where(seen, np.rint(np.where(seen, steps, 0)), _UNDEFINED).astype(np.int64)
    change = np.diff(whole, axis=1, prepend=0)
    coded = ((change << 1) ^ (change >> 63)).astype(np.uint32)
    planes = [_plane(coded, shift) for shift in (0, 8, 16, 24)]
    text = base64.b64encode(zlib.compress(b"".join(planes), 9)).decode("ascii")
    return {"frames": given.shape[0], "points": given.shape[1], "per_pixel": PER_PIXEL, "data": text}


def _plane(coded: NDArray[np.uint32], shift: int) -> bytes:
    return ((coded >> np.uint32(shift)) & np.uint32(255)).astype(np.uint8).tobytes()
