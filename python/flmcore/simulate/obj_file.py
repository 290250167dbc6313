"""Vertices and faces of a Wavefront OBJ file; what else it may hold (uv, materials, groups) is passed over."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from flmcore.data.truth.lines import shorten

__all__ = ["read_obj"]


def read_obj(text: str) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Vertices (V, 3) and triangles (F, 3), counted from 0; a face of more corners becomes a fan.

    Raises:
        ValueError: no vertices or faces, a line that is not what its first word says, a corner that no vertex has; with
            the line's number.
    """
    vertices: list[tuple[float, float, float]] = []
    triangles: list[tuple[int, int, int]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        kind, *words = line.split() or [""]
        if kind not in ("v", "f"):
            continue
        try:
            if kind == "v":
                x, y, z = map(float, words[:3])
                vertices.append((x, y, z))
            else:
                corners = [_corner(word, len(vertices)) for word in words]
                first, *rest = corners
                triangles += [(first, b, c) for b, c in itertools.pairwise(rest)]
                if len(corners) < 3:
                    raise ValueError
        except (ValueError, OverflowError):
            expected = (
                "v x y z" if kind == "v" else "f and at least three corners, counted from 1 or from the end"
            )
            msg = f"line {number}: expected {expected}, got '{shorten(line.strip())}'"
            raise ValueError(msg) from None
    if not vertices or not triangles:
        msg = f"expected vertices and faces, got {len(vertices)} and {len(triangles)}"
        raise ValueError(msg)
    places = np.array(triangles, np.int64)
    return np.array(vertices, np.float64), np.clip(places, -1, 2**31 - 1).astype(np.int32)


def _corner(word: str, so_far: int) -> int:
    """Index of ``7``, ``7/3``, ``7//2`` or ``-1``, from 0."""
    index = int(word.split("/")[0])
    if index == 0 or index < -so_far:
        raise ValueError
    return index - 1 if index > 0 else so_far + index
