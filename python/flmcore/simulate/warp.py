"""A smooth map of space that carries some points onto others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["carry"]

Floats = NDArray[np.float64]
_CHUNK = 4096


def carry(source: Floats, target: Floats, points: Floats) -> Floats:
    """Where points (M, 3) come to when ``source`` (N, 3) is carried onto ``target`` (N, 3): (M, 3).

    The biharmonic interpolant of three dimensions, kernel r beside an affine map (Carr et al., Reconstruction and
    representation of 3D objects with radial basis functions, 2001).
    """
    n = len(source)
    middle, size = source.mean(axis=0), max(float(source.std()), 1e-300)  # for a system in good condition
    own = (source - middle) / size
    system = np.zeros((n + 4, n + 4))
    system[:n, :n] = _distances(own, own)
    system[:n, n:] = _affine(own)
    system[n:, :n] = system[:n, n:].T
    weights = np.linalg.solve(system, np.concatenate([target, np.zeros((4, 3))]))
    carried = [
        _distances(part, own) @ weights[:n] + _affine(part) @ weights[n:]
        for part in np.array_split((points - middle) / size, -(-len(points) // _CHUNK))
    ]
    return np.concatenate(carried)


def _distances(a: Floats, b: Floats) -> Floats:
    return np.asarray(np.sqrt(((a[:, None] - b[None]) ** 2).sum(axis=2)))


def _affine(points: Floats) -> Floats:
    return np.column_stack([np.ones(len(points)), points])
