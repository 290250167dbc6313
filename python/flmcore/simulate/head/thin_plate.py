"""Smooth surface over a plane through scattered values: thin-plate spline (Duchon 1977; Wahba 1990, section 2.4)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["thin_plate"]

Floats = NDArray[np.float64]


def thin_plate(places: Floats, values: Floats, looseness: Floats, wanted: Floats) -> Floats:
    """Values (M, D) at ``wanted`` (M, 2) of the plate that bends least and passes ``values`` (N, D) at ``places`` (N, 2).

    ``looseness`` (N,), mm: 0 where it must pass through the value; the larger, the further the plate may stay away.
    """
    n = len(places)
    system = np.zeros((n + 3, n + 3))
    system[:n, :n] = _kernel(places, places) + np.diag(looseness)
    system[:n, n:] = _plane_terms(places)
    system[n:, :n] = system[:n, n:].T
    weights = np.linalg.solve(system, np.concatenate([values, np.zeros((3, values.shape[1]))]))
    return np.asarray(_kernel(wanted, places) @ weights[:n] + _plane_terms(wanted) @ weights[n:])


def _kernel(a: Floats, b: Floats) -> Floats:
    squared = ((a[:, None] - b[None]) ** 2).sum(axis=2) / 1e4
    return np.asarray(squared * np.log(np.maximum(squared, 1e-12)))


def _plane_terms(places: Floats) -> Floats:
    return np.column_stack([np.ones(len(places)), places / 100.0])
